"""A decoder on top of an encoder: it attends to what the encoder says, and may copy pieces of the source.

It has a small vocabulary of its own, pieces of the encoder's tokenizer that its training texts hold, with the encoder's
vectors to start from. Copying lets it write pieces that it never saw in training, of other languages too: See et al.
2017, "Get To The Point: Summarization with Pointer-Generator Networks". Where it looks for something to copy, the
vectors of the pieces themselves say what a piece means: Nguyen and Chiang 2018, "Improving Lexical Choice in Neural
Machine Translation". Layers with norms before: Xiong et al. 2020, "On Layer Normalization in the Transformer
Architecture".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from loanword.encoders.dropout import Dropout
from loanword.encoders.encoder import EncoderOutput
from loanword.tokens.beginnings import BEGINS, CONTROL

PAD, START, END = 0, 1, 2
SPECIAL = 3
"""Numbers of the decoder's own that stand before those of its pieces."""

NEVER = -1e9
"""The logarithm of no probability; finite, so that gradients are numbers."""

NOTHING, BEGINNING = -1, -2
"""What stands for no piece, after the end of a text, and for what comes before its first."""


FOLLOWS = 5.0
"""How much likelier, as a logarithm, copying goes on after the piece that was written last; to begin with."""

LEXICAL = 10.0
"""The length, to begin with, of what a piece's own vector of the usual length adds to a state."""


@dataclass
class Cache:
    """What each step looks at: of the source, and of the target so far.

    `source` and `own` are keys and values of each layer, (batch, heads, seq, width / heads); `copies` (batch, source,
    width) the keys of what may be copied; `words` (batch, source, table width) the pieces' own vectors, if there are
    any; `languages` (batch) the numbers of those to write in.
    """

    source: list[tuple[torch.Tensor, torch.Tensor]]
    copies: torch.Tensor
    words: torch.Tensor | None
    languages: torch.Tensor
    own: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    length: int = 0

    def widen(self, rows: torch.Tensor) -> None:
        """Turn to these `rows` of the sources, with nothing written yet."""
        self.source = [(key[rows], value[rows]) for key, value in self.source]
        self.copies, self.languages = self.copies[rows], self.languages[rows]
        self.words = None if self.words is None else self.words[rows]

    def select(self, rows: torch.Tensor) -> None:
        """Go on from these `rows`, which are of the same sources as before."""
        self.own = [(key[rows], value[rows]) for key, value in self.own]


