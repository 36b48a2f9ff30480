"""Checkpoints: a run that was interrupted ends in the bytes of one that was not, whatever happened to the files."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from loanword.config import TrainingSettings
from loanword.durable import seal
from loanword.encoders.rows import compact
from loanword.errors import LoanwordError, UsageError
from loanword.training import checkpoints as module
from loanword.training.checkpoints import FORMAT, KEPT, STATE, TENSORS, Checkpoints, Saved
from loanword.training.interruption import Interrupted
from loanword.training.trainer import train


class PulledError(Exception):
    """The plug was pulled."""


class Plug:
    """A hook that pulls the plug after some steps."""

    def __init__(self, after):
        self.after = after

    def before_update(self, state):
        pass

    def after_update(self, state):
        if state.step == self.after:
            raise PulledError

    def on_evaluate(self, state, scores):
        pass


class Heard:
    """A listener that remembers what it was told."""

    def __init__(self):
        self.said, self.stages = [], []

    def stage(self, name, *, total=0, detail=""):
        self.stages.append(name)

    def say(self, text):
        self.said.append(text)


def fingerprint(trained):
    digest = hashlib.sha256()
    for candidate, weights in sorted(trained.candidates.items()):
        for name, value in sorted(weights.items()):
            digest.update(f"{candidate}/{name}".encode() + value.numpy().tobytes())
    return digest.hexdigest()


def scores(model):
    """Source-dev scores that go up and down, the same for the same weights."""

    def validate():
        return {"en": float(next(model.parameters()).detach().abs().sum() * 1000 % 1)}

    return validate


@pytest.fixture
def go(toy_run, tmp_path):
    """Train a toy run with a checkpoint after every step, until it is done or the plug is pulled."""

    def go(*, until=None, kind="bert", heard=None, every=1, **options):
        run, encoded = toy_run(
            kind,
            hooks=(Plug(until),),
            **{"start": "probe", "dropout": 0.2, "piece_exchange": 0.3, "epochs": 3, "warmup": 0.25, **options},
        )
        checkpoints = Checkpoints(tmp_path / "round-1", steps=every, progress=heard or Heard())
        return train(run, encoded, validate=scores(run.model), checkpoints=checkpoints, progress=checkpoints.progress)

    return go


@pytest.fixture
def places(tmp_path):
    return lambda: sorted(path.name for path in (tmp_path / "round-1").iterdir())


def test_interrupted_again_and_again_it_ends_in_the_same_bytes(go, places, tmp_path, tiny_kinds):
    whole = go(kind=tiny_kinds)
    assert set(whole.candidates) == {"averaged", "last", "source-dev-best"}
    assert whole.steps == 18
    shutil.rmtree(tmp_path / "round-1")
    heard = Heard()
    for step in range(2, whole.steps + 1, 3 if tiny_kinds == "bert" else 7):
        with pytest.raises(PulledError):
            go(until=step, kind=tiny_kinds, heard=heard)
        assert places()[-1] == f"step-{step - 1:08d}"
    again = go(kind=tiny_kinds, heard=heard)
    assert fingerprint(again) == fingerprint(whole)
    assert again.history == whole.history
    assert (again.steps, again.epochs, again.learning_rate) == (whole.steps, whole.epochs, whole.learning_rate)
    assert len(places()) == KEPT
    assert heard.stages.count("probe") == 1  # Only where nothing was saved yet.
    assert heard.said[0] == "going on after step 1 of 18"


def test_nothing_is_pickled(go, monkeypatch):
    def refused(*args, **options):
        raise AssertionError("something was pickled")

    for owner, name in (
        *((pickle, name) for name in ("Pickler", "Unpickler", "dump", "dumps", "load", "loads")),
        (torch, "save"),
        (torch, "load"),
    ):
        monkeypatch.setattr(owner, name, refused)
    with pytest.raises(PulledError):
        go(until=9)
    assert go().steps == 18


def test_a_run_that_had_ended_trains_no_more(go):
    whole = go()
    heard = Heard()
    assert fingerprint(go(heard=heard)) == fingerprint(whole)
    assert heard.said == ["going on after step 18 of 18"]


def test_early_stopping_is_remembered(go, tmp_path):
    whole = go(patience=1)
    shutil.rmtree(tmp_path / "round-1")
    with pytest.raises(PulledError):
        go(until=whole.steps - 1, patience=1)
    assert fingerprint(go(patience=1)) == fingerprint(whole)


def test_between_two_checkpoints_the_steps_are_done_again(go, places, tmp_path):
    whole = go()
    shutil.rmtree(tmp_path / "round-1")
    with pytest.raises(PulledError):
        go(until=11, every=4)
    assert places() == ["step-00000004", "step-00000008"]
    assert fingerprint(go(every=4)) == fingerprint(whole)


@pytest.mark.parametrize(
    "options", [{"seed": 4}, {"learning_rate": 0.01}, {"epochs": 4}, {"kind": "xlm-roberta"}, {"freeze_layers": 1}]
)
def test_another_run_is_refused(go, tmp_path, options):
    with pytest.raises(PulledError):
        go(until=3)
    with pytest.raises(UsageError, match=r"of a run with another recipe, other data or another base model; .* remove"):
        go(**options)


@pytest.mark.parametrize("options", [{"micro_tokens": 50}, {"checkpoint_minutes": 1}, {"not_finite": "skip"}])
def test_what_changes_no_number_may_change(go, options):
    with pytest.raises(PulledError):
        go(until=3)
    assert go(**options).steps == 18


def test_another_machine_is_told(go, tmp_path):
    with pytest.raises(PulledError):
        go(until=3)
    state = tmp_path / "round-1" / "step-00000002" / STATE
    values = json.loads(state.read_text())
    assert {"threads", "processor", "torch", "precision"} <= values["machine"].keys()
    state.write_text(json.dumps({**values, "machine": {**values["machine"], "torch": "1.0"}}))
    seal(state.parent)
    heard = Heard()
    go(heard=heard)
    assert re.search(rf"torch 1.0 is now {re.escape(torch.__version__)}: the last digits may differ", heard.said[0])


def test_another_format_is_refused(go, tmp_path):
    with pytest.raises(PulledError):
        go(until=3)
    state = tmp_path / "round-1" / "step-00000002" / STATE
    state.write_text(json.dumps({**json.loads(state.read_text()), "format": FORMAT - 1}))
    seal(state.parent)
    with pytest.raises(UsageError, match="written by another version of loanword"):
        go()


# --- damage ------------------------------------------------------------------------------------------------------


def flip(at):
    def damage(file, older):
        content = bytearray(file.read_bytes())
        content[int(at * (len(content) - 1))] ^= 4
        file.write_bytes(content)

    return damage


def cut(share):
    return lambda file, older: file.write_bytes(file.read_bytes()[: int(share * (file.stat().st_size - 1))])


def replaced(make):
    def damage(file, older):
        file.unlink()
        make(file, older)

    return damage


def zeroed(file, older):
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] + bytes(len(content) - len(content) // 2))


DAMAGES = {
    "first bit": flip(0),
    "a bit near the start": flip(0.1),
    "a bit in the middle": flip(0.5),
    "a bit near the end": flip(0.9),
    "last bit": flip(1),
    "empty": cut(0),
    "one per cent": cut(0.01),
    "half": cut(0.5),
    "all but a byte": cut(1),
    "a byte more": lambda file, older: file.write_bytes(file.read_bytes() + b"\0"),
    "twice": lambda file, older: file.write_bytes(2 * file.read_bytes()),
    "a page of zeros at its end": zeroed,
    "missing": lambda file, older: file.unlink(),
    "a folder": replaced(lambda file, older: file.mkdir()),
    "a dead link": replaced(lambda file, older: file.symlink_to("nowhere")),
    "that of the one before": lambda file, older: shutil.copy(older / file.name, file),
    "text": lambda file, older: file.write_text("[]"),
    "another text": lambda file, older: file.write_text("{}"),
    "no UTF-8": lambda file, older: file.write_bytes(b"\xff\xfe{}"),
}
WHOLE = {
    "a file too many": lambda place, older: (place / "more.safetensors").write_bytes(b"x"),
    "a folder too many": lambda place, older: (place / "more").mkdir(),
    "no files": lambda place, older: [file.unlink() for file in place.iterdir()],
    "another's content": lambda place, older: [shutil.copy(file, place / file.name) for file in older.iterdir()],
}
CASES = [
    *(
        (f"{file}: {name}", file, change)
        for file in (TENSORS, STATE, "manifest.json")
        for name, change in DAMAGES.items()
    ),
    *((name, "", change) for name, change in WHOLE.items()),
]


@pytest.fixture(scope="module")
def two_checkpoints(tmp_path_factory):
    """Two checkpoints as a run would leave them. Read only."""
    folder = tmp_path_factory.mktemp("two") / "round-1"
    checkpoints = Checkpoints(folder, identity="this", machine={"threads": "1"}, progress=Heard())
    for step in (1, 2):
        tensors = {"model/a": torch.arange(1000.0) * step, "random/cpu": torch.arange(100, dtype=torch.uint8)}
        checkpoints.save(Saved(step, tensors, {"tokens": 10 * step}))
    return folder


def test_there_are_sixty_kinds_of_damage():
    assert len(CASES) >= 60


@pytest.mark.parametrize(("file", "change"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_damaged_checkpoint_is_passed_over_and_told(two_checkpoints, tmp_path, file, change):
    folder = shutil.copytree(two_checkpoints, tmp_path / "round-1")
    newest, older = folder / "step-00000002", folder / "step-00000001"
    change(newest / file if file else newest, older)
    heard = Heard()
    checkpoints = Checkpoints(folder, identity="this", machine={"threads": "1"}, progress=heard)
    found = checkpoints.newest()
    assert found.step == 1
    assert torch.equal(found.tensors["model/a"], torch.arange(1000.0))
    (said,) = heard.said
    assert re.fullmatch(rf"{newest} is damaged \(.+\) and passed over", said, re.DOTALL)
    # And the run that goes on from the older one replaces it.
    checkpoints.save(Saved(2, found.tensors, {"tokens": 20}))
    assert checkpoints.newest().step == 2
    assert len(heard.said) == 1


def test_where_all_are_damaged_the_run_starts_again(go, tmp_path):
    whole = go()
    for place in (tmp_path / "round-1").iterdir():
        (place / TENSORS).write_bytes(b"")
    heard = Heard()
    assert fingerprint(go(heard=heard)) == fingerprint(whole)
    assert ["is damaged" in text for text in heard.said] == [True, True, False]
    assert heard.said[-1].endswith("is sound: the run starts again")


# --- disks -------------------------------------------------------------------------------------------------------


@pytest.fixture
def saving(two_checkpoints, tmp_path):
    """The two checkpoints, and what to save next."""
    folder = shutil.copytree(two_checkpoints, tmp_path / "round-1")
    checkpoints = Checkpoints(folder, identity="this", machine={"threads": "1"}, progress=Heard())
    return checkpoints, Saved(3, {"model/a": torch.arange(1000.0) * 3}, {"tokens": 30})


CALLS = [
    (os, "fsync"),
    (os, "rename"),
    (os, "mkdir"),
    (Path, "write_text"),
    (Path, "write_bytes"),
    (module, "save_tensors"),
]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS], ids=errno.errorcode.get)
def test_a_disk_that_fails_at_any_point_of_a_save_costs_nothing_that_was_good(saving, monkeypatch, code):
    checkpoints, third = saving
    failed = points = 0
    while True:
        calls = [0]

        def failing(real, calls=calls, point=points):
            def call(*args, **options):
                calls[0] += 1
                if calls[0] == point + 1:
                    raise OSError(code, os.strerror(code), "somewhere")
                return real(*args, **options)

            return call

        with monkeypatch.context() as patch:
            for owner, name in CALLS:
                patch.setattr(owner, name, failing(getattr(owner, name)))
            try:
                checkpoints.save(third)
            except LoanwordError as error:
                failed += 1
                said = rf"step-00000003 cannot be saved: {os.strerror(code)} \(it needs 0 MB, [\d,]+ MB are free"
                assert re.search(said, str(error))
        if calls[0] <= points:
            break
        points += 1
        # What was good is good; a save that failed after its rename may be seen already, and is good, too.
        assert checkpoints.newest().step in (2, 3)
        assert {path.name[:5] for path in checkpoints.folder.iterdir()} == {"step-"}
    assert points > failed >= 10
    assert [path.name for path in checkpoints._places()] == ["step-00000003", "step-00000002"]


def test_killed_at_every_point_of_a_save_the_last_good_one_loads(tmp_path):
    script = Path(__file__).resolve().parents[1] / "points.py"
    found = subprocess.run([sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    result = json.loads(found.stdout)
    assert result["points"] >= 20
    assert result["bad"] == []
    assert result["newest"] == sorted(result["newest"])  # First the old one, from the rename on the new one.
    assert set(result["newest"]) == {2, 3}


@pytest.fixture
def disk(tmp_path):
    """Make a file system of its own, of `size` bytes; the test is skipped where this process may not."""
    place = tmp_path / "disk"
    place.mkdir()

    def make(size, *, again=False):
        options = f"size={size}" if not again else f"remount,size={size}"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount a tmpfs")
        return place

    yield make
    subprocess.run(["umount", "--lazy", str(place)], capture_output=True, check=False)


@pytest.mark.parametrize("share", [0.5 + 0.2 * number for number in range(16)])
def test_a_full_disk_costs_nothing_that_was_good(disk, share):
    def content(step):
        return Saved(step, {"model/a": torch.arange(100_000.0) * step}, {"tokens": step})

    size = content(1).bytes
    folder = disk(int(share * size)) / "round-1"
    checkpoints = Checkpoints(folder, identity="this", progress=Heard())
    saved, said = 0, ""
    for step in range(1, 9):
        try:
            checkpoints.save(content(step))
        except LoanwordError as error:
            said = str(error)
            break
        saved = step
    found = checkpoints.newest()
    assert (found.step if found else 0) == saved
    if share >= KEPT + 1:  # Room for one more than are kept is room for any number.
        assert saved == 8
        return
    assert saved == int(share)
    assert f"{folder}/step-0000000{saved + 1} cannot be saved: " in said
    assert re.search(r"[Nn]o space.* \(it needs 0 MB, 0 MB are free there\); make room", said)
    disk(6 * size, again=True)
    checkpoints.save(content(saved + 1))
    assert checkpoints.newest().step == saved + 1


def test_room_is_asked_for_before_the_first_step(go, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "free", lambda place: 100_000)
    heard = Heard()
    with pytest.raises(
        LoanwordError, match=r"round-1 has 0 MB free, and this run will write about \d MB: 3 checkpoints"
    ):
        go(heard=heard)
    assert heard.stages == []
    monkeypatch.undo()
    assert go(max_steps=1).steps == 1


def test_when_checkpoints_are_due(tmp_path, monkeypatch):
    def of(**options):
        return Checkpoints.of(TrainingSettings(**options), tmp_path, progress=Heard())

    assert of(checkpoint_minutes=0) is None
    assert [step for step in range(1, 10) if of(checkpoint_steps=3, checkpoint_minutes=0).due(step)] == [3, 6, 9]
    clock = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    timed = of(checkpoint_minutes=2).of_round(1)
    assert not timed.due(1)
    clock[0] += 121
    assert timed.due(1)
    timed.save(Saved(1, {"a": torch.zeros(1)}, {}))
    assert not timed.due(2)
    clock[0] += 30
    assert not timed.worth_it(2)
    clock[0] += 40
    assert timed.worth_it(2)
    assert not timed.worth_it(1)


def test_what_is_saved_after_a_damaged_one_stays(go, places, tmp_path):
    with pytest.raises(PulledError):
        go(until=9)
    for place in (tmp_path / "round-1").iterdir():
        (place / STATE).write_text("{}")
    (tmp_path / "round-1" / "step-99999999-a").mkdir()
    with pytest.raises(PulledError):
        go(until=4)
    heard = Heard()
    assert {"step-00000002", "step-00000003"} <= set(places())
    go(heard=heard)
    assert heard.said[-1] == "going on after step 3 of 18"


def test_hooks_that_only_watch_may_come_and_go(toy_run, tmp_path):
    def trained(*hooks):
        run, encoded = toy_run("bert", start="random", epochs=3, hooks=hooks)
        checkpoints = Checkpoints(tmp_path / "round-1", steps=1, progress=Heard())
        return train(run, encoded, validate=scores(run.model), checkpoints=checkpoints)

    whole = fingerprint(trained())
    shutil.rmtree(tmp_path / "round-1")
    with pytest.raises(PulledError):
        trained(Plug(7))
    assert fingerprint(trained()) == whole
    shutil.rmtree(tmp_path / "round-1")
    with pytest.raises(PulledError):
        trained(Plug(None), Plug(7))
    assert fingerprint(trained(Plug(None))) == whole


def test_another_pooling_is_another_run(toy_run, tmp_path):
    run, encoded = toy_run("bert")
    first = module.identity(run, encoded, ())
    run.model.encoder.pooling = "cls"
    assert module.identity(run, encoded, ()) != first


def test_an_optimizer_may_keep_numbers(toy_run, tmp_path):
    class Counting(torch.optim.SGD):
        def step(self, closure=None):
            for group in self.param_groups:
                for parameter in group["params"]:
                    self.state[parameter]["count"] = self.state[parameter].get("count", 0) + 1
                    parameter.data.add_(parameter.grad, alpha=-self.state[parameter]["count"] * group["lr"])

    def moves(parameter):
        return parameter.requires_grad

    def trained(*hooks):
        run, encoded = toy_run("bert", start="random", epochs=2, hooks=hooks)
        run = replace(run, optimizer=lambda model: Counting(filter(moves, model.parameters()), lr=1e-3))
        return train(run, encoded, checkpoints=Checkpoints(tmp_path / "round-1", steps=1, progress=Heard()))

    whole = fingerprint(trained())
    shutil.rmtree(tmp_path / "round-1")
    with pytest.raises(PulledError):
        trained(Plug(5))
    assert fingerprint(trained()) == whole


def test_the_room_for_the_model_counts_the_whole_table(toy_run, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "free", lambda place: 0)
    run, _ = toy_run("bert")
    whole = sum(one.numel() * 4 for one in run.model.parameters())
    compact(run.model.encoder, torch.arange(9))
    trained = sum(one.numel() * 4 for one in run.model.parameters())
    heard = []
    monkeypatch.setattr(module, "size", lambda count: heard.append(count) or str(count))
    with pytest.raises(LoanwordError):
        Checkpoints(tmp_path / "round-1").expect_room(run, candidates=1)
    assert max(heard) - (KEPT + 1) * 4 * trained == whole + 9 * run.model.encoder.width * 4


def test_a_signal_after_the_last_step_is_heard(go, places, monkeypatch):
    monkeypatch.setattr("loanword.training.trainer.synchronise", lambda _: signal.raise_signal(signal.SIGTERM))
    with pytest.raises(Interrupted):
        go(every=1000)
    assert places() == ["step-00000018"]


def test_another_decoder_under_the_same_encoder_is_another_run(seq2seq_run):
    run, encoded = seq2seq_run("encoder-decoder")
    first = module.identity(run, encoded, ())
    assert module.identity(run, encoded, ()) == first
    with torch.no_grad():
        next(run.model.encoder.whole.decoder.parameters()).add_(1e-3)
    assert module.identity(run, encoded, ()) != first
