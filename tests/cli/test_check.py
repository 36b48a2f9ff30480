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
