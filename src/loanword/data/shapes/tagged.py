"""A text whose words have tags: named entities, parts of speech.

Whatever it was read from, a label is the words of the text as spans, each called by its tag. Tags of entities (B-PER,
I-PER, O in any of their spellings) become BIO: S and U are B, E and L are I, and an I that begins an entity is B.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from loanword.data.cells import UNUSABLE, is_integer, kind, seen, texts
from loanword.data.codes import shown
from loanword.data.columns import Source
from loanword.data.conll import columns, universal
from loanword.data.records import Filled, Label, Shape, Span, spans_of
from loanword.language.tag import is_segmented
from loanword.language.words import words

OUTSIDE = "O"
ENTITY = re.compile(r"([BIESULM])-(\S(?:.*\S)?)", re.DOTALL)
MARKED = re.compile(r"[BIESULM]-")
STARTS = "BSU"
SHOWN = 12
"""Most tags that a message lists."""


def _fill(source: Source) -> Filled:
    if source.names["tokens"] not in source.cells.columns:
        return _of_spans(source)
    other = "spans" if source.labelled else "text"
    ways: dict[str, list[int]] = {"tokens": [], other: []}
    for row, (_, tokens, value) in enumerate(source.rows("tokens", other)):
        ways["tokens" if value is None or tokens is not None else other].append(row)
    if not ways[other]:
        return _of_tokens(source)
    if not ways["tokens"]:
        return _of_spans(source)
    _note_ways(source, ways)
    _of_spans(_part(source, ways[other]))
    return _of_tokens(_part(source, ways["tokens"]))


def _note_ways(source: Source, ways: dict[str, list[int]]) -> None:
    """Note that rows are laid out in two `ways`, at the first of the rarer one."""
    lines = {name: source.cells.lines[rows[0]] for name, rows in ways.items()}
    common, rarer = sorted(ways, key=lambda name: -len(ways[name]))
    said = [f"{len(ways[name]):,} with {name} (first {source.findings.unit} {lines[name]})" for name in (common, rarer)]
    fix = "write all rows in one way, or as two files"
    source.note("LW121", rarer, lines[rarer], cause=f"of the rows there are {' and '.join(said)}", fix=fix)


def _part(source: Source, rows: Sequence[int]) -> Source:
    """Return the `rows` of a source, to be checked by themselves."""
    cells = source.cells
    values = {name: [column[row] for row in rows] for name, column in cells.values.items()}
    return replace(source, cells=replace(cells, lines=[cells.lines[row] for row in rows], values=values))


TAGGED_TEXT = Shape(
    "tagged text",
    inputs=("tokens",),
    label="tags",
    others=((("text",), "spans"),),
    fill=_fill,
    known_as={
        "tokens": ("words",),
        "tags": ("ner_tags", "upos", "pos_tags"),
        "spans": ("entities",),
    },
    formats={
        ".conll": columns,
        ".bio": columns,
        ".iob": columns,
        ".iob2": columns,
        ".txt": columns,
        ".tsv": columns,
        ".conllu": universal,
    },
    also=("spaces",),
)


def _of_tokens(source: Source) -> Filled:
    names = source.cells.class_names.get(source.names["tags"])
    found: list[str] = []
    labels: list[Label | None] = []
    for line, tokens, tags, spaces in source.rows("tokens", "tags", "spaces"):
        text, spans = "", list[tuple[int, int]]()
        if not _are_texts(tokens) or not tokens:
            cause = f"the tokens are {kind(tokens) if tokens else 'missing'} where a list of strings is needed"
            source.note("LW211", "tokens", line, cause=cause, fix="write the words of the sentence as a list")
        else:
            text, spans = _joined(tokens, spaces, segmented=is_segmented(source.language))
            _check_tokens(source, line, tokens)
        found.append(text)
        labels.append(_tagged(source, line, spans, tags, names))
    return Filled(text=found, label=_in_one_scheme(source, labels))


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _check_tokens(source: Source, line: int, tokens: Sequence[str]) -> None:
    for place, token in enumerate(tokens, start=1):
        if not token.strip():
            fix = "remove it together with its tag"
            source.note("LW210", "tokens", line, cause=f"token {place} is empty", fix=fix)
        elif UNUSABLE.search(token):
            fix = "clean the token, or write it again from its source"
            source.note(
                "LW212", "tokens", line, cause=f"token {place} holds what no text may: NUL or half a pair", fix=fix
            )


def _joined(tokens: Sequence[str], spaces: Any, *, segmented: bool) -> tuple[str, list[tuple[int, int]]]:
    """Put the tokens together to a text; returns it, and where each of them stands."""
    text, spans = "", []
    for place, token in enumerate(tokens):
        spans.append((len(text), len(text) + len(token)))
        apart = spaces[place] if isinstance(spaces, list) and len(spaces) == len(tokens) else segmented
        text += token + (" " if apart and place + 1 < len(tokens) else "")
    return text, spans


def _tagged(
    source: Source, line: int, spans: list[tuple[int, int]], tags: Any, names: Sequence[str] | None
) -> Label | None:
    """Put tags on the words of a row; note what does not fit."""
    if tags is None or not spans:
        if source.labelled and spans:
            source.note("LW301", "tags", line, cause="the row has no tags", fix="add them or remove the row")
        return tuple(Span(start, end) for start, end in spans) or None
    if isinstance(tags, list) and names and all(isinstance(tag, int) and 0 <= tag < len(names) for tag in tags):
        tags = [names[tag] for tag in tags]
    if not _are_texts(tags) or not all(tag.strip() for tag in tags):
        cause = f"the tags are {kind(tags)} where a list of strings is needed"
        source.note("LW302", "tags", line, cause=cause, fix="write one tag for each token")
        return None
    if len(tags) != len(spans):
        cause = f"there are {len(spans)} tokens and {len(tags)} tags"
        source.note("LW307", "tags", line, cause=cause, fix="give every token one tag")
        return None
    return tuple(Span(start, end, tag) for (start, end), tag in zip(spans, tags, strict=True))


def _of_spans(source: Source) -> Filled:
    found = texts(source, "text")
    labels: list[Label | None] = []
    for text, (line, values) in zip(found, source.rows("spans"), strict=True):
        if values is None:
            if source.labelled:
                fix = "add them (an empty list where there are none) or remove the row"
                source.note("LW301", "spans", line, cause="the row has no spans", fix=fix)
            labels.append(None)
            continue
        labels.append(_around(text, _spans(source, line, text, values)))
    return Filled(text=found, label=labels)


def _spans(source: Source, line: int, text: str, values: Any) -> list[Span]:
    """Read the spans of a row; note those that do not lie in the text, or on one another."""
    found: list[Span] = []
    for value in values if isinstance(values, list) else [values]:
        if wrong := _malformed(value):
            source.note("LW308", "spans", line, cause=wrong, fix='write {"start": 0, "end": 5, "label": "PER"}')
            continue
        start, end, label = value["start"], value["end"], value["label"]
        if not 0 <= start < end <= len(text) or not text[start:end].strip():
            cause = f"the span from {start} to {end} holds no character of the text, which has {len(text)}"
            fix = "count code points from 0; the end is not part of the span"
            source.note("LW308", "spans", line, cause=cause, fix=fix)
        elif "text" in value and value["text"] != text[start:end]:
            cause = f"the span from {start} to {end} is {shown(text[start:end])}, not {shown(str(value['text']))}"
            fix = "count code points, not bytes or UTF-16 units"
            source.note("LW308", "spans", line, cause=cause, fix=fix)
        else:
            found.append(Span(start, end, label))
    found.sort()
    for first, second in pairwise(found):
        if second.start < first.end:
            cause = f"the spans {first.start} to {first.end} and {second.start} to {second.end} overlap"
            source.note("LW308", "spans", line, cause=cause, fix="keep one of them: a word has one tag")
    return found


def _malformed(value: Any) -> str:
    """Say which key of a span is not as it must be, and why; "" of a span that is one."""
    if not isinstance(value, dict):
        return f"a span is {seen(value)} where an object with start, end and label is needed"
    for key in ("start", "end"):
        if not is_integer(value.get(key)):
            return f"{key} of a span is {seen(value[key]) if key in value else 'missing'} where an integer is needed"
    label = value.get("label")
    if not isinstance(label, str) or not label or label != label.strip():
        what = seen(label) if "label" in value else "missing"
        return f"label of a span is {what} where a name without blanks at its edges is needed"
    return ""


def _around(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Tag the words of `text`, cut where a span begins or ends, with B, I and O."""
    cuts = sorted({place for span in spans for place in (span.start, span.end)})
    found: list[Span] = []
    for start, end in words(text):
        places = [start, *(cut for cut in cuts if start < cut < end), end]
        for first, last in pairwise(places):
            inside = next((span for span in spans if span.start <= first and last <= span.end), None)
            begins = inside is not None and not any(inside.start <= one.start for one in found)
            tag = OUTSIDE if inside is None else f"{'B' if begins else 'I'}-{inside.label}"
            found.append(Span(first, last, tag))
    return tuple(found)


