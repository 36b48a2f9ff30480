"""What evaluation produces: Scores per language, and the TransferReport that a run hands over.

Plain dataclasses of numbers and names; every renderer (JSON, Markdown, HTML, the model card) reads them and nothing
else. Scores are fractions of 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean


@dataclass(frozen=True, slots=True)
class Interval:
    """A score with its 95 % interval."""

    score: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """One kind of mistake in one language: rows labelled `expected` that were called `predicted`.

    `examples` holds texts only where the user asked for them.
    """

    expected: str
    predicted: str
    count: int
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """Source score minus target score on comparable rows, or why there is none.

    `basis` is "parallel" (same ids on both sides, paired), "label-matched" (equal label mix) or "not comparable".
    """

    basis: str
    interval: Interval | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Bin:
    """One bin of a reliability diagram: mean confidence, share right, rows."""

    confidence: float
    accuracy: float
    n: int


@dataclass(frozen=True, slots=True)
class Scores:
    """How one language did.

    `metrics` maps each metric's name to its interval; `trivial` is the score of the task's trivial prediction (for
    classification the best constant answer) under the main metric; `collapsed` says that the score is no better than
    that. `ece` and `ece_raw` are the expected calibration error with and without temperature scaling, `ece_noise` what
    perfectly calibrated answers would show of it on as many rows (NaN where it was not worked out);
    `fertility` is pieces per word (per character where words are not written apart); `unknown` and `truncated` are
    shares of pieces and of rows. `windows` counts what the model read: more than rows where long texts are read in
    parts. `leaked` counts test rows that stand in the training or dev data. `candidates` holds the main metric of each
    checkpoint ("averaged", "last", ...), under "untrained" that of a model that could do the task before it was
    trained; `breakdown` are scores of parts of the rows, or of other sides of the answers, as the task names them.
    """

    language: str
    n: int
    groups: int
    metrics: dict[str, Interval]
    trivial: float
    collapsed: bool
    is_source: bool
    gap: Gap
    ece: float
    ece_raw: float
    reliability: tuple[Bin, ...]
    confusions: tuple[Confusion, ...]
    fertility: float
    unknown: float
    truncated: float
    candidates: dict[str, Interval] = field(default_factory=dict)
    ece_noise: float = math.nan
    windows: int = 0
    leaked: int = 0
    breakdown: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TransferReport:
    """The result of a run: what was done, how well it carried to every language, and what it cost.

    `regime` is the one line that says what the run saw and by what anything was chosen (`regime_zh` in Chinese).
    `metric` names the main metric, a key of every `Scores.metrics`. `seconds` has "train" and "evaluate". `recipe` is
    the TOML text that repeats the run; `command` the command line that was typed, if one was. `notes` are sentences
    worth reading (truncation, labels that training never saw). `origins` says where the test rows of each language
    came from.
    """

    task: str
    model: str
    regime: str
    metric: str
    seed: int
    sources: tuple[str, ...]
    languages: dict[str, Scores]
    labels: tuple[str, ...]
    checkpoint: str
    seconds: dict[str, float]
    tokens_per_second: float
    peak_memory_bytes: int
    versions: dict[str, str]
    machine: dict[str, str]
    loanword_version: str
    recipe: str
    origins: dict[str, str]
    training: dict[str, float | int | str | bool | None]
    temperature: float = 1.0
    command: str = ""
    notes: tuple[str, ...] = ()
    regime_zh: str = ""

    @property
    def targets(self) -> list[str]:
        """Languages that were tested and not trained on, worst first."""
        found = [tag for tag, scores in self.languages.items() if not scores.is_source]
        return sorted(found, key=lambda tag: self.languages[tag].metrics[self.metric].score)

    @property
    def mean_target(self) -> float | None:
        """Unweighted mean of the main metric over the target languages; None if there are none."""
        return self.mean(self.targets) if self.targets else None

    def mean(self, tags: Iterable[str]) -> float:
        """Return the unweighted mean of the main metric over some `tags`."""
        return fmean(self.languages[tag].metrics[self.metric].score for tag in tags)

    @property
    def worst_target(self) -> str | None:
        """The target language with the lowest score; None if there are none."""
        return self.targets[0] if self.targets else None

    @property
    def collapsed(self) -> list[str]:
        """Languages whose score is no better than the trivial prediction's."""
        return [tag for tag, scores in self.languages.items() if scores.collapsed]
