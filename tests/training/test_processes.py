"""Two processes, started by torchrun, make the same steps as one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.corpus import SENTENCES

from loanword.batches.mixture import Mixture, Part
from loanword.batches.sampler import Step
from loanword.encoders.load import load
from loanword.errors import ConfigError
from loanword.pretrain import pretrain
from loanword.pretrain_config import PretrainRecipe
from loanword.training.processes import Processes, Shared

ROOT = Path(__file__).resolve().parents[2]


class Numbers:
    """Rows of known lengths."""

    def __init__(self, size):
        self.size = size

    def __len__(self):
        return self.size

    def lengths(self, numbers):
        return 5 + numbers % 7

    def __getitem__(self, number):
        return number


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_all_processes_together_have_every_row_of_every_step_in_the_same_order(count):
    def mixture():
        return Mixture([Part("mlm", {"en": Numbers(90)}, batch_size=12)], steps=20, every=5, micro_tokens=30, seed=4)

    alone = list(mixture().steps(20, start=3))
    parts = [list(Shared(mixture(), Processes(rank, count)).steps(20, start=3)) for rank in range(count)]
    for number, step in enumerate(alone):
        rows = sorted(row for part in parts for passed in part[number].micro for row in passed)
        assert rows == sorted(row for passed in step.micro for row in passed)
    longest = max(sum(len(passed) for step in part for passed in step.micro) for part in parts)
    assert longest < 1.4 * sum(step.rows for step in alone) / count


def test_a_whole_step_is_dealt_out():
    step = Step(0, ((10, 11, 12, 13, 14),), whole=True)
    shares = [Shared(None, Processes(rank, 2)).mine(step) for rank in (0, 1)]
    assert [share.micro for share in shares] == [((10, 12, 14),), ((11, 13),)]
    assert all(share.whole for share in shares)


@pytest.fixture
def model(tmp_path, tiny_folder):
    """A tiny model in which nothing drops out."""
    folder = shutil.copytree(tiny_folder("xlm-roberta"), tmp_path / "model")
    about = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    about |= {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(about), encoding="utf-8")
    return str(folder)


@pytest.fixture
def recipe(tmp_path, model):
    lines = [
        f"{one} {number}\t{other} {number}"
        for number in range(4)
        for one, other in zip(SENTENCES["en"], SENTENCES["ru"], strict=True)
    ]
    (tmp_path / "pairs.tsv").write_text("text\ttranslation\n" + "\n".join(lines) + "\n", encoding="utf-8")

    def make(out, objectives, **training):
        return {
            "model": model,
            "out": str(tmp_path / out),
            "corpus": {"parallel": {"en:ru": str(tmp_path / "pairs.tsv")}},
            "objectives": {name: {"batch_size": 12} for name in objectives},
            "training": {"steps": 6, "learning_rate": 1e-3, "length": 40, "micro_tokens": 80, **training},
            "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
        }

    return make


def started(path, *more, count=2, status=0):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    done = subprocess.run(
        [*command, str(Path(__file__).with_name("two.py")), str(path), *more],
        cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stderr[-3000:]
    return done.stderr


def test_a_whole_step_has_a_row_for_every_process(recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("loanword.pretrain.together", lambda _: nullcontext(Processes(0, 13)))
    with pytest.raises(ConfigError, match="ranking has 12 rows a step, and each of 13 processes needs one; raise obj"):
        pretrain(PretrainRecipe.model_validate(recipe("few", ["ranking", "tlm"])))
    assert not (tmp_path / "few" / "corpus").exists()


@pytest.mark.parametrize("objective", ["ranking", "alignment"])
def test_two_processes_end_in_the_weights_of_one(recipe, tmp_path, objective):
    """To rounding, for objectives that draw nothing; in ranking each finds its right ones among those of both."""
    pretrain(PretrainRecipe.model_validate(recipe("one", [objective])))
    (tmp_path / "two.json").write_text(json.dumps(recipe("two", [objective])), encoding="utf-8")
    started(tmp_path / "two.json")
    one, two = (load(str(tmp_path / name / "model")).encoder.model.state_dict() for name in ("one", "two"))
    start = load(recipe("", [])["model"]).encoder.model.state_dict()
    moved, apart = (
        sum(float((one[name] - other[name]).square().sum()) for name in one if not name.endswith("key.bias")) ** 0.5
        for other in (start, two)
    )  # A softmax does not see the bias of keys: its gradient is rounding alone, of which Adam makes whole steps.
    assert moved > 0.1
    assert apart < 0.01 * moved
    first, second = (json.loads((tmp_path / name / "report.json").read_text())["objectives"] for name in ("one", "two"))
    for left, right in zip(first, second, strict=True):
        assert np.allclose([*left["objectives"].values()], [*right["objectives"].values()], atol=1e-4)


def test_two_processes_that_crashed_or_were_stopped_go_on_to_the_same_weights(recipe, tmp_path, tiny_folder):
    """With pieces that are hidden and states that drop out: what is drawn is drawn again.

    Of two that are to stop one hears it, and both do, after the same step, which is kept.
    """
    for out, end in (("whole", ()), ("again", ("4",)), ("stopped", ("4", "stop"))):
        values = {**recipe(out, ["tlm"], steps=6, checkpoint_steps=2), "model": str(tiny_folder("xlm-roberta"))}
        values["objectives"] = {"tlm": {"batch_size": 10}}  # Five passes: one process draws more than the other.
        (tmp_path / "two.json").write_text(json.dumps(values), encoding="utf-8")
        if end:
            said = started(tmp_path / "two.json", *end, status=1)
            kept = "step-00000005" if "stop" in end else "step-00000004"
            assert (tmp_path / out / "checkpoints" / "round-1" / kept).is_dir()
            assert said.count("training was stopped by SIGTERM; what it reached is kept") == 2 * ("stop" in end)
        started(tmp_path / "two.json")
    one, *others = (
        load(str(tmp_path / name / "model")).encoder.model.state_dict() for name in ("whole", "again", "stopped")
    )
    for name, value in one.items():
        assert all(torch.equal(value, other[name]) for other in others), name
