"""How findings name rows and places."""

import json
from dataclasses import replace

from loanword.data.finding import Finding, counted, labels_of, lines_of, listed, place_of
from loanword.data.records import Table


def test_lines_are_those_of_the_file_where_known():
    table = Table(language="de", text=["a", "b", "c"], label=[None] * 3, line=[2, 5, 9], origin="de.csv")
    assert lines_of(table, [2, 0]) == (2, 9)
    assert lines_of(Table(language="de", text=["a", "b"], label=[None] * 2), [1]) == (2,)
    assert place_of("test", table) == "test de (de.csv)"
    assert place_of("dev", replace(table, pair_language="fr")) == "dev de:fr (de.csv)"


def test_to_dict_is_json():
    finding = Finding("error", "LW501", "train", "m", "a", (1, 2))
    assert json.loads(json.dumps(finding.to_dict())) == {
        "severity": "error",
        "code": "LW501",
        "place": "train",
        "message": "m",
        "advice": "a",
        "rows": [1, 2],
    }


def test_numbers_and_lists_in_messages():
    assert counted(1, 8) == "1 of 8 rows (12.5 %)"
    assert listed(["a", "b", "c"], most=2) == "a, b and 1 more"


def test_names_of_the_data_are_escaped():
    assert labels_of(["a\nb", "天气"]) == "'a\\nb', '天气'"
    table = Table(language="de", text=["a"], label=[None], origin="a\x1b[31m.csv")
    assert place_of("test", table) == "test de (a\\x1b[31m.csv)"
