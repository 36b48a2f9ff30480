"""Where a document of plain text ends, said or seen."""

import pytest

from loanword.data.codes import Findings
from loanword.data.corpus import layouts, streams
from loanword.data.corpus.layouts import boundary_of, texts
from loanword.errors import DataError

POEM = "one\ntwo\n\n \t\nthree\r\nfour\n\n\n"


@pytest.fixture
def file(tmp_path):
    def make(content):
        (tmp_path / "a.txt").write_bytes(content.encode())
        return tmp_path / "a.txt"

    return make


@pytest.mark.parametrize(
    ("boundary", "wanted"),
    [
        ("line", [(1, "one"), (2, "two"), (5, "three"), (6, "four")]),
        ("blank", [(1, "one\ntwo"), (5, "three\nfour")]),
        ("file", [(1, "one\ntwo\nthree\nfour")]),
    ],
)
def test_what_is_a_document(file, boundary, wanted):
    assert list(texts(file(POEM), Findings("a"), boundary=boundary)) == wanted
    assert next(texts(file(f"\n\n{POEM}"), Findings("a"), boundary=boundary))[0] == 3


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (POEM, "blank"),
        ("one\ntwo\nthree", "line"),
        ("one\ntwo\n\n\n", "line"),
        ("\n\none\ntwo\n", "line"),
        ("one\n\ntwo", "blank"),
        ("\n".join(["x"] * 200), "line"),
        ("\n".join(["x"] * 150) + "\n\n" + "\n".join(["x"] * 50), "blank"),
        ("\n".join(["x"] * 150) + "\n\n" + "\n".join(["x"] * 51), "line"),
        (" \n\n", "auto"),
        ("", "auto"),
    ],
)
def test_what_a_file_looks_like(file, content, wanted):
    found, why = boundary_of(file(content))
    assert found == wanted
    assert bool(why) == (wanted != "auto")


def test_only_the_beginning_is_looked_at_and_its_last_line_may_be_cut(file, monkeypatch):
    for module in (layouts, streams):
        monkeypatch.setattr(module, "HEAD", 12)
    assert boundary_of(file("one two\nthree\n\nfour\n\nfive"))[0] == "line"
    assert boundary_of(file("one\n\ntwo\n\nthree four"))[0] == "blank"


def test_nothing_but_blanks_and_a_document_without_end(file, monkeypatch):
    with pytest.raises(DataError, match="LW110"):
        list(texts(file(" \n\n"), Findings("a"), boundary="line"))
    monkeypatch.setattr(layouts, "LONGEST", 20)
    path = file("first\n\n" + "word\n" * 5)
    assert len(list(texts(path, Findings("a"), boundary="line"))) == 6
    with pytest.raises(DataError, match="a:3: LW216 the document has more than 20 characters"):
        list(texts(path, Findings("a"), boundary="blank"))
