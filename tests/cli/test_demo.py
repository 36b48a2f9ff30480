import json

from loanword.cli.demo import spread


def test_spread_covers_the_alphabet():
    tags = [f"{letter}{other}" for letter in "abcdefghij" for other in "xyz"]
    chosen = spread(tags, 10)
    assert len(chosen) == len(set(chosen)) == 10
    assert {tag[0] for tag in chosen} == set("abcdefghij")
    assert spread(tags, 99) == tags


def test_the_demo_runs(call, tiny_folder, tmp_path):
    """All of it but the size: a tiny encoder, four languages, two steps."""
    short = ["--set", f"model={tiny_folder('xlm-roberta')}", "--set", "training.max_steps=2"]
    short += ["--set", "evaluation.resamples=100", "--set", f"out={tmp_path / 'here'}"]
    done = call("demo", "--languages", 4, *short)
    assert done.exit_code == 0, done.stderr
    report = json.loads((tmp_path / "here" / "report.json").read_text(encoding="utf-8"))
    assert len(report["languages"]) == 5
    assert (report["sources"], report["regime"].split(":")[0]) == (["en"], "zero-shot")
    assert all(scores["n"] == 200 for scores in report["languages"].values())
    assert f"Try it: loanword predict {tmp_path / 'here'} " in done.stdout
