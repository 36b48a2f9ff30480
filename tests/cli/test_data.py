import json


def test_a_leak_is_found_and_is_an_error(call, toy_data):
    train = toy_data["train"]["en"]
    done = call("data", "check", f"train:en={train}", f"test:en={train}", "--json")
    assert done.exit_code == 3, done.stderr
    findings = json.loads(done.stdout)
    assert any(item["severity"] == "error" for item in findings)
    told = call("data", "check", f"train:en={train}", f"test:en={train}")
    assert told.exit_code == 3
    assert told.stdout.lstrip().startswith("error")


def test_one_label_only_is_bad_data_everywhere(call, tmp_path, write_jsonl):
    one = write_jsonl(tmp_path / "en.train.jsonl", [{"text": f"row {row}", "label": "a"} for row in range(9)])
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[data.train]\nen = "en.train.jsonl"\n', encoding="utf-8")
    for words in (["data", "check", one], ["transfer", "--train", f"en={one}"], ["check", recipe], ["train", recipe]):
        done = call(*words)
        assert done.exit_code == 3, done.output
        assert "LW305" in done.stdout + done.stderr


def test_a_broken_file_is_bad_data(call, tmp_path):
    broken = tmp_path / "en.train.jsonl"
    broken.write_text('{"text": "a", "label": "x"}\nnot json\n')
    done = call("data", "check", broken)
    assert done.exit_code == 3
    assert f"{broken}:2" in done.stderr
