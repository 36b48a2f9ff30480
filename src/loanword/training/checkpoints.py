"""Checkpoints of a run: all that it takes to end in the same bytes as a run that nobody interrupted.

checkpoints/round-1/step-00000120/
    tensors.safetensors   what trains, the optimizer's moments, the candidates, torch's random state
    state.json            step, tokens, history, numpy's random state, the schedule, what the hooks remember
    manifest.json         SHA-256 of both

Nothing is pickled. A checkpoint is there whole or not at all (`durable`); one that was damaged since is passed over,
and told.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from safetensors.torch import load_file

from loanword.durable import beside, damage, free, put, seal, size
from loanword.encoders.rows import CompactEmbedding
from loanword.encoders.save import save_tensors
from loanword.errors import LoanwordError, UsageError
from loanword.progress import Progress, Silent
from loanword.tokens.encoded import texts_of

if TYPE_CHECKING:
    from loanword.config import TrainingSettings
    from loanword.tokens.encoded import Encoded
    from loanword.training.state import Run

TENSORS, STATE = "tensors.safetensors", "state.json"
NAME = "step-{:08d}"
FORMAT = 4
KEPT = 2
"""Checkpoints that stay: the newest, and the one before it in case the newest is damaged."""

ADVICE = "; make room and give the same command again: it goes on from the checkpoint before"

FREE = ("cache_gigabytes", "checkpoint_minutes", "checkpoint_steps", "micro_tokens", "not_finite")
"""Settings that may differ when a run goes on: when to save, how a step is cut into passes, what to do in trouble."""


@dataclass(frozen=True)
class Saved:
    """What a checkpoint holds: `tensors` by name, and `values`, which JSON can hold."""

    step: int
    tensors: dict[str, torch.Tensor]
    values: dict[str, Any]

    @property
    def bytes(self) -> int:
        """The size of the tensors."""
        return sum(value.numel() * value.element_size() for value in self.tensors.values())


@dataclass
class Checkpoints:
    """The checkpoints of one run in `folder`; `identity`, set when training starts, tells it from any other.

    One is due every `seconds`, or every `steps` updates if that is not 0. `machine` is what the last digits of a run
    depend on besides.
    """

    folder: Path
    seconds: float = 300.0
    steps: int = 0
    progress: Progress = field(default_factory=Silent)
    identity: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    saved_at: float = field(default_factory=time.monotonic)
    saved_step: int = -1

    @classmethod
    def of(cls, settings: TrainingSettings, folder: Path, *, progress: Progress) -> Checkpoints | None:
        """Return the checkpoints that `settings` ask for; None where they want none."""
        if not settings.checkpoint_minutes and not settings.checkpoint_steps:
            return None
        minutes = settings.checkpoint_minutes or float("inf")
        return cls(folder, seconds=60 * minutes, steps=settings.checkpoint_steps, progress=progress)

    def of_round(self, number: int) -> Checkpoints:
        """Return the checkpoints of one round of a run, counted from 1."""
        return replace(self, folder=self.folder / f"round-{number}", saved_at=time.monotonic())

    def due(self, step: int) -> bool:
        """Whether it is time for one, now that `step` updates are done."""
        return step % self.steps == 0 if self.steps else time.monotonic() - self.saved_at >= self.seconds

    def worth_it(self, step: int) -> bool:
        """Whether training, which ended at `step`, took long enough since the last one not to be done again."""
        return step != self.saved_step and time.monotonic() - self.saved_at >= min(self.seconds, 60.0)

    def newest(self) -> Saved | None:
        """Return the newest one that is sound, or None where there is none.

        Raises `UsageError` if it is another run's: its recipe, its data or its base model differ.
        """
        for place in self._places():
            if bad := self._damage(place):
                self.progress.say(f"{place} is damaged ({'; '.join(bad)}) and passed over")
                continue
            values = json.loads((place / STATE).read_text(encoding="utf-8"))
            if values["format"] != FORMAT:
                raise UsageError(
                    f"{place} was written by another version of loanword; go on with that one, or remove {self.folder}"
                )
            if values["identity"] != self.identity:
                raise UsageError(
                    f"{place} is of a run with another recipe, other data or another base model; "
                    f"give this run another folder, or remove {self.folder}"
                )
            self._compare(place, values["machine"])
            self.saved_step = values["step"]
            return Saved(values["step"], load_file(place / TENSORS), values)
        if self._places():
            self.progress.say(f"no checkpoint in {self.folder} is sound: the run starts again")
        return None

    def save(self, saved: Saved) -> Path:
        """Write `saved` and drop what is older than the `KEPT` newest; `LoanwordError` where the disk refuses."""
        target = self.folder / NAME.format(saved.step)
        head = {"format": FORMAT, "step": saved.step, "identity": self.identity, "machine": dict(self.machine)}
        with beside(target, needed=saved.bytes, advice=ADVICE) as staging:
            new = staging / target.name
            new.mkdir()
            save_tensors(saved.tensors, new / TENSORS)
            (new / STATE).write_text(json.dumps({**head, **saved.values}, indent=1) + "\n", encoding="utf-8")
            seal(new)
            put(new, target)
        self.saved_at, self.saved_step = time.monotonic(), saved.step
        # What bears a later number was damaged, or is a user's copy: this run was there and did not go on from it.
        for place in [place for place in self._places() if place.name <= target.name][KEPT:]:
            shutil.rmtree(place, ignore_errors=True)
        return target

    def expect_room(self, run: Run, *, candidates: int) -> None:
        """Raise `LoanwordError` if the disk has no room for what `run` will write: checkpoints and the bundle.

        A save needs room for one checkpoint more than the `KEPT` that stay; the bundle holds the whole model.
        """
        parameters = list(run.model.parameters())
        trained = sum(one.numel() * one.element_size() for one in parameters if one.requires_grad)
        table = run.model.encoder.model.get_input_embeddings()
        parameters += table.table[0].parameters() if isinstance(table, CompactEmbedding) else ()
        whole = sum(one.numel() * one.element_size() for one in parameters)
        there = sum(file.stat().st_size for place in self._places() for file in place.iterdir() if file.is_file())
        needed = (KEPT + 1) * (3 + candidates) * trained + whole
        if needed > (room := free(self.folder)) + there:
            raise LoanwordError(
                f"{self.folder} has {size(room)} free, and this run will write about {size(needed)}: "
                f"{KEPT + 1} checkpoints and the model. Make room, give out another folder, "
                "or set training.checkpoint_minutes to 0 to save no checkpoints"
            )

    def _places(self) -> list[Path]:
        """The folders that are called checkpoints, newest first."""
        return sorted((place for place in self.folder.glob("step-*") if place.is_dir()), reverse=True)

    def _damage(self, place: Path) -> list[str]:
        if bad := damage(place, whole=True):
            return bad
        try:
            step = json.loads((place / STATE).read_text(encoding="utf-8"))["step"]
        except (OSError, ValueError, KeyError, TypeError):
            return [f"{STATE} holds no step"]
        return [] if NAME.format(step) == place.name else [f"{STATE} is of step {step}"]

    def _compare(self, place: Path, machine: Mapping[str, str]) -> None:
        now = self.machine
        if changed := [f"{name} {old} is now {now.get(name)}" for name, old in machine.items() if now.get(name) != old]:
            self.progress.say(f"since {place} was written, {'; '.join(changed)}: the last digits may differ")


def identity(run: Run, encoded: Sequence[Encoded], also: Sequence[Encoded]) -> str:
    """Hash what the numbers of a run depend on: weights, rows, and every setting but those in `FREE`.

    What only moves the last digits is not in it, the number of threads say: the machine may have fewer free today.
    The head is left out, too: it starts from a seed, or from a probe that is fitted again.
    """
    found = hashlib.sha256()
    encoder = run.model.encoder
    for name, value in sorted((encoder if encoder.seq2seq is None else encoder.whole).state_dict().items()):
        found.update(f"{name} {tuple(value.shape)} {value.dtype}\n".encode())
        found.update(value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    if digest := getattr(encoded, "digest", ""):  # A corpus that is too large to be walked through.
        found.update(digest.encode())
    for item in texts_of(also if digest else (*encoded, *also)):
        found.update(f"{item.language} {item.row} {item.target} {len(item)}\n".encode())
        found.update(np.asarray(item.ids, dtype=np.int64).data)
    settings = run.settings.model_dump(exclude=set(FREE))
    rest = [
        settings,
        run.seed,
        sorted(run.sees),
        run.hardware.device,
        run.hardware.precision,
        getattr(run.task, "labels", []),
    ]
    parts = [type(run.objective), type(run.sampler), run.optimizer]
    names = [getattr(part, "__qualname__", type(part).__qualname__) for part in parts]
    found.update(json.dumps([*rest, run.model.encoder.pooling, *names], sort_keys=True).encode())
    return found.hexdigest()
