import json
import logging
import math
import re
import sys
from dataclasses import replace

import pytest
from report_cases import LABELS, leaky, report

from loanword.errors import UsageError
from loanword.evaluation import report_html
from loanword.evaluation.report import FORMAT_VERSION, markdown, summary, to_dict, write
from loanword.evaluation.scores import Confusion, Interval
from loanword.evaluation.words import Words

TOP = {
    "format_version": int,
    "loanword_version": str,
    "task": str,
    "model": str,
    "regime": str,
    "metric": str,
    "seed": int,
    "checkpoint": str,
    "temperature": float,
    "sources": list,
    "labels": list,
    "mean_target": float,
    "worst_target": str,
    "collapsed": list,
    "languages": dict,
    "seconds": dict,
    "tokens_per_second": float,
    "peak_memory_bytes": int,
    "training": dict,
    "machine": dict,
    "versions": dict,
    "command": str,
    "recipe": str,
    "notes": list,
}
LANGUAGE = {
    "score": float,
    "low": float,
    "high": float,
    "n": int,
    "groups": int,
    "source": bool,
    "trivial": float,
    "collapsed": bool,
    "gap": (float, type(None)),
    "gap_low": (float, type(None)),
    "gap_high": (float, type(None)),
    "gap_basis": str,
    "gap_n": int,
    "metrics": dict,
    "candidates": dict,
    "ece": float,
    "ece_raw": float,
    "ece_noise": float,
    "reliability": list,
    "confusions": list,
    "breakdown": dict,
    "fertility": float,
    "unknown": float,
    "truncated": float,
    "windows": int,
    "leaked": int,
    "script": str,
    "family": str,
    "origin": str,
}
SIZES = [0, 1, 2, 45, 65]


def table(text, heading):
    """The body rows of the first table below `heading`."""
    lines = text.split(f"\n## {heading}\n")[1].split("\n## ")[0].splitlines()
    return [line for line in lines if line.startswith("| ")][1:]


@pytest.mark.parametrize("languages", [2, 45])
def test_the_json_contract(languages):
    found = json.loads(json.dumps(to_dict(report(languages=languages)), allow_nan=False))
    assert found["format_version"] == FORMAT_VERSION == 1
    assert set(found) == set(TOP)
    for key, kind in TOP.items():
        assert isinstance(found[key], kind), key
    assert len(found["languages"]) == languages
    for tag, entry in found["languages"].items():
        assert set(entry) == set(LANGUAGE), tag
        for key, kind in LANGUAGE.items():
            assert isinstance(entry[key], kind), (tag, key)
        for interval in (*entry["metrics"].values(), *entry["candidates"].values()):
            assert set(interval) == {"score", "low", "high"}
        assert entry["score"] == entry["metrics"]["accuracy"]["score"]


def test_the_json_says_what_the_report_says():
    made = report(languages=5, collapsed=("nl",))
    found = to_dict(made)
    assert found["mean_target"] == made.mean_target
    assert (found["worst_target"], found["collapsed"]) == ("nl", ["nl"])
    assert (found["languages"]["en"]["source"], found["languages"]["en"]["gap"]) == (True, None)
    gap = made.languages["de"].gap.interval
    german = found["languages"]["de"]
    assert (german["gap"], german["gap_low"], german["gap_high"]) == (gap.score, gap.low, gap.high)
    assert (german["script"], german["family"]) == ("Latn", "Indo-European: Germanic")


def test_numbers_that_are_not_finite_are_null():
    made = report(languages=2, temperature=math.inf, tokens_per_second=math.nan)
    made.languages["nl"].metrics["accuracy"] = Interval(0.5, math.nan, math.inf)
    found = json.loads(json.dumps(to_dict(made), allow_nan=False))
    assert (found["temperature"], found["tokens_per_second"]) == (None, None)
    assert [found["languages"]["nl"][key] for key in ("score", "low", "high")] == [0.5, None, None]


