"""What changes while training goes on, put down as tensors and JSON values, and taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from loanword.training.candidates import restore
from loanword.training.checkpoints import Saved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loanword.training.state import Hook, State

CUDA = "random/cuda"
"""The name of the random state of a graphics card, where one is used."""


@dataclass(frozen=True)
class Moving:
    """The parts of a training loop that change from step to step."""

    state: State
    optimizer: torch.optim.Optimizer
    rate: Any
    rng: np.random.Generator
    hooks: Sequence[Hook]

    def put_down(self) -> Saved:
        """Return everything that the next step depends on, by reference: it is to be written before that step."""
        state = self.state
        named = state.model.named_parameters()
        tensors = {f"model/{name}": value.detach() for name, value in named if value.requires_grad}
        inner = self.optimizer.state_dict()
        numbers: dict[str, Any] = {}  # An optimizer of the user's own may keep some that are no tensors.
        for number, moments in inner["state"].items():
            for name, value in moments.items():
                (tensors if isinstance(value, torch.Tensor) else numbers)[f"optimizer/{number}/{name}"] = value
        for candidate, weights in state.candidates.items():
            tensors |= {f"candidate/{candidate}/{name}": value for name, value in weights.items()}
        tensors["random/cpu"] = torch.get_rng_state()
        device = next(state.model.parameters()).device
        if device.type == "cuda":
            tensors[CUDA] = torch.cuda.get_rng_state(device)
        values = {
            "tokens": state.tokens,
            "loss": state.loss,
            "seconds": state.seconds,
            "stop": state.stop,
            "skipped": state.skipped,
            "lost": state.lost,
            "halvings": state.halvings,
            "history": state.history,
            "rates": [group["lr"] for group in self.optimizer.param_groups],
            "schedule": {name: value for name, value in self.rate.state_dict().items() if name != "lr_lambdas"},
            "random": self.rng.bit_generator.state,
            "optimizer": numbers,
            "hooks": {name: hook.remember() for name, hook in self._remembering().items()},
        }
        return Saved(state.step, tensors, values)

    def take_up(self, saved: Saved) -> None:
        """Put everything back as it was when `saved` was put down."""
        parts: dict[str, dict[str, torch.Tensor]] = {}
        for name, value in saved.tensors.items():
            part, _, rest = name.partition("/")
            parts.setdefault(part, {})[rest] = value
        state, values = self.state, saved.values
        device = next(state.model.parameters()).device
        restore(state.model, parts["model"])
        beside = {name.removeprefix("optimizer/"): value for name, value in values["optimizer"].items()}
        self._moments({**parts.get("optimizer", {}), **beside})
        for group, rate in zip(self.optimizer.param_groups, values["rates"], strict=True):
            group["lr"] = rate
        self.rate.load_state_dict({**self.rate.state_dict(), **values["schedule"]})
        self.rng.bit_generator.state = values["random"]
        for name, value in parts.get("candidate", {}).items():
            candidate, _, weight = name.partition("/")
            state.candidates.setdefault(candidate, {})[weight] = value.to(device)
        state.step, state.tokens, state.loss = saved.step, values["tokens"], values["loss"]
        state.seconds, state.stop, state.history = values["seconds"], values["stop"], values["history"]
        state.skipped, state.lost, state.halvings = (values[name] for name in ("skipped", "lost", "halvings"))
        for name, hook in self._remembering().items():
            if remembered := values["hooks"].get(name):
                hook.recall(remembered, state)
        torch.set_rng_state(parts["random"]["cpu"])
        if "cuda" in parts["random"] and device.type == "cuda":
            torch.cuda.set_rng_state(parts["random"]["cuda"], device)
        saved.tensors.clear()  # The loop holds `saved` to its end.

    def _remembering(self) -> dict[str, Any]:
        """Name the hooks that have something to remember: by class, and by number where there are several."""
        names: dict[str, Any] = {}
        for hook in self.hooks:
            if hasattr(hook, "remember"):
                name = type(hook).__qualname__
                names[f"{name} {sum(other.split()[0] == name for other in names) + 1}"] = hook
        return names

    def _moments(self, tensors: dict[str, Any]) -> None:
        inner = self.optimizer.state_dict()
        inner["state"] = {}
        for name, value in tensors.items():
            number, _, moment = name.partition("/")
            inner["state"].setdefault(int(number), {})[moment] = value
        self.optimizer.load_state_dict(inner)
