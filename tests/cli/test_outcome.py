import json
from pathlib import Path

from report_cases import report

from loanword.cli.outcome import show


def test_json_is_the_report_and_nothing_else(capsys):
    show(report(), files={"html": Path("report.html")}, as_json=True)
    assert json.loads(capsys.readouterr().out)["task"]


def test_people_get_the_summary_and_the_paths(capsys):
    show(report(), files={"html": Path("somewhere/report.html")}, as_json=False)
    told = capsys.readouterr().out
    assert "somewhere/report.html" in told
    assert "%" in told
