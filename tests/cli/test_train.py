import json


def test_a_recipe_file_runs_with_overrides(call, finished, tmp_path):
    _, folder = finished
    done = call(
        "train", folder / "recipe.toml", "--set", "training.max_steps=2", "--set", "seed=5",
        "--out", tmp_path / "other", "--json",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["seed"] == 5
    assert report["training"]["steps"] == 2
    assert (tmp_path / "other" / "model" / "loanword.json").is_file()


def test_the_recipe_itself_is_not_replaced(call, finished, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text((finished[1] / "recipe.toml").read_text(encoding="utf-8"), encoding="utf-8")
    before = recipe.read_text(encoding="utf-8")
    done = call("train", recipe, "--out", tmp_path)
    assert done.exit_code == 2
    assert "holds recipe.toml, which no loanword run wrote" in done.stderr
    assert "Training" not in done.stderr
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == [before]


def test_a_run_can_be_repeated_in_its_own_folder(call, finished, tmp_path):
    short = ["--set", "training.max_steps=2", "--out", tmp_path / "run"]
    assert call("train", finished[1] / "recipe.toml", *short).exit_code == 0
    done = call("train", tmp_path / "run" / "recipe.toml", *short, "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["training"]["steps"] == 2


def test_a_home_folder_is_written_out_everywhere(call, toy_data, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for path, name in ((toy_data["train"]["en"], "train"), (toy_data["test"]["ru"], "test")):
        (tmp_path / f"{name}.jsonl").write_bytes(path.read_bytes())
    (tmp_path / "tiny").symlink_to(tiny_folder("bert"))
    words = ["--train", "en=~/train.jsonl", "--test", "ru=~/test.jsonl", "--model", "~/tiny"]
    short = ["--set", "training.max_steps=2", "--set", "evaluation.resamples=100"]
    for where in (["--out=~/a"], ["--set", "out=~/b"]):
        done = call("transfer", *words, *short, *where)
        assert done.exit_code == 0, done.stderr
    assert call("train", "~/a/recipe.toml", *short, "--out=~/c").exit_code == 0
    assert all((tmp_path / name / "model/loanword.json").is_file() for name in "abc")
    assert call("predict", "~/a", "--input", "~/test.jsonl", "--output", "~/labels.jsonl").exit_code == 0
    assert (tmp_path / "labels.jsonl").is_file()
    assert call("data", "check", "train:en=~/train.jsonl", "test:ru=~/test.jsonl").exit_code in (0, 3)
    assert call("predict", "~nobody-here/run", "x").exit_code == 1


def test_a_folder_that_is_no_bundle_is_refused_before_training(call, finished, tmp_path):
    _, folder = finished
    mine = tmp_path / "run" / "model"
    mine.mkdir(parents=True)
    (mine / "thesis.txt").write_text("mine")
    done = call("train", folder / "recipe.toml", "--out", tmp_path / "run")
    assert done.exit_code in (1, 2)
    assert "Training" not in done.stderr
    assert (mine / "thesis.txt").read_text() == "mine"


def test_a_home_folder_is_looked_at_before_training(call, finished, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.md").write_text("mine")
    done = call("train", finished[1] / "recipe.toml", "--out=~/mine")
    assert done.exit_code == 2
    assert f"{tmp_path}/mine holds report.md, which no loanword run wrote" in done.stderr
    assert "Training" not in done.stderr
    done = call("train", finished[1] / "recipe.toml", "--out=a\nb")
    assert (done.exit_code, "control character" in done.stderr, "Training" in done.stderr) == (2, True, False)
