"""What the page of an explanation says: its words marked, its tables, its sentences, every number as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from loanword.deploy.explanation import Alignment, Explanation, Reading, Word
from loanword.evaluation.words import Words, number, percent

LEVELS = 9
"""Steps of a colour."""

NAMED = 2
"""Words that a sentence names."""

WEIGHTY = 0.1
"""Share of the largest contribution from which on a word is named."""

WIDE = 40
"""Words of a text up to which there is a map of all pairs."""


def view(explanation: Explanation, *, language: str = "en") -> dict[str, Any]:
    """Return everything that the page says of `explanation`, in "en" or "zh"."""
    say = Words(language, section="explanation")
    names = _names(explanation, say)
    largest = max((abs(word.contribution) for one in explanation.readings for word in one.words), default=0.0)
    readings = [_reading(one, names[row], say, largest) for row, one in enumerate(explanation.readings)]
    first = explanation.readings[0]
    has_rollout = any(piece.rollout is not None for one in explanation.readings for piece in one.pieces)
    how = ["contribution", first.unit.replace("-", "_"), "scale", *(["rollout"] if has_rollout else [])]
    how += [*(["similarity"] if explanation.alignments else []), "doubt"]
    facts = {
        "largest": signed(largest, first.unit).lstrip("+"),
        "layer": explanation.alignments[0].layer if explanation.alignments else 0,
        "layers": explanation.layers,
    }
    return {
        "title": _title(first, say),
        "subtitle": (
            Words(language).named("tasks", explanation.task),
            explanation.model,
            say("subtitle_layers", n=explanation.layers),
        ),
        "readings": readings,
        "sentences": _sentences(explanation, names, say, largest),
        "alignments": [_alignment(one, explanation, names, say, largest) for one in explanation.alignments],
        "how": [say(f"how_{key}", **facts) for key in how],
        "rollout": has_rollout,
        "about": any(one.about for one in explanation.readings),
        "unread": any(not word.pieces for one in explanation.readings for word in one.words),
    }


def signed(value: float, unit: str) -> str:
    """Write a contribution with its sign, with as many digits as its unit needs."""
    text = number(value, digits=3 if unit == "cosine" else 2)
    return text if text.startswith("−") or not any(digit in text for digit in "123456789") else f"+{text}"


def strongest(reading: Reading, *, sign: int, largest: float, among: Sequence[int] | None = None) -> list[Word]:
    """Return the words of `reading` that weigh most for (`sign` 1) or against (-1), the weightiest first."""
    words = [reading.words[place] for place in (range(len(reading.words)) if among is None else among)]
    weighty = [word for word in words if sign * word.contribution > WEIGHTY * largest]
    return sorted(weighty, key=lambda word: -abs(word.contribution))[:NAMED]


def _names(explanation: Explanation, say: Words) -> list[tuple[str, str]]:
    """Name the text of every reading and its second one: by their languages, told apart by numbers."""
    several = len(explanation.readings) > 1
    plain = []
    for row, one in enumerate(explanation.readings, start=1):
        known = one.languages[0] != "und"
        plain.append(say.name(one.languages[0]) if known else say("beside", n=row) if several else say("text"))
    counts, seen = Counter(plain), Counter[str]()
    found = []
    for name, one in zip(plain, explanation.readings, strict=True):
        seen[name] += 1
        own = name if counts[name] == 1 else say("numbered", name=name, n=seen[name])
        crossed = one.languages[-1] not in ("und", one.languages[0])
        found.append((own, say.name(one.languages[-1]) if crossed else say("second", name=own)))
    return found


def _title(reading: Reading, say: Words) -> str:
    if reading.unit != "cosine" and not reading.label:
        return say("title_nothing")
    if reading.unit == "log-odds" and reading.about:
        return say("title_word", label=reading.label, word=reading.texts[0][slice(*reading.about)])
    return say(f"title_{reading.unit.replace('-', '_')}", label=reading.label)


def _unit(reading: Reading, say: Words) -> str:
    return say(reading.unit.replace("-", "_"))


def _reading(reading: Reading, names: tuple[str, str], say: Words, largest: float) -> dict[str, Any]:
    flows = [word.rollout for word in reading.words if word.rollout is not None]
    widest = max(flows, default=0.0)
    unit = reading.unit.replace("-", "_")
    sure = percent(reading.probability) if reading.unit == "log-odds" else signed(reading.score, reading.unit)
    words = [_word(word, reading, largest, widest) for word in reading.words]
    value = sure.lstrip("+")
    both = reading.unit == "cosine"
    said = reading.label == reading.predicted
    note = say("figure_said") if said else say("figure_said_other", predicted=reading.predicted or say("nothing"))
    return {
        "name": names[0],
        "figure": {
            "label": say(f"figure_{unit}", label=reading.label, name=say.listed(names) if both else names[0]),
            "value": value,
            "note": note if not both else "" if reading.answer == value else reading.answer,
            "alarm": not said,
        },
        "unit": _unit(reading, say),
        "texts": [
            {
                "name": names[side],
                "sums": _sums(reading, side, say),
                "lang": reading.languages[side],
                "parts": _parts(
                    text, [word for word, one in zip(words, reading.words, strict=True) if one.side == side]
                ),
            }
            for side, text in enumerate(reading.texts)
        ],
        "words": words,
        "pieces": [
            {
                "token": piece.token,
                "covers": reading.texts[piece.side][piece.start : piece.end] if piece.side >= 0 else "",
                "place": f"{piece.start}–{piece.end}" if piece.side >= 0 else "",
                "contribution": signed(piece.contribution, reading.unit),
                "rollout": "" if piece.rollout is None else percent(piece.rollout),
            }
            for piece in reading.pieces
        ],
        "elsewhere": None if reading.elsewhere is None else percent(reading.elsewhere),
    }


def _sums(reading: Reading, side: int, say: Words) -> list[tuple[str, str]]:
    """Say what the words come to whose last text is number `side`: an addition, term by term."""
    found = next((one for one in reading.sums if one.sides and one.sides[-1] == side), None)
    if found is None:
        return []
    terms = {"sum_baseline": found.baseline, "sum_words": found.words, "sum_gap": found.gap}
    said = [(say(key), signed(value, reading.unit)) for key, value in terms.items()]
    return [*said, (_unit(reading, say), signed(reading.score, reading.unit))]


def _word(word: Word, reading: Reading, largest: float, widest: float) -> dict[str, Any]:
    about = reading.about is not None and word.side == 0
    return {
        "text": word.text,
        "start": word.start,
        "end": word.end,
        "place": f"{word.start}–{word.end}",
        "read": bool(word.pieces),
        "about": about and reading.about is not None and reading.about[0] < word.end and word.start < reading.about[1],
        "sign": "for" if word.contribution >= 0 else "against",
        "level": _level(abs(word.contribution), largest),
        "contribution": signed(word.contribution, reading.unit),
        "bar": _bar(word.contribution, largest),
        "rollout": "" if word.rollout is None else percent(word.rollout),
        "flow": 0 if word.rollout is None else _level(word.rollout, widest),
        "pieces": " ".join(reading.pieces[place].token for place in word.pieces),
    }


def _level(value: float, largest: float) -> int:
    return round(LEVELS * value / largest) if largest > 0 else 0


def _bar(value: float, largest: float) -> int:
    return round(100 * abs(value) / largest) if largest > 0 else 0


def _parts(text: str, words: Sequence[dict[str, Any]]) -> list[tuple[str, dict[str, Any] | None]]:
    """Cut `text` into what is between words, and words: (characters, word or None)."""
    parts: list[tuple[str, dict[str, Any] | None]] = []
    at = 0
    for word in words:
        parts += [(text[at : word["start"]], None), (word["text"], word)]
        at = word["end"]
    return [part for part in [*parts, (text[at:], None)] if part[0]]


def _quoted(words: Sequence[Word], reading: Reading, say: Words) -> str:
    return say.listed([say("quoted", word=one.text, value=signed(one.contribution, reading.unit)) for one in words])


def _sentences(explanation: Explanation, names: Sequence[tuple[str, str]], say: Words, largest: float) -> list[str]:
    found = []
    for row, one in enumerate(explanation.readings):
        name = names[row][0]
        if one.unit != "cosine" and one.label != one.predicted:
            found.append(say("read_other", name=name, predicted=one.predicted or say("nothing"), label=one.label))
        for side in range(len(one.texts)):
            own = [number for number, word in enumerate(one.words) if word.side == side]
            best, worst = (strongest(one, sign=sign, largest=largest, among=own) for sign in (1, -1))
            key = "read_both" if best and worst else "read_for" if best else "read_against" if worst else "read_none"
            if side == 0 or best or worst:
                quoted = {"words": _quoted(best, one, say), "others": _quoted(worst, one, say)}
                found.append(say(key, name=names[row][side], **quoted))
    if not explanation.same:
        found.append(say("read_incomparable"))
    for alignment in explanation.alignments if explanation.same else ():
        found += _differences(alignment, explanation, names, say, largest)
    for row, one in enumerate(explanation.readings):
        name = names[row][0]
        found += [
            say("read_gap", name=name, gap=signed(abs(part.gap), one.unit).lstrip("+"))
            for part in one.sums
            if part.rough
        ]
        if unread := sum(not word.pieces for word in one.words):
            found.append(say("read_unread", name=name, n=unread))
    shares = [one.elsewhere for one in explanation.readings if one.elsewhere is not None]
    if shares and min(shares) > 1 / 2:
        found.append(say("read_elsewhere", share=percent(min(shares))))
    return found


def _differences(
    alignment: Alignment, explanation: Explanation, names: Sequence[tuple[str, str]], say: Words, largest: float
) -> list[str]:
    """Say which words that correspond weigh most differently, and which weighty words have no counterpart."""
    one, other = explanation.readings[alignment.one[0]], explanation.readings[alignment.other[0]]
    if one is other:
        return []
    name, beside = names[alignment.one[0]][0], names[alignment.other[0]][0]
    found = []
    pairs = [(one.words[row], other.words[column]) for row, column in alignment.pairs]
    pairs.sort(key=lambda pair: -abs(pair[0].contribution - pair[1].contribution))
    if pairs and abs(pairs[0][0].contribution - pairs[0][1].contribution) > WEIGHTY * largest:
        left, right = pairs[0]
        quoted = {"one": _quoted([left], one, say), "other": _quoted([right], other, say)}
        found.append(say("read_apart", name=name, beside=beside, **quoted))
    alone = set(alignment.columns) - {column for _, column in alignment.pairs}
    words = [word for sign in (1, -1) for word in strongest(other, sign=sign, largest=largest, among=sorted(alone))]
    if words:
        found.append(say("read_alone", name=name, beside=beside, words=_quoted(words[:NAMED], other, say)))
    return found


def _alignment(
    alignment: Alignment, explanation: Explanation, names: Sequence[tuple[str, str]], say: Words, largest: float
) -> dict[str, Any]:
    """Return the table of words that correspond, and the map of all pairs, where there are not too many."""
    one, other = explanation.readings[alignment.one[0]], explanation.readings[alignment.other[0]]
    left = {row: _word(one.words[row], one, largest, 0.0) for row in alignment.rows}
    right = {column: _word(other.words[column], other, largest, 0.0) for column in alignment.columns}
    alike = dict(zip(alignment.rows, alignment.similarity, strict=True))
    nearest = dict(alignment.pairs)
    table = []
    for row in alignment.rows:
        column = nearest.get(row)
        if column is None:
            table.append({"one": left[row], "other": None, "similarity": "–", "difference": "–"})
            continue
        near = alike[row][alignment.columns.index(column)]
        difference = one.words[row].contribution - other.words[column].contribution
        table.append(
            {
                "one": left[row],
                "other": right[column],
                "similarity": number(near, digits=2),
                "difference": signed(difference, one.unit),
            }
        )
    met = set(nearest.values())
    table += [
        {"one": None, "other": right[column], "similarity": "–", "difference": "–"}
        for column in alignment.columns
        if column not in met
    ]
    small = max(len(alignment.rows), len(alignment.columns)) <= WIDE
    cells = [
        [
            {
                "value": number(value, digits=2),
                "level": _level(max(0.0, value), 1.0),
                "nearest": nearest.get(row) == column,
            }
            for column, value in zip(alignment.columns, alike[row], strict=True)
        ]
        for row in (alignment.rows if small else ())
    ]
    name, beside = names[alignment.one[0]][alignment.one[1]], names[alignment.other[0]][alignment.other[1]]
    return {
        "title": say("side_by_side", one=name, other=beside),
        "one": {"name": name, "lang": one.languages[alignment.one[1]]},
        "other": {"name": beside, "lang": other.languages[alignment.other[1]]},
        "table": table,
        "comparable": explanation.same and one is not other,
        "rows": [left[row] for row in alignment.rows],
        "columns": [right[column] for column in alignment.columns],
        "cells": cells,
        "lead": say("heat_lead", layer=alignment.layer, layers=explanation.layers) if small else say("heat_large"),
    }
