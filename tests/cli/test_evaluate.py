import json


def test_scores_are_those_of_the_run(call, finished, toy_data):
    result, folder = finished
    trained = json.loads(result.stdout)["languages"]["ru"]
    again = call("evaluate", folder, "--test", f"rus={toy_data['test']['ru']}", "--json")
    assert again.exit_code == 0, again.stderr
    found = json.loads(again.stdout)["languages"]["ru"]
    assert found["score"] == trained["score"]
    assert found["n"] == trained["n"]


def test_a_chinese_report_is_in_chinese(call, finished, toy_data, tmp_path):
    done = call(
        "evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}", "--report-language", "zh", "--out", tmp_path
    )
    assert done.exit_code == 0, done.stderr
    for text in (done.stdout, (tmp_path / "report.md").read_text(encoding="utf-8")):
        assert "零样本：训练和选择均未接触目标语言的文本或标签" in text
        assert "交付版本" in text
        assert "as shipped" not in text
        assert "zero-shot" not in text
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["checkpoint"] == "as shipped"
    english = call("evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}")
    assert "weights as shipped" in english.stdout


def test_reports_go_where_no_file_of_somebodys_is(call, finished, toy_data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    words = ["evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}"]
    for _ in range(2):
        assert call(*words, "--out=~/again").exit_code == 0
    mine = tmp_path / "mine" / "report.md"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    done = call(*words, "--out", mine.parent)
    assert (done.exit_code, mine.read_text(encoding="utf-8")) == (2, "mine")
    assert "holds report.md, which no loanword run wrote" in done.stderr


def test_an_unknown_report_language(call, finished, toy_data):
    done = call("evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}", "--report-language", "xx")
    assert done.exit_code == 2
    assert "written in 'en' or 'zh', not in 'xx'" in done.stderr