def test_an_empty_report_has_the_same_keys():
    found = to_dict(report(languages=0))
    assert set(found) == set(TOP)
    assert (found["mean_target"], found["worst_target"], found["languages"]) == (None, None, {})


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("languages", SIZES)
def test_markdown_has_a_row_for_every_language(languages, language):
    made = report(languages=languages)
    heading = {"en": "Every language", "zh": "各语言得分"}[language]
    rows = table(markdown(made, language=language), heading)
    assert len(rows) == languages
    assert len({row.count("|") for row in rows}) <= 1
    tags = [row.split("|")[2].strip() for row in rows]
    assert tags == sorted(made.languages, key=lambda tag: -made.languages[tag].metrics["accuracy"].score)


def test_markdown_tables_are_whole():
    for block in markdown(report(languages=5)).split("\n\n"):
        lines = block.splitlines()
        if lines and lines[0].startswith("|"):
            assert len(lines) > 2
            assert len({line.count("|") for line in lines}) == 1, block


def test_markdown_says_how_to_run_it_again():
    text = markdown(report(languages=2))
    assert "```toml\nseed = 7\n" in text
    assert "```sh\nloanword train recipe.toml\n```" in text
    assert "- torch: 2.10.0" in text
    assert "```sh" not in markdown(report(languages=2, command=""))


def test_markdown_marks_what_collapsed_and_what_is_not_comparable():
    made = report(languages=4, collapsed=("nl",), gap="not comparable")
    text = markdown(made)
    assert "> **Collapsed: Dutch**" in text
    (row,) = [row for row in table(text, "Every language") if "| nl |" in row]
    assert row.endswith("| **collapsed** |")
    assert "| – |" not in row
    assert "not comparable" not in text
    made.languages["de"] = report(languages=4).languages["de"]
    text = markdown(made)
    assert "–: not comparable" in text
    (row,) = [row for row in table(text, "Every language") if "| nl |" in row]
    assert "| – |" in row


def test_markdown_of_a_bundle_that_was_evaluated_leaves_out_what_there_is_not():
    made = report(languages=3, recipe="", command="", training={}, seconds={"train": 0.0, "evaluate": 2.0})
    text = markdown(made)
    assert "## How to run it again" in markdown(report(languages=3))
    for word in ("How to run it again", "recipe", "Time to train", "Tokens per second", "```"):
        assert word not in text, word
    assert "```sh\nloanword evaluate run\n```" in markdown(replace(made, command="loanword evaluate run"))


def test_markdown_says_that_the_source_was_not_tested():
    made = report(languages=4, gap="not comparable")
    del made.languages["en"]
    assert "No gap is shown: the source language was not tested. Test it too." in markdown(made)
    assert "translations" not in markdown(made)


def test_markdown_of_several_mistakes_and_its_punctuation():
    made = report(languages=3)
    rows = table(markdown(made), "What gets mixed up")
    assert all(row.count(" → ") == 3 and row.count("), ") == 2 for row in rows)
    text = markdown(made, language="zh")
    assert "**评测条件：** " in text
    assert re.search(r"- 2 种目标语言的平均准确率：\*\*[\d.]+%\*\*（[\d.]+% 至 [\d.]+%）\n", text)
    assert "| 平均权重（采用） |" in text
    assert not re.search("[\u4e00-\u9fff][,:;()]|[,:;()] ?[\u4e00-\u9fff]", text.split("## 如何复现")[0])


def test_markdown_in_chinese_has_no_english_left():
    text = markdown(
        report(languages=4, regime="", notes=(), recipe="", command="", training={}, machine={}), language="zh"
    )
    assert "# 从英语到 3 种语言" in text
    for word in ("Language", "Score", "Trivial", "Weights", "Gap", "source", "Rows"):
        assert word not in text, word


def test_nothing_in_a_report_can_become_markup():
    hostile = "<script>alert(1)</script> | `x` **b** [l](http://a) \u202e\nsecond"
    made = report(languages=3, labels=(hostile,), model=hostile, regime=hostile, notes=(hostile,))
    made.languages["nl"] = replace(made.languages["nl"], confusions=(Confusion(hostile, hostile, 3),))
    text = markdown(made)
    assert "<script" not in text
    assert "\u202e" not in text
    assert not re.search(r"(?<!\\)\]\(", text)
    assert "\nsecond" not in text
    (row,) = [row for row in table(text, "What gets mixed up") if row.startswith("| Dutch")]
    assert row.replace("\\|", "").count("|") == 3


