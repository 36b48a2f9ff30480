from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loanword.errors import UsageError
from loanword.objectives.masking import LONGEST, STOP, Masking, _words, ratio_at, start_chance

SIZE, MASK = 200, 4
SPECIAL = 5


def masking(**options):
    never = np.arange(SIZE) < SPECIAL
    return Masking(
        mask_id=MASK, begins=lambda ids: ids % 3 == 0, never=never, others=np.arange(SPECIAL, SIZE), **options
    )


def hidden(how, *, ratio, rows=2000, length=50, seed=0):
    """Rows as they were and as they are shown, and which places were hidden."""
    rng = np.random.default_rng(seed)
    before = rng.integers(SPECIAL, SIZE, size=(rows, length))
    before[:, 0], before[:, -1] = 0, 2
    shown, places = np.empty_like(before), np.zeros(before.shape, dtype=bool)
    for row, ids in enumerate(before):
        shown[row], found = how.hide(ids, rng, ratio=ratio)
        places[row, found] = True
    return before, shown, places


@pytest.mark.parametrize("unit", ["piece", "word", "span"])
@pytest.mark.parametrize("ratio", [0.15, 0.4])
def test_shares_are_those_asked_for(unit, ratio):
    before, shown, places = hidden(masking(unit=unit), ratio=ratio)
    free = before >= SPECIAL
    assert not places[~free].any()
    # Words and spans come in clumps, so their number counts, not that of pieces.
    assert abs(places[free].mean() - ratio) < (0.004 if unit == "piece" else 0.012)

    old, new = before[places], shown[places]
    kept, masked = new == old, new == MASK
    count = len(old)
    clump = 1 if unit == "piece" else 4
    for seen, share in ((masked.mean(), 0.8), ((kept & ~masked).mean(), 0.1 + 0.1 / (SIZE - SPECIAL))):
        assert abs(seen - share) < 4 * np.sqrt(clump * share * (1 - share) / count)
    assert (shown == before)[~places].all()


def test_a_hundred_thousand_pieces_are_as_bert_says():
    """Chi-squared of masked, other, same and untouched pieces at the 0.1 % level; other pieces are uniform."""
    before, shown, places = hidden(masking(), ratio=0.15, rows=2100)
    free = before >= SPECIAL
    assert free.sum() > 100_000
    masked, same = shown[free] == MASK, shown[free] == before[free]
    chosen = places[free]
    counts = [masked.sum(), (chosen & ~masked & ~same).sum(), (chosen & same).sum(), (~chosen).sum()]
    hit = 0.1 / (SIZE - SPECIAL)
    expected = np.array([0.15 * 0.8, 0.15 * (0.1 - hit), 0.15 * (0.1 + hit), 0.85]) * free.sum()
    assert stats.chisquare(counts, expected).pvalue > 0.001
    others = shown[free][chosen & ~masked & ~same]
    assert stats.chisquare(np.bincount(others, minlength=SIZE)[SPECIAL:]).pvalue > 0.001


def test_neighbouring_pieces_are_independent():
    _, _, places = hidden(masking(), ratio=0.15)
    pairs = places[:, 1:-2], places[:, 2:-1]
    both = (pairs[0] & pairs[1]).mean()
    assert abs(both - 0.15**2) < 4 * np.sqrt(0.15**2 / pairs[0].size)


def test_words_are_hidden_whole_and_share_their_fate():
    how = masking(unit="word")
    before, shown, places = hidden(how, ratio=0.2)
    for ids, seen, found in zip(before, shown, places, strict=True):
        words = _words(how.begins(ids) | how.never[ids])
        for first in np.unique(words[1:-1]):
            inside = (words == first) & ~how.never[ids]
            assert found[inside].all() or not found[inside].any()
            assert len({*(seen[inside] == MASK)}) <= 1


def test_span_lengths_are_geometric():
    """Runs of masked pieces that no other span touches, at a ratio so low that spans seldom meet."""
    _, _, places = hidden(masking(unit="span"), ratio=0.02, rows=20_000)
    runs = []
    for row in places:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row[1:-1].astype(int), [0]])))
        inner = [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start and end < 48]
        runs += [end - start for start, end in inner]
    lengths = np.bincount(runs, minlength=LONGEST + 1)[1 : LONGEST + 1]
    # A run that ends at an edge is left out, and the longer it is the likelier; the shape of short ones must hold.
    shares = lengths[:4] / lengths[:4].sum()
    wanted = (1 - STOP) ** np.arange(4) * STOP
    wanted *= 48 - np.arange(1, 5)
    assert np.abs(shares - wanted / wanted.sum()).max() < 0.02


@given(st.floats(0.01, 0.9))
def test_spans_cover_the_ratio(ratio):
    inside = 1 - np.prod(1 - start_chance(ratio) * (1 - STOP) ** np.arange(LONGEST))
    assert inside == pytest.approx(ratio, abs=1e-9)


def test_long_words_are_cut():
    starts = np.zeros(25, dtype=bool)
    starts[0] = starts[3] = True
    assert [*_words(starts)] == [0] * 3 + [3] * LONGEST + [13] * LONGEST + [23] * 2


def test_a_schedule_falls_in_steps():
    schedule = ((0.0, 0.3), (0.8, 0.15), (0.95, 0.05))
    assert [ratio_at(schedule, done) for done in (0.0, 0.79, 0.8, 0.94, 0.95, 1.0)] == [
        0.3,
        0.3,
        0.15,
        0.15,
        0.05,
        0.05,
    ]


def test_what_cannot_be_is_refused():
    with pytest.raises(UsageError, match="unknown unit of masking 'letter'; known: piece, word, span"):
        masking(unit="letter")
    with pytest.raises(UsageError, match="must lie in 0 to 1 together"):
        masking(masked=0.8, random=0.3)
