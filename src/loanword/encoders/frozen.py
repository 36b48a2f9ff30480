"""What frozen layers say of a row never changes: let them say it once.

With the bottom k of n layers frozen, a step costs 3n - 2k passes through a layer (backwards counts as two); with what
the frozen ones said at hand, 3(n - k). Nothing is rounded: what was computed comes back, from memory or from disk.
Compare "Skip2-LoRA" (arXiv:2410.21073), which does so below adapters.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.batches.batch import Batch
from loanword.batches.passes import passes
from loanword.encoders.encoder import Encoder
from loanword.errors import UsageError
from loanword.hardware import Hardware
from loanword.tokens.encoded import Encoded, texts_of

said: ContextVar[torch.Tensor | None] = ContextVar("said", default=None)
"""What the last frozen layer says, (batch, seq, width), while a model runs with or for a `Frozen`."""


class Frozen:
    """The output of the bottom `layers` of an encoder for every row of `encoded`.

    Up to `memory` bytes of it are held in memory; more goes to a file in `folder` that vanishes with the process,
    however it ends. If all layers are frozen, it is the output of the whole encoder.
    """

    def __init__(
        self,
        encoder: Encoder,
        encoded: Sequence[Encoded],
        *,
        layers: int,
        pad_id: int,
        hardware: Hardware,
        memory: int = 2**30,
        folder: Path | None = None,
    ) -> None:
        """Run the frozen layers over `encoded`, equal rows once; `OSError` if it fits neither memory nor disk."""
        self.layers = layers
        self.whole = layers == len(encoder.layers)
        self.parts = 0
        """How many values a layer returns in a tuple; 0: one, and no tuple."""
        self.made_with = _weights(encoder, layers)
        rows = {_key(encoder, item.ids, item.types, item.language): item for item in texts_of(encoded)}
        items = list(rows.values())
        starts = np.cumsum([1, *(len(item.ids) for item in items)])  # State 0 is zeros: what stands at padding.
        self.where = {key: int(start) for key, start in zip(rows, starts[:-1], strict=True)}
        self.states = torch.zeros(1, encoder.width)
        encoder.eval()
        with self._speaking(encoder) as states_of:
            for chosen, found in passes(states_of, items, pad_id=pad_id, hardware=hardware):
                if len(self.states) == 1:
                    self.states = _room(int(starts[-1]), like=found, memory=memory, folder=folder)
                for index, states in zip(chosen, found, strict=True):
                    length = len(items[index].ids)
                    self.states[starts[index] : starts[index] + length] = states[:length]

    @staticmethod
    def possible(encoder: Encoder, layers: int) -> bool:
        """Whether there is anything to keep, and a way to run the layers above it (XLM has no list of whole layers).

        Convolutions look at padding, which is not kept (ConvBERT). T5's first layer hands relative positions on.
        """
        if any(isinstance(part, nn.Conv1d) for part in encoder.model.modules()):
            return False
        if layers <= 0 or layers == len(encoder.layers):
            return layers > 0
        hands_on = any("relative_attention_bias" in name for name, _ in encoder.layers[0].named_parameters())
        return len(encoder.stacks) == 1 and not hands_on

    @contextmanager
    def serving(self, encoder: Encoder) -> Iterator[None]:
        """Let `encoder`, or another with the same frozen weights, take what is known from here.

        Rows that are not known run through all layers as before. Raises `UsageError` if the frozen weights differ.
        """
        if _weights(encoder, self.layers) != self.made_with:
            raise UsageError(f"these frozen layers are not those of {encoder.name}: their weights differ")
        layers = list(encoder.layers)[: 0 if self.whole else self.layers]
        encoder.frozen = self
        try:
            for layer in layers[:-1]:
                layer.forward = self._in_place_of(layer, lambda hidden: hidden)
            for layer in layers[-1:]:
                layer.forward = self._in_place_of(layer, lambda _: said.get())
            yield
        finally:
            encoder.frozen = None
            for layer in layers:
                del layer.forward  # What was put before the method of its class.

    def hidden(self, encoder: Encoder, batch: Batch) -> torch.Tensor:
        """Return the encoder's last states of `batch`, (batch, seq, width)."""
        states = self._find(encoder, batch)
        if states is None or self.whole:
            return encoder.hidden(batch) if states is None else states
        token = said.set(states)
        try:
            return encoder.hidden(batch)
        finally:
            said.reset(token)

    def _find(self, encoder: Encoder, batch: Batch) -> torch.Tensor | None:
        """Return what the frozen layers say of `batch`, zeros at padding; None if a row of it is unknown."""
        ids, lengths = batch.ids.cpu().numpy(), batch.mask.sum(1).tolist()
        types = None if batch.types is None else batch.types.cpu().numpy()
        starts = []
        for row, length in enumerate(lengths):
            of_row = None if types is None else types[row, :length]
            start = self.where.get(_key(encoder, ids[row, :length], of_row, batch.languages[row]))
            if start is None:
                return None
            starts.append(start)
        places = (torch.tensor(starts).unsqueeze(1) + torch.arange(ids.shape[1])) * batch.mask.cpu()
        return self.states.index_select(0, places.view(-1)).view(*ids.shape, -1).to(batch.ids.device)

    @contextmanager
    def _speaking(self, encoder: Encoder) -> Iterator[Callable[[Batch], torch.Tensor]]:
        """Give a function from a batch to what the last frozen layer says of it, without running those above."""
        if self.whole:
            yield encoder.hidden
            return
        last, above = encoder.layers[self.layers - 1], list(encoder.layers)[self.layers :]

        def listen(_module: Any, _inputs: Any, output: Any) -> None:
            self.parts = len(output) if isinstance(output, tuple) else 0
            said.set(output[0] if self.parts else output)

        def states_of(batch: Batch) -> torch.Tensor:
            try:
                encoder.hidden(batch)
                states = said.get()
            finally:  # Also where memory ran out: nothing must speak for the frozen layers later on.
                said.set(None)
            assert states is not None  # `listen` was called.
            return states

        hook = last.register_forward_hook(listen)
        try:
            for layer in above:
                layer.forward = self._in_place_of(layer, lambda hidden: hidden)
            yield states_of
        finally:
            hook.remove()
            for layer in above:
                del layer.forward

    def _in_place_of(self, layer: nn.Module, answer: Callable[[torch.Tensor], Any]) -> Callable[..., Any]:
        """Return a forward pass for `layer` that does no work once the last frozen layer has spoken."""
        work = layer.forward

        def forward(*inputs: Any, **named: Any) -> Any:
            if said.get() is None:
                return work(*inputs, **named)
            hidden = answer(inputs[0] if inputs else named["hidden_states"])
            return (hidden, *[None] * (self.parts - 1)) if self.parts else hidden

        return forward