def test_a_recipe_cannot_leave_its_block():
    text = markdown(report(languages=2, recipe="a = '''\n````\n# not a heading\n'''"))
    assert "`````toml\n" in text
    assert text.count("`````") == 2


@pytest.mark.parametrize("languages", SIZES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_summary_is_short_and_plain(languages, language):
    text = summary(report(languages=languages, collapsed=("nl",), regime="line\nbreak \x1b[31m"), language=language)
    lines = text.splitlines()
    assert 6 <= len(lines) <= 12
    assert all(lines)
    assert "\x1b" not in text


def test_the_summary_shouts_about_collapse_and_names_both_ends():
    made = report(languages=12, collapsed=("nl",))
    text = summary(made)
    assert "!! COLLAPSED in 1 language: Dutch 24.0%" in text
    assert f"{made.mean_target:.1%} accuracy, mean of 11 languages" in text
    assert "No better than the trivial prediction. Check the labels of the test rows; if they are right, do not" in text
    scores = {Words("en").name(tag): made.languages[tag].metrics["accuracy"].score for tag in made.targets}
    ranked = [f"{name} {score:.1%}" for name, score in sorted(scores.items(), key=lambda entry: entry[1])]
    assert f"Best:        {', '.join(ranked[:-4:-1])}\n" in text
    assert f"Weakest:     {', '.join(ranked[:3])}\n" in text
    assert "zero-shot" in text
    assert "COLLAPSED" not in summary(report(languages=12))
    assert "!! 失效：1 种语言（荷兰语 24.0%）" in summary(made, language="zh")
    assert "不优于常数基线" in summary(made, language="zh")
    assert "not comparable" in summary(report(languages=3, gap="not comparable"))


def percents(interval):
    return f"{interval.score:.1%} ({100 * interval.low:.1f} – {100 * interval.high:.1f})"


def test_the_summary_names_each_of_a_few_languages_with_its_interval():
    made = report(languages=7)
    main = {tag: made.languages[tag].metrics["accuracy"] for tag in made.targets}
    each = [f"{Words('en').name(tag)} {percents(main[tag])}" for tag in reversed(made.targets)]
    assert len(each) == 6
    lines = summary(made).splitlines()
    assert lines[0] == f"Targets:     {made.mean_target:.1%} accuracy, mean of 6 languages not trained on"
    assert lines[1] == f"Each:        {', '.join(each)}"
    assert not any(line.startswith(("Best", "Weakest")) for line in lines)
    assert "Each:" not in summary(report(languages=8))


def test_the_summary_of_one_target_is_that_of_its_score():
    made = report(languages=2)
    interval = made.languages["nl"].metrics["accuracy"]
    low, high = 100 * interval.low, 100 * interval.high
    first = summary(made).splitlines()[0]
    assert first == f"Target:      Dutch {interval.score:.1%} accuracy ({low:.1f} – {high:.1f}), not trained on"
    assert "mean of" not in summary(made).splitlines()[0]
    assert "荷兰语" in summary(made, language="zh").splitlines()[0]


def test_the_summary_says_how_much_of_the_calibration_error_is_chance():
    made = report(languages=5)
    assert "; 2.0% would be chance)" in summary(made)
    for tag in made.languages:
        made.languages[tag] = replace(made.languages[tag], ece_noise=math.nan)
    assert "chance" not in summary(made)


def test_the_summary_in_chinese_has_chinese_punctuation():
    for languages in (2, 4, 12):
        text = summary(report(languages=languages, regime="", collapsed=("nl",), notes=()), language="zh")
        assert not re.search("[\u4e00-\u9fff][,:;()]|[,:;()] ?[\u4e00-\u9fff]", text), text


def test_write_writes_all_three_and_leaves_nothing_else(tmp_path):
    pytest.importorskip("vl_convert")
    folder = tmp_path / "new" / "folder"
    made = report(languages=3)
    paths = write(made, folder)
    assert {kind: path.name for kind, path in paths.items()} == {
        "json": "report.json",
        "md": "report.md",
        "html": "report.html",
    }
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "report.json", "report.md"]
    assert json.loads(paths["json"].read_text(encoding="utf-8")) == to_dict(made)
    assert paths["md"].read_text(encoding="utf-8") == markdown(made)


