"""How a decoder writes: the likeliest text, by greedy or beam search, or one drawn by chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import nn

from loanword.encoders.decoder import BEGINNING, END, NEVER, NOTHING, SPECIAL, Decoder
from loanword.encoders.encoder import EncoderOutput
from loanword.language.tag import is_segmented
from loanword.tokens.beginnings import INNER


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
        if space.any_copies:
            space.bar(steps, texts[:, 1:], rows)
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
        new = languages == len(decoder.languages)
        self.copies_only = new
        self.any_copies = bool(new.any())
        self.ids = output.ids
        segmented = [not tag or is_segmented(tag) for tag in output.into] or [True] * len(new)
        inner = copyable & (decoder.kind(output.ids) == INNER) & new.new_tensor(segmented)[:, None]
        self.inner = inner & copyable.roll(1, 1)  # What nothing stands before begins a word.
        self.goes_on = nn.functional.pad(inner[:, 1:], (0, 1), value=False)
        self.copyable = copyable
        own = torch.zeros(len(new), self.end + 1, dtype=torch.bool, device=output.ids.device)
        own[:, self.own] = True
        # Pieces of the decoder's own that a row's source has not: marks and numbers.
        self.free = own.scatter(1, self.source, own.gather(1, self.source) & ~copyable)

    def steps(self, own: torch.Tensor, copied: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Return log probabilities (rows, pieces + 1) of what comes next, the end last, from the decoder's parts."""
        found = own.new_zeros(len(own), len(self.pieces) + 1)
        found[:, self.own] = own[:, SPECIAL:].exp()
        found.scatter_add_(1, self.source[rows], copied.exp())
        found[:, self.end] = own[:, END].exp()
        found = found.clamp(min=1e-30).log()
        found[:, : self.end] = found[:, : self.end].masked_fill(self.barred[rows], NEVER)
        return found

    def bar(self, steps: torch.Tensor, texts: torch.Tensor, rows: torch.Tensor) -> None:
        """Bar what a text that is all copied must not have: a word more often than its source, or half of one.

        A word that was begun is copied to its end, and copying goes on elsewhere where a word begins. Where words are
        not written apart, pieces stand for them.
        """
        ids, source = self.ids[rows], self.source[rows]
        there = (ids[:, :, None] == ids[:, None, :]).sum(2)
        used = (texts[:, :, None] == ids[:, None, :]).sum(1) >= there
        if texts.shape[1]:
            here = (ids == texts[:, -1:]) & self.copyable[rows]
            open_ = here & self.goes_on[rows]
            must = here.any(1) & ~(here & ~self.goes_on[rows]).any(1)
            follows = nn.functional.pad(open_[:, :-1], (1, 0), value=False)
        else:
            follows, must = torch.zeros_like(used), torch.zeros_like(used[:, 0])
        allowed = self.copyable[rows] & (follows | ~(used | self.inner[rows] | must[:, None]))
        found = torch.zeros(steps.shape, dtype=torch.long, device=steps.device)
        found.scatter_add_(1, source, allowed.long())
        good = (found > 0) | (self.free[rows] & ~must[:, None])
        good[:, self.end] = ~must
        some = (good & (steps > NEVER / 2)).any(1)  # A row that has nothing left goes on as it likes.
        only = self.copies_only[rows] & some
        steps.masked_fill_(~good & only[:, None], NEVER)

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
