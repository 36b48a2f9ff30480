"""SQuAD: articles with paragraphs with questions, in one JSON object; versions 1.1 and 2.0, and what came after them.

Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine Comprehension of Text"; 2018, "Know What You Don't Know".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from loanword.data import jsonl
from loanword.data.codes import Findings
from loanword.data.columns import Cells

COLUMNS = ("question", "context", "answers", "id", "group")
LAYOUT = 'write {"data": [{"title": "", "paragraphs": [{"context": "", "qas": [{"question": "", "answers": []}]}]}]}'


def parse(text: str, *, wanted: Collection[str], findings: Findings) -> Cells:
    """Read the questions of `text`; `group` is the article. An array of rows is read as any other file with one.

    All rows stand in line 1, or in that of their paragraph's place in the file, so their id says which one is meant.
    """
    if not text.lstrip().startswith("{"):
        return jsonl.parse(text, array=True, wanted=wanted, findings=findings)
    strict = jsonl.Strict(findings)
    found = strict.value(text, len(text) - len(text.lstrip()), 1)
    if found is None or not strict.sound:
        findings.raise_any()
    content = found[0] if found else {}
    if not isinstance(content.get("data"), list):
        findings.stop("LW116", cause="the JSON object has no list called data", fix=LAYOUT, line=1)
    cells = Cells(columns=COLUMNS, values={name: [] for name in COLUMNS if name in wanted})
    for line, row in _questions(content["data"], text, findings):
        cells.lines.append(line)
        for name, values in cells.values.items():
            values.append(row.get(name))
    return cells


def _questions(articles: list[Any], text: str, findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    place = 0
    for number, article in enumerate(articles, start=1):
        paragraphs = article.get("paragraphs") if isinstance(article, dict) else None
        if not isinstance(paragraphs, list):
            findings.add("LW206", cause=f"article {number} has no list of paragraphs", fix=LAYOUT, line=1)
            continue
        title = article.get("title") or f"article {number}"
        for paragraph in paragraphs:
            questions = paragraph.get("qas") if isinstance(paragraph, dict) else None
            if not isinstance(questions, list):
                findings.add("LW206", cause=f"a paragraph of article {number} has no list qas", fix=LAYOUT, line=1)
                continue
            for question in questions:
                row = question if isinstance(question, dict) else {}
                name = row.get("id")
                place = max(place, text.find(f'"{name}"', place))
                answers = [] if row.get("is_impossible") else row.get("answers")
                yield (
                    text.count("\n", 0, place) + 1,
                    {**row, "answers": answers, "context": paragraph.get("context"), "group": title},
                )
