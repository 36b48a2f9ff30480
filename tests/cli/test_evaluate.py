import json


def test_scores_are_those_of_the_run(call, finished, toy_data):
    result, folder = finished
    trained = json.loads(result.stdout)["languages"]["ru"]
    again = call("evaluate", folder, "--test", f"rus={toy_data['test']['ru']}", "--json")
    assert again.exit_code == 0, again.stderr
    found = json.loads(again.stdout)["languages"]["ru"]
    assert found["score"] == trained["score"]
    assert found["n"] == trained["n"]


def test_an_unknown_report_language(call, finished, toy_data):
    done = call("evaluate", finished[1], "--test", f"ru={toy_data['test']['ru']}", "--report-language", "xx")
    assert done.exit_code == 2
    assert "known: en, zh" in done.stderr
