"""loanword ask: answers out of one's own documents, found and read."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from loanword.cli.options import Column, Json, expect_place, pairs
from loanword.errors import UsageError


def ask(
    bundle: Annotated[str, typer.Argument(help="A bundle of the task answers, the run that made it, or a Hub id.")],
    documents: Annotated[
        str, typer.Option("--documents", metavar="DIR", help="Documents as for loanword index, or an index of them.")
    ],
    questions: Annotated[
        list[str] | None, typer.Argument(metavar="[QUESTION]...", help="Questions; none: lines of stdin.")
    ] = None,
    passages: Annotated[int, typer.Option(min=1, help="Passages that are read for each question.")] = 5,
    top: Annotated[int, typer.Option(min=1, help="Answers shown for each question.")] = 1,
    language: Annotated[str, typer.Option(help="The questions' language, for models with language ids.")] = "und",
    model: Annotated[
        str | None, typer.Option(help="What finds passages: a bundled name, folder, Hub id or bundle.")
    ] = None,
    column: Column = None,
    output: Annotated[str | None, typer.Option("--output", metavar="FILE", help="Write jsonl here.")] = None,
    as_json: Json = False,
) -> None:
    """Answer questions from documents: the passages nearest to a question are found, and read for the answer.

    Example: loanword ask run "wann öffnet die Bibliothek?" --documents manuals
    """
    from loanword.api import load
    from loanword.cli import lines
    from loanword.cli.progress import Terminal
    from loanword.config import expanded
    from loanword.search.index import MODEL, Index
    from loanword.search.reader import ask as ask_all
    from loanword.search.reader import expect_reader

    target = expanded(output) if output else None
    if target:
        expect_place(target, suffix=".jsonl", sources={"--documents": documents})
    asked = lines.given(questions, noun="question", verb="ask")
    columns, is_index = pairs(column, option="--column", what="OURS=THEIRS"), Index.is_at(documents)
    if columns and is_index:
        raise UsageError(f"--column is for documents, and {documents} is an index; an index has no columns")
    reader = load(bundle)
    expect_reader(reader)
    watch = Terminal()
    try:
        if is_index:
            opened = Index.load(documents, model=model)
        else:
            opened = Index.build(documents, model=model or MODEL, columns=columns, progress=watch)
    finally:
        watch.done()
    found = ask_all(reader, opened, asked, passages=passages, language=language)
    rows = [
        {"question": question, **answers[0].to_dict(), "answers": [one.to_dict() for one in answers[:top]]}
        for question, answers in zip(asked, found, strict=True)
    ]
    briefly = ([_brief(one, row["question"]) for one in row["answers"]] for row in rows)
    noun = ("question with its answers", "questions with their answers")
    lines.deliver(rows, target=target, as_json=as_json, briefly=briefly, noun=noun)


def _brief(answer: dict[str, Any], question: str) -> str:
    from loanword.cli import lines

    where = lines.where(answer) if answer["answer"] else "-"
    return f"{answer['answer'] or '-'} {answer['score']:.3f}\t{where}\t{question}"
