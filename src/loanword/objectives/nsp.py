"""Next-sentence prediction and its kin: does the second text go on where the first ends?

"next"       the text that follows, or one of another document (Devlin et al. 2019, BERT)
"document"   another part of the same document, or one of another document: topics will do
"order"      two texts that follow one another, or the same two turned round (Lan et al. 2020, ALBERT)

Offered, and off by default: RoBERTa, XLM and XLM-R left it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch import nn

from loanword.batches.batch import Batch, collate
from loanword.errors import UsageError
from loanword.objectives.pretraining import PRETRAINING, Material
from loanword.objectives.streams import Corpus, fitted, row_of
from loanword.randomness import generator
from loanword.tokens.encoded import Encoded

if TYPE_CHECKING:
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.shards import Shard
    from loanword.tokens.tokenizer import Tokenizer

Kind = Literal["next", "document", "order"]


class PairHead(nn.Module):
    """Two scores for a pair, by the state of its first piece: BERT's pooler and a linear layer."""

    def __init__(self, width: int) -> None:
        """Take states of `width` numbers."""
        super().__init__()
        self.pool = nn.Linear(width, width)
        self.scores = nn.Linear(width, 2)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the scores (batch, 2) of "no" and "yes" from states (batch, seq, width)."""
        scores: torch.Tensor = self.scores(torch.tanh(self.pool(hidden[:, 0])))
        return scores


@PRETRAINING.register("nsp")
class NextSentence:
    """Tell whether two texts belong together. An `Objective`; half of all pairs do."""

    reads: Material = "text"

    def __init__(self, tokenizer: Tokenizer, *, kind: Kind = "next") -> None:
        """Ask for `kind`."""
        if kind not in get_args(Kind):
            raise UsageError(f"unknown kind of next-sentence prediction '{kind}'; known: {', '.join(get_args(Kind))}")
        self.tokenizer = tokenizer
        self.kind = kind

    def streams(self, corpus: Corpus) -> dict[str, SentencePairs]:
        """Return the pairs of every language that has two documents of two sentences."""
        found = {tag: SentencePairs(corpus, shard, kind=self.kind) for tag, shard in corpus.texts.items()}
        usable = {tag: stream for tag, stream in found.items() if len(stream) > 1}
        if not usable:
            raise UsageError(
                "next-sentence prediction needs documents of two sentences and more, two of them in a language; "
                "the corpus has none: keep the boundaries of its documents, or leave nsp out"
            )
        return usable

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate `encoded` with what is right of each."""
        return replace(
            collate(encoded, pad_id=self.tokenizer.pad_id), targets=torch.tensor([item.target for item in encoded])
        )

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head."""
        return PairHead(encoder.width)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the mean cross-entropy over the rows."""
        return nn.functional.cross_entropy(model.head(model.encoder(batch).hidden).float(), batch.targets)


class SentencePairs:
    """Pairs of texts of one language, of which half belong together.

    Pair k is of the document that comes as number k; where it is cut, and what takes the second place, is drawn by k.
    """

    def __init__(self, corpus: Corpus, shard: Shard, *, kind: Kind) -> None:
        """Take the documents of `shard` that have two sentences."""
        self.shard, self.kind, self.seed = shard, kind, corpus.seed
        self.frame, self.room = corpus.pair_frame, corpus.length - corpus.pair_frame.size
        counts = np.diff(np.append(shard.documents[:, 1], shard.size.sentences))
        self.documents = np.flatnonzero(counts > 1)
        self.has_types = corpus.tokenizer.encode(["a"], languages=["en"], pairs=["b"])[0].types is not None

    def __len__(self) -> int:
        """Count the documents."""
        return len(self.documents)

    def lengths(self, numbers: np.ndarray) -> np.ndarray:
        """Return how many pieces these pairs have."""
        return np.array([len(self[int(number)].ids) for number in numbers])

    def __getitem__(self, number: int) -> Encoded:
        """Return pair `number`; its target is 1 if the texts belong together."""
        tag = self.shard.language
        rng = generator(self.seed, "pairs", tag, number)
        place = row_of(number, size=len(self), seed=self.seed, language=tag)
        parts = self.shard.sentences(int(self.documents[place]))
        cut = int(rng.integers(1, len(parts)))
        before, after = np.concatenate(parts[:cut]), np.concatenate(parts[cut:])
        yes = bool(rng.random() < 0.5)
        if self.kind == "order":
            one, other = fitted(len(before), len(after), self.room)
            first, second = before[len(before) - one :], after[:other]
            if not yes:
                first, second = second, first
        else:
            if self.kind == "document" and yes and len(parts) > 2:  # A part from anywhere behind the cut.
                after = np.concatenate(parts[int(rng.integers(cut, len(parts))) :])
            if not yes:
                another = (place + 1 + int(rng.integers(len(self) - 1))) % len(self)
                foreign = self.shard.sentences(int(self.documents[another]))
                after = np.concatenate(foreign[int(rng.integers(len(foreign))) :])
            one, other = fitted(len(before), len(after), self.room)
            first, second = before[len(before) - one :], after[:other]
        ids, types = self.frame.around(first.tolist(), second.tolist())
        return Encoded(ids=ids, language=tag, row=number, target=int(yes), types=types if self.has_types else None)
