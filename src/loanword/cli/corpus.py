"""loanword corpus: text for pretraining, clean and each document once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, cast

import typer

from loanword.cli.guard import say
from loanword.cli.options import Json, dumped, nested
from loanword.errors import ConfigError, UsageError

Texts = Annotated[
    list[str],
    typer.Option(
        "--text",
        metavar="LANG=SOURCE",
        help="Documents of a language: txt, jsonl, parquet, wiki extract (also .gz, .zst), folder, hub:...; repeat it.",
    ),
]


def clean(
    text: Texts,
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="New folder for the clean files; without it, only count.")
    ] = None,
    packing: Annotated[str, typer.Option(help="none, gz or zst.")] = "none",
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates", help="Drop also what is nearly the same as a document before it.")
    ] = False,
    boundary: Annotated[
        str | None, typer.Option(help="What is a document of plain text: line, blank or file; else what it looks like.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Column of the texts in jsonl, parquet, hub.")
    ] = None,
    override: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="A=B", help="Any setting, e.g. held_out=0.05, min_characters=200."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Clean files without labels: one way of writing, nothing of another language, no document twice; all counted.

    Example: loanword corpus clean --text en=en.txt --text de=wiki --out clean
    """
    from loanword.cli.progress import Terminal
    from loanword.config import part
    from loanword.data.corpus.corpus import Corpus
    from loanword.data.corpus.counts import reasons
    from loanword.data.corpus.settings import CorpusSettings
    from loanword.data.corpus.write import Packing, report_of, write

    given = nested(boundary=boundary, column=column, near_duplicates=near_duplicates or None)
    settings = part(CorpusSettings, given, overrides=override or [], where="command line")
    watch = Terminal()
    corpus = Corpus(_sources(text), settings, watch)
    try:
        if out is not None:
            report = write(corpus, out, packing=cast(Packing, packing))
        else:
            for _ in corpus.documents():
                pass
            report = report_of(corpus)
    finally:
        watch.done()
    if as_json:
        typer.echo(dumped(report, indent=1))
    else:
        for line in _report(report):
            typer.echo(line)
        if out is not None:
            typer.echo(f"\n{out}")
    lost = {tag: row for tag, row in report["languages"].items() if not row["kept"]["documents"]}
    for tag, row in lost.items():
        doubt = "; is the language tag right?" if {"language", "script"} & {*row["dropped"]} else ""
        read = row["read"]["documents"]
        why = f"none of {read:,} documents is kept: {reasons(row)}{doubt}" if read else "there is no document"
        say(f"{tag}: {why}")
    if len(lost) == len(report["languages"]):
        raise typer.Exit(1)


def _sources(text: list[str]) -> dict[str, list[str]]:
    """Return the sources by language; a language may have several."""
    from loanword.language.tag import canonical

    found: dict[str, list[str]] = {}
    problems = []
    for value in text:
        tag, sign, source = value.partition("=")
        if not sign or not tag.strip() or not source.strip():
            problems.append(f"--text {value}: expected LANG=SOURCE, e.g. --text de=de.txt")
            continue
        try:
            found.setdefault(canonical(tag), []).append(source)
        except UsageError as error:
            problems.append(f"--text {value}: {error}")
    if problems:
        raise ConfigError(problems, where="command line")
    return found


def _report(report: Mapping[str, Any]) -> list[str]:
    """Say in lines what became of the documents: a row a language, what was changed, what was not asked."""
    from loanword.data.corpus.counts import REASONS

    languages = report["languages"]
    reasons = [name for name in REASONS if any(name in row["dropped"] for row in languages.values())]
    steps = [
        name for name in report["settings"]["normalise"] if any(name in row["changed"] for row in languages.values())
    ]
    sizes = [
        (
            *(row[size]["documents"] for size in ("read", "kept", "held_out")),
            row["kept"]["characters"],
            *(row["dropped"].get(name, 0) for name in reasons),
        )
        for row in languages.values()
    ]
    lines = _table(["language", "read", "kept", "held out", "characters", *reasons], languages, sizes)
    changed = {
        tag: [row["changed"].get(name, {"documents": 0})["documents"] for name in steps]
        for tag, row in languages.items()
        if row["changed"]
    }
    if changed:
        lines += ["", "documents changed by", *_table(["language", *steps], changed, list(changed.values()))]
    lines += [""]
    for tag, row in languages.items():
        foreign = ", ".join(f"{other} {count:,}" for other, count in list(row["foreign"].items())[:5])
        lines += [f"{tag}: dropped for being in {foreign}"] if foreign else []
    for why in dict.fromkeys(why for row in languages.values() for why in row["unjudged"]):
        found = ", ".join(f"{tag} {row['unjudged'][why]:,}" for tag, row in languages.items() if why in row["unjudged"])
        lines.append(f"language not told, for {why}: {found}")
    for name, state in report["remembered"].items():
        lines.append(
            f"remembered for {name.replace('_', ' ')}: {state['bytes'] / 1e6:,.2f} MB, "
            f"{state['bytes_per_document']:,.1f} bytes a document"
        )
    return lines


def _table(head: Sequence[str], tags: Iterable[str], figures: Sequence[Sequence[int]]) -> list[str]:
    """Lay figures out below their heads, a row for each of `tags`."""
    rows = [list(head), *([tag, *(f"{one:,}" for one in row)] for tag, row in zip(tags, figures, strict=True))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
