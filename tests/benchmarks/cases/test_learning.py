import numpy as np
import pytest

learning = pytest.importorskip("benchmarks.cases.learning", reason="run from the repository root")
pytest.importorskip("accelerate")
from benchmarks.cases.case import Case, Rows, grouped  # noqa: E402
from benchmarks.packed import unpack  # noqa: E402
from benchmarks.peers.clock import Fitted  # noqa: E402
from benchmarks.peers.settings import Settings  # noqa: E402

from loanword.data.records import Table  # noqa: E402
from loanword.tasks.task import Prediction  # noqa: E402


def pairs(tag, count=16):
    rows = [(f"{tag} word {row}", f"{tag} word {row + row % 2}", ("same", "other")[row % 2]) for row in range(count)]
    text, pair, label = zip(*rows, strict=True)
    return grouped(Table(tag, list(text), list(label), pair=list(pair)), (f"g{row // 2}" for row in range(count)))


class Toy(Case):
    """Pairs, answered by a peer that says "same" whatever it is asked."""

    name = "toy"
    task = "pairs"
    metrics = ("accuracy", "macro-f1")
    judge = "metrics"
    folders = ()
    files = ()
    timed = 8
    asked: list[Settings]

    def rows(self, seed):
        return Rows({"en": pairs("en")}, {"en": pairs("en", 4)}, {"a/en": pairs("en", 4), "a/de": pairs("de", 6)})

    def stock(self, rows, tests, *, seed, settings):
        self.asked.append(settings)
        count = len(rows.train["en"])
        steps = settings.steps if settings.steps > 0 else -(-count // settings.batch_size)
        fitted = Fitted([9.0, *[1.0] * (steps - 1)], 0.5, count, 100)
        return {name: [Prediction("same")] * len(table) for name, table in tests.items()}, fitted


@pytest.fixture
def toy():
    case = Toy()
    case.asked = []
    return case


def test_a_quality_row_keeps_what_the_metric_counts(toy):
    row = learning.learn(toy, toy.rows(0), "stock-tuned", seed=0, rate=3e-4)
    assert row["languages"] == {"a/en": 0.5, "a/de": 0.5}
    assert row["score"] == 0.5
    assert np.array_equal(unpack(row["rows"]["a/de"]), [[1, 1], [0, 1]] * 3)
    assert row["settings"]["learning_rate"] == 3e-4
    assert row["settings"]["bf16"]
    assert set(row["beside"]) == {"macro-f1"}


def test_a_rate_is_judged_by_the_source_alone(toy):
    row = learning.learn(toy, toy.rows(0), "stock-tuned", seed=0, rate=3e-4, on_dev=True)
    assert set(row["languages"]) == {"dev/en"}
    assert "rows" not in row


def test_the_source_is_no_target_unless_it_is_alone():
    scores = {"a/en": 1.0, "a/de": 0.5, "a/zh": 0.3, "b/de:en": 0.2, "dev/en": 0.6}
    assert learning.sets(scores) == {"a": {"de": 0.5, "zh": 0.3}, "b": {"de:en": 0.2}, "dev": {"en": 0.6}}
    assert learning.mean_of(scores) == pytest.approx((0.4 + 0.2 + 0.6) / 3)


def test_an_epoch_is_timed_on_some_rows_and_said_of_all(toy):
    tuned = learning.timed(toy, toy.rows(0), "stock-tuned", seed=0, rate=1e-4)
    assert toy.asked[-1] == learning.stock(toy, "stock-tuned", rate=1e-4).__class__(
        **{**learning.asdict(toy.tuned), "learning_rate": 1e-4, "epochs": 1, "quick": False}
    )
    assert tuned["seconds_epoch"] == pytest.approx(9.0 * 16 / 8)
    shipped = learning.timed(toy, toy.rows(0), "stock-shipped", seed=0, rate=None)
    assert toy.asked[-1].steps == learning.STEPS
    assert not toy.asked[-1].quick
    assert shipped["seconds_epoch"] == pytest.approx(1.0 * 1 * 16 / 8), "the first step is left out"


def test_ours_answers_and_is_timed(toy, tiny_folder, monkeypatch):
    default = learning.recipe

    def small(*given, **named):
        changes = {"precision": "fp32", "device": "cpu"}
        recipe = default(*given, **named)
        return recipe.model_copy(
            update={"model": str(tiny_folder("bert")), "hardware": recipe.hardware.model_copy(update=changes)}
        )

    monkeypatch.setattr(learning, "recipe", small)
    row = learning.learn(toy, toy.rows(0), "loanword", seed=0, rate=None)
    assert set(row["languages"]) == {"a/en", "a/de"}
    assert row["steps"] == 3, "three epochs of one step"
    assert row["settings"]["epochs"] == 3
    timed = learning.timed(toy, toy.rows(0), "loanword", seed=0, rate=None)
    assert timed["steps"] == 1
    assert timed["seconds_epoch"] > 0
    easy = learning.learn(toy, toy.rows(0), "trivial", seed=0, rate=None)
    assert set(easy) == {"score", "languages", "beside", "rows", "settings"}
    untouched = learning.learn(toy, toy.rows(0), "untouched", seed=0, rate=None)
    assert untouched["settings"]["learning_rate"] == 1e-12
