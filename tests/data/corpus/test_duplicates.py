"""What is taken for a copy, against folding and against the Jaccard index of the shingles themselves."""

import numpy as np
import pytest

from loanword.data.corpus.duplicates import ExactDuplicates, NearDuplicates, key_of
from loanword.data.near_duplicates import SHINGLE, fold

WORDS = ["".join(row) for row in np.random.default_rng(3).choice(list("abcdefghijklmnoprstuvwz"), size=(4000, 6))]


def shingles(text):
    return {text[place : place + SHINGLE] for place in range(len(text) - SHINGLE + 1)}


def jaccard(one, other):
    first, second = shingles(one), shingles(other)
    return len(first & second) / len(first | second)


def pair(rng, changes):
    """A text, and one in which about so many of its 40 words are others."""
    words, others = rng.choice(WORDS, size=(2, 40)).tolist()
    kept = rng.random(40) > changes / 40
    return " ".join(words), " ".join(one if stays else new for one, new, stays in zip(words, others, kept, strict=True))


def test_exact_copies_are_those_that_fold_alike():
    exact, seen = ExactDuplicates(), set()
    texts = [
        "One goat",
        "one  GOAT",
        "ｏｎｅ goat",
        "one goat!",
        "on\u00ade goat",
        "茶壶",
        "茶壶 ",
        "茶 壶",
        "Straße",
        "STRASSE",
        "",
    ]
    for text in texts:
        folded = fold(text)
        assert exact.is_new(key_of(folded)) == (folded not in seen), text
        seen.add(folded)
    assert len(exact) == len(seen) == 6


def test_the_state_is_as_large_as_is_said():
    exact = ExactDuplicates()
    assert exact.bytes_per_document == exact.bytes > 0
    for number in range(30_000):
        exact.is_new(key_of(f"text {number}"))
    assert exact.bytes_per_document == exact.bytes / 30_000
    assert 9.9 < exact.bytes_per_document < 12.6
    near = NearDuplicates()
    rng = np.random.default_rng(0)
    near.are_new([" ".join(rng.choice(WORDS, size=8)) for _ in range(2000)])
    assert len(near) > 1990
    assert 14 * 9.9 < near.bytes_per_document < 14 * 12.6


def test_keys_are_the_same_everywhere():
    assert key_of("one goat") == key_of("one goat") != key_of("one goats")
    assert all(0 <= key_of(str(number)) < 2**64 for number in range(100))
    high = np.array([key_of(str(number)) / 2**64 for number in range(4000)])
    assert abs(high.mean() - 0.5) < 4 * (1 / 12 / 4000) ** 0.5


@pytest.mark.parametrize(("bands", "deep"), [(14, 8), (6, 4)])
def test_copies_are_missed_and_others_dropped_as_often_as_is_said(bands, deep):
    """By similarity, the share of pairs that is found lies where chance puts it."""
    rng = np.random.default_rng(bands)
    pairs = [pair(rng, changes) for changes in (1, 2, 4, 6, 9, 14, 20) for _ in range(160)]
    near = NearDuplicates(bands=bands, deep=deep)
    assert sum(near.are_new([one for one, _ in pairs])) > 0.98 * len(pairs)
    found = ~np.array(near.are_new([other for _, other in pairs]))
    alike = np.array([jaccard(one, other) for one, other in pairs])
    chance = np.array([near.chance(similarity) for similarity in alike])
    groups = np.digitize(alike, [0.3, 0.45, 0.6, 0.75, 0.88])
    assert np.bincount(groups).min() > 30
    for group in range(6):
        expected, drawn = chance[groups == group], found[groups == group]
        spread = (expected * (1 - expected)).sum() ** 0.5
        assert abs(drawn.sum() - expected.sum()) < 4 * spread + 1, group


def test_the_chances_that_are_written_down():
    near = NearDuplicates()
    for similarity, chance in ((0.3, 0.001), (0.5, 0.05), (0.6, 0.21), (0.7, 0.56), (0.8, 0.92), (0.9, 0.9996)):
        assert near.chance(similarity) == pytest.approx(chance, abs=0.5 * 10 ** -len(str(chance).split(".")[1]))
    assert (near.chance(0), near.chance(1)) == (0, 1)


def test_the_first_stays_whatever_comes_together():
    rng = np.random.default_rng(5)
    texts = [text for changes in (1, 3, 8) for _ in range(40) for text in pair(rng, changes)]
    whole = NearDuplicates().are_new(texts)
    one, some = NearDuplicates(), NearDuplicates()
    assert [one.are_new([text])[0] for text in texts] == whole
    assert [new for start in range(0, 240, 7) for new in some.are_new(texts[start : start + 7])] == whole
    assert 130 < sum(whole) < 230
    assert all(whole[::2])


def test_what_is_dropped_leaves_nothing_behind():
    base = " ".join(WORDS[:60])
    near = NearDuplicates()
    assert near.are_new([base, base.replace(WORDS[30], "goat"), base]) == [True, False, False]
    assert len(near) == 1
    assert near.are_new([]) == []
    assert near.are_new(["", "x"]) == [True, True]


def test_of_a_very_long_text_the_beginning_counts(monkeypatch):
    monkeypatch.setattr("loanword.data.corpus.duplicates.COMPARED", 200)
    base = " ".join(WORDS[:60])
    assert NearDuplicates().are_new([base, base[:200] + " ".join(WORDS[100:200])]) == [True, False]
