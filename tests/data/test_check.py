"""All checks together, and the command's files."""

import json

import pytest

from loanword.data.check import check, check_files
from loanword.data.records import Table
from loanword.errors import DataError, UsageError


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows), encoding="utf-8"
    )
    return str(path)


ROWS = [(f"number {i} of the english sentences", "ab"[i % 2]) for i in range(20)]


def test_nothing_to_say():
    far = {"train": {"en": Table(language="en", text=["one two", "three four"] * 5, label=["a", "b"] * 5)}}
    assert {finding.code for finding in check(far)} == {"LW501"}
    assert check({}) == []
    assert check({"test": {"de": Table(language="de", text=[], label=[])}}) == []


def test_errors_come_first():
    rows = Table(language="en", text=["a b c", "a b c", "d e f", "d e f"], label=["x", "y", "x", "x"])
    assert [finding.severity for finding in check({"train": {"en": rows}})] == ["error", "warning", "warning"]


def test_an_unknown_role():
    with pytest.raises(UsageError, match="unknown role 'eval'"):
        check({"eval": {}})


@pytest.mark.parametrize(
    ("name", "role", "language"),
    [
        ("en.train.jsonl", "train", "en"),
        ("test.de.jsonl", "test", "de"),
        ("zho_Hans.validation.jsonl", "dev", "zh"),
        ("pt-BR_test.jsonl", "test", "pt-BR"),
        ("fi/test.jsonl", "test", "fi"),
        ("test/fi.jsonl", "test", "fi"),
        ("fr.jsonl", "train", "fr"),
        ("corpus-hu-dev.jsonl", "dev", "hu"),
    ],
)
def test_role_and_language_are_read_off_the_name(tmp_path, name, role, language):
    path = write(tmp_path / name, [("same text", "a"), ("same text", "a")])
    (finding, *_) = [f for f in check_files([path]) if f.code == "LW501"]
    assert finding.place == f"{role} {language} ({path})"
    assert finding.rows == (2,)


def test_role_and_language_can_be_said(tmp_path):
    path = write(tmp_path / "a.jsonl", ROWS)
    other = write(tmp_path / "b.jsonl", ROWS)
    found = check_files([f"train:en={path}", f"test:eng={other}"])
    (leak,) = [finding for finding in found if finding.code == "LW503"]
    assert leak.place.startswith("test en")
    assert leak.rows == tuple(range(1, 21))


def test_columns_are_mapped(tmp_path):
    path = tmp_path / "en.csv"
    path.write_text("body,label\nhello there,a\nhello there,b\n", encoding="utf-8")
    assert "LW502" in {finding.code for finding in check_files([str(path)], columns={"text": "body"})}


def test_a_name_that_says_nothing(tmp_path):
    folder = tmp_path / "DATA"
    path = write(folder / "0001.jsonl", ROWS)
    with pytest.raises(UsageError, match="cannot be told from its name; write it as de="):
        check_files([path])


def test_two_files_for_one_place(tmp_path):
    paths = [write(tmp_path / name / "en.train.jsonl", ROWS) for name in ("a1", "b1")]
    with pytest.raises(UsageError, match="two files are train en"):
        check_files(paths)


def test_all_problems_of_all_files_at_once(tmp_path):
    paths = [str(tmp_path / "de.jsonl"), str(tmp_path / "fr.jsonl")]
    with pytest.raises(DataError) as caught:
        check_files(paths)
    assert {problem.path for problem in caught.value.problems} == set(paths)
