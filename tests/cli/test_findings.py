from loanword.cli.findings import print_findings
from loanword.data.finding import Finding


def finding(severity: str) -> Finding:
    return Finding(severity=severity, code="LW501", place="en", message="m", advice="a", rows=())


def test_errors_come_first(capsys):
    print_findings([finding("info"), finding("error"), finding("warning")])
    told = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert told == ["error", "warning", "info"]


def test_nothing_found_is_said(capsys):
    print_findings([])
    assert "no findings" in capsys.readouterr().out
