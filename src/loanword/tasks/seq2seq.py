"""The decoder that a sequence-to-sequence model brings, as the head of a task that writes."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from loanword.encoders.decoder import NOTHING
from loanword.encoders.encoder import EncoderOutput
from loanword.encoders.seq2seq import Seq2Seq
from loanword.errors import UsageError
from loanword.tasks.writing import Writing, drawn

IGNORED = -100
"""What transformers takes for no target."""

LOGITS = 2**28
"""Logits that the loss holds at a time: with a vocabulary of 250,000 pieces those of some thirty sentences."""


class Seq2SeqHead(nn.Module):
    """A model's own decoder: in training it hands on what the encoder read, in evaluation it returns what it writes.

    It is `pretrained`, and learns as the encoder does. Nothing of it is saved as a head's: the model is saved whole.
    """

    pretrained = True

    def __init__(self, seq2seq: Seq2Seq, how: Writing, *, per_row: float) -> None:
        """Write as `how` says, and for the rest as the model's own settings do; targets have `per_row` pieces."""
        super().__init__()
        limit = seq2seq.longest
        if limit is not None and how.longest + 3 > limit:  # A start, a language and an end stand beside the text.
            raise UsageError(
                f"task_options.longest is {how.longest}, but {seq2seq.tokenizer.name} has positions for {limit} "
                f"pieces; choose at most {limit - 3}"
            )
        self.model = seq2seq.model
        self.seq2seq = seq2seq
        self.how = how
        self.per_row = per_row
        self.reads_table = seq2seq.shares_table

    def forward(self, output: EncoderOutput) -> EncoderOutput | torch.Tensor:
        """Return `output` itself in training, else the pieces written (batch, seq), `NOTHING` after the end."""
        return output if self.training else self.write(output)

    def loss(self, outputs: EncoderOutput, targets: torch.Tensor) -> torch.Tensor:
        """Return the model's own loss of the target pieces (batch, seq), mean over rows of the usual length."""
        labels = targets.masked_fill(targets == NOTHING, IGNORED)
        width = labels.shape[1] * self.model.get_output_embeddings().weight.shape[0]
        rows = max(1, LOGITS // width)
        cut = (torch.split(part, rows) for part in (outputs.hidden, outputs.mask, labels))
        parts = zip(*cut, strict=True)
        if rows >= len(labels):
            total = self._sum(*next(parts))
        else:  # Of a part at a time, logits are made, and made again for its gradient.
            total = torch.stack([checkpoint(self._sum, *part, use_reentrant=False) for part in parts]).sum()
        return total / (len(targets) * self.per_row)

    def _sum(self, hidden: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the model's own loss, a mean over pieces, times their number."""
        with _quiet():
            mean: torch.Tensor = self.model(**_read(hidden, mask), labels=labels).loss
        return mean.float() * (labels != IGNORED).sum()

    def log_probability(self, output: EncoderOutput, pieces: torch.Tensor) -> torch.Tensor:
        """Return the log probability (batch) of writing `pieces` (batch, seq), framed as the model's targets are."""
        with _quiet():
            logits = self.model(**_read(output.hidden, output.mask), labels=pieces).logits
        found: torch.Tensor = logits.float().log_softmax(-1).gather(-1, pieces.unsqueeze(-1)).sum((1, 2))
        return found

    def write(self, output: EncoderOutput) -> torch.Tensor:
        """Return what the model writes for each row of `output`, (batch, pieces), in the row's language."""
        from transformers import LogitsProcessorList

        start, first = self.seq2seq.start(output.into)
        config = self._config(start, first)
        device = output.mask.device
        rules: list[Any] = []
        if first is not None:
            rules.append(_First(torch.tensor(first, device=device).repeat_interleave(config.num_beams)))
        if self.how.temperature:
            rules.append(_Drawn(self.how, torch.Generator(device).manual_seed(self.how.seed)))
        written: torch.Tensor = self.model.generate(
            **_read(output.hidden, output.mask), generation_config=config, logits_processor=LogitsProcessorList(rules)
        )[:, 1:]
        ends = torch.tensor([config.eos_token_id], device=device).flatten()
        return written.masked_fill(torch.isin(written, ends).cumsum(1) > 0, NOTHING)

    def state_dict(self, *_: Any, **__: Any) -> dict[str, Any]:  # type: ignore[override]
        """Return nothing."""
        return {}

    def load_state_dict(self, *_: Any, **__: Any) -> None:
        """Do nothing."""

    def _config(self, start: list[int] | None, first: list[int] | None) -> Any:
        """Return the model's own settings, changed by what `Writing` says.

        None would not change any: transformers puts the model's own in its place.
        """
        how, own = self.how, self.model.generation_config
        most = how.longest + (first is not None)
        config = copy.deepcopy(own)
        config.update(
            num_beams=1 if how.temperature else how.beams,
            length_penalty=how.length_penalty,
            no_repeat_ngram_size=how.no_repeat,
            min_length=min(own.min_length or 0, most),
            do_sample=False,  # What is drawn is drawn by `_Drawn`, from a seed.
            temperature=1.0,
            top_p=1.0,
            top_k=50,
            num_return_sequences=1,
            return_dict_in_generate=False,
            **({"max_length": 1 + most} if own.max_new_tokens is None else {"max_new_tokens": most}),
        )
        if start is not None:
            config.decoder_start_token_id = start
        return config


class _First:
    """Let each row (`ids`, one a beam) begin with its own piece, whatever ForcedBOSTokenLogitsProcessor said before."""

    def __init__(self, ids: torch.Tensor) -> None:
        self.ids = ids

    def __call__(self, written: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        return scores if written.shape[1] > 1 else _only(self.ids, scores)


class _Drawn:
    """Leave only the piece that was drawn by chance."""

    def __init__(self, how: Writing, chance: torch.Generator) -> None:
        self.how = how
        self.chance = chance

    def __call__(self, written: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        return _only(drawn(scores.float(), self.how, self.chance), scores)


def _only(ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
    """Return scores (rows, pieces) by which nothing but `ids` (rows) may come."""
    return torch.full_like(scores, float("-inf")).scatter_(1, ids[:, None], 0.0)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what EncoderDecoderModel says of every loss."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Version v4.12.0 introduces", FutureWarning)
        yield


def _read(hidden: torch.Tensor, mask: torch.Tensor) -> dict[str, Any]:
    """Return what a transformers model takes for the work of its encoder."""
    from transformers.modeling_outputs import BaseModelOutput

    return {"encoder_outputs": BaseModelOutput(last_hidden_state=hidden), "attention_mask": mask}
