import gzip

import pytest

from loanword.data.read import read
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.errors import DataError


def test_the_second_text_is_the_translation(tmp_path):
    (tmp_path / "a.tsv").write_text("text\ttgt\nthe kettle\tder Kessel\n", encoding="utf-8")
    (record,) = read(tmp_path / "a.tsv", language="en:de", shape=PARALLEL_TEXT)
    assert (record.text, record.pair, record.label) == ("the kettle", "der Kessel", None)
    assert record.languages == ("en", "de")


def test_columns_without_a_header_are_named_by_number(tmp_path):
    (tmp_path / "a.tsv").write_text("one\teins\tk1\n\ntwo\tzwei\tk2\n", encoding="utf-8")
    columns = {"text": "1", "translation": "2", "id": "3"}
    found = read(tmp_path / "a.tsv", language="en:de", shape=PARALLEL_TEXT, columns=columns)
    assert [(record.text, record.pair, record.id) for record in found] == [("one", "eins", "k1"), ("two", "zwei", "k2")]
    assert found.line == [1, 3]


def test_it_is_needed_to_learn_and_not_to_predict(tmp_path):
    (tmp_path / "a.csv").write_text("text,translation\na,\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(tmp_path / "a.csv", language="en", shape=PARALLEL_TEXT)
    assert [problem.code for problem in caught.value.problems] == ["LW210"]
    (tmp_path / "b.csv").write_text("text\na\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read(tmp_path / "b.csv", language="en", shape=PARALLEL_TEXT)
    assert [(problem.code, problem.column) for problem in caught.value.problems] == [("LW112", "translation")]
    (record,) = read(tmp_path / "b.csv", language="en", shape=PARALLEL_TEXT.unlabelled)
    assert record.pair == ""


def test_files_of_translators_have_columns_of_their_own(tmp_path):
    path = tmp_path / "a.po.gz"
    path.write_bytes(gzip.compress(b'msgid "one"\nmsgstr "eins"\n\nmsgid "two"\nmsgstr ""\n'))
    columns = {"text": "1", "translation": "2"}
    found = read(path, language="en:de", shape=PARALLEL_TEXT, columns=columns)
    assert [(record.text, record.pair, record.line) for record in found] == [("one", "eins", 1)]
    assert found.left_out == {"untranslated": 1}
    texts = read(path, language="en:de", shape=PARALLEL_TEXT.unlabelled, columns=columns)
    assert [(record.text, record.pair, record.languages) for record in texts] == [
        ("one", "", ("en", "de")),
        ("two", "", ("en", "de")),
    ]
    (tmp_path / "a.sdf").write_text("x")
    with pytest.raises(DataError, match=r"[Uu]se one of .*\.tmx, \.po, \.pot, \.xlf, \.xliff, each also with \.gz"):
        read(tmp_path / "a.sdf", language="en:de", shape=PARALLEL_TEXT)
    with pytest.raises(DataError, match="LW104"):
        read(path, language="de")
