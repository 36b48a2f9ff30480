from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections import Counter
from statistics import fmean

import pytest
from tests.corpus import SENTENCES
from tests.tokens.test_extend import NEW
from transformers import AutoTokenizer

from loanword.errors import UsageError
from loanword.tokens.extend import extended
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.train import balanced, shares, train
from loanword.tokens.vocabulary import Vocabulary

SIZES = {"unigram": 360, "bpe": 410, "wordpiece": 440}


@pytest.fixture(params=SIZES)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def trained(sentences):
    made = {kind: train({**sentences}, kind=kind, size=size, max_length=48) for kind, size in SIZES.items()}
    return made.__getitem__


def test_shares_by_hand():
    assert shares({"en": 900, "sw": 100}, alpha=1) == {"en": 0.9, "sw": 0.1}
    assert shares({"en": 900, "sw": 100}, alpha=0) == {"en": 0.5, "sw": 0.5}
    assert shares({"en": 900, "sw": 100, "none": 0}, alpha=0.5) == {"en": 0.75, "sw": 0.25}


@pytest.mark.parametrize("alpha", [0, 0.3, 0.7, 1])
def test_languages_are_as_many_characters_as_wanted(alpha):
    """Of texts of many lengths, on average over seeds; and about as many in all as were given."""
    texts = {
        "en": ["e" * (1 + n % 90) for n in range(2000)],
        "sw": ["s" * (1 + n % 70) for n in range(150)],
        "zu": ["z" * (1 + n % 50) for n in range(20)],
    }
    sizes = {tag: sum(map(len, lines)) for tag, lines in texts.items()}
    total = sum(sizes.values())
    counts = [Counter("".join(balanced(texts, alpha=alpha, seed=seed))) for seed in range(30)]
    for tag, wanted in shares(sizes, alpha=alpha).items():
        assert fmean(one[tag[0]] / total for one in counts) == pytest.approx(wanted, rel=0.04)
    assert fmean(one.total() for one in counts) == pytest.approx(total, rel=0.02)


def test_a_text_comes_as_often_as_any_other_of_its_language():
    texts = {"en": [f"e{n}" for n in range(100)] * 9, "sw": [f"s{n}" for n in range(100)]}
    counts = Counter(balanced(texts, alpha=0))
    assert {counts[text] for text in texts["sw"]} == {5}
    assert {counts[text] for text in texts["en"]} <= {*range(10)}
    assert [*balanced(texts, alpha=1)] == [*texts["en"], *texts["sw"]]


def test_balance_gives_a_small_language_its_pieces():
    texts = {"en": ["the kettle is still warm and the ferry is late"] * 400, "sw": ["habari ya asubuhi rafiki"] * 4}
    texts["en"] += [f"{one}{other}" for one in "bcdfgh" for other in ("ouse", "eter", "ailing", "orning")]
    found = {
        alpha: len(train(texts, kind="bpe", size=90, alpha=alpha).tokenize("habari ya asubuhi rafiki"))
        for alpha in (0, 1)
    }
    assert found[0] < found[1]


def test_saved_and_loaded_by_transformers_alone(kind, trained, sentences, tmp_path):
    made = trained(kind)
    made.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    assert len(again) == SIZES[kind]
    assert again.model_max_length == 48
    for lines in sentences.values():
        assert again(list(lines))["input_ids"] == made(list(lines))["input_ids"]


def test_special_pieces_and_frames_are_those_of_known_models(kind, trained):
    made = trained(kind)
    ids = made("warm", "soup")
    tokens = [made.convert_ids_to_tokens(n) for n in range(5)]
    begin, end = made.cls_token, made.sep_token
    plain = [made.tokenize(word) for word in ("warm", "soup")]
    found = made.convert_ids_to_tokens(ids["input_ids"])
    if kind == "wordpiece":
        assert tokens == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        assert found == [begin, *plain[0], end, *plain[1], end]
        assert ids["token_type_ids"] == [0] * (2 + len(plain[0])) + [1] * (1 + len(plain[1]))
    else:
        assert tokens == ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        assert found == [begin, *plain[0], end, end, *plain[1], end]
    assert made("warm")["input_ids"] == ids["input_ids"][: 2 + len(plain[0])]
    assert (made.bos_token, made.eos_token) == (begin, end)


