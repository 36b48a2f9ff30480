from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus import SENTENCES
from tests.tiny import TOKENIZER_KINDS
from tests.tokens.families import FAMILIES, write
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers, processors
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from loanword.errors import ModelError
from loanword.tokens.tokenizer import Pieces, Tokenizer
from loanword.tokens.vocabulary import Vocabulary, characters, spelt


@pytest.fixture
def tokenizer(tokenizer_kind, fresh_tokenizer):
    return Tokenizer(fresh_tokenizer(tokenizer_kind), prefix="query: ", max_length=64)


def mixed(sentences, *, count, seed):
    """Texts of words from all six languages, some joined, some cut: many ways to be cut into pieces."""
    draw = random.Random(seed)
    words = [word for lines in sentences.values() for line in lines for word in line.split()]
    return [
        "".join(draw.choice(words)[: draw.randint(1, 9)] + draw.choice(" ") for _ in range(6)) for _ in range(count)
    ]


@pytest.fixture(scope="module")
def vocabularies(tmp_path_factory, fresh_tokenizer):
    """The vocabularies of tokenizers of every kind and family."""
    made = {kind: fresh_tokenizer(kind) for kind in TOKENIZER_KINDS}
    for family in FAMILIES:
        made[family] = AutoTokenizer.from_pretrained(write(family, tmp_path_factory.mktemp(family)))
    return {name: Vocabulary(Tokenizer(fast, prefix="query: ", max_length=64)) for name, fast in made.items()}


WORDS = sorted({word for lines in SENTENCES.values() for line in lines for word in line.split()})
STRANGE = "☃ß\u200d\u0301①ﬁ\t\n<mask>"


@given(
    name=st.sampled_from([*TOKENIZER_KINDS, *FAMILIES]),
    stay=st.integers(0, 2**32),
    share=st.floats(0, 1),
    texts=st.lists(
        st.lists(st.one_of(st.sampled_from(WORDS), st.text(st.sampled_from("".join(WORDS) + STRANGE), max_size=6))),
        min_size=1,
        max_size=8,
    ),
)
@settings(max_examples=120, deadline=None)
def test_whatever_stays_covered_texts_are_cut_as_before(vocabularies, name, stay, share, texts):
    """Pieces drawn by chance stay, and those of some of the texts; the others lose pieces, or happen not to."""
    vocabulary = vocabularies[name]
    draw = random.Random(stay)
    lines = [draw.choice(("", " ")).join(words) for words in texts]
    before = vocabulary.tokenizer.plain(lines)
    kept = 1 + len(lines) // 2
    ids = {n for n in vocabulary.pieces if draw.random() < share}.union(*(pieces.ids for pieces in before[:kept]))

    small, old = vocabulary.trimmed(ids)

    assert set(old) == vocabulary.closed(ids | vocabulary.needed)
    assert [vocabulary.pieces[n] for n in old] == [small.token(n) for n in range(len(small))]
    covered = [row for row, pieces in enumerate(before) if {*pieces.ids} <= {*old}]
    assert covered[:kept] == list(range(kept))
    after = [Pieces([old[n] for n in pieces.ids], pieces.offsets) for pieces in small.plain(lines)]
    assert [after[row] for row in covered] == [before[row] for row in covered]


def test_texts_whose_pieces_stay_are_cut_as_before(tokenizer, sentences):
    texts = mixed(sentences, count=2000, seed=1)
    before = [pieces.ids for pieces in tokenizer.plain(texts)]
    stay = {n for ids in before[:200] for n in ids}

    small, old = Vocabulary(tokenizer).trimmed(stay)

    after = [[old[n] for n in pieces.ids] for pieces in small.plain(texts)]
    covered = [set(ids) <= set(old) for ids in before]
    assert 200 < sum(covered) < len(texts)
    assert [ids for ids, there in zip(after, covered, strict=True) if there] == [
        ids for ids, there in zip(before, covered, strict=True) if there
    ]
    assert len(small) == len(old) < len(tokenizer)


def test_frames_prefixes_and_special_tokens_stay(tokenizer, sentences):
    texts = list(sentences["en"])
    stay = {n for pieces in tokenizer.plain(texts) for n in pieces.ids}
    small, old = Vocabulary(tokenizer).trimmed(stay)

    for pairs in (None, texts[::-1]):
        before = tokenizer.encode(texts, languages=["en"] * len(texts), pairs=pairs)
        after = small.encode(texts, languages=["en"] * len(texts), pairs=pairs)
        assert [[old[n] for n in item.ids] for item in after] == [item.ids for item in before]
        assert [item.types for item in after] == [item.types for item in before]
    for name in ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"):
        assert getattr(small.fast, name) == getattr(tokenizer.fast, name)
        assert old[getattr(small.fast, f"{name}_id")] == getattr(tokenizer.fast, f"{name}_id")