class Attention(nn.Module):
    """Attention with several heads, (batch, seq, width) to (batch, seq, width). Vaswani et al. 2017."""

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        """Create the projections."""
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)

    def pairs(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values of `states`, (batch, heads, seq, width / heads)."""
        return self._split(self.key(states)), self._split(self.value(states))

    def forward(
        self,
        states: torch.Tensor,
        pairs: tuple[torch.Tensor, torch.Tensor],
        *,
        mask: torch.Tensor | None = None,
        causal: bool = False,
    ) -> torch.Tensor:
        """Attend from `states` to `pairs`; `mask` is True where it may look."""
        found = nn.functional.scaled_dot_product_attention(
            self._split(self.query(states)),
            *pairs,
            attn_mask=mask,
            is_causal=causal,
            dropout_p=self.dropout if self.training else 0.0,
        )
        mixed: torch.Tensor = self.out(found.transpose(1, 2).flatten(2))
        return mixed

    def _split(self, states: torch.Tensor) -> torch.Tensor:
        batch, seq, width = states.shape
        return states.view(batch, seq, self.heads, width // self.heads).transpose(1, 2)


class Layer(nn.Module):
    """Attention to the target so far, attention to the source, and two linear layers, each after a norm."""

    def __init__(self, width: int, *, heads: int, dropout: float) -> None:
        """Create the parts."""
        super().__init__()
        self.own = Attention(width, heads=heads, dropout=dropout)
        self.source = Attention(width, heads=heads, dropout=dropout)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.dropout = Dropout(dropout)

    def forward(
        self,
        states: torch.Tensor,
        source: tuple[torch.Tensor, torch.Tensor],
        mask: torch.Tensor,
        before: tuple[torch.Tensor, torch.Tensor] | None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Return the new states and the keys and values of the target so far; `before` are those of earlier steps."""
        normed = self.norms[0](states)
        own = self.own.pairs(normed)
        if before is not None:
            own = (torch.cat([before[0], own[0]], dim=2), torch.cat([before[1], own[1]], dim=2))
        states = states + self.dropout(self.own(normed, own, causal=before is None and states.shape[1] > 1))
        states = states + self.dropout(self.source(self.norms[1](states), source, mask=mask))
        return states + self.dropout(self.feed(self.norms[2](states))), own


class Decoder(nn.Module):
    """Writes pieces one after another, given what the encoder says of a source.

    `pieces` (v) are the pieces that it knows, sorted; `languages` those that it writes, each with a vector of its own.
    `spelt` holds for each language, and then for any other, the pieces that it is spelt with, places among `pieces`:
    a language is written in no others, but for copies; in one that it was not trained to write, it copies instead.
    """

    pieces: torch.Tensor
    kinds: torch.Tensor
    spelt: torch.Tensor
    centre: torch.Tensor

    def __init__(
        self,
        width: int,
        *,
        pieces: Sequence[int],
        languages: Sequence[str],
        spelt: Sequence[Sequence[int]] = (),
        layers: int = 3,
        heads: int = 6,
        dropout: float = 0.1,
        strange: float = 0.0,
        table: torch.Tensor | None = None,
        kinds: torch.Tensor | None = None,
    ) -> None:
        """Create it; `table` are the encoder's vectors of all pieces. Without `spelt` all are allowed everywhere.

        A share `strange` of rows is learned as if their language was one to come: what can be copied of them alone.
        `kinds` says of every piece whether a word begins with it, and whether it is text at all (`kinds_of`).
        """
        super().__init__()
        self.strange = strange
        self.register_buffer("pieces", torch.tensor(list(pieces), dtype=torch.long))
        self.languages = tuple(languages)
        known = torch.zeros(len(self.languages) + 1, len(pieces), dtype=torch.bool)
        for row, places in enumerate(spelt):
            known[row, list(places)] = True
        self.register_buffer("spelt", known if spelt else ~known)
        self.embedding = nn.Embedding(len(pieces) + SPECIAL, width)
        self.language = nn.Embedding(len(self.languages) + 1, width)
        self.layers = nn.ModuleList(Layer(width, heads=heads, dropout=dropout) for _ in range(layers))
        self.memory_norm = nn.LayerNorm(width)
        self.norm = nn.LayerNorm(width)
        self.input_norm = nn.LayerNorm(width)
        self.dropout = Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(len(pieces) + SPECIAL))
        self.gate = nn.Linear(width, 1)
        self.copy_input = nn.Linear(width, width)
        self.copy_query = nn.Linear(width, width)
        self.copy_key = nn.Linear(width, width)
        self.follows = nn.Parameter(torch.tensor(FOLLOWS))
        table = torch.zeros(1, width) if table is None else table.float()
        self.register_buffer("centre", table.mean(0))
        usual = torch.full((len(table),), BEGINS, dtype=torch.uint8)
        self.register_buffer("kinds", usual if kinds is None else kinds)
        self.lexical = nn.Linear(table.shape[1], width, bias=False)
        self.strength = nn.Parameter(LEXICAL / (table - self.centre).norm(dim=1).mean().clamp(min=1e-6))
        nn.init.normal_(self.embedding.weight, std=0.02)
        nn.init.normal_(self.language.weight, std=0.02)
        if table.shape[1] == width:
            nn.init.eye_(self.lexical.weight)
            if len(table) > max(pieces):
                with torch.no_grad():
                    self.embedding.weight[SPECIAL:] = table[self.pieces]

    def begin(self, output: EncoderOutput) -> Cache:
        """Return the cache of an empty target."""
        memory, device = self.memory_norm(output.hidden), output.ids.device
        languages = self.language_numbers(output.into or [""] * len(output.ids), device)
        if self.training and self.strange:
            strange = torch.rand(len(languages), device=device) < self.strange
            languages = languages.masked_fill(strange, len(self.languages))
        return Cache(
            source=[layer.source.pairs(memory) for layer in self.layers if isinstance(layer, Layer)],
            copies=self.copy_key(memory),
            words=None if output.table is None else output.table(output.ids).detach().float() - self.centre,
            languages=languages,
        )

    def forward(self, pieces: torch.Tensor, output: EncoderOutput, cache: Cache) -> torch.Tensor:
        """Return states (batch, seq, width) after the target's `pieces` (batch, seq), and keep them in `cache`."""
        places = torch.arange(cache.length, cache.length + pieces.shape[1], device=pieces.device)
        waves = _waves(places, self.embedding.weight)
        language = self.language(cache.languages)[:, None]
        states = self.dropout(self.input_norm(self.embed(pieces, output) + language + waves))
        mask = output.mask[:, None, None, :].bool()
        own = []
        for number, layer in enumerate(self.layers):
            before = cache.own[number] if cache.own else None
            states, pairs = layer(states, cache.source[number], mask, before)
            own.append(pairs)
        cache.own = own
        cache.length += pieces.shape[1]
        found: torch.Tensor = self.norm(states)
        return found

    def embed(self, pieces: torch.Tensor, output: EncoderOutput) -> torch.Tensor:
        """Return the vectors of `pieces` (batch, seq, width); one it lacks gets the source's, if it is there."""
        numbers = self.numbers(pieces)
        known: torch.Tensor = self.embedding(numbers.clamp(min=PAD))
        same = pieces[:, :, None] == output.ids[:, None, :]
        copied = (numbers < 0) & same.any(-1)
        if not bool(copied.any()):
            return known
        rows = torch.arange(len(pieces), device=pieces.device)[:, None]
        from_source = self.copy_input(self.memory_norm(output.hidden)[rows, same.int().argmax(-1)])
        found: torch.Tensor = torch.where(copied[:, :, None], from_source, known)
        return found

    def parts(
        self, states: torch.Tensor, pieces: torch.Tensor, output: EncoderOutput, cache: Cache
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logarithms: of own numbers (batch, seq, v + 3), of source pieces (batch, seq, source), both gated.

        Together their probabilities are 1. `states` are those after `pieces` (batch, seq).
        """
        scores = (self.copy_query(states) @ cache.copies.transpose(1, 2)).float() / math.sqrt(states.shape[-1])
        before = nn.functional.pad(output.ids[:, :-1], (1, 0), value=NOTHING)
        scores = scores + self.follows * (pieces[:, :, None] == before[:, None, :])
        copied = scores.masked_fill(~self.copyable(output)[:, None, :], NEVER).log_softmax(-1)
        gate = self.gate(states).float()
        if cache.words is not None:
            states = states + self.strength * self.lexical(copied.exp() @ cache.words)
        barred = nn.functional.pad(~self.spelt[cache.languages], (SPECIAL, 0))[:, None, :]
        new = (cache.languages == len(self.languages))[:, None, None]
        own = nn.functional.linear(states, self.embedding.weight).float() + self.bias
        own = own.masked_fill(barred & ~new, NEVER).log_softmax(-1) + nn.functional.logsigmoid(gate)
        rest = nn.functional.logsigmoid(-gate)
        if bool(new.any()):  # What would be written in pieces of other languages is copied instead.
            rest = torch.logaddexp(rest, own.masked_fill(~barred, NEVER).logsumexp(-1, keepdim=True))
            own = own.masked_fill(barred, NEVER)
        return own, copied + rest

    def copyable(self, output: EncoderOutput) -> torch.Tensor:
        """Say which pieces of the source may be copied (batch, source): all but the first, and what is no text."""
        mask = output.mask.bool() & (self.kind(output.ids) != CONTROL)
        mask[:, 0] = False
        mask[:, 0] = ~mask.any(1)  # Something must be left to look at.
        return mask

    def kind(self, pieces: torch.Tensor) -> torch.Tensor:
        """Return the kinds of `pieces`; of those beyond the ones that were told, that they begin a word."""
        known = pieces < len(self.kinds)
        return torch.where(known, self.kinds[pieces.clamp(max=len(self.kinds) - 1)], BEGINS)

    def numbers(self, pieces: torch.Tensor) -> torch.Tensor:
        """Return the decoder's numbers of `pieces`: those of `NOTHING` and `BEGINNING`, -1 for pieces that it lacks."""
        places = torch.searchsorted(self.pieces, pieces.clamp(min=0)).clamp(max=len(self.pieces) - 1)
        found = torch.where(self.pieces[places] == pieces, places + SPECIAL, torch.full_like(places, -1))
        found = found.masked_fill(pieces == NOTHING, PAD)
        return found.masked_fill(pieces == BEGINNING, START)

    def language_numbers(self, tags: Sequence[str], device: torch.device) -> torch.Tensor:
        """Return the number of each of `tags`; a language that was never written gets the last one."""
        index = {tag: number for number, tag in enumerate(self.languages)}
        return torch.tensor([index.get(tag, len(index)) for tag in tags], device=device)

    def loss(self, output: EncoderOutput, pieces: torch.Tensor) -> torch.Tensor:
        """Return the log loss (batch, seq + 1) of target `pieces` (batch, seq; -1 after the end), end included."""
        ends = nn.functional.pad((pieces != NOTHING).long(), (1, 0), value=1)
        length = ends.sum(1) - 1
        wanted = nn.functional.pad(self.numbers(pieces), (0, 1), value=PAD)
        wanted.scatter_(1, length[:, None], END)
        given = nn.functional.pad(pieces, (1, 0), value=BEGINNING)
        cache = self.begin(output)
        own, copied = self.parts(self(given, output, cache), given, output, cache)
        right = own.gather(-1, wanted.clamp(min=PAD).unsqueeze(-1)).squeeze(-1)
        right = right.masked_fill(wanted < 0, NEVER)
        same = nn.functional.pad(pieces, (0, 1), value=NOTHING)[:, :, None] == output.ids[:, None, :]
        by_copy = copied.masked_fill(~same, NEVER).logsumexp(-1)
        both = torch.logaddexp(right, by_copy)
        # A piece that is neither known nor in the source cannot be written: nothing is learned of it.
        return -both.masked_fill((ends == 0) | (both < NEVER / 2), 0.0)


def _waves(places: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return the positions' sines and cosines (seq, width), scaled to the size of embeddings."""
    width = like.shape[1]
    rates = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(10000.0) / width))
    angles = places[:, None] * rates[None, :]
    found = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]
    return found.to(like.dtype) * 0.02
