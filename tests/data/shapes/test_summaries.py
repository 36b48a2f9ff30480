import pytest

from loanword.data.read import read
from loanword.data.shapes.summaries import SUMMARY
from loanword.errors import DataError


def test_a_text_and_its_summary(tmp_path, write_jsonl):
    rows = [{"text": "A kettle boils water.", "summary": "kettle"}, {"text": "Goats eat grass.", "summary": "goats"}]
    table = read(write_jsonl(tmp_path / "a.jsonl", rows), language="en", shape=SUMMARY)
    assert [(one.text, one.pair) for one in table] == [(row["text"], row["summary"]) for row in rows]
    assert table[0].languages == ("en", "en")


def test_names_that_other_data_sets_use(tmp_path, write_jsonl):
    path = write_jsonl(tmp_path / "a.jsonl", [{"article": "A kettle boils water.", "highlights": "kettle"}])
    (record,) = read(path, language="en", shape=SUMMARY)
    assert (record.text, record.pair) == ("A kettle boils water.", "kettle")


def test_several_documents_become_one_text_with_empty_lines_between(tmp_path, write_jsonl):
    path = write_jsonl(tmp_path / "a.jsonl", [{"documents": ["First one.", "Second one."], "summary": "two"}])
    (record,) = read(path, language="en", shape=SUMMARY)
    assert record.text == "First one.\n\nSecond one."


def test_without_summaries_texts_are_enough_for_prediction(tmp_path, write_jsonl):
    path = write_jsonl(tmp_path / "a.jsonl", [{"text": "A kettle boils water."}])
    (record,) = read(path, language="en", shape=SUMMARY.unlabelled)
    assert record.pair == ""
    with pytest.raises(DataError, match="LW112"):
        read(path, language="en", shape=SUMMARY)


@pytest.mark.parametrize(
    ("documents", "code"), [([], "LW211"), (["a", " "], "LW211"), ("a", "LW211"), (None, "LW211"), (["a\0"], "LW212")]
)
def test_documents_must_be_texts(tmp_path, write_jsonl, documents, code):
    good = {"documents": ["Fine."], "summary": "fine"}
    path = write_jsonl(tmp_path / "a.jsonl", [good, {"documents": documents, "summary": "two"}])
    with pytest.raises(DataError, match=rf"a\.jsonl:2 \[documents\]: {code}"):
        read(path, language="en", shape=SUMMARY)
