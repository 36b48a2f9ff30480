from __future__ import annotations

import re

from loanword.evaluation.curves import curves
from loanword.evaluation.plots import to_svg

REPORT = {
    "held_out": [
        {"step": 0, "languages": {"en": {"nats": 9.0, "bits": 3.5}, "sw": {"nats": 9.5, "bits": 4.0}}},
        {"step": 5, "languages": {"en": {"nats": 4.0, "bits": 1.5}, "sw": {"nats": 6.5, "bits": 2.0}}},
    ],
    "objectives": [{"step": 5, "objectives": {"mlm": 6.0, "ranking": 2.0}}],
}


def test_every_language_and_every_objective_has_its_points():
    above, below = curves(REPORT)["vconcat"]
    assert [(row["language"], row["step"], row["bits"]) for row in above["data"]["values"]] == [
        ("en", 0, 3.5),
        ("sw", 0, 4.0),
        ("en", 5, 1.5),
        ("sw", 5, 2.0),
    ]
    assert [(row["objective"], row["loss"]) for row in below["data"]["values"]] == [("mlm", 6.0), ("ranking", 2.0)]


def test_it_can_be_drawn():
    drawn = to_svg(curves(REPORT), width=500)
    texts = {*re.findall(r">([^<>]+)</text>", drawn)}
    assert {"en", "sw", "mlm", "ranking", "training loss", "bits a character, held-out text"} <= texts
