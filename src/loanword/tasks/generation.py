"""What tasks have in common that write a text: what they learn from, how they write, and in which language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record
from loanword.encoders.decoder import NOTHING, Decoder
from loanword.encoders.encoder import Encoder, EncoderOutput
from loanword.errors import ModelError
from loanword.language.outputs import compared, expect_measurable
from loanword.tasks.aim import Aim, Answered, expect_no_choice
from loanword.tasks.model import Model
from loanword.tasks.seq2seq import Seq2SeqHead
from loanword.tasks.task import Prediction, Task
from loanword.tasks.writing import Writing, write
from loanword.tokens.beginnings import BEGINS, kinds_of
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

FRESH, BROUGHT = 2.0, 1.0
"""Usual length penalties: of a fresh decoder, whose likeliest texts are too short, and of one that a model brings."""


class WritingHead(nn.Module):
    """A decoder as a task's head: in training it hands on what it read, in evaluation it returns what it writes."""

    def __init__(self, decoder: Decoder, how: Writing, *, per_row: float) -> None:
        """Write with `decoder` as `how` says; targets have `per_row` pieces on average."""
        super().__init__()
        self.decoder = decoder
        self.how = how
        self.per_row = per_row

    def forward(self, output: EncoderOutput) -> EncoderOutput | torch.Tensor:
        """Return `output` itself in training, else the pieces written (batch, seq)."""
        return output if self.training else write(self.decoder, output, self.how)

    def loss(self, outputs: EncoderOutput, targets: torch.Tensor) -> torch.Tensor:
        """Return the log loss of the target pieces (batch, seq), mean over rows of the usual length."""
        return -self.log_probability(outputs, targets).sum() / (len(targets) * self.per_row)

    def log_probability(self, output: EncoderOutput, pieces: torch.Tensor) -> torch.Tensor:
        """Return the log probability (batch) of writing `pieces` (batch, seq), and then the end."""
        return -self.decoder.loss(output, pieces).sum(1)


