import pytest

from loanword.data.codes import Findings, plain, shown
from loanword.errors import DataError


def test_problems_come_in_the_order_of_lines():
    findings = Findings("a.csv")
    findings.add("LW210", cause="late", fix="mend it", line=9)
    findings.add("LW210", cause="early", fix="mend it", line=2)
    with pytest.raises(DataError) as stop:
        findings.raise_any()
    assert [problem.line for problem in stop.value.problems] == [2, 9]
    assert str(stop.value).splitlines()[0] == "a.csv:2: LW210 early. Mend it."


def test_nothing_is_raised_where_nothing_is_wrong():
    assert Findings("a.csv").raise_any() is None


def test_rows_that_are_no_lines_are_called_rows():
    findings = Findings("a.parquet", unit="row")
    findings.add("LW210", cause="empty", fix="mend it", line=3)
    assert findings.problems[0].cause == "row 3: empty"


def test_names_are_quoted_escaped_and_short():
    assert shown("a\nb") == "'a\\nb'"
    assert len(shown("x" * 500)) < 50


def test_names_in_any_script_stay_legible():
    assert shown("天气") == "'天气'"
    assert shown("it's") == '"it\'s"'
    assert plain("naïve – 天气") == "naïve – 天气"


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\x07", "\x9b", "\u2028", "\u202e", "\u200b", "\ud800"])
def test_what_a_terminal_would_obey_is_escaped(character):
    for text in (shown(f"a{character}b"), plain(f"a{character}b")):
        assert character not in text
        assert text.isprintable()
        assert "\\" in text


def test_no_part_of_a_problem_forges_a_line():
    name = "a\nerror LW999 \x1b[31mfake"
    findings = Findings(f"{name}.csv")
    findings.add("LW210", cause=f"seen {name}", fix=f"mend {name}", line=3, column=name)
    (problem,) = findings.problems
    assert str(problem).isprintable()
    assert problem.column == "a\\nerror LW999 \\x1b[31mfake"


def test_of_a_source_without_end_so_many_problems_are_enough():
    findings = Findings("a.txt", most=3)
    for line in (9, 8):
        findings.add("LW109", cause="bad", fix="mend it", line=line)
    with pytest.raises(DataError, match="reading ended with problem number 3; there may be more") as stop:
        findings.add("LW109", cause="bad", fix="mend it", line=7)
    assert [problem.line for problem in stop.value.problems] == [7, 8, 9]
    assert stop.value.unfinished
