"""Texts as vectors: what similarity and retrieval learn and compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from loanword.batches.batch import Batch
from loanword.batches.passes import passes
from loanword.data.records import Record
from loanword.encoders.encoder import Encoder, EncoderOutput
from loanword.errors import UsageError
from loanword.hardware import Hardware
from loanword.tasks.aim import Aim, Answered
from loanword.tasks.model import Model
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Role, Tokenizer

ALL_AT_ONCE: Mapping[str, Mapping[str, Any]] = {"training": {"micro_tokens": 16_384}}
"""Defaults of tasks whose rows are compared with one another: only those of one pass are."""

CHUNK = 2**16
"""Texts that are encoded at a time: their pieces take more memory than their vectors."""


def embed(
    encoder: Encoder,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    languages: Sequence[str],
    role: Role = "",
    hardware: Hardware,
    progress: Callable[[int], None] | None = None,
) -> np.ndarray:
    """Return the vectors of `texts` (n, pooled width), in order, of length 1, in fp32; all texts are of one `role`.

    The encoder must be where `hardware` says. Memory holds little but the result, whatever the number of texts.
    `progress` is told the texts done.
    """
    found = np.empty((len(texts), encoder.pooled_width), dtype=np.float32)
    encoder.eval()

    def vectors(batch: Batch) -> torch.Tensor:
        return nn.functional.normalize(encoder(batch).pooled.float(), dim=-1)

    for start in range(0, len(texts), CHUNK):
        part = slice(start, start + CHUNK)
        encoded = tokenizer.encode(texts[part], languages=languages[part], role=role)
        for rows, values in passes(vectors, encoded, pad_id=tokenizer.pad_id, hardware=hardware):
            found[part][rows] = values.numpy()
            if progress is not None:
                progress(len(rows))
    return found


def two_texts(records: Sequence[Record], tokenizer: Tokenizer, *, roles: tuple[Role, Role] = ("", "")) -> list[Encoded]:
    """Encode the two texts of each record apart, each in its role; one without a second text has one alone."""
    texts, pairs = [one.text for one in records], [one.pair for one in records]
    encoded = tokenizer.encode(texts, languages=[one.languages[0] for one in records], role=roles[0])
    seconds = tokenizer.encode(pairs, languages=[one.languages[1] for one in records], role=roles[1])
    for item, other, record in zip(encoded, seconds, records, strict=True):
        item.other = other if record.pair else None
        item.truncated = item.truncated or (bool(record.pair) and other.truncated)
    return encoded


def cosine(answered: Answered) -> Aim:
    """Aim at the cosine of a record's two texts."""

    def score(model: Model, read: Sequence[EncoderOutput]) -> torch.Tensor:
        left, right = model.head(*read).unbind(1)
        found: torch.Tensor = (left * right).sum(-1)
        return found

    if not answered.record.pair:
        raise UsageError("what is explained is how alike two texts are; give the second one, too")
    return Aim("", "", "cosine", score)


class VectorHead(nn.Module):
    """The pooled vectors themselves, of length 1: (batch, texts, width); nothing in it is trained.

    `learn` "ranking" lets each text find its other one among those of the batch, both ways, at a `temperature` (Feng et
    al. 2022, "Language-agnostic BERT Sentence Embedding", without the margin); "order" lets pairs with a higher target
    have a higher cosine (Su 2022, CoSENT: the logarithm of 1 + the sum of exp((cos_j - cos_i) / temperature) over pairs
    with target_i > target_j).
    """

    def __init__(self, *, learn: Literal["ranking", "order"], temperature: float = 0.05, pace: float = 1.0) -> None:
        """Choose what is learned."""
        super().__init__()
        self.learn = learn
        self.temperature = temperature
        self.pace = pace

    def forward(self, *outputs: EncoderOutput) -> torch.Tensor:
        """Return unit vectors in fp32."""
        return nn.functional.normalize(torch.stack([output.pooled.float() for output in outputs], dim=1), dim=-1)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch of pairs (batch, 2, width)."""
        left, right = outputs.float().unbind(1)
        if self.learn == "ranking":
            scores = left @ right.T / self.temperature
            same = torch.arange(len(scores), device=scores.device)
            return (nn.functional.cross_entropy(scores, same) + nn.functional.cross_entropy(scores.T, same)) / 2
        cosine = (left * right).sum(-1) / self.temperature
        wrong = cosine[None, :] - cosine[:, None]
        above = targets[:, None] > targets[None, :]
        return torch.cat([wrong.new_zeros(1), wrong[above]]).logsumexp(0)
