"""A tag for every word: named entities, parts of speech."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record, Span
from loanword.data.shapes.tagged import OUTSIDE, TAGGED_TEXT, entities, is_entities
from loanword.encoders.encoder import Encoder
from loanword.errors import SHOWN, UsageError
from loanword.language.words import is_run, words
from loanword.tasks.aim import Aim, Answered, expect_known, log_odds
from loanword.tasks.heads import IGNORED, ClassHead, expect_kind, of_pieces
from loanword.tasks.task import TASKS, Decision, Prediction, Task, expect_labels, most_common, softmax
from loanword.tokens.encoded import Encoded, Place
from loanword.tokens.tokenizer import Pieces, Tokenizer
from loanword.tokens.windows import Window, windows

OVERLAP = 0.25
"""Share of a window that its neighbours see as well, where a text is longer than the model reads."""

NEVER = -1e9


@TASKS.register("tagging")
class Tagging(Task):
    """Tags of words by a linear head on the first piece of each word that stands for characters of it.

    A prediction is the words of the text as spans with their tags; `entities` makes the entities of them where the
    tags are BIO. A sequence of such tags is the likeliest that can be: an entity that goes on has begun.
    """

    columns = TAGGED_TEXT
    metrics: tuple[str, ...] = ("span-f1", "tag-accuracy")
    defaults: Mapping[str, Mapping[str, Any]] = {"training": {"piece_exchange": 0.0, "epochs": 3}}

    def __init__(
        self, *, labels: Sequence[str] = (), head: str = "linear", dropout: float = 0.1, smoothing: float = 0.0
    ) -> None:
        """Create the task; `labels` are the tags, in the order of the head's outputs. `head`: "linear" or "mlp"."""
        expect_kind(head)
        self.kind = head
        self.dropout = dropout
        self.smoothing = smoothing
        self.per_row = 1.0
        self._learn(labels)

    def _learn(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.bio = is_entities(self.labels)
        self.metrics = ("span-f1", "tag-accuracy") if self.bio else ("tag-accuracy", "macro-tag-f1")

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Learn the tags, sorted by name, O first; of entities, the tag that begins each and the one that goes on."""
        tagged = [record.label for record in records if record.label is not None]
        counts = Counter(span.label for label in tagged for span in _spans(label))
        names = set(counts)
        if is_entities(names):
            names |= {OUTSIDE} | {f"{mark}-{tag[2:]}" for tag in names - {OUTSIDE} for mark in "BI"}
        bio = is_entities(names)
        self._learn(sorted(names, key=lambda tag: (tag != OUTSIDE, tag[2:], tag) if bio else tag))
        self.per_row = max(1.0, counts.total() / max(1, len(tagged)))

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the words of each record; one that is too long for the model gives several inputs that overlap.

        The target of a piece is the index of its word's tag at the first piece with characters of the word.
        """
        index = {label: number for number, label in enumerate(self.labels)}
        frame = tokenizer.frame()
        room = tokenizer.max_length - frame.size
        before = len(frame.parts[0])
        units = _units(records, tokenizer)
        texts = [[record.text[a:b] for a, b in spans] for record, spans in zip(records, units, strict=True)]
        pieces = tokenizer.words(texts)
        found = []
        for row, (record, spans) in enumerate(zip(records, units, strict=True)):
            tags = [index.get(span.label, IGNORED) for span in _spans(record.label)] if record.label is not None else []
            natural = [
                _natural(word, tokenizer, apart=start == 0 or record.text[start - 1].isspace())
                for word, (start, _) in zip(pieces[row], spans, strict=True)
            ]
            ids = [word.ids for word in natural]
            for window in windows([len(word) for word in ids], room=room, overlap=int(OVERLAP * room)):
                text: list[int] = []
                places = {}
                for unit in range(window.start, window.end):
                    if unit in window.own and ids[unit]:
                        first = next((n for n, piece in enumerate(ids[unit]) if not tokenizer.is_blank(piece)), 0)
                        places[before + len(text) + first] = unit
                    text += ids[unit]
                places = {place: unit for place, unit in places.items() if place < before + room}
                full, _ = frame.around(text[:room])
                target = [IGNORED] * len(full)
                for place, unit in places.items() if tags else ():
                    target[place] = tags[unit]
                offsets = [spans[places[place]] if place in places else (0, 0) for place in range(len(full))]
                found.append(
                    Encoded(
                        ids=full,
                        language=record.language,
                        row=row,
                        target=target if tags else None,
                        truncated=len(text) > room,
                        offsets=offsets,
                        places=frame.places(_stands(natural, spans, window)[:room]) if tokenizer.locates else None,
                    )
                )
        return found

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return tag indices (batch, seq), `IGNORED` where there is none."""
        longest = max(len(item.ids) for item in encoded)
        rows = [[*item.target, *[IGNORED] * (longest - len(item.ids))] for item in encoded]
        return torch.tensor(rows, dtype=torch.long)

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head on every piece."""
        return ClassHead(
            encoder.width,
            len(self.labels),
            features=of_pieces,
            kind=self.kind,
            dropout=self.dropout,
            smoothing=self.smoothing,
            per_row=self.per_row,
        )

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Turn logits (pieces, tags) into the tagged words of each record."""
        spans: list[list[tuple[int, int]]] = [[] for _ in records]
        logits: list[list[np.ndarray]] = [[] for _ in records]
        for item, values in zip(encoded, outputs, strict=True):
            for place, span in enumerate(item.offsets or ()):
                if span != (0, 0):
                    spans[item.row].append(span)
                    logits[item.row].append(values[place])
        rows = [np.stack(row) if row else np.empty((0, len(self.labels))) for row in logits]
        best = self._likeliest(rows)
        found = []
        for places, row, chosen in zip(spans, rows, best, strict=True):
            sure = softmax(row)[np.arange(len(row)), chosen] if len(row) else np.empty(0)
            label = tuple(
                Span(start, end, self.labels[number]) for (start, end), number in zip(places, chosen, strict=True)
            )
            score = float(sure.mean()) if len(row) else math.nan
            found.append(Prediction(label=label, score=score, parts=tuple(sure.tolist())))
        return found

    def _likeliest(self, rows: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the best tag of every word of `rows`; of entities, the best sequence that can be (Viterbi 1967)."""
        if not self.bio:
            return [row.argmax(axis=1) for row in rows]
        allowed = np.array([[self._may_follow(one, two) for two in self.labels] for one in self.labels])
        barred = np.where(allowed, 0.0, NEVER)
        begins = np.where([not tag.startswith("I-") for tag in self.labels], 0.0, NEVER)
        order = sorted(range(len(rows)), key=lambda row: -len(rows[row]))
        length = len(rows[order[0]]) if order else 0
        padded = np.zeros((len(rows), length, len(self.labels)))
        for place, row in enumerate(order):
            padded[place, : len(rows[row])] = np.log(np.maximum(softmax(rows[row]), 1e-30)) if len(rows[row]) else 0
        sizes = np.array([len(rows[row]) for row in order])
        score = padded[:, 0] + begins if length else padded[:, :0]
        came = np.zeros((len(rows), length, len(self.labels)), dtype=np.int64)
        for step in range(1, length):
            active = int((sizes > step).sum())  # The longest come first.
            through = score[:active, :, None] + barred
            came[:active, step] = through.argmax(axis=1)
            score[:active] = through.max(axis=1) + padded[:active, step]
        found: list[np.ndarray] = [np.empty(0, dtype=np.int64)] * len(rows)
        for place, row in enumerate(order):
            if not sizes[place]:
                continue
            chosen = [int(score[place].argmax())]
            for step in range(sizes[place] - 1, 0, -1):
                chosen.append(int(came[place, step, chosen[-1]]))
            found[row] = np.array(chosen[::-1])
        return found

    @staticmethod
    def _may_follow(before: str, tag: str) -> bool:
        return not tag.startswith("I-") or before[2:] == tag[2:]

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return the tagged words; none where there is no label."""
        return [tuple(_spans(record.label)) for record in records]

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Tag every word with the most frequent tag; of entities, call everything outside, which finds none."""
        rows = [tuple(_spans(record.label)) for record in records]
        tag, share = most_common(span.label for row in rows for span in row)
        tag = OUTSIDE if self.bio else tag
        return [Prediction(tuple(Span(span.start, span.end, tag) for span in row), share) for row in rows]

    def decisions(self, prediction: Prediction, record: Record) -> Iterable[Decision]:
        """Return a choice for every word."""
        right = {(span.start, span.end): span.label for span in _spans(record.label)}
        for span, sure in zip(_spans(prediction.label), prediction.parts, strict=True):
            if (span.start, span.end) in right:
                yield Decision(right[span.start, span.end], span.label, float(sure))

    def classified(self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded]) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits of the words whose tag is known, and their tags."""
        logits, targets = [], []
        for values, item in zip(outputs, encoded, strict=True):
            wanted = np.asarray(item.target if item.target is not None else [], dtype=np.int64)
            places = np.flatnonzero(wanted != IGNORED)
            logits.append(values[places])
            targets.append(wanted[places])
        if not sum(map(len, targets)):
            return super().classified(outputs, encoded)
        return np.concatenate(logits), np.concatenate(targets)

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the log-odds of a word's tag: of `word`, or else of the first that has the tag, or any but O."""
        tagged, text = _spans(answered.prediction.label), answered.record.text
        if not tagged:
            raise UsageError("the text has no word whose tag could be explained")
        if word:
            at = text.find(word)
            found = [span for span in tagged if at < span.end and span.start < at + len(word)] if at >= 0 else []
            if not found:
                raise UsageError(f"'{word}' is no word of the text; it has {_listed(tagged, text)}")
        else:
            found = [span for span in tagged if span.label == label] or [s for s in tagged if s.label != OUTSIDE]
        chosen = (found or tagged)[0]
        label = label or chosen.label
        expect_known(label, self.labels)
        span, tag = (chosen.start, chosen.end), self.labels.index(label)
        number, place = next(
            (number, item.offsets.index(span))
            for number, item in enumerate(answered.encoded)
            if item.offsets and span in item.offsets
        )
        return Aim(
            label,
            chosen.label,
            "log-odds",
            lambda model, read: log_odds(model.adjust(model.head(*read))[:, place], tag),
            input=number,
            about=span,
        )

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return F1 of each kind of entity, or of each tag."""
        hits: Counter[str] = Counter()
        total: Counter[str] = Counter()
        right: Counter[str] = Counter()
        for prediction, record in zip(predictions, records, strict=True):
            ours, theirs = (set(self._named(label)) for label in (prediction.label, record.label))
            hits.update(span.label for span in ours & theirs)
            right.update(span.label for span in theirs)
            total.update(span.label for spans in (ours, theirs) for span in spans)
        return {name: 2 * hits[name] / total[name] for name in sorted(right)}

    def _named(self, label: Any) -> tuple[Span, ...]:
        return entities(_spans(label)) if self.bio else tuple(_spans(label))

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return the entities, or the words with their tags: start and end in code points, text, label, probability."""
        spans = _spans(prediction.label)
        sure = dict(zip(((span.start, span.end) for span in spans), prediction.parts, strict=True))
        found = []
        for span in self._named(spans):
            parts = [score for (start, end), score in sure.items() if span.start <= start and end <= span.end]
            found.append(
                {
                    "start": span.start,
                    "end": span.end,
                    "label": span.label,
                    "text": record.text[span.start : span.end],
                    "score": round(min(parts), 6),
                }
            )
        return {"text": record.text, "entities" if self.bio else "words": found}

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Put each label after its text."""
        spans = shown["entities" if self.bio else "words"]
        return "  ".join(f"{item['text']}/{item['label']}" for item in spans) or "-"

    def state(self) -> dict[str, Any]:
        """Return tags and settings."""
        return {"labels": list(self.labels), "head": self.kind, "dropout": self.dropout, "smoothing": self.smoothing}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Tagging:
        """Make the task again from `state`; raises `ModelError` if its tags are no list of different texts."""
        expect_labels(state.get("labels"))
        return cls(**state)


def _spans(label: Any) -> Sequence[Span]:
    return label if isinstance(label, tuple) else ()


def _listed(tagged: Sequence[Span], text: str) -> str:
    names = [f"'{text[span.start : span.end]}'" for span in tagged]
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _units(records: Sequence[Record], tokenizer: Tokenizer) -> list[list[tuple[int, int]]]:
    """Return the words of each record: those that have tags, or those that the text shows."""
    shown = [[] if record.label is not None else words(record.text) for record in records]
    runs = [record.text[a:b] for record, spans in zip(records, shown, strict=True) for a, b in spans]
    runs = sorted({word for word in runs if is_run(word)})
    pieces = dict(zip(runs, tokenizer.plain(runs), strict=True))
    found: list[list[tuple[int, int]]] = []
    for record, spans in zip(records, shown, strict=True):
        units = [(span.start, span.end) for span in _spans(record.label)]
        for start, end in spans:
            run = pieces.get(record.text[start:end])
            ends = sorted({b for _, b in run.offsets if 0 < b < end - start}) if run else []
            units += [(start + a, start + b) for a, b in zip([0, *ends], [*ends, end - start], strict=True)]
        found.append(units)
    return found


def _stands(words: Sequence[Pieces], spans: Sequence[tuple[int, int]], window: Window) -> list[Place]:
    """Say where the pieces of the words in `window` stand in the text."""
    return [
        Place(0, spans[unit][0] + start, spans[unit][0] + end)
        for unit in range(window.start, window.end)
        for start, end in words[unit].offsets
    ]


def _natural(word: Pieces, tokenizer: Tokenizer, *, apart: bool) -> Pieces:
    """Leave out the lone mark that a word begins where no space stands before it: the encoder never saw one there."""
    if apart or len(word.ids) < 2 or not tokenizer.is_blank(word.ids[0]):
        return word
    return Pieces(word.ids[1:], word.offsets[1:])
