"""What may stand where a text has a mask: the question that a masked language model learned to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record
from loanword.data.shapes.texts import TEXTS
from loanword.encoders.encoder import Encoder, EncoderOutput
from loanword.encoders.masked import MaskedHead, brings_head, masked_head
from loanword.encoders.readers import tokenizer_of
from loanword.errors import ModelError, UsageError
from loanword.tasks.task import TASKS, Prediction, Task
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

TOP = 20
"""Pieces that are kept of each mask."""


@dataclass(frozen=True, slots=True)
class Filled(Prediction):
    """A text with its likeliest pieces in place of the masks (`label`); `masks` are all that is likely, by mask."""

    masks: tuple[tuple[tuple[str, float], ...], ...] = ()


class FillHead(nn.Module):
    """The likeliest pieces of every masked position: (batch, masks, TOP, 2), piece and probability; -1 for no mask."""

    def __init__(self, head: MaskedHead, mask_id: int) -> None:
        """Look with `head` at pieces `mask_id`."""
        super().__init__()
        self.head = head
        self.mask_id = mask_id

    def forward(self, output: EncoderOutput) -> torch.Tensor:
        """Return pieces and probabilities."""
        table: Any = output.table
        here = output.ids == self.mask_id
        rows, places = here.nonzero(as_tuple=True)
        with torch.autocast(output.hidden.device.type, enabled=False):
            states = self.head.transform(output.hidden[rows, places].float())
            scores = nn.functional.linear(states, table.weight, self.head.bias).softmax(-1)
        best, pieces = scores.topk(min(TOP, scores.shape[1]), dim=1)
        found = torch.full((*here.shape, best.shape[1], 2), -1.0, device=best.device)
        numbers = here.cumsum(1)[rows, places] - 1
        found[rows, numbers] = torch.stack([pieces.to(best), best], dim=-1)  # Numbers below 2^24 stay whole.
        return found[:, : max(1, int(here.sum(1).max()))]


@TASKS.register("fill-mask")
class FillMask(Task):
    """Say what stands behind the masks of a text, each told by the text alone; for models that bring such a head."""

    columns = TEXTS
    metrics = ()
    training = "never"

    def ready(self, encoder: Encoder) -> bool:
        """Whether the model brings a masked-language-model head."""
        if brings_head(encoder):
            return True
        raise ModelError(
            f"{encoder.name} brings no head that fills masks; `loanword pretrain` makes one, and models that were "
            "pretrained with masks have it (bert-base-multilingual-cased, xlm-roberta-base)"
        )

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the head that the model brings."""
        return FillHead(masked_head(encoder), tokenizer_of(encoder.config.name_or_path).fast.mask_token_id)

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the texts with a mask wherever they have the model's own, or any of those that models have."""
        own = str(tokenizer.fast.mask_token)
        found = []
        for row, record in enumerate(records):
            text = record.text
            for other in ("[MASK]", "<mask>"):
                text = text.replace(other, own)
            parts = text.split(own)
            if len(parts) == 1:
                raise UsageError(f"text number {row + 1} has no {own}, which stands for what is to be found")
            found.append(masked(parts, tokenizer, language=record.language, row=row))
        return found

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return nothing: it is not trained here."""
        return torch.empty(0)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Put the likeliest pieces in the place of the masks."""
        found: list[Prediction] = []
        mask = tokenizer.fast.mask_token_id
        for output, item in zip(outputs, encoded, strict=True):
            some = output[: item.ids.count(mask)]
            masks = tuple(tuple((tokenizer.token(int(n)), float(p)) for n, p in one) for one in some)
            best = iter(int(one[0, 0]) for one in some)
            ids = [next(best) if n == mask else n for n in item.ids]
            score = float(np.prod([one[0, 1] for one in some]))
            found.append(Filled(label=tokenizer.text(ids).strip(), score=score, masks=masks))
        return found

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Fill in nothing."""
        return [Prediction(label=record.text) for record in records]

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return the text, what it becomes, and the `top` pieces of each mask."""
        masks = prediction.masks if isinstance(prediction, Filled) else ()
        some = [[{"piece": piece, "score": round(score, 6)} for piece, score in one[:top]] for one in masks]
        return {"text": record.text, "filled": prediction.label, "masks": some}

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Say what was filled in, and how likely it is."""
        return "  ".join(" ".join(f"{one['piece']} {one['score']:.3f}" for one in mask) for mask in shown["masks"])

    def state(self) -> dict[str, Any]:
        """Return nothing."""
        return {}


def masked(parts: Sequence[str], tokenizer: Tokenizer, *, language: str, row: int) -> Encoded:
    """Encode a text whose `parts` have masks between them, as transformers does: some masks take the blank before."""
    mask = tokenizer.fast.mask_token_id
    takes = tokenizer.fast.added_tokens_decoder[mask].lstrip
    some = [part.rstrip() if takes and number < len(parts) - 1 else part for number, part in enumerate(parts)]
    pieces = [one.ids for one in tokenizer.plain(some)]
    inside = [n for number, ids in enumerate(pieces) for n in ([mask] if number else []) + ids]
    frame = tokenizer.frame()
    room = tokenizer.max_length - frame.size
    if inside[room:].count(mask):
        raise UsageError(f"text number {row + 1} has a mask beyond the {tokenizer.max_length} pieces that are read")
    ids, _ = frame.around(inside[:room])
    return Encoded(ids=ids, language=language, row=row, truncated=len(inside) > room)
