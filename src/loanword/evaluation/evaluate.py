"""Score every language once: one process, one pass, everything the report says about a language."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loanword.config import EvaluationSettings
from loanword.data.records import Table
from loanword.evaluation.calibration import expected_error, expected_noise, reliability
from loanword.evaluation.collapse import collapsed
from loanword.evaluation.gap import gap
from loanword.evaluation.intervals import bootstrap, memberships
from loanword.evaluation.metrics import METRICS
from loanword.evaluation.scores import Bin, Confusion, Gap, Interval, Scores
from loanword.hardware import Hardware
from loanword.tasks.model import Model
from loanword.tasks.outputs import outputs
from loanword.tasks.task import Decision, Prediction, Task
from loanword.tokens.encoded import Encoded
from loanword.tokens.fertility import fertility
from loanword.tokens.tokenizer import Tokenizer

CONFUSIONS = 5
EXAMPLES = 3


@dataclass(frozen=True)
class Answers:
    """A model's answers to one language's table: `outputs` for each input, what they mean, and what is right."""

    table: Table
    encoded: list[Encoded]
    outputs: list[np.ndarray]
    predictions: list[Prediction]
    references: list[Any]


@dataclass(frozen=True)
class Evaluator:
    """Answers and scores tables with one model on one machine."""

    model: Model
    task: Task
    tokenizer: Tokenizer
    hardware: Hardware
    micro_tokens: int | None = None
    resamples: int = 1000
    seed: int = 0
    examples: bool = False

    @classmethod
    def of(cls, what: Any, settings: EvaluationSettings) -> Evaluator:
        """Make the evaluator of a run or a bundle."""
        return cls(
            model=what.model,
            task=what.task,
            tokenizer=what.tokenizer,
            hardware=what.hardware,
            micro_tokens=settings.micro_tokens,
            resamples=settings.resamples,
            seed=what.seed,
            examples=settings.examples,
        )

    def encode(self, tables: Mapping[str, Table]) -> dict[str, list[Encoded]]:
        """Encode each language's table once; every checkpoint can use it."""
        found = {tag: self.task.encode(list(table), self.tokenizer) for tag, table in tables.items()}
        for tag, encoded in found.items():
            for item in encoded:
                item.table = tag
        return found

    def answer(
        self,
        tables: Mapping[str, Table],
        encoded: Mapping[str, list[Encoded]],
        *,
        progress: Callable[[int], None] | None = None,
    ) -> dict[str, Answers]:
        """Answer all tables in one pass sorted by length over all languages."""
        everything = [item for tag in tables for item in encoded[tag]]
        found = outputs(
            self.model,
            everything,
            pad_id=self.tokenizer.pad_id,
            hardware=self.hardware,
            micro_tokens=self.micro_tokens,
            progress=progress,
        ).values
        answers, start = {}, 0
        for tag, table in tables.items():
            part = found[start : start + len(encoded[tag])]
            start += len(encoded[tag])
            records = list(table)
            predictions = self.task.decode(part, encoded[tag], records, self.tokenizer)
            answers[tag] = Answers(table, encoded[tag], part, predictions, self.task.references(records))
        return answers

    def scaled(self, answers: Answers, temperature: float) -> Answers:
        """Return what the answers are with all outputs divided by `temperature`."""
        if temperature == 1:
            return answers
        scaled = [value / np.float32(temperature) for value in answers.outputs]
        predictions = self.task.decode(scaled, answers.encoded, list(answers.table), self.tokenizer)
        return replace(answers, outputs=scaled, predictions=predictions)

    def quick(self, tables: Mapping[str, Table], encoded: Mapping[str, list[Encoded]]) -> dict[str, float]:
        """Return the main metric's value of every language, without intervals."""
        metric = METRICS.get(self.task.metrics[0])
        return {
            tag: metric.reduce(metric.rows(found.predictions, found.references))
            for tag, found in self.answer(tables, encoded).items()
        }

    def interval(self, answers: Answers, name: str) -> Interval:
        """Return a metric with its interval, resampling whole groups."""
        metric = METRICS.get(name)
        rows = metric.rows(answers.predictions, answers.references)
        return bootstrap(rows, metric, groups=answers.table.group, count=self.resamples, seed=self.seed)

    def score(
        self,
        answers: Mapping[str, Answers],
        *,
        sources: Sequence[str],
        raw: Mapping[str, Answers] | None = None,
        candidates: Mapping[str, Mapping[str, Interval]] | None = None,
    ) -> dict[str, Scores]:
        """Score every language. `raw` are the answers before temperature scaling, for the calibration error."""
        reference = next((tag for tag in sources if tag in answers), None)
        found = {}
        for tag, here in answers.items():
            decisions = self._decisions(here)
            bins = _reliability(decisions)
            trivial, alarm = self._trivial(here)
            found[tag] = Scores(
                language=tag,
                n=len(here.table),
                groups=len(set(memberships(here.table.group))),
                metrics={name: self.interval(here, name) for name in self.task.metrics},
                trivial=trivial,
                collapsed=alarm,
                is_source=tag in sources,
                gap=self._gap(answers, reference, tag),
                ece=expected_error(bins),
                ece_raw=expected_error(_reliability(self._decisions(raw[tag]))) if raw else expected_error(bins),
                ece_noise=expected_noise(bins),
                reliability=bins,
                confusions=self._confusions(here, decisions),
                breakdown=self.task.breakdown(here.predictions, list(here.table)),
                candidates={name: by_tag[tag] for name, by_tag in (candidates or {}).items()},
                windows=len(here.encoded),
                **_fertility(here, self.tokenizer),
            )
        return found

    def _decisions(self, found: Answers) -> list[tuple[int, Decision]]:
        """Return the choices among classes that the answers are made of, each with its row."""
        pairs = zip(found.predictions, found.table, strict=True)
        return [(row, one) for row, pair in enumerate(pairs) for one in self.task.decisions(*pair)]

    def _trivial(self, found: Answers) -> tuple[float, bool]:
        metric = METRICS.get(self.task.metrics[0])
        constant = metric.rows(self.task.trivial(list(found.table)), found.references)
        rows = metric.rows(found.predictions, found.references)
        alarm = collapsed(rows, constant, metric, groups=found.table.group, count=self.resamples, seed=self.seed)
        return metric.reduce(constant), alarm

    def _gap(self, answers: Mapping[str, Answers], reference: str | None, tag: str) -> Gap:
        if reference is None or tag == reference:
            return Gap("not comparable")
        metric = METRICS.get(self.task.metrics[0])
        here, there = answers[reference], answers[tag]
        return gap(
            metric.rows(here.predictions, here.references),
            metric.rows(there.predictions, there.references),
            metric,
            source_ids=here.table.id,
            target_ids=there.table.id,
            source_labels=here.table.label,
            target_labels=there.table.label,
            source_groups=here.table.group,
            target_groups=there.table.group,
            count=self.resamples,
            seed=self.seed,
        )

    def _confusions(self, found: Answers, decisions: Sequence[tuple[int, Decision]]) -> tuple[Confusion, ...]:
        wrong: dict[tuple[str, str], list[int]] = {}
        for row, one in decisions:
            if one.expected != one.predicted:
                wrong.setdefault((one.expected, one.predicted), []).append(row)
        most = sorted(wrong.items(), key=lambda item: (-len(item[1]), item[0]))[:CONFUSIONS]
        return tuple(
            Confusion(
                expected=expected,
                predicted=predicted,
                count=len(rows),
                examples=tuple(found.table.text[row] for row in rows[: EXAMPLES if self.examples else 0]),
            )
            for (expected, predicted), rows in most
        )


def _reliability(decisions: Sequence[tuple[int, Decision]]) -> tuple[Bin, ...]:
    known = [one for _, one in decisions if math.isfinite(one.confidence)]
    right = np.asarray([one.expected == one.predicted for one in known], dtype=float)
    return reliability(np.asarray([one.confidence for one in known]), right)


def _fertility(found: Answers, tokenizer: Tokenizer) -> dict[str, Any]:
    """Measure the vocabulary on the texts; where inputs hold more or less than one text, on texts encoded for it."""
    table, encoded = found.table, found.encoded
    if len(encoded) != len(table) or any(table.pair):
        encoded = tokenizer.encode(table.text, languages=[table.language] * len(table))
    fit = fertility(table.text, encoded, language=table.language, tokenizer=tokenizer)
    cut = len({item.row for item in found.encoded if item.truncated}) / max(1, len(table))
    return {"fertility": fit.fertility, "unknown": fit.unknown, "truncated": cut}
