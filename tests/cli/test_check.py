import json

RECIPE = """
model = "{model}"
[data.train]
en = "{train}"
[data.test]
ru = "{test}"
[training]
epochs = 2
"""


def test_cost_and_findings(call, tmp_path, tiny_folder, toy_data):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        RECIPE.format(model=tiny_folder("bert"), train=toy_data["train"]["en"], test=toy_data["test"]["ru"])
    )
    found = json.loads(call("check", recipe, "--json").stdout)
    assert found["cost"]["train_rows"] > 0
    assert found["cost"]["seconds_train"] > 0
    assert found["findings"] == []
    assert "TFLOP" in call("check", recipe).stdout


def test_a_leak_is_an_error(call, tmp_path, tiny_folder, toy_data):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        RECIPE.format(model=tiny_folder("bert"), train=toy_data["train"]["en"], test=toy_data["train"]["en"])
    )
    result = call("check", recipe)
    assert result.exit_code == 3
    assert "error" in result.stdout


def test_all_problems_of_a_recipe(call, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('tusk = "x"\nseed = -1\n[data.train]\nxx = "a"\n')
    result = call("check", recipe)
    assert result.exit_code == 2
    for words in ("tusk", "seed", "xx"):
        assert words in result.stderr


def test_a_recipe_of_pretraining_is_checked_as_one(call, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('out = "run"\n[corpus.text]\nen = "en.txt"\n[objectives]\nmlm = {}\n', encoding="utf-8")
    done = call("check", recipe)
    assert done.exit_code == 0, done.stderr
    assert "is sound, as a recipe of pretraining; its text is checked when the run reads it" in done.stdout
    assert json.loads(call("check", recipe, "--json").stdout) == {"findings": [], "cost": None}
    for change, says in (
        ("training.epochs=5", "epochs: of training on labels"),
        ("objectives.mll.weight=1", "unknown pretraining 'mll'"),
        ("corpus.txt.en=x", "did you mean 'corpus.text'?"),
    ):
        wrong = call("check", recipe, "--set", change)
        assert (wrong.exit_code, says in " ".join(wrong.stderr.split())) == (2, True), wrong.stderr
        assert "data" not in wrong.stderr


def test_a_recipe_of_adapting_is_checked_as_one(call, tmp_path):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('language = "ee"\nout = "run"\n[corpus.text]\nee = "ee.txt"\n', encoding="utf-8")
    assert "is sound, as a recipe of adapting a model" in call("check", recipe).stdout
    wrong = call("check", recipe, "--set", "language=fi")
    assert (wrong.exit_code, "corpus.text has no text of fi" in wrong.stderr) == (2, True)
