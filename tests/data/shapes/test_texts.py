import pytest

from loanword.data.read import read
from loanword.data.shapes.texts import TEXTS
from loanword.errors import DataError


def test_a_line_of_a_txt_file_is_a_text(tmp_path):
    path = tmp_path / "de.txt"
    path.write_bytes("\ufeffder Kessel \r\n\n  \nzwei\tZiegen\nohne Ende".encode())
    table = read(path, language="de", shape=TEXTS)
    assert table.text == ["der Kessel ", "zwei\tZiegen", "ohne Ende"]
    assert table.line == [1, 4, 5]


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.csv", "id,body,label\nx,kettle,1\ny,goats,red\n", [2, 3]),
        ("a.jsonl", '{"content": "kettle", "label": [3]}\n{"content": "goats"}\n', [1, 2]),
        ("a.tsv", "sentence\tlabel\nkettle\t\ngoats\tx\n", [2, 3]),
    ],
)
def test_tables_need_a_text_and_nothing_else(tmp_path, name, content, lines):
    """A column that happens to be called label is of no interest, whatever it holds."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    table = read(path, language="en", shape=TEXTS)
    assert (table.text, table.line) == (["kettle", "goats"], lines)


def test_a_text_must_be_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,id\nkettle,1\n ,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.csv:3 \[text\]: LW210"):
        read(path, language="en", shape=TEXTS)