def test_the_mask_takes_the_space_before_it_along(kind, trained):
    """As those of BERT and RoBERTa: what comes before it is cut as it always is."""
    made = trained(kind)
    ids = made(f"the {made.mask_token} soup", add_special_tokens=False)["input_ids"]
    parts = [made(word, add_special_tokens=False)["input_ids"] for word in ("the", "soup")]
    assert ids == [*parts[0], made.mask_token_id, *parts[1]]


def test_pieces_stand_where_they_come_from(kind, trained, sentences):
    """In their order, and together they are the text."""
    tokenizer = Tokenizer(trained(kind), max_length=48)
    for lines in sentences.values():
        for text, pieces in zip(lines, tokenizer.plain(lines), strict=True):
            places = {place for start, end in pieces.offsets for place in range(start, end)}
            assert {place for place, character in enumerate(text) if character != " "} <= places
            assert pieces.offsets == sorted(pieces.offsets)
            if kind != "wordpiece":
                assert tokenizer.text(pieces.ids) == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("kind", ["unigram", "bpe"])
def test_characters_of_texts_that_were_not_drawn_are_known(kind):
    texts = {"en": [*(f"the kettle is warm {n}" for n in range(200)), "ferry ☃"], "sw": ["habari"]}
    assert not any("☃" in text for text in balanced(texts, alpha=0))
    made = train(texts, kind=kind, size=44, alpha=0)
    assert made.unk_token_id not in made("☃")["input_ids"]


def test_text_is_prepared_as_sentencepiece_does(trained):
    made = trained("unigram")
    assert made.tokenize("warm  ｓｏｕｐ ") == made.tokenize("warm soup")


def made_here():
    """Tokenizers of all kinds, and what more pieces make of them."""
    found = []
    for kind, size in SIZES.items():
        made = train({**SENTENCES}, kind=kind, size=size)
        grown, pieces = extended(Vocabulary(Tokenizer(made, max_length=48)), NEW, size=40)
        found += [made.backend_tokenizer.to_str(), grown.fast.backend_tokenizer.to_str(), pieces]
    return found


def test_all_kinds_are_the_same_in_every_process():
    """The tables in which the trainers keep words are in another order in each."""
    script = "import json; from tests.tokens.test_train import made_here; print(json.dumps(made_here()))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert json.loads(done.stdout) == made_here() == made_here()


def test_impossible_sizes_are_refused_in_one_sentence(kind, sentences):
    for size, says in (
        (40, "40 pieces are too few for 245 different characters and 5 special"),
        (9000, "hold no more than"),
    ):
        with pytest.raises(UsageError, match=says) as told:
            train({**sentences}, kind=kind, size=size)
        assert "\n" not in str(told.value)


def test_wordpiece_needs_characters_twice(sentences):
    """At the beginning of a word and inside."""
    with pytest.raises(UsageError, match=r"300 pieces are too few: the characters of these texts alone make 4\d\d"):
        train({**sentences}, kind="wordpiece", size=300)


def test_characters_that_only_normalised_texts_have(sentences):
    """Korean in parts of syllables: few characters as it is written, many once they are put together."""
    syllables = [chr(0xAC00 + 28 * n) for n in range(300)]
    text = unicodedata.normalize("NFD", " ".join(syllables))
    with pytest.raises(UsageError, match=r"no tokenizer of 120 pieces can be trained|120 pieces are too few") as told:
        train({"ko": [text]}, kind="unigram", size=120)
    assert "\n" not in str(told.value)


def test_an_unknown_kind():
    with pytest.raises(UsageError, match="unknown kind of tokenizer 'word'; known: unigram, bpe, wordpiece"):
        train({"en": ["a"]}, kind="word")