def test_the_same_report_gives_the_same_bytes(tmp_path):
    pytest.importorskip("vl_convert")
    first, second = (write(report(languages=9), tmp_path / name) for name in ("a", "b"))
    report_html.bundle.cache_clear()
    third = write(report(languages=9), tmp_path / "c")
    assert len(first) == 3
    for kind in first:
        assert first[kind].read_bytes() == second[kind].read_bytes() == third[kind].read_bytes()


def test_without_the_extra_there_is_no_html_and_the_log_says_so(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    report_html.bundle.cache_clear()
    (tmp_path / "report.html").write_text("of an earlier run", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        paths = write(report(languages=2), tmp_path)
    assert sorted(paths) == ["json", "md"]
    assert not (tmp_path / "report.html").exists()
    assert "loanword[report]" in caplog.text


def test_a_lone_surrogate_does_not_cost_the_report(tmp_path):
    paths = write(report(languages=2, labels=("\udc80", *LABELS)), tmp_path)
    assert json.loads(paths["json"].read_text(encoding="utf-8"))["labels"][0] == "\udc80"
    assert "⟦U+DC80⟧" in paths["md"].read_text(encoding="utf-8")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    old = tmp_path / "report.json"
    old.write_text("{}", encoding="utf-8")
    with pytest.raises(UsageError):
        write(report(languages=2), tmp_path, language="fr")
    assert old.read_text(encoding="utf-8") == "{}"


def test_the_summary_marks_a_leak_and_says_it_once():
    lines = summary(leaky(report(languages=2), nl=(80, 80))).splitlines()
    assert lines[0].endswith(", 80 of 80 rows leaked")
    assert lines[1].startswith("!! LEAK: test rows stand in the training or dev data (Dutch: 80 of 80).")
    assert "（荷兰语：80/80 条）" in summary(leaky(report(languages=4), nl=(80, 80)), language="zh").splitlines()[2]
    assert to_dict(leaky(report(languages=2), nl=(80, 80)))["languages"]["nl"]["leaked"] == 80


def test_the_summary_names_the_metric_of_the_source_and_a_pair_that_was_trained_the_other_way():
    assert "Source:      English 93.0% (accuracy)" in summary(report(languages=3))
    made = report(languages=2, sources=("en:nl",))
    one = made.languages.pop("nl")
    made.languages["nl:en"] = replace(one, language="nl:en")
    made.languages.pop("en")
    assert summary(made).splitlines()[0].endswith(", trained on in the other direction")
    made.languages["fr:en"] = replace(one, language="fr:en")
    assert "\nOther way:   training saw these in the other direction: Dutch → English\n" in summary(made)


def test_what_was_not_scaled_has_no_before_and_after():
    made = report(languages=3, temperature=1.0)
    for tag, one in made.languages.items():
        made.languages[tag] = replace(one, ece=0.2, ece_raw=0.2)
    assert "Calibration: error 20.0%; no temperature was fitted (2.0% would be chance)\n" in summary(made)
    assert "校准误差：20.0%，未经温度缩放（约 2.0% 属偶然）" in summary(made, language="zh")
    assert "| ECE | ECE by chance |" in markdown(made)
    assert "| 20.0% | 2.0% |" in markdown(made)


def test_markdown_leaves_out_what_a_task_without_classes_has_not():
    made = report(languages=1, labels=(), temperature=1.0)
    made.languages["en"] = replace(
        made.languages["en"], confusions=(), ece=math.nan, ece_raw=math.nan, ece_noise=math.nan
    )
    text = markdown(made)
    for word in ("mixed up", "side by side", "ECE", "No mistakes", "Temperature"):
        assert word not in text, word
    assert "Trivial is what the best answer that looks at no text scores" in text
    (row,) = table(text, "Every language")
    assert row.count("|") == text.split("|:--|:--|:--|")[1].splitlines()[0].count("|") + 4


def test_markdown_marks_a_leak_at_its_row():
    made = leaky(report(languages=3), nl=(3, 80))
    (row,) = [row for row in table(markdown(made), "Every language") if "| nl |" in row]
    assert row.endswith("| **leak: 3 of 80 rows** |")
