"""Score every language once: one process, one pass, everything the report says about a language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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
from loanword.tasks.task import Prediction, Task
from loanword.tokens.encoded import Encoded
from loanword.tokens.fertility import fertility
from loanword.tokens.tokenizer import Tokenizer

CONFUSIONS = 5
EXAMPLES = 3


@dataclass(frozen=True)
class Answers:
    """A model's answers to one language's table: raw `outputs` (n, ...) and what they mean."""

    table: Table
    encoded: list[Encoded]
    outputs: np.ndarray
    predictions: list[Prediction]

    @property
    def references(self) -> list[str]:
        """The right labels."""
        return [label or "" for label in self.table.label]


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
        return {tag: self.task.encode(list(table), self.tokenizer) for tag, table in tables.items()}

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
            answers[tag] = Answers(table, encoded[tag], part, self.task.decode(part))
        return answers

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
        trivial = {tag: self._trivial(found) for tag, found in answers.items()}
        return {
            tag: Scores(
                language=tag,
                n=len(found.table),
                groups=len(set(memberships(found.table.group))),
                metrics={name: self.interval(found, name) for name in self.task.metrics},
                trivial=trivial[tag][0],
                collapsed=trivial[tag][1],
                is_source=tag in sources,
                gap=self._gap(answers, reference, tag),
                ece=_calibration_error(found),
                ece_raw=_calibration_error(raw[tag] if raw else found),
                ece_noise=expected_noise(_reliability(found)),
                reliability=_reliability(found),
                confusions=self._confusions(found),
                candidates={name: by_tag[tag] for name, by_tag in (candidates or {}).items()},
                **_fertility(found, self.tokenizer),
            )
            for tag, found in answers.items()
        }

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

    def _confusions(self, found: Answers) -> tuple[Confusion, ...]:
        pairs = [
            (right, prediction.label, row)
            for row, (prediction, right) in enumerate(zip(found.predictions, found.references, strict=True))
            if prediction.label != right
        ]
        counts = Counter((right, wrong) for right, wrong, _ in pairs)
        return tuple(
            Confusion(
                expected=right,
                predicted=wrong,
                count=count,
                examples=tuple(found.table.text[row] for r, w, row in pairs if (r, w) == (right, wrong))[
                    : EXAMPLES if self.examples else 0
                ],
            )
            for (right, wrong), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:CONFUSIONS]
        )


def _right(found: Answers) -> tuple[np.ndarray, np.ndarray]:
    confidence = np.asarray([prediction.score for prediction in found.predictions])
    right = np.asarray([p.label == label for p, label in zip(found.predictions, found.references, strict=True)])
    return confidence, right.astype(float)


def _reliability(found: Answers) -> tuple[Bin, ...]:
    return reliability(*_right(found))


def _calibration_error(found: Answers) -> float:
    return expected_error(_reliability(found))


def _fertility(found: Answers, tokenizer: Tokenizer) -> dict[str, float]:
    fit = fertility(found.table.text, found.encoded, language=found.table.language, tokenizer=tokenizer)
    return {"fertility": fit.fertility, "unknown": fit.unknown, "truncated": fit.truncated}
