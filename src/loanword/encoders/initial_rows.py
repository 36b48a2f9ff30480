"""Where the vectors of new pieces start: from those of old ones, so that little has to be learned.

"random"    numbers of the table's own size
"mean"      the mean of all old rows
"pieces"    the mean of the old pieces that a new one was cut into
"script"    drawn from the rows of pieces of the same script (Downey et al. 2023, "Embedding Structure Matters")
"similar"   the weighted mean of the old pieces that a new one stands for in translations (`word_translations`); where
            there are none, of those that are most like it in texts of the language, by the words around it (Dobler
            and de Melo 2023, FOCUS)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import torch

from loanword.encoders.latent_rows import factors
from loanword.encoders.word_translations import word_translations
from loanword.errors import UsageError
from loanword.language.identify import NAMED
from loanword.randomness import generator
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import spelt

Start = Literal["random", "mean", "pieces", "script", "similar"]
NEAR = 2
"""Pieces on either side that say what a piece is like."""
WIDTH = 100
"""Numbers of a vector that says what a piece is like."""
SHARP = 10.0
"""How much more the likest pieces count than others."""
MOST = 10
"""Pieces that a new one is made of, at most."""


def starting_table(
    table: torch.Tensor,
    old: Tokenizer,
    new: Tokenizer,
    known: Mapping[int, int],
    *,
    how: Start,
    texts: Sequence[str] = (),
    parallel: Sequence[tuple[str, str]] = (),
    seed: int = 0,
) -> torch.Tensor:
    """Return a table (pieces, width) for the `new` tokenizer, from the `table` of the `old` one.

    Pieces that are `known`, the new number to the old, keep their rows; the others start as `how` says. `texts` are of
    the language, `parallel` pairs of a text of a language that the model knows and its translation.
    """
    if how not in get_args(Start):
        raise UsageError(f"unknown start '{how}'; known: {', '.join(get_args(Start))}")
    rows = table.detach().float().cpu()
    fresh = [n for n in range(len(new)) if n not in known]
    found = torch.empty(len(new), rows.shape[1])
    found[[*known]] = rows[[*known.values()]]
    if fresh:
        pieces = [spelt(new, n) for n in fresh]
        usual = rows[[n for n in range(len(old)) if n not in {*old.control_ids}]]
        if how == "mean":
            found[fresh] = usual.mean(0)
        elif how == "random":
            found[fresh] = _drawn(usual, len(fresh), seed=seed)
        elif how == "script":
            found[fresh] = _by_script(rows, old, pieces, usual, seed=seed)
        else:
            found[fresh] = _cut(rows, old, pieces, usual.mean(0))
            if how == "similar":
                found[fresh] = _similar(found, old, new, known, fresh, texts=texts, parallel=parallel)
    return found.to(table)


def _drawn(known: torch.Tensor, count: int, *, seed: int, name: str = "") -> torch.Tensor:
    """Draw rows from the Gaussian, one number apart from the other, that `known` rows look like."""
    rng = generator(seed, "rows", name)
    noise = torch.from_numpy(rng.standard_normal((count, known.shape[1]))).float()
    return known.mean(0) + noise * known.std(0)


def _cut(rows: torch.Tensor, old: Tokenizer, pieces: Sequence[str], centre: torch.Tensor) -> torch.Tensor:
    """Return the mean row of the old pieces of each new one; that of all rows where it has none that is known."""
    unknown = {old.unknown_id, *old.control_ids}
    found = []
    for one in old.plain(pieces):
        ids = [n for n in one.ids if n not in unknown and not old.is_blank(n)]
        found.append(rows[ids].mean(0) if ids else centre)
    return torch.stack(found)


def script_of(piece: str) -> str:
    """Return the script of most letters of a piece, as its four letters; "" of none."""
    counts: dict[str, int] = {}
    for character in piece:
        if character.isalpha():
            code = NAMED.get(unicodedata.name(character, "").partition(" ")[0], "Zyyy")
            counts[code] = counts.get(code, 0) + 1
    return max(counts, key=counts.__getitem__) if counts else ""


def _by_script(
    rows: torch.Tensor, old: Tokenizer, pieces: Sequence[str], known: torch.Tensor, *, seed: int
) -> torch.Tensor:
    scripts: dict[str, list[int]] = {}
    for number in range(len(old)):
        scripts.setdefault(script_of(spelt(old, number)), []).append(number)
    wanted = [script_of(piece) for piece in pieces]
    found = torch.empty(len(pieces), rows.shape[1])
    for script in {*wanted}:
        here = [place for place, one in enumerate(wanted) if one == script]
        like = rows[scripts[script]] if len(scripts.get(script, ())) > 1 else known
        found[here] = _drawn(like, len(here), seed=seed, name=script)
    return found


def _similar(
    found: torch.Tensor,
    old: Tokenizer,
    new: Tokenizer,
    known: Mapping[int, int],
    fresh: Sequence[int],
    *,
    texts: Sequence[str],
    parallel: Sequence[tuple[str, str]],
) -> torch.Tensor:
    """Return for each `fresh` piece the mean of the pieces that it stands for in translations, by how likely they are.

    One that is in none takes that of the pieces likest in the texts, weighed by how like they are, whose rows are known
    or come from translations; one that no text holds keeps what it has in the table `found`.
    """
    control = {*new.control_ids}
    lines = [_words(new, one.ids) for one in new.plain([*texts, *(theirs for _, theirs in parallel)])]
    back = {before: after for after, before in known.items()}
    ours = [_words(new, [back[n] for n in one.ids if n in back]) for one in old.plain([text for text, _ in parallel])]
    found = found.clone()
    there = word_translations(zip(ours, lines[len(texts) :], strict=True), most=MOST)
    translated = [piece for piece in fresh if piece in there]
    for piece in translated:
        which, chances = there[piece]
        found[piece] = torch.from_numpy(chances).float() @ found[which]
    vectors, ids = contexts(lines)
    place_of, near = {n: place for place, n in enumerate(ids)}, {*known, *translated} - control
    anchors = [n for n in ids if n in near]
    of_anchors, rows = vectors[[place_of[n] for n in anchors]], found[anchors]
    for piece in fresh if anchors else ():
        if piece in place_of and piece not in there:
            best, places = (of_anchors @ vectors[place_of[piece]]).topk(min(MOST, len(anchors)))
            found[piece] = (SHARP * best).softmax(0) @ rows[places]
    return found[list(fresh)]


def _words(tokenizer: Tokenizer, ids: Sequence[int]) -> list[int]:
    """Return the pieces that say something: neither blank nor special."""
    return [n for n in ids if n not in tokenizer.control_ids and not tokenizer.is_blank(n)]


def contexts(lines: Sequence[Sequence[int]]) -> tuple[torch.Tensor, list[int]]:
    """Return vectors of length 1 for all pieces of `lines`, (pieces, WIDTH), and which pieces they are.

    Columns are the pieces nearby; positive pointwise mutual information, then the largest singular values
    (`latent_rows.factors`).
    """
    ids = sorted({n for line in lines for n in line})
    place = {n: number for number, n in enumerate(ids)}
    counts: dict[tuple[int, int], float] = {}
    for line in lines:
        here = [place[n] for n in line]
        for at, one in enumerate(here):
            for other in here[max(0, at - NEAR) : at] + here[at + 1 : at + 1 + NEAR]:
                counts[one, other] = counts.get((one, other), 0.0) + 1.0
    if not counts:
        return torch.zeros(len(ids), WIDTH), ids
    return factors(np.array([*counts]).T, np.array([*counts.values()]), (len(ids), len(ids)), width=WIDTH), ids
