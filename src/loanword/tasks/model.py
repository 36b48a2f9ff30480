"""An encoder with a task's head: what is trained, evaluated and shipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from loanword.batches.batch import Batch
from loanword.encoders.encoder import Encoder, EncoderOutput
from loanword.tasks.temperature import Temperature


class Model(nn.Module):
    """Encoder, head, and what acts on the head's outputs at prediction time only (`adjust`)."""

    def __init__(self, encoder: Encoder, head: nn.Module) -> None:
        """Put `head` on `encoder`."""
        super().__init__()
        self.encoder = encoder
        self.head: Any = head
        self.adjust: nn.Module = Temperature()

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return the head's outputs; in evaluation mode, adjusted."""
        outputs: torch.Tensor = self.head(*self.read(batch))
        return outputs if self.training else self.adjust(outputs)

    def read(self, batch: Batch) -> list[EncoderOutput]:
        """Return what the encoder says of each row: of its text, or of its two texts apart."""
        return [self.encoder(texts) for texts in ((batch,) if batch.other is None else (batch, batch.other))]


@contextmanager
def answering(model: nn.Module) -> Iterator[None]:
    """Put `model` into evaluation mode for a while; a hook may ask in the middle of training."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:  # Not all of them: some layers may take no part.
            module.training = True
