"""Where the vectors of new pieces start: from those of old ones, so that little has to be learned.

"random"    numbers of the table's own size
"mean"      the mean of all old rows
"pieces"    the mean of the old pieces that a new one was cut into
"script"    drawn from the rows of pieces of the same script (Downey et al. 2023, "Embedding Structure Matters")
"similar"   the weighted mean of the old pieces that are most like a new one in texts of the language: by the words
            around it (Dobler and de Melo 2023, FOCUS) and, with translations, by what stands in the other language
            (Minixhofer et al. 2022, WECHSEL, with a space of its own from the text at hand)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
import torch

from loanword.errors import UsageError
from loanword.language.identify import NAMED
from loanword.randomness import generator
from loanword.tokens.tokenizer import Tokenizer

Start = Literal["random", "mean", "pieces", "script", "similar"]
NEAR = 2
"""Pieces on either side that say what a piece is like."""
WIDTH = 100
"""Numbers of a vector that says what a piece is like."""
SHARP = 10.0
"""How much more the likest pieces count than others."""
MOST = 10
"""Old pieces that a new one is made of, at most."""


def starting_rows(
    table: torch.Tensor,
    old: Tokenizer,
    new: Tokenizer,
    pieces: Sequence[str],
    *,
    how: Start,
    texts: Sequence[str] = (),
    parallel: Sequence[tuple[str, str]] = (),
    seed: int = 0,
) -> torch.Tensor:
    """Return rows (pieces, width) for new `pieces`, the last of `new`, from the `table` of the `old` tokenizer.

    `texts` are of the language, `parallel` pairs of a text of a language that the model knows and its translation.
    """
    if how not in get_args(Start):
        raise UsageError(f"unknown start '{how}'; known: {', '.join(get_args(Start))}")
    rows = table.detach().float()
    known = rows[[n for n in range(len(old)) if n not in {*old.control_ids}]]
    centre = known.mean(0)
    if how == "mean":
        return centre.expand(len(pieces), -1).clone()
    if how == "random":
        return _drawn(known, len(pieces), seed=seed)
    if how == "script":
        return _by_script(rows, old, pieces, known, seed=seed)
    cut = _cut(rows, old, pieces, centre)
    return cut if how == "pieces" else _similar(rows, old, new, pieces, cut, texts=texts, parallel=parallel)


def _drawn(known: torch.Tensor, count: int, *, seed: int, name: str = "") -> torch.Tensor:
    """Draw rows from the Gaussian, one number apart from the other, that `known` rows look like."""
    rng = generator(seed, "rows", name)
    noise = torch.from_numpy(rng.standard_normal((count, known.shape[1]))).float()
    return known.mean(0) + noise * known.std(0)


def _cut(rows: torch.Tensor, old: Tokenizer, pieces: Sequence[str], centre: torch.Tensor) -> torch.Tensor:
    """Return the mean row of the old pieces of each new one; that of all rows where it has none that is known."""
    unknown = {old.unknown_id, *old.control_ids}
    spelt = old.plain([piece.removeprefix("##").replace("▁", " ").replace("Ġ", " ") for piece in pieces])
    found = []
    for one in spelt:
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
        scripts.setdefault(script_of(old.token(number)), []).append(number)
    wanted = [script_of(piece) for piece in pieces]
    found = torch.empty(len(pieces), rows.shape[1])
    for script in {*wanted}:
        here = [place for place, one in enumerate(wanted) if one == script]
        like = rows[scripts[script]] if len(scripts.get(script, ())) > 1 else known
        found[here] = _drawn(like, len(here), seed=seed, name=script)
    return found


def _similar(
    rows: torch.Tensor,
    old: Tokenizer,
    new: Tokenizer,
    pieces: Sequence[str],
    cut: torch.Tensor,
    *,
    texts: Sequence[str],
    parallel: Sequence[tuple[str, str]],
) -> torch.Tensor:
    """Return for each new piece the mean of the old pieces that are likest, weighed by how like they are."""
    lines = [one.ids for one in new.plain([*texts, *(theirs for _, theirs in parallel)])]
    pairs = [
        (one.ids, other.ids)
        for one, other in zip(
            old.plain([ours for ours, _ in parallel]), new.plain([theirs for _, theirs in parallel]), strict=True
        )
    ]
    vectors, ids = contexts(lines, pairs)
    control, first = {*old.control_ids}, len(old)
    place_of = {n: place for place, n in enumerate(ids)}
    anchors = [place for place, n in enumerate(ids) if n < first and n not in control and not old.is_blank(n)]
    found = cut.clone()
    if not anchors:
        return found
    at = torch.tensor(anchors)
    there = vectors[at]
    own = rows[torch.tensor([ids[place] for place in anchors])]
    length = rows[[n for n in range(first) if n not in control]].norm(dim=1).mean()
    for number in range(len(pieces)):
        place = place_of.get(first + number)
        if place is None:
            continue
        likeness = there @ vectors[place]
        best, which = likeness.topk(min(MOST, len(likeness)))
        mixed = (SHARP * best).softmax(0) @ own[which]
        found[number] = mixed * (length / mixed.norm().clamp(min=1e-6))
    return found


def contexts(
    lines: Sequence[Sequence[int]], pairs: Sequence[tuple[Sequence[int], Sequence[int]]]
) -> tuple[torch.Tensor, list[int]]:
    """Return vectors of length 1 for all pieces of `lines` and `pairs`, (pieces, WIDTH), and which pieces they are.

    Columns are the pieces nearby and the pairs that a piece is in, on either side; positive pointwise mutual
    information, then the largest singular values (Levy and Goldberg 2014; for pairs Søgaard et al. 2015).
    """
    ids = sorted({n for line in lines for n in line} | {n for pair in pairs for side in pair for n in side})
    place = {n: number for number, n in enumerate(ids)}
    counts: dict[tuple[int, int], float] = {}
    for line in lines:
        here = [place[n] for n in line]
        for at, one in enumerate(here):
            for other in here[max(0, at - NEAR) : at] + here[at + 1 : at + 1 + NEAR]:
                counts[one, other] = counts.get((one, other), 0.0) + 1.0
    for number, pair in enumerate(pairs):
        for side in pair:
            for n in {*side}:
                counts[place[n], len(ids) + number] = counts.get((place[n], len(ids) + number), 0.0) + 1.0
    if not counts:
        return torch.zeros(len(ids), WIDTH), ids
    where = np.array([*counts]).T
    values = np.array([*counts.values()])
    total = values.sum()
    by_row, by_column = (np.bincount(side, weights=values, minlength=len(ids) + len(pairs)) for side in where)
    information = np.log(values * total / (by_row[where[0]] * by_column[where[1]]))
    kept = information > 0
    matrix = torch.sparse_coo_tensor(
        torch.from_numpy(where[:, kept].copy()),
        torch.from_numpy(information[kept]).float(),
        (len(ids), len(ids) + len(pairs)),
        check_invariants=True,
    ).coalesce()
    width = min(WIDTH, len(ids), len(ids) + len(pairs))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        left, strength, _ = torch.svd_lowrank(matrix, q=width, niter=4)
    return torch.nn.functional.normalize(left * strength.sqrt(), dim=1), ids