class Generation(Task):
    """Reads a record's text with the encoder, and writes its second text with a decoder.

    A sequence-to-sequence model brings its own (`Seq2SeqHead`). Any other encoder gets a new one, which knows the
    pieces of the training targets that come at least `least` times, and copies others from the source. `vocabulary`
    holds them by language, as an earlier `fit` found them; under "und" those without letters. `forced`: it writes only
    pieces that the language was spelt with in training, and copies of the source.
    """

    defaults: Mapping[str, Mapping[str, Any]] = {"training": {"piece_exchange": 0.0, "head_rate": 10.0, "average": 0.1}}

    strange = 0.0
    """The share of training rows that are learned as if their language was one to come (`Decoder`)."""

    def __init__(
        self,
        *,
        vocabulary: Mapping[str, Sequence[int]] | None = None,
        per_row: float = 1.0,
        layers: int = 3,
        least: int = 2,
        dropout: float = 0.1,
        beams: int = 4,
        longest: int = 64,
        length_penalty: float | None = None,
        no_repeat: int = 3,
        temperature: float = 0.0,
        top: float = 1.0,
        forced: bool = True,
    ) -> None:
        """Create the task; from `beams` to `top` the options are those of `Writing`.

        Without a `length_penalty` that of a decoder which the encoder brings is 1, of a fresh one 2.
        """
        self.vocabulary: dict[str, list[int]] = {tag: list(ids) for tag, ids in (vocabulary or {}).items()}
        self.per_row = per_row
        self.layers = layers
        self.least = least
        self.dropout = dropout
        self.length_penalty = length_penalty
        self.how = Writing(beams, longest, BROUGHT, no_repeat, temperature, top)
        self.forced = forced
        self.kinds: torch.Tensor | None = None

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Count the pieces of what is to be written, language by language."""
        expect_measurable()
        if tokenizer is None:
            raise ModelError("what is to be written can be counted in a tokenizer's pieces only; give one")
        wanted = [record for record in records if record.pair]
        counts: dict[str, Counter[int]] = {}
        total = 0
        for record, pieces in zip(wanted, self._wanted(wanted, tokenizer), strict=True):
            counts.setdefault(self.into(record), Counter()).update(pieces)
            total += len(pieces) + 1
        self.per_row = total / max(1, len(wanted))
        if tokenizer.has_decoder:
            return  # It knows all pieces.
        every = sum(counts.values(), Counter[int]())
        self.kinds = torch.from_numpy(kinds_of(tokenizer))
        kept = {piece for piece, count in every.items() if count >= self.least}
        self.vocabulary = {tag: sorted(kept & set(found)) for tag, found in sorted(counts.items())}
        without_letters = [piece for piece in sorted(kept) if not any(map(str.isalpha, tokenizer.text([piece])))]
        self.vocabulary["und"] = without_letters

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the texts; the target is the pieces of what is to be written."""
        encoded = tokenizer.encode(
            [one.text for one in records],
            languages=[one.language for one in records],
            into=[self.into(one) for one in records],
        )
        for item, target, record in zip(encoded, self._wanted(records, tokenizer), records, strict=True):
            item.target = target if record.pair else None
        return encoded

    def _wanted(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[list[int]]:
        """Return the pieces of what is to be written."""
        texts, languages = [one.pair for one in records], [self.into(one) for one in records]
        return tokenizer.written(texts, languages=languages, longest=self.how.longest)

    def into(self, record: Record) -> str:
        """Return the language to write in."""
        return record.languages[1]

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return the pieces to write (batch, seq), `NOTHING` after the end."""
        longest = max(1, *(len(item.target) for item in encoded))
        rows = [[*item.target, *[NOTHING] * (longest - len(item.target))] for item in encoded]
        return torch.tensor(rows, dtype=torch.long)

    def ready(self, encoder: Encoder) -> bool:
        """Whether the encoder brings a decoder."""
        return encoder.seq2seq is not None

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the decoder that the encoder brings, or a fresh one with the encoder's vectors of its pieces."""
        usual = FRESH if encoder.seq2seq is None else BROUGHT
        self.how = replace(self.how, length_penalty=usual if self.length_penalty is None else self.length_penalty)
        if encoder.seq2seq is not None:
            return Seq2SeqHead(encoder.seq2seq, self.how, per_row=self.per_row)
        if not any(self.vocabulary.values()):
            raise ModelError("nothing to write was seen: the training records have no second text")
        pieces = sorted({piece for ids in self.vocabulary.values() for piece in ids})
        place = {piece: number for number, piece in enumerate(pieces)}
        tags = [tag for tag in self.vocabulary if tag != "und"]
        width = encoder.width
        table = encoder.model.get_input_embeddings().weight.detach()
        kinds = (
            None
            if self.kinds is None
            else nn.functional.pad(self.kinds, (0, len(table) - len(self.kinds)), value=BEGINS)
        )
        decoder = Decoder(
            width,
            pieces=pieces,
            languages=tags,
            spelt=[[place[piece] for piece in self.vocabulary[tag]] for tag in [*tags, "und"] if self.forced],
            layers=self.layers,
            heads=next(count for count in range(max(1, width // 64), 0, -1) if width % count == 0),
            dropout=self.dropout,
            strange=self.strange,
            table=table,
            kinds=kinds,
        )
        return WritingHead(decoder, self.how, per_row=self.per_row)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Turn pieces into texts."""
        return [Prediction(label=tokenizer.text([int(p) for p in row if p >= 0]).strip()) for row in outputs]

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the log probability of what was written, or of the text `label`, its end included."""
        expect_no_choice("a task that writes", word=word)
        tokenizer, said = answered.tokenizer, str(answered.prediction.label)
        written = [piece for piece in answered.outputs[0].tolist() if piece != NOTHING]
        if label or tokenizer.has_decoder:  # Such a model frames what it is to write, and not what it wrote.
            texts, into = [label or said], [self.into(answered.record)]
            (written,) = tokenizer.written(texts, languages=into, longest=self.how.longest)
        pieces = torch.tensor(written, dtype=torch.long)

        def score(model: Model, read: Sequence[EncoderOutput]) -> torch.Tensor:
            (output,) = read
            target = pieces.to(output.mask.device).repeat(len(output.mask), 1)
            found: torch.Tensor = model.head.log_probability(output, target)
            return found

        return Aim(label or said, said, "log-probability", score)

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return the share of texts in the right language, that of the references, and how long the ones are beside."""
        said, wanted = ([str(item.label) for item in predictions], [record.pair for record in records])
        return compared(said, wanted, language=self.into(records[0]) if records else "und")

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return the records: how texts are compared depends on their language."""
        return list(records)

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return the text and what was written."""
        return {"text": record.text, "written": prediction.label, "language": self.into(record)}

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Return what was written."""
        return str(shown["written"]) or "-"

    def state(self) -> dict[str, Any]:
        """Return the settings and the vocabulary."""
        how = {key: value for key, value in asdict(self.how).items() if key not in ("seed", "length_penalty")}
        names = ("vocabulary", "per_row", "layers", "least", "dropout", "forced", "length_penalty")
        return {**how, **{name: getattr(self, name) for name in names}}
