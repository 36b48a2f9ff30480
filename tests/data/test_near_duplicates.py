"""MinHash against brute force over all pairs."""

import sys
import unicodedata
from functools import cache

import numpy as np
import pytest

from loanword.data.near_duplicates import SHINGLE, band_keys, bare, fold, min_hashes, near_duplicates, shingled

RNG = np.random.default_rng(7)
WORDS = ["".join(RNG.choice(list("abcdefghijklmnoprstuvwz"), size=RNG.integers(2, 9))) for _ in range(400)]


def sentence(rng, length=None):
    return " ".join(rng.choice(WORDS, size=length or rng.integers(5, 16)))


def variant(rng, text):
    """Change, drop or add a word or two: some variants stay above the threshold, some fall below."""
    words = text.split()
    for _ in range(rng.integers(1, 3)):
        place = rng.integers(len(words))
        words[place : place + 1] = [[], [rng.choice(WORDS)], [words[place], rng.choice(WORDS)]][rng.integers(3)]
    return " ".join(words)


@cache
def shingles(text):
    text = fold(text).ljust(SHINGLE)
    return {text[i : i + SHINGLE] for i in range(len(text) - SHINGLE + 1)}


def jaccard(one, other):
    shared = len(shingles(one) & shingles(other))
    return shared / (len(shingles(one)) + len(shingles(other)) - shared)


def test_recall_and_precision_against_brute_force():
    rng = np.random.default_rng(0)
    among = [sentence(rng) for _ in range(600)]
    texts = [variant(rng, among[rng.integers(len(among))]) for _ in range(300)] + [sentence(rng) for _ in range(100)]
    truth = {i for i, text in enumerate(texts) if any(jaccard(text, other) >= 0.8 for other in among)}
    found = near_duplicates(texts, among)
    assert 80 <= len(truth) <= 320
    assert set(found) <= truth  # precision 100 %: every pair is compared exactly
    assert len(truth & set(found)) >= 0.99 * len(truth)
    assert all(jaccard(texts[i], among[j]) >= 0.8 for i, j in found.items())


def test_recall_in_a_crowd_of_templates():
    """Thousands of near-paraphrases share bands with everything; the likeliest candidates are still compared."""
    rng = np.random.default_rng(1)
    rooms = [f"{a} {b} room" for a in WORDS[:30] for b in WORDS[30:60]]
    among = [f"please turn on the light in the {room} now" for room in rooms]
    texts = [text.replace("now", "now!") for text in rng.permutation(among)[:200]]
    truth = [i for i, text in enumerate(texts) if any(jaccard(text, other) >= 0.8 for other in among)]
    assert len(truth) == 200
    assert len(near_duplicates(texts, among)) >= 0.95 * len(truth)


def test_short_and_unspaced_texts():
    assert near_duplicates(["on", "关灯", "x"], ["ON ", "关灯", "y"]) == {0: 0, 1: 1}
    assert near_duplicates(["请把客厅的灯全部打开谢谢你了啊"], ["请把客厅的灯全部打开谢谢你了"]) == {0: 0}


@pytest.mark.parametrize(("texts", "among"), [([], ["a"]), (["a"], []), ([], [])])
def test_nothing_to_compare(texts, among):
    assert near_duplicates(texts, among) == {}


def test_lone_surrogates_and_empty_texts_do_not_break():
    assert near_duplicates(["\ud800 abc", ""], ["\ud800 abc", ""]) == {0: 0, 1: 1}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ　ｄ", "abc D"),
        ("ﬁn", "FIN"),
        ("straße", "STRASSE"),
        ("a\u00a0 b\n", "A b"),
        ("①", "1"),
        ("a\u200bb\ufeff", "ab"),
        ("so\u00adfa", "sofa"),
        ("\u202eabc\u202c", "ABC"),
    ],
)
def test_fold(one, other):
    assert fold(one) == fold(other)


def test_fold_is_idempotent_over_unicode():
    for block in range(0, 0x3000, 64):
        text = "".join(chr(point) for point in range(block, block + 64))
        assert fold(fold(text)) == fold(text)


def test_bare_texts_have_no_punctuation():
    assert bare("Turn it OFF!") == bare("¡turn it off") == bare("turn,it - off…") == "turn it off"
    assert bare("ＯＫ，好的。") == "ok 好的"
    assert bare("don\u2019t") == bare("don't") != bare("dont")
    assert bare(":-)") == ":-)" != bare("!")
    assert bare("") == ""


def test_fold_drops_what_has_no_shape_and_nothing_that_has():
    dropped = [chr(point) for point in range(sys.maxunicode + 1) if fold(f"a{chr(point)}a") == "aa"]
    assert len(dropped) > 100
    assert {unicodedata.category(character) for character in dropped} == {"Cf"}
    assert {"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"} <= set(dropped)


def test_min_hashes_agree_as_often_as_shingles_do():
    rng = np.random.default_rng(4)
    pairs = [(text, variant(rng, text)) for text in (sentence(rng, 30) for _ in range(60))]
    signatures = min_hashes(shingled([fold(text) for pair in pairs for text in pair]), count=400)
    agree = (signatures[::2] == signatures[1::2]).mean(axis=1)
    alike = np.array([jaccard(*pair) for pair in pairs])
    spread = np.sqrt(alike * (1 - alike) / 400)
    assert np.abs(agree - alike).max() < 5 * spread.max()
    assert abs((agree - alike).mean()) < 4 * spread.mean() / np.sqrt(len(pairs))


def test_a_band_has_one_key_and_other_bands_others():
    signatures = np.array([[1, 2, 3, 4], [1, 2, 9, 4], [3, 4, 1, 2]], dtype=np.uint32)
    keys = band_keys(signatures, deep=2)
    assert keys.shape == (3, 2)
    assert keys[0, 0] == keys[1, 0] == keys[2, 1]
    assert keys[0, 1] == keys[2, 0] != keys[1, 1]
    assert len(set(keys.ravel().tolist())) == 3
