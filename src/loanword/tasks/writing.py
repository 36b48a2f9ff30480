"""How a decoder writes: the likeliest text, by greedy or beam search, or one drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from loanword.encoders.decoder import BEGINNING, END, NEVER, NOTHING, SPECIAL, Decoder
from loanword.encoders.encoder import EncoderOutput


@dataclass(frozen=True, slots=True)
class Writing:
    """How to write: `beams` texts are kept at each step (1: greedy), of at most `longest` pieces.

    Of finished texts the one with the best log probability divided by its length to the power of `length_penalty` wins
    (Wu et al. 2016, "Google's Neural Machine Translation System"). No `no_repeat` pieces in a row come twice; 0 allows
    it. With a `temperature` above 0 pieces are drawn from the likeliest that have a share of `top` together (Holtzman
    et al. 2020, "The Curious Case of Neural Text Degeneration"), by `seed`, and `beams` do not count.
    """

    beams: int = 4
    longest: int = 64
    length_penalty: float = 1.0
    no_repeat: int = 0
    temperature: float = 0.0
    top: float = 1.0
    seed: int = 0


def write(decoder: Decoder, output: EncoderOutput, how: Writing) -> torch.Tensor:
    """Return what `decoder` writes for each row of `output`, (batch, pieces), `NOTHING` after the end."""
    beams = 1 if how.temperature else how.beams
    count, device = len(output.mask), output.mask.device
    rows = torch.arange(count, device=device).repeat_interleave(beams)
    wide = replace(output, hidden=output.hidden[rows], mask=output.mask[rows], ids=output.ids[rows])
    cache = decoder.begin(output)
    space = _Space(decoder, output, cache.languages)
    cache.widen(rows)
    texts = torch.full((len(rows), 1), BEGINNING, device=device)
    scores = torch.full((count, beams), NEVER, device=device)
    scores[:, 0] = 0.0
    done = torch.zeros(len(rows), dtype=torch.bool, device=device)
    chance = torch.Generator(device).manual_seed(how.seed) if how.temperature else None
    for step in range(how.longest):
        last = texts[:, -1:]
        own, copied = decoder.parts(decoder(last, wide, cache), last, wide, cache)
        steps = space.steps(own.squeeze(1), copied.squeeze(1), rows)
        if not step:
            steps[:, space.end] = NEVER  # Something must be written.
        if how.no_repeat:
            _bar_repeats(steps, texts, space, how.no_repeat)
        steps[done] = NEVER
        steps[done, space.end] = 0.0
        if chance is not None:
            chosen = drawn(steps, how, chance)
            texts = torch.cat([texts, space.piece(chosen)[:, None]], dim=1)
            done |= chosen == space.end
        else:
            total = (scores.view(-1, 1) + steps).view(count, -1)
            scores, places = total.topk(beams, dim=1)
            chosen = (places % steps.shape[1]).view(-1)
            came = (places // steps.shape[1] + torch.arange(count, device=device)[:, None] * beams).view(-1)
            texts = torch.cat([texts[came], space.piece(chosen)[:, None]], dim=1)
            done = done[came] | (chosen == space.end)
            cache.select(came)
        if bool(done.all()):
            break
    lengths = (texts[:, 1:] != NOTHING).sum(1).clamp(min=1).view(count, beams)
    best = (scores / lengths**how.length_penalty).argmax(1) if beams > 1 else torch.zeros_like(scores[:, 0]).long()
    return texts.view(count, beams, -1)[torch.arange(count, device=device), best, 1:]


class _Space:
    """All that may come next for some rows: the decoder's pieces, those of the sources, and the end."""

    def __init__(self, decoder: Decoder, output: EncoderOutput, languages: torch.Tensor) -> None:
        self.pieces = torch.unique(torch.cat([decoder.pieces, output.ids.flatten()]))
        self.end = len(self.pieces)
        self.own = torch.searchsorted(self.pieces, decoder.pieces)
        self.source = torch.searchsorted(self.pieces, output.ids)
        allowed = torch.zeros(len(languages), len(self.pieces), dtype=torch.bool, device=output.ids.device)
        allowed[:, self.own] = decoder.spelt[languages]
        copyable = decoder.copyable(output)
        for row in range(len(languages)):
            allowed[row, self.source[row, copyable[row]]] = True
        self.barred = ~allowed

    def steps(self, own: torch.Tensor, copied: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return log probabilities (rows, pieces + 1) of what comes next, the end last, from the decoder's parts."""
        found = own.new_zeros(len(own), len(self.pieces) + 1)
        found[:, self.own] = own[:, SPECIAL:].exp()
        found.scatter_add_(1, self.source[rows], copied.exp())
        found[:, self.end] = own[:, END].exp()
        found = found.clamp(min=1e-30).log()
        found[:, : self.end] = found[:, : self.end].masked_fill(self.barred[rows], NEVER)
        return found

    def piece(self, chosen: torch.Tensor) -> torch.Tensor:
        """Return the pieces of what was chosen, `NOTHING` for the end."""
        padded = torch.cat([self.pieces, self.pieces.new_tensor([NOTHING])])
        return padded[chosen]


def drawn(steps: torch.Tensor, how: Writing, chance: torch.Generator) -> torch.Tensor:
    """Draw one of the pieces for each row of the log probabilities `steps` (rows, pieces), as `how` says."""
    shares = (steps / how.temperature).softmax(1)
    best, places = shares.sort(1, descending=True)
    best = best.masked_fill(best.cumsum(1) - best >= how.top, 0.0)
    return places.gather(1, torch.multinomial(best, 1, generator=chance)).squeeze(1)


def _bar_repeats(steps: torch.Tensor, texts: torch.Tensor, space: _Space, size: int) -> None:
    """Bar what would make the last `size` pieces a second time what they were before."""
    index = {int(piece): place for place, piece in enumerate(space.pieces.tolist())}
    for row, text in enumerate(texts[:, 1:].tolist()):
        last = text[len(text) - size + 1 :]
        for start in range(len(text) - size + 1):
            if text[start : start + size - 1] == last and text[start + size - 1] in index:
                steps[row, index[text[start + size - 1]]] = NEVER
