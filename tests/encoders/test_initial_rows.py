from __future__ import annotations

import numpy as np
import pytest
import torch

from loanword.encoders.initial_rows import contexts, script_of, starting_table
from loanword.errors import UsageError
from loanword.tokens.extend import extended
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

TEXTS = ["ⴰⵎⴰⵏ ⴷ ⴰⵖⵔⵓⵎ", "ⴰⵎⴰⵏ ⴷ ⵓⴷⵉ", "ⴰⵖⵔⵓⵎ ⴷ ⵓⴷⵉ"] * 6


@pytest.fixture
def made(fresh_tokenizer):
    old = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    new, pieces = extended(Vocabulary(old), TEXTS, size=40)
    torch.manual_seed(0)
    table = torch.randn(len(old), 12) + 3.0
    return old, new, pieces, table


class Grown:
    """A tokenizer that is said to have some pieces more."""

    def __init__(self, old, pieces):
        self.old, self.more, self.fast = old, pieces, old.fast

    def __len__(self):
        return len(self.old) + len(self.more)

    def token(self, n):
        return self.old.token(n) if n < len(self.old) else self.more[n - len(self.old)]


def starting_rows(table, old, new, **options):
    """Return the rows of new pieces, where the old ones keep their numbers."""
    found = starting_table(table, old, new, {n: n for n in range(len(old))}, **options)
    assert torch.equal(found[: len(old)], table[: len(old)])
    return found[len(old) :]


@pytest.mark.parametrize("how", ["random", "mean", "pieces", "script", "similar"])
def test_every_new_piece_has_a_row_of_a_usual_size(made, how):
    old, new, pieces, table = made
    rows = starting_rows(table, old, new, how=how, texts=TEXTS)
    assert rows.shape == (len(pieces), 12)
    assert rows.isfinite().all()
    usual = table.norm(dim=1).mean()
    assert 0.4 * usual < rows.norm(dim=1).mean() < 1.6 * usual
    again = starting_rows(table, old, new, how=how, texts=TEXTS)
    assert torch.allclose(rows, again, atol=1e-4)  # Singular vectors may differ in their last digits.


def test_mean_and_random_are_those_of_the_table(made):
    old, new, pieces, table = made
    known = table[[n for n in range(len(old)) if n not in {*old.control_ids}]]
    assert torch.allclose(starting_rows(table, old, new, how="mean"), known.mean(0).expand(len(pieces), -1))
    many = starting_rows(table, old, Grown(old, pieces * 200), how="random")
    assert torch.allclose(many.mean(0), known.mean(0), atol=0.1)
    assert torch.allclose(many.std(0), known.std(0), rtol=0.1)


def test_a_piece_of_old_pieces_is_their_mean(made):
    old, _, _, table = made
    word = "".join(old.token(n).replace("▁", " ") for n in old.plain(["warm kettle"])[0].ids).strip()
    ids = [n for n in old.plain([word])[0].ids if not old.is_blank(n)]
    (row,) = starting_rows(table, old, Grown(old, [word]), how="pieces")
    assert torch.allclose(row, table[ids].mean(0))


def test_scripts_have_rows_of_their_own(made):
    old, _, _, table = made
    for number in range(len(old)):
        if script_of(old.token(number)) == "Cyrl":
            table[number] = 50.0
    rows = starting_rows(table, old, Grown(old, ["шкаф", "zebra"]), how="script")
    assert torch.allclose(rows[0], torch.full((12,), 50.0))
    assert rows[1].mean() < 10


def test_translations_lead_to_the_right_pieces(made, sentences):
    """A new word that stands wherever an old one stands in the translations starts near it."""
    old, new, pieces, table = made
    parallel = [("kettle", "ⴰⵎⴰⵏ"), ("ferry", "ⵓⴷⵉ"), ("violin", "ⴰⵖⵔⵓⵎ")] * 8
    rows = starting_rows(table, old, new, how="similar", texts=[], parallel=parallel)
    place = {piece: n for n, piece in enumerate(pieces)}
    for ours, theirs in parallel[:3]:
        own = [n for n in old.plain([ours])[0].ids if not old.is_blank(n)]
        ids = [n for n in new.plain([theirs])[0].ids if n >= len(old)]
        mine = torch.stack([rows[place[new.token(n)]] for n in ids]).mean(0)
        near = torch.nn.functional.cosine_similarity(mine, table[own].mean(0), dim=0)
        far = [
            torch.nn.functional.cosine_similarity(mine, table[list(old.plain([other])[0].ids)].mean(0), dim=0)
            for other, _ in parallel[:3]
            if other != ours
        ]
        assert near > max(far)


def test_contexts_are_positive_mutual_information():
    """The products of the vectors are the matrix that brute force counts, where nothing is left out."""
    lines = [[1, 2, 3], [1, 2, 4]]
    vectors, ids = contexts(lines)
    assert ids == [1, 2, 3, 4]
    assert torch.allclose(vectors.norm(dim=1), torch.ones(4), atol=1e-4)
    # 3 and 4 stand in the same places.
    assert float(vectors[2] @ vectors[3]) == pytest.approx(1.0, abs=1e-3)
    assert np.isfinite(vectors.numpy()).all()


def test_unknown_starts_are_refused(made):
    old, new, _, table = made
    with pytest.raises(UsageError, match="unknown start 'zeros'; known: random, mean, pieces, script, similar"):
        starting_rows(table, old, new, how="zeros")
