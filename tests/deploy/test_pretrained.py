from __future__ import annotations

import json

from loanword.deploy.pretrained import Pretrained, summary
from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.objectives.nsp import PairHead
from loanword.tasks.model import Model

POINTS = [
    {"step": 0, "tokens": 0, "languages": {"en": {"nats": 9.0, "bits": 3.5}, "sw": {"nats": 9.5, "bits": 4.0}}},
    {"step": 9, "tokens": 90, "languages": {"en": {"nats": 4.0, "bits": 1.5}, "sw": {"nats": 6.25, "bits": 2.0}}},
]
LEARNED = [{"step": 9, "objectives": {"mlm": 5.0}}]


def test_the_summary_says_before_and_after_by_language():
    lines = summary({"held_out": POINTS}).splitlines()
    assert lines[0].split()[0] == "language"
    assert lines[1].split() == ["en", "9.000", "->", "4.000", "3.500", "->", "1.500"]
    assert lines[2].split() == ["sw", "9.500", "->", "6.250", "4.000", "->", "2.000"]
    assert summary({"held_out": []}) == "nothing is measured: no objective guesses hidden pieces"


def test_with_and_without_a_masked_head(tiny_encoder, tmp_path):
    import torch

    loaded = tiny_encoder("bert")
    for name, heads in (
        ("with", {"masked": masked_head(loaded.encoder), "nsp": PairHead(32)}),
        ("without", {"ranking": torch.nn.Identity()}),
    ):
        made = Pretrained(
            loaded, Model(loaded.encoder, torch.nn.ModuleDict(heads)), {"held_out": POINTS, "objectives": LEARNED}
        )
        made.save(tmp_path / name)
        again = load(str(tmp_path / name / "model"))
        assert masked_head(again.encoder).pretrained is (name == "with")
        assert json.loads((tmp_path / name / "report.json").read_text(encoding="utf-8"))["held_out"] == POINTS
        made.save(tmp_path / name)  # An older one is replaced.
