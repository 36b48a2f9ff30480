import json

WORDS = ("--label", "food=pizza, sushi and taco", "--label", "travel=taxi, hotel and metro")


def test_names_become_a_bundle_with_a_report(call, toy_data, tiny_folder, tmp_path):
    out = tmp_path / "out"
    tests = [word for tag in ("en", "ru") for word in ("--test", f"{tag}={toy_data['test'][tag]}")]
    done = call("zero-shot", *WORDS, *tests, "--model", tiny_folder("bert"), "--out", out, "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["regime"].startswith("zero-shot: no labelled text seen in any language; labels known by name")
    assert (report["labels"], report["sources"]) == (["food", "travel"], [])
    assert {path.name for path in out.iterdir()} == {"model", "report.json", "report.md", "report.html"}
    assert "by the names of its labels" in (out / "model" / "README.md").read_text(encoding="utf-8")
    again = call("evaluate", out, *tests, "--json")
    assert json.loads(again.stdout)["languages"]["ru"]["score"] == report["languages"]["ru"]["score"]
    shown = call("predict", out, "two goats and a taxi", "--json")
    assert json.loads(shown.stdout)["label"] in ("food", "travel")


def test_texts_that_are_looked_at_are_told(call, toy_data, tiny_folder, tmp_path):
    done = call(
        "zero-shot", *WORDS, "--test", f"ru={toy_data['test']['ru']}", "--unlabelled", f"ru={toy_data['train']['ru']}",
        "--template", "{label}", "--temperature", "0.05", "--model", tiny_folder("bert"), "--out", tmp_path / "out",
        "--report-language", "zh",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "非零样本：用到了ru 的文本；标签仅由名称给出，得分经 ru 的无标注文本校正" in done.stdout


def test_a_model_of_pairs_can_do_it(call, toy_data, tiny_folder, tmp_path, write_jsonl):
    rows = [
        {"text": f"goat {row}", "pair": f"animal {row}", "label": ("entailment", "neutral")[row % 2]}
        for row in range(12)
    ]
    file = write_jsonl(tmp_path / "nli.jsonl", rows)
    trained = call(
        "transfer", "--task", "pairs", "--train", f"en={file}", "--model", tiny_folder("bert"),
        "--set", "training.max_steps=2", "--out", tmp_path / "nli",
    )  # fmt: skip
    assert trained.exit_code == 0, trained.stderr
    words = ("--by", tmp_path / "nli", "--test", f"zh={toy_data['test']['zh']}")
    done = call("zero-shot", *WORDS, *words, "--out", tmp_path / "out", "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["task"], report["sources"]) == ("inference", ["en"])
    onto = call("zero-shot", *WORDS, *words, "--out", tmp_path / "nli" / ".." / "nli")
    assert (onto.exit_code, "which would be replaced; choose another folder" in onto.stderr) == (2, True)
    both = call("zero-shot", *WORDS, *words, "--model", tiny_folder("bert"), "--out", tmp_path / "out")
    assert (both.exit_code, both.stderr) == (2, "error: by names a whole model; leave out model and temperature\n")


def test_wrong_calls_are_told_in_words(call, toy_data, tmp_path):
    for words, says in (
        (("--label", "a", "--label", "a=b"), "--label a is given twice"),
        (("--label", "a=", "--label", "b= "), "--label a=: nothing follows the sign; expected NAME or NAME=ABOUT"),
        ((*WORDS, "--temperature", "1e-300"), "temperature is 1e-300; expected a number from 0.003 to 100"),
        ((*WORDS, "--temperature", "inf"), "temperature is inf; expected a number from 0.003 to 100"),
        (("--label", "a"), "there is one label; give two or more"),
        ((*WORDS, "--template", "about it"), "template 'about it': expected {label} in it, once"),
        ((*WORDS, "--test", "de"), "--test de: expected LANG=FILE"),
        ((*WORDS, "--unlabelled", "de"), "--unlabelled de: expected LANG=FILE, e.g. --unlabelled de=texts.jsonl"),
        ((*WORDS, "--report-language", "xx"), "written in 'en' or 'zh', not in 'xx'"),
    ):
        done = call("zero-shot", *words, "--out", tmp_path / "out")
        assert done.exit_code == 2, done.stderr
        assert says in done.stderr
    missing = call("zero-shot", *WORDS, "--unlabelled", "de=nowhere.csv", "--out", tmp_path / "out")
    assert missing.exit_code == 3
    assert "nowhere.csv: LW101" in missing.stderr
    assert not (tmp_path / "out").exists()