def test_saved_and_loaded_by_transformers_alone(tokenizer, sentences, tmp_path):
    texts = list(sentences["ru"])
    small, _ = Vocabulary(tokenizer).trimmed({n for pieces in tokenizer.plain(texts) for n in pieces.ids})
    small.save(tmp_path)
    again = AutoTokenizer.from_pretrained(str(tmp_path))
    expected = [item.ids for item in small.encode(texts, languages=["ru"] * len(texts))]
    assert again([f"query: {text}" for text in texts])["input_ids"] == expected
    assert len(again) == len(small)


@pytest.mark.parametrize("family", FAMILIES)
def test_tokenizers_of_well_known_encoders(family, tmp_path, sentences):
    """Cut, framed and saved as before; read back by transformers, which looks at the configuration of the model."""
    stock = AutoTokenizer.from_pretrained(write(family, tmp_path / "whole"))
    texts, others = list(sentences["en"]), list(sentences["en"][::-1])
    expected = stock(texts, others)
    tokenizer = Tokenizer(stock, max_length=64)
    small, old = Vocabulary(tokenizer).trimmed({n for pieces in tokenizer.plain(texts) for n in pieces.ids})

    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "config.json").write_bytes((tmp_path / "whole" / "config.json").read_bytes())
    small.save(folder)
    again = AutoTokenizer.from_pretrained(folder)
    found = again(texts, others)
    assert [[old[n] for n in row] for row in found["input_ids"]] == expected["input_ids"]
    assert {**found, "input_ids": 0} == {**expected, "input_ids": 0}
    assert len(again) == len(old) < 0.6 * len(stock)
    for name in ("all_special_tokens", "extra_special_tokens", "model_input_names", "padding_side", "model_max_length"):
        assert getattr(again, name) == getattr(stock, name), name
    assert again.decode(found["input_ids"][0], skip_special_tokens=True) == stock.decode(
        expected["input_ids"][0], skip_special_tokens=True
    )


def test_bytes_and_added_pieces_stay(vocabularies):
    """A character without a piece is still written in bytes, and what was added beside the model is still there."""
    vocabulary = vocabularies["modernbert"]
    small, old = vocabulary.trimmed([])
    pieces = {vocabulary.pieces[n] for n in old}
    assert {"<0x00>", "<0xFF>", "\n\n", "<table>", "<turn>", "<mask>"} <= pieces
    assert small.pieces("☃") == ["<0xE2>", "<0x98>", "<0x83>"]
    assert small.fast.extra_special_tokens == ["<turn>"]


def test_all_bytes_of_a_byte_level_model_stay(fresh_tokenizer):
    small, _ = Vocabulary(Tokenizer(fresh_tokenizer("bpe"), max_length=64)).trimmed([])
    assert small.text(small.plain(["☃ ist ß"])[0].ids) == "☃ ist ß"


FRAMES = {
    "template": lambda cls, sep: processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[cls, sep]
    ),
    "roberta": lambda cls, sep: processors.RobertaProcessing(sep, cls),
    "sequence": lambda cls, sep: processors.Sequence([processors.ByteLevel(), processors.BertProcessing(sep, cls)]),
}


@pytest.mark.parametrize("frame", FRAMES)
def test_special_pieces_may_have_any_number(frame, fresh_tokenizer, sentences, tmp_path):
    """Here the last ones; also where the file itself pads and cuts texts, as those of sentence encoders do."""
    whole, names = fresh_tokenizer("wordpiece"), ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    order = sorted(whole.get_vocab().items(), key=lambda item: -item[1])
    backend = Backend(models.WordPiece({piece: n for n, (piece, _) in enumerate(order)}, unk_token="[UNK]"))
    backend.normalizer = whole.backend_tokenizer.normalizer
    backend.pre_tokenizer = whole.backend_tokenizer.pre_tokenizer
    backend.add_special_tokens(list(names))
    numbers = {name: backend.token_to_id(name) for name in names}
    backend.post_processor = FRAMES[frame](*((name, numbers[name]) for name in ("[CLS]", "[SEP]")))
    backend.enable_padding(pad_id=numbers["[PAD]"], pad_token="[PAD]", length=12)
    backend.enable_truncation(9)
    expected = [backend.encode(text).tokens for text in sentences["en"]]
    assert all(row[-3:] == ["[PAD]"] * 3 for row in expected)
    roles = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), names, strict=True))
    tokenizer = Tokenizer(PreTrainedTokenizerFast(tokenizer_object=backend, **roles), max_length=64)

    small, old = Vocabulary(tokenizer).trimmed({n for one in tokenizer.plain(sentences["en"]) for n in one.ids})

    assert len(old) < numbers["[PAD]"]
    texts, languages = sentences["en"][:2], ["en"] * 2
    for pairs in (None, texts[::-1]):
        before, after = (one.encode(texts, languages=languages, pairs=pairs) for one in (tokenizer, small))
        assert [[old[n] for n in item.ids] for item in after] == [item.ids for item in before]
    small.save(tmp_path)
    again = Backend.from_file(str(tmp_path / "tokenizer.json"))
    assert [again.encode(text).tokens for text in sentences["en"]] == expected
    assert again.padding["pad_id"] == again.token_to_id("[PAD]")


