"""What an explanation holds: which words carry an answer, in one text or in translations side by side."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from loanword.version import __version__


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece that the model read: `token` is what the vocabulary calls it.

    It stands for `start` to `end`, in code points, of the text number `side`; one that is there for every text (a
    special token, a prefix) for none, -1. `contribution` is its part of the score, `rollout` the share of what the
    score looks at that came from it by way of attention, None where the model gives no attention weights.
    """

    token: str
    side: int
    start: int
    end: int
    contribution: float
    rollout: float | None


@dataclass(frozen=True, slots=True)
class Word:
    """A part of a text that is shown whole, with the sums of its `pieces` (numbers); one without any was not read."""

    text: str
    side: int
    start: int
    end: int
    pieces: tuple[int, ...]
    contribution: float
    rollout: float | None


@dataclass(frozen=True, slots=True)
class Sum:
    """What the words of the texts with the numbers `sides` come to: from the score without them to the score.

    `baseline` is the score with the vectors of all their pieces set to zero. The contributions, `words` together, make
    up the difference, but for `gap`; the path between the two was looked at in so many `points`. `rough` says that the
    gap is too large to be left unsaid.
    """

    sides: tuple[int, ...]
    baseline: float
    words: float
    gap: float
    points: int
    rough: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model makes of a text, or of two that belong together.

    `answer` is the prediction as a terminal shows it, `shown` as JSON does. Explained is the `score` (`unit` is
    "log-odds", "log-probability" or "cosine") that speaks for `label`, where `predicted` was said; it may be about one
    part of the text, `about`. `sums` has one entry for each input of the encoder: two texts are explained together
    where they are read together, and each with the other as it is where they are read apart.
    """

    texts: tuple[str, ...]
    languages: tuple[str, ...]
    answer: str
    shown: dict[str, Any]
    label: str
    predicted: str
    unit: str
    about: tuple[int, int] | None
    score: float
    sums: tuple[Sum, ...]
    pieces: tuple[Piece, ...]
    words: tuple[Word, ...]

    @property
    def probability(self) -> float:
        """The probability that the score stands for; NaN for a cosine, which is none."""
        if self.unit == "log-odds":
            return 1 / (1 + math.exp(-self.score)) if self.score > -500 else 0.0
        return math.exp(self.score) if self.unit == "log-probability" else math.nan

    @property
    def elsewhere(self) -> float | None:
        """The share of rollout that lies on pieces that stand for no text."""
        shares = [piece.rollout for piece in self.pieces if piece.side < 0]
        return None if any(share is None for share in shares) else sum(filter(None, shares))


@dataclass(frozen=True, slots=True)
class Alignment:
    """How alike the words of two texts are to the encoder: the cosines of their states after its layer `layer`.

    A text is (number of the reading, side). `rows` and `columns` are numbers of words of the one and the other reading,
    `pairs` those of them that are each other's nearest.
    """

    one: tuple[int, int]
    other: tuple[int, int]
    layer: int
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    similarity: tuple[tuple[float, ...], ...]
    pairs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The readings of a text, first, and of what is beside it, and how their words correspond.

    Made by `Bundle.explain`. `model` is the encoder's name, `layers` how many it has, `pooling` how it makes a text's
    vector.
    """

    task: str
    model: str
    layers: int
    pooling: str
    readings: tuple[Reading, ...]
    alignments: tuple[Alignment, ...]

    @property
    def same(self) -> bool:
        """Whether all readings explain the same label, and so may be compared word for word."""
        return len({(one.label, one.unit) for one in self.readings}) == 1

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        found: dict[str, Any] = _plain({"loanword_version": __version__, **asdict(self)})
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
