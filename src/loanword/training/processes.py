"""Several processes that train one model: each takes its share of every step, and all make the same step.

    torchrun --nproc-per-node 4 -m loanword pretrain recipe.toml

Every process plans the same steps in the same order, whatever their number is. Of the passes of a step process r takes
number r, r + n, r + 2n, ...; their gradients are added up, each by its share of what the step counts, before anything
is clipped. So the gradient is that of one process, which would have made all passes one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

from loanword.errors import LoanwordError
from loanword.training.checkpoints import Checkpoints, Saved
from loanword.training.step import weight_of

if TYPE_CHECKING:
    from loanword.batches.sampler import Step
    from loanword.tokens.encoded import Encoded
    from loanword.training.state import State


LOST = ("gloo", "NCCL", "Connection closed by peer")
"""What torch says of an exchange with a process that is no more."""


@dataclass(frozen=True)
class Processes:
    """Which of how many this one is; `first` writes what is written."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes."""
        return self.rank == 0

    def wait(self) -> None:
        """Wait for all others."""
        if self.count > 1:
            distributed.barrier()

    def agreed(self, number: int) -> int:
        """Return what the first process says."""
        if self.count == 1:
            return number
        said = torch.tensor([number])
        held = said.cuda() if distributed.get_backend() == "nccl" else said
        distributed.broadcast(held, 0)
        return int(held.item())

    def most(self, number: int) -> int:
        """Return the highest number that any process says; all must ask."""
        if self.count == 1:
            return number
        said = torch.tensor([number])
        held = said.cuda() if distributed.get_backend() == "nccl" else said
        distributed.all_reduce(held, distributed.ReduceOp.MAX)
        return int(held.item())


def device_here(device: str) -> str:
    """Return the device of this process: where several run on a machine, each has its own."""
    local = os.environ.get("LOCAL_RANK")
    return f"cuda:{local}" if local and device == "auto" and torch.cuda.is_available() else device


@contextmanager
def together(device: str) -> Iterator[Processes]:
    """Meet the processes that `torchrun` started with this one; alone, there is nobody to meet."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield Processes()
        return
    if device.startswith("cuda"):
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Processes(distributed.get_rank(), distributed.get_world_size())
    except RuntimeError as error:
        if not any(word in str(error) for word in LOST):
            raise
        raise LoanwordError(
            "another of the processes that train together has ended, and this one cannot go on alone; what the other "
            "one says is why. The same command goes on from the last checkpoint"
        ) from error
    finally:
        distributed.destroy_process_group()


class Shared:
    """The share that a process has of the steps of a `mixture`."""

    def __init__(self, mixture: Any, processes: Processes) -> None:
        """Give every process its passes."""
        self.mixture = mixture
        self.processes = processes
        self.step: Step | None = None

    def __getattr__(self, name: str) -> Any:
        """Return what the mixture says of itself."""
        return getattr(self.mixture, name)

    def steps(self, count: int, *, start: int = 0) -> Iterator[Step]:
        """Yield this process's part of steps number `start` to `count` - 1."""
        for step in self.mixture.steps(count, start=start):
            self.step = self.mine(step)
            yield self.step

    def of_part(self, which: int, count: int) -> list[Step]:
        """Return this process's part of the first `count` steps of part number `which`."""
        return [self.mine(step) for step in self.mixture.of_part(which, count)]

    def mine(self, step: Step) -> Step:
        """Return this process's part of a step; a whole one is dealt out row by row."""
        rank, count = self.processes.rank, self.processes.count
        if step.whole:
            return replace(step, micro=tuple(rows[rank::count] for rows in step.micro))
        passes = list(step.micro)
        while len(passes) < count and len(longest := max(passes, key=len)) > 1:
            passes.remove(longest)
            passes += [longest[: len(longest) // 2], longest[len(longest) // 2 :]]
        return replace(step, micro=tuple(passes[rank::count]))


def shared(make: Callable[..., Any], processes: Processes) -> Callable[..., Any]:
    """Return `make`, which makes a mixture, or what makes the share in it where there are several processes."""
    return make if processes.count == 1 else lambda **options: Shared(make(**options), processes)


@dataclass
class Gathered:
    """A hook that makes the gradients, losses and counts of all processes those of the step."""

    shared: Shared
    objective: Any
    encoded: Sequence[Encoded]
    tokens: int = field(default=0)

    def remember(self) -> dict[str, Any]:
        """Return what a checkpoint must hold."""
        return {"tokens": self.tokens}

    def recall(self, remembered: Mapping[str, Any], state: State) -> None:
        """Go on from a checkpoint."""
        self.tokens = int(remembered["tokens"])

    def before_update(self, state: State) -> None:
        """Add up what all processes found."""
        step = self.shared.step
        assert step is not None  # It was yielded just now.
        weights = [weight_of(self.objective, [self.encoded[row] for row in rows]) for rows in step.micro if rows]
        weight = 1.0 if step.whole else sum(weights)
        device = next(state.model.parameters()).device
        told = torch.tensor([weight, weight * state.loss, state.tokens - self.tokens], device=device).double()
        distributed.all_reduce(told)
        total, loss, tokens = told.tolist()
        share = 1.0 if step.whole else weight / total
        for parameter in state.model.parameters():
            if parameter.requires_grad:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                distributed.all_reduce(parameter.grad.mul_(share))
        state.loss = loss / total
        self.tokens += round(tokens)
        state.tokens = self.tokens

    def after_update(self, state: State) -> None:
        """Nothing to do."""

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Nothing to do."""


class Reading(Checkpoints):
    """The checkpoints that the first process writes, for the others: they go on from them, too."""

    def due(self, step: int) -> bool:
        """Never: another process writes."""
        return False

    def worth_it(self, step: int) -> bool:
        """Never."""
        return False

    def save(self, saved: Saved) -> Path:
        """Write nothing."""
        return self.folder

    def expect_room(self, run: Any, *, candidates: int) -> None:
        """Need none."""
