"""A text whose words have tags: named entities, parts of speech.

Whatever it was read from, a label is the words of the text as spans, each called by its tag. Tags of entities (B-PER,
I-PER, O in any of their spellings) become BIO: S and U are B, E and L are I, and an I that begins an entity is B.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from loanword.data.cells import UNUSABLE, kind, texts
from loanword.data.codes import shown
from loanword.data.columns import Source
from loanword.data.conll import columns, universal
from loanword.data.records import Filled, Label, Shape, Span
from loanword.language.tag import is_segmented
from loanword.language.words import words

OUTSIDE = "O"
ENTITY = re.compile(r"([BIOESULM])-(\S.*)")
STARTS = "BSU"


def _fill(source: Source) -> Filled:
    if source.names["tokens"] in source.cells.columns:
        return _of_tokens(source)
    return _of_spans(source)


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
    return Filled(text=found, label=_in_one_scheme(labels))


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
        one = value if isinstance(value, dict) else {}
        start, end, label = one.get("start"), one.get("end"), one.get("label")
        if not (type(start) is type(end) is int and isinstance(label, str) and label.strip()):
            cause = f"a span is {kind(value)} where an object with start, end and label is needed"
            source.note("LW308", "spans", line, cause=cause, fix='write {"start": 0, "end": 5, "label": "PER"}')
        elif not 0 <= start < end <= len(text) or not text[start:end].strip():
            cause = f"the span from {start} to {end} holds no character of the text, which has {len(text)}"
            fix = "count code points from 0; the end is not part of the span"
            source.note("LW308", "spans", line, cause=cause, fix=fix)
        elif "text" in one and one["text"] != text[start:end]:
            cause = f"the span from {start} to {end} is {shown(text[start:end])}, not {shown(str(one['text']))}"
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


def _in_one_scheme(labels: list[Label | None]) -> list[Label | None]:
    """Turn tags of entities into BIO; others stay as they are."""
    rows = [label for label in labels if isinstance(label, tuple)]
    if not is_entities({span.label for row in rows for span in row if isinstance(span, Span)}):
        return labels
    return [_bio(label) if isinstance(label, tuple) else label for label in labels]


def _bio(label: tuple[Any, ...]) -> tuple[Span, ...]:
    found = []
    before = ""
    for span in label:
        match = ENTITY.fullmatch(span.label)
        if match is None:
            before = ""
            found.append(Span(span.start, span.end, OUTSIDE))
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
