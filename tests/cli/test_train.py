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


def test_a_folder_that_is_no_bundle_is_refused_before_training(call, finished, tmp_path):
    _, folder = finished
    mine = tmp_path / "run" / "model"
    mine.mkdir(parents=True)
    (mine / "thesis.txt").write_text("mine")
    done = call("train", folder / "recipe.toml", "--out", tmp_path / "run")
    assert done.exit_code in (1, 2)
    assert "Training" not in done.stderr
    assert (mine / "thesis.txt").read_text() == "mine"
