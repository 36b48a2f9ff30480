import numpy as np
import pytest

transfer = pytest.importorskip("benchmarks.transfer", reason="run from the repository root")
from loanword.data.records import Table  # noqa: E402


@pytest.fixture
def toy(monkeypatch):
    """Two small sets, one parallel; method "ours" is right where "theirs" is, and on some more rows."""
    monkeypatch.setattr(transfer, "SETS", {"sib200": None, "umsab": None})
    monkeypatch.setattr(transfer, "RESAMPLES", 300)
    tests = {
        tag: Table(language=tag, text=["x"] * 40, label=["a"] * 40, group=[f"g{n // 2}" for n in range(40)])
        for tag in ("de", "zh")
    }
    monkeypatch.setattr(transfer, "tables", lambda name, seed: (None, None, tests))

    def rows(theirs: float, ours: float):
        rng = np.random.default_rng(1)
        found = []
        for name in transfer.SETS:
            for seed in transfer.SEEDS:
                draw = {tag: rng.random(40) for tag in tests}
                for method, share in (("loanword", ours), ("stock-tuned", theirs), ("stock-shipped", theirs / 2)):
                    right = {tag: values < share for tag, values in draw.items()}
                    found.append(
                        {
                            "key": {"set": name, "method": method, "encoder": "pretrained", "seed": seed},
                            "accuracy": float(np.mean([values.mean() for values in right.values()])),
                            "right": {tag: np.packbits(values).tobytes().hex() for tag, values in right.items()},
                        }
                    )
        return found

    return rows


def test_reduction_is_that_of_the_means_and_the_interval_holds_it(toy):
    rows = toy(0.5, 0.7)
    found = transfer.compare(rows, "pretrained", transfer.STOCK)
    for name, value in found.sets.items():
        mean = {
            method: np.mean([r["accuracy"] for r in rows if (r["key"]["set"], r["key"]["method"]) == (name, method)])
            for method in ("loanword", "stock-tuned")
        }
        assert value == pytest.approx((mean["loanword"] - mean["stock-tuned"]) / (1 - mean["stock-tuned"]))
    assert found.low < found.mean < found.high
    assert found.low > 0


def test_no_difference_is_no_gain(toy):
    found = transfer.compare(toy(0.6, 0.6), "pretrained", transfer.STOCK)
    assert found.mean == pytest.approx(0)
    assert found.low <= 0 <= found.high
