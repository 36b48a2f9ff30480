import json

import pytest


def test_report_is_the_contract(finished):
    result, folder = finished
    assert result.exit_code == 0, result.stderr
    printed = json.loads(result.stdout)
    assert printed == json.loads((folder / "report.json").read_text(encoding="utf-8"))
    promised = {
        "task", "model", "regime", "metric", "seed", "sources", "languages", "mean_target", "worst_target", "seconds",
        "tokens_per_second", "peak_memory_bytes", "versions", "loanword_version",
    }  # fmt: skip
    assert promised <= set(printed)
    assert set(printed["languages"]) == {"en", "ru", "zh"}
    for scores in printed["languages"].values():
        assert {"score", "low", "high", "n", "gap", "trivial", "collapsed", "source"} <= set(scores)
        assert 0 <= scores["low"] <= scores["score"] <= scores["high"] <= 1
    assert {"train", "evaluate"} <= set(printed["seconds"])
    assert printed["languages"]["en"]["source"]
    assert not printed["languages"]["ru"]["source"]


def test_messages_go_to_stderr_with_the_recipe(finished):
    result, folder = finished
    assert "loanword train" in result.stderr
    assert "[data.train]" in result.stderr
    for name in ("report.json", "report.md", "recipe.toml", "model/config.json", "model/loanword.json"):
        assert (folder / name).is_file(), name


def test_the_printed_recipe_does_the_same(finished, call, tmp_path):
    _, folder = finished
    again = call("train", folder / "recipe.toml", "--out", tmp_path / "again", "--json")
    assert again.exit_code == 0, again.stderr
    first = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    second = json.loads(again.stdout)
    assert {tag: s["score"] for tag, s in first["languages"].items()} == {
        tag: s["score"] for tag, s in second["languages"].items()
    }
    assert (folder / "model/model.safetensors").read_bytes() == (
        tmp_path / "again/model/model.safetensors"
    ).read_bytes()


def test_summary_for_people(call, finished, toy_data):
    _, folder = finished
    shown = call("evaluate", folder, "--test", f"zh={toy_data['test']['zh']}")
    assert shown.exit_code == 0, shown.stderr
    assert "zh" in shown.stdout or "Chinese" in shown.stdout


def test_bad_files_are_told_all_at_once(call, tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text('{"text": "a", "label": "x"}\n{"text": "b"}\n', encoding="utf-8")
    two.write_text('{"text": "a", "label": "x"}\nnot json\n', encoding="utf-8")
    result = call("transfer", "--train", f"en={one}", "--test", f"de={two}", "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert f"{one}:2" in result.stderr
    assert f"{two}:2" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_evaluate_writes_reports(call, finished, toy_data, tmp_path, language):
    _, folder = finished
    result = call(
        "evaluate", folder, "--test", f"ru={toy_data['test']['ru']}", "--out", tmp_path, "--report-language", language
    )
    assert result.exit_code == 0, result.stderr
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert ("俄语" in report) == (language == "zh")


def test_translators_files_from_training_to_prediction(call, tiny_folder, tmp_path):
    """A memory trains, messages test, and those that nobody has translated yet are what is predicted."""
    pairs = [(f"pizza {word}", f"visa {word}") for word in ("one", "two", "three", "four", "five", "six")]
    units = "".join(
        f'<tu><tuv xml:lang="en-US"><seg>{one}</seg></tuv><tuv xml:lang="de"><seg>{two}</seg></tuv></tu>'
        for one, two in pairs
    )
    memory, messages = tmp_path / "memory.tmx", tmp_path / "help.de.po"
    lone = '<tu><tuv xml:lang="en"><seg>alone</seg></tuv></tu>'
    memory.write_text(f'<tmx version="1.4"><body>{units}{lone}</body></tmx>', encoding="utf-8")
    entries = "".join(f'msgid "{one}"\nmsgstr "{two}"\n\n' for one, two in pairs)
    messages.write_text(f'{entries}msgid "taxi"\nmsgstr ""\n', encoding="utf-8")
    done = call(
        "transfer", "--task", "translation", "--train", f"en:de={memory}", "--test", f"en:de={messages}",
        "--model", tiny_folder("bert"), "--out", tmp_path / "run", "--set", "training.max_steps=2",
        "--set", "evaluation.resamples=100", "--set", "task_options.least=1", "--set", "task_options.layers=1",
        "--set", "task_options.beams=1", "--set", "task_options.longest=4",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert f"train en:de ({memory}): 1 entry is left out (1 without de)" in done.stderr
    assert f"test en:de ({messages}): 1 entry is left out (1 untranslated)" in done.stderr
    assert "en:de: 1 entry of the test file is left out" in done.stdout
    written = call("predict", tmp_path / "run", "--input", messages, "--language", "en:de", "--json")
    assert written.exit_code == 0, written.stderr
    rows = [json.loads(line) for line in written.stdout.splitlines()]
    assert [row["text"] for row in rows] == [*(one for one, _ in pairs), "taxi"]
    assert {row["language"] for row in rows} == {"de"}
    messages.write_text(f'{messages.read_text()}\n#~ msgid "old"\n#~ msgstr "alt"\n', encoding="utf-8")
    told = call("predict", tmp_path / "run", "--input", messages, "--language", "en:de")
    assert told.stderr == f"{messages}: 1 entry is left out (1 obsolete)\n"