def is_entities(tags: Any) -> bool:
    """Whether `tags` are those of entities: O, and others that say where an entity begins and goes on."""
    others = set(tags) - {OUTSIDE}
    return bool(others) and all(ENTITY.fullmatch(tag) for tag in others)


def _in_one_scheme(source: Source, labels: list[Label | None]) -> list[Label | None]:
    """Turn tags of entities into BIO, and note those among them that are none; others stay as they are.

    Tags are those of entities if one begins with a mark and a hyphen, and O is one of them or most words have such.
    """
    counts = Counter(span.label for label in labels for span in spans_of(label) if span.label)
    marked = {tag for tag in counts if MARKED.match(tag)}
    if not marked or (OUTSIDE not in counts and 2 * sum(counts[tag] for tag in marked) <= counts.total()):
        return labels
    odd = {tag for tag in counts if tag != OUTSIDE and not ENTITY.fullmatch(tag)}
    if odd:
        _note_odd(source, labels, counts, odd)
    return [_bio(label) if isinstance(label, tuple) else label for label in labels]


def _note_odd(source: Source, labels: Sequence[Label | None], counts: Counter[str], odd: set[str]) -> None:
    """Note each tag that is `odd` among those of entities once, where it comes first."""
    known = sorted(set(counts) - odd)
    listed = ", ".join(map(shown, known[:SHOWN])) + (f" and {len(known) - SHOWN} more" if len(known) > SHOWN else "")
    left = set(odd)
    for row, (line, label) in enumerate(zip(source.cells.lines, labels, strict=True)):
        for place, span in enumerate(spans_of(label)):
            if span.label in left:
                left.remove(span.label)
                times = f", {counts[span.label]:,} times in the file" if counts[span.label] > 1 else ""
                cause = (
                    f"the tag {shown(span.label)} (token {place + 1} of its sentence{times}) is no tag of entities, "
                    f"as the others are: {listed}"
                )
                fix = "write O, or B- or I- (in IOBES also E- and S-) before the kind of entity"
                where = source.cells.inner[row][place] if source.cells.inner else line
                source.note("LW312", "tags", where, cause=cause, fix=fix)


def _bio(label: tuple[Any, ...]) -> tuple[Span, ...]:
    found = []
    before = ""
    for span in label:
        match = ENTITY.fullmatch(span.label)
        if match is None:
            before = ""
            found.append(Span(span.start, span.end, span.label and OUTSIDE))
            continue
        mark, name = match.groups()
        begins = mark in STARTS or before != name
        found.append(Span(span.start, span.end, f"{'B' if begins else 'I'}-{name}"))
        before = "" if mark in "SUEL" else name
    return tuple(found)


def entities(label: Sequence[Span]) -> tuple[Span, ...]:
    """Return the entities of words tagged with BIO, as spans from the first word of each to its last.

    An I that begins an entity begins one, as in the CoNLL evaluation.
    """
    found: list[Span] = []
    before = ""
    for span in label:
        mark, _, name = span.label.partition("-")
        if not name:
            before = ""
            continue
        if mark == "I" and before == name:
            found[-1] = Span(found[-1].start, span.end, name)
        else:
            found.append(Span(span.start, span.end, name))
        before = name
    return tuple(found)