def _key(encoder: Encoder, ids: Any, types: Any, language: str) -> tuple[bytes, bytes, str]:
    """Return all that the encoder sees of a row."""

    def seen(values: Any) -> bytes:
        return b"" if values is None else np.asarray(values, dtype=np.int64).tobytes()

    return seen(ids), seen(types), language if encoder.language_ids else ""


def _weights(encoder: Encoder, layers: int) -> list[int]:
    """Return sums by which frozen weights can be told from others: of whole numbers, alike on any machine."""
    return [_sum(part.detach()) for depth in encoder.layer_parameters()[: layers + 1] for part in depth]


def _sum(values: torch.Tensor) -> int:
    raw = values.contiguous().view(-1).view(torch.uint8)
    if raw.storage_offset() % 8:
        raw = raw.clone()
    whole = len(raw) // 8 * 8
    return int(raw[:whole].view(torch.int64).sum()) + int(raw[whole:].sum(dtype=torch.int64))


def _room(rows: int, *, like: torch.Tensor, memory: int, folder: Path | None) -> torch.Tensor:
    """Return zeros (rows, width) of the width and type of `like`, on disk if they take more than `memory` bytes."""
    size = rows * like.shape[-1] * like.element_size()
    if size <= memory:
        return torch.zeros(rows, like.shape[-1], dtype=like.dtype)
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)  # Now or never: a disk that fills later kills the process.
        file.truncate(size)
        return torch.from_numpy(np.memmap(file, dtype=np.uint8, mode="r+")).view(like.dtype).view(rows, -1)
