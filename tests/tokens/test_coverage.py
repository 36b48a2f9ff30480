from __future__ import annotations

import math
import random
import unicodedata
from collections import Counter

import pytest
from tests.tokens.families import write
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from loanword.tokens.coverage import covering, pieces_of
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

SOUNDS = {
    "en": ([*"bcdfghlmnprst", "th", "sh"], [*"aeiou", "ea"]),
    "ru": ([*"бвгджклмнпрст"], [*"аеиоуы"]),
    "el": ([*"βγδκλμνπρστ"], [*"αεηιοω"]),
}


def words(language, *, count=1500):
    """Words of a made-up language, the most frequent first."""
    draw = random.Random(language)
    starts, ends = SOUNDS[language]
    return ["".join(draw.choice(starts) + draw.choice(ends) for _ in range(draw.randint(1, 4))) for _ in range(count)]


def texts(language, *, count, seed):
    """Texts of its words, each as often as its rank says (Zipf)."""
    draw, known = random.Random(seed), words(language)
    weights = [1 / (10 + rank) for rank in range(len(known))]
    return [" ".join(draw.choices(known, weights, k=6)) for _ in range(count)]


def unigram(*more):
    """Whole words and parts of the words of three languages, as likely as they are frequent, and `more` pieces."""
    counts = Counter()
    for language in SOUNDS:
        for rank, word in enumerate(words(language)):
            spelt = f"▁{word}"
            parts = {spelt, *(spelt[at : at + size] for at in range(len(spelt)) for size in (1, 2, 3))}
            counts.update(dict.fromkeys(parts, 1000 // (10 + rank) + 1))
    scores = {
        piece: math.log(count / counts.total()) for piece, count in counts.items() if count > 1 or len(piece) == 1
    }
    vocab = [("<unk>", 0.0), ("<pad>", 0.0), *sorted(scores.items(), key=lambda item: (-item[1], item[0])), *more]
    backend = Backend(models.Unigram(vocab, unk_id=0))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", pad_token="<pad>")


@pytest.fixture(scope="module")
def vocabulary():
    made = Vocabulary(Tokenizer(unigram(), max_length=64))
    assert len(made) > 4000
    return made


def share_of(lines, ids, vocabulary):
    found = pieces_of(vocabulary.tokenizer, lines)
    there = vocabulary.closed(ids | vocabulary.needed)
    return sum(there.issuperset(one) for one in found) / len(found)


def test_the_share_holds_for_unseen_texts(vocabulary):
    given = {tag: texts(tag, count=300, seed=1) for tag in ("en", "ru")}
    found = covering(vocabulary, given, share=0.95)
    for tag, lines in given.items():
        one = found[tag]
        assert one.seen == set().union(*pieces_of(vocabulary.tokenizer, lines))
        unseen = texts(tag, count=2000, seed=2)
        assert share_of(unseen, {*one.seen}, vocabulary) < 0.8
        assert share_of(unseen, one.ids, vocabulary) >= 0.94
        assert len(one.ids) < 0.4 * len(vocabulary)


def test_more_is_the_same_and_then_some(vocabulary):
    """Likely pieces are in one order, of which a larger share takes more, and none was seen."""
    sizes, taken = [], ()
    for share in (0.5, 0.8, 0.95, 1.0):
        (found,) = covering(vocabulary, {"en": texts("en", count=200, seed=1)}, share=share).values()
        assert found.likely[: len(taken)] == taken
        assert not found.seen & {*found.likely}
        sizes.append(len(taken := found.likely))
    assert sizes == sorted({*sizes})


def test_no_text_alone_decides_how_many_there_are(vocabulary):
    """One of a hundred has words of another language: only who asks for all texts gets its pieces."""
    plain = texts("en", count=100, seed=1)
    odd = [*plain[:-1], texts("el", count=1, seed=1)[0]]
    sizes = [
        [len(covering(vocabulary, {"en": lines}, share=share)["en"].likely) for share in (0.99, 0.999, 1.0)]
        for lines in (plain, odd)
    ]
    assert sizes[1][0] == sizes[1][1] < 0.5 * sizes[1][2]
    assert sizes[1][2] > 1.5 * sizes[0][2]


def test_likely_pieces_are_spelt_like_the_language(vocabulary):
    for tag, script in (("en", "LATIN"), ("ru", "CYRILLIC"), ("el", "GREEK")):
        (found,) = covering(vocabulary, {tag: texts(tag, count=200, seed=1)}, share=0.9).values()
        likely = ["".join(filter(str.isalpha, vocabulary.pieces[n])) for n in found.likely]
        assert len(likely) > 50
        assert {piece for piece in likely if piece and not unicodedata.name(piece[0]).startswith(script)} == set()


def test_what_one_language_holds_is_there_for_all(vocabulary):
    """English words in Russian texts ask for no piece where English texts are given, too."""
    pairs = zip(texts("ru", count=200, seed=1), texts("en", count=200, seed=2), strict=True)
    mixed = [" ".join(pair) for pair in pairs]
    alone = covering(vocabulary, {"ru": mixed}, share=0.95)["ru"]
    beside = covering(vocabulary, {"ru": mixed, "en": texts("en", count=2000, seed=3)}, share=0.95)
    assert len(beside["ru"].likely) < 0.8 * len(alone.likely)
    assert not {*beside["ru"].likely} & beside["en"].seen


def test_the_order_of_languages_is_none(vocabulary):
    given = {tag: texts(tag, count=100, seed=1) for tag in SOUNDS}
    found = covering(vocabulary, given, share=0.9)
    assert covering(vocabulary, dict(reversed(given.items())), share=0.9) == found


@pytest.mark.parametrize("kind", ["wordpiece", "gemma"])
def test_tokenizers_without_scores(kind, fresh_tokenizer, sentences, tmp_path):
    """What they expect is told by rank; special pieces and bytes are never asked for."""
    fast = AutoTokenizer.from_pretrained(write("modernbert", tmp_path)) if kind == "gemma" else fresh_tokenizer(kind)
    vocabulary = Vocabulary(Tokenizer(fast, max_length=64))
    draw = random.Random(4)
    known = [word for line in sentences["en"] for word in line.split()]
    joined = [draw.choice(known) + draw.choice(known)[::-1] for _ in range(30)]
    (found,) = covering(vocabulary, {"en": joined}, share=1.0).values()
    assert found.likely
    assert not {*found.likely} & vocabulary.needed
    assert all(vocabulary.pieces[n].strip("#▁").isascii() for n in found.likely[:10])


def test_pieces_that_are_no_text_teach_no_spelling(vocabulary):
    """Texts with unknown characters hold <unk>, which is not spelt with the letters of its name."""
    plain = texts("ru", count=100, seed=1)
    (before,) = covering(vocabulary, {"ru": plain}, share=0.9).values()
    (after,) = covering(vocabulary, {"ru": [f"{line}☃" for line in plain]}, share=0.9).values()
    assert after.likely == before.likely


def test_pieces_that_are_no_text_are_not_looked_at(vocabulary):
    """Those of bytes, and those with the score 0 of certainty, which are cut out before anything else."""
    more = [*((f"<0x{byte:02X}>", -2.0) for byte in range(16)), ("<extra_id_0>", 0.0), ("<extra_id_1>", 0.0)]
    other = Vocabulary(Tokenizer(unigram(*more), max_length=64))
    given = {"en": texts("en", count=100, seed=1)}
    (before,), (after,) = (covering(one, given, share=0.9).values() for one in (vocabulary, other))
    assert after.likely == before.likely


def test_a_prefix_belongs_to_a_text(fresh_tokenizer):
    """Without a blank after it, it is one word with what follows."""
    tokenizer = Tokenizer(fresh_tokenizer("wordpiece"), prefix="the", max_length=64)
    (found,) = pieces_of(tokenizer, ["kettle is"])
    assert found == tokenizer.plain(["thekettle is"])[0].ids != tokenizer.plain(["the kettle is"])[0].ids