def test_merges_of_older_files(fresh_tokenizer, sentences):
    """They write a merge as one string with a blank inside."""
    texts = list(sentences["en"])
    newer, older = (Vocabulary(Tokenizer(fresh_tokenizer("bpe"), max_length=64)) for _ in range(2))
    older.content["model"]["merges"] = [" ".join(merge) for merge in newer.content["model"]["merges"]]
    ids = {n for pieces in older.tokenizer.plain(texts) for n in pieces.ids}
    assert older.closed(ids) == newer.closed(ids) > ids
    (one, old), (other, same) = older.trimmed(ids), newer.trimmed(ids)
    assert old == same
    assert one.fast.backend_tokenizer.to_str() == other.fast.backend_tokenizer.to_str()


def test_merges_inside_of_words_may_have_a_mark():
    """BPE with the mark of WordPiece: the second part of a merge loses it."""
    words = {"[UNK]": 0, "[PAD]": 1, "a": 2, "##b": 3, "ab": 4, "##c": 5, "abc": 6, "b": 7, "c": 8}
    backend = Backend(
        models.BPE(words, [("a", "##b"), ("ab", "##c")], unk_token="[UNK]", continuing_subword_prefix="##")
    )
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]")
    vocabulary = Vocabulary(Tokenizer(fast, max_length=64))
    small, old = vocabulary.trimmed([6])
    assert [vocabulary.pieces[n] for n in old] == ["[UNK]", "[PAD]", "a", "##b", "ab", "##c", "abc"]
    assert small.pieces("abc ab") == ["abc", "ab"]


def test_numbers_that_cannot_be_kept_are_told(fresh_tokenizer, monkeypatch):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    vocabulary = Vocabulary(tokenizer)
    vocabulary.pieces[9] = "something else"
    with pytest.raises(
        ModelError, match=r"numbers its pieces in a way that is not known here \('something else' moved\)"
    ):
        vocabulary.trimmed([9])


def test_an_unknown_character_costs_what_it_did():
    """Of a Unigram model whose least likely piece went, a text would rather be cut into unknown ones."""
    scores = {"<unk>": 0, "ab": -20, "cd": -20, "bcd": -1, "a": -39.5, "b": -39.5, "c": -39.5, "d": -39.5, "z": -60}

    def cut(names):
        return Backend(models.Unigram([(name, scores[name]) for name in names], unk_id=0)).encode("abcd").tokens

    assert cut(scores) == ["ab", "cd"]
    assert cut(["<unk>", "ab", "cd", "bcd"]) == ["a", "bcd"]
    backend = Backend(models.Unigram([*scores.items()], unk_id=0))
    fast = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", pad_token="<unk>")
    small, old = Vocabulary(Tokenizer(fast, max_length=64)).trimmed([1, 2, 3])
    assert old == [0, 1, 2, 3, 8]
    assert small.pieces("abcd") == ["ab", "cd"]


def test_merges_keep_what_they_are_made_of(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("bpe"), max_length=64)
    vocabulary = Vocabulary(tokenizer)
    longest = max(
        (n for n in vocabulary.pieces if n not in tokenizer.control_ids), key=lambda n: len(vocabulary.pieces[n])
    )
    found = {vocabulary.pieces[n] for n in vocabulary.closed([longest])}
    whole = vocabulary.pieces[longest]
    assert whole in found
    assert all(character in found for character in whole)
    assert len(found) > len(set(whole)) + 1


def test_other_kinds_are_refused(fresh_tokenizer):
    fast = fresh_tokenizer("wordpiece")
    fast.backend_tokenizer.model = models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]")
    with pytest.raises(ModelError, match="is a WordLevel"):
        Vocabulary(Tokenizer(fast, max_length=64))


def test_pieces_of_bytes_are_spelt_and_counted_by_what_they_stand_for(fresh_tokenizer, sentences):
    """A text's pieces put together are the text, and have as many characters."""
    made = Tokenizer(fresh_tokenizer("bpe"), max_length=512)
    assert "ByteLevel" in repr(made.fast.backend_tokenizer.decoder)
    for tag, texts in sentences.items():
        for text in texts:
            ids = made.plain([text])[0].ids
            assert sum(characters(made, n) for n in ids) == len(text), tag
            whole = "".join(spelt(made, n) for n in ids)
            assert whole == text or "\ufffd" in whole
    other = Tokenizer(fresh_tokenizer("wordpiece"), max_length=512)
    piece = next(n for n in range(len(other)) if other.token(n).startswith("##"))
    assert spelt(other, piece) == other.token(piece)[2:]
    assert characters(other, piece) == len(other.token(piece)) - 2
