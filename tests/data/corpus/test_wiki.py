"""Articles of a dump, in both forms that WikiExtractor writes."""

import json

import pytest

from loanword.data.codes import Findings
from loanword.data.corpus import wiki
from loanword.data.corpus.documents import documents
from loanword.data.corpus.wiki import extracts
from loanword.errors import DataError

ARTICLES = [
    ("Kettle", ["A kettle is a vessel for boiling water.", "Most have a spout."]),
    ('The "Goat" > & other <tales>', ["Kettle", 'The "Goat" > & other <tales>', "Two goats follow a postman."]),
    ("AC&amp;DC", ["Current comes in two kinds."]),
    ("Redirect", []),
]


def article(number, title, paragraphs):
    head = f'<doc id="{number}" url="https://example.org/wiki?curid={number}" title="{title}">'
    return "\n".join([head, title.replace("&amp;", "&"), "", *paragraphs, "", "</doc>", ""])


@pytest.fixture
def file(tmp_path):
    def make(content):
        (tmp_path / "wiki_00").write_text(content, encoding="utf-8")
        return tmp_path / "wiki_00"

    return make


def test_articles_without_their_titles(file):
    path = file("".join(article(number, *one) for number, one in enumerate(ARTICLES)))
    findings = Findings("a")
    found = list(extracts(path, findings))
    assert findings.problems == []
    assert [text for _, text in found] == ["\n".join(paragraphs) for _, paragraphs in ARTICLES]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line, _ in found] == [1 + place for place, line in enumerate(lines) if line.startswith("<doc")]


def test_both_forms_give_the_same_texts(tmp_path):
    text, rows = tmp_path / "text" / "AA", tmp_path / "json" / "AA"
    for folder in (text, rows):
        folder.mkdir(parents=True)
    for number, (title, paragraphs) in enumerate(ARTICLES):
        (text / f"wiki_{number:02}").write_text(article(number, title, paragraphs), encoding="utf-8")
        row = {"id": str(number), "url": "x", "title": title, "text": "\n".join(paragraphs)}
        (rows / f"wiki_{number:02}").write_text(json.dumps(row) + "\n", encoding="utf-8")
    found = [[one.text for one in documents(folder.parent, language="en")] for folder in (text, rows)]
    assert found[0] == found[1] == ["\n".join(paragraphs) for _, paragraphs in ARTICLES]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ('<doc id="1" title="a">\na\n\ntext\n', 1, "not closed; the file may be cut short"),
        ('<doc id="1" title="a">\na\n<doc id="2" title="b">\nb\n</doc>', 3, "begins in that of line 1"),
        ('<doc id="1" title="a">\na\n</doc>\nstray', 4, "text stands outside"),
        ('<doc id="1" title="a">\na\n</doc>\n</doc>', 4, "was not opened"),
    ],
)
def test_what_is_written_otherwise(file, content, line, said):
    findings = Findings("a")
    list(extracts(file(content), findings))
    assert [(problem.code, problem.line) for problem in findings.problems] == [("LW217", line)]
    assert said in findings.problems[0].cause


def test_an_article_without_end(file, monkeypatch):
    monkeypatch.setattr(wiki, "LONGEST", 30)
    with pytest.raises(DataError, match="a:1: LW216 the article has more than 30 characters"):
        list(extracts(file(article(1, "a", ["long enough"] * 5)), Findings("a")))
