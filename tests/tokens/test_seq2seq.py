"""Texts to read and to write, row by row in their languages, against the tokenizers of transformers."""

import shutil
import warnings

import pytest
from tests.tiny_seq2seq import COMMANDS

from loanword.encoders.load import load
from loanword.errors import ModelError, UsageError
from loanword.tokens.encoded import NOWHERE, Place
from loanword.tokens.seq2seq import PythonTokenizer
from loanword.tokens.tokenizer import LONGEST_PIECE

CODES = {
    "m2m100": {"en": "en", "ru": "ru", "zh": "zh"},
    "nllb": {"en": "eng_Latn", "ru": "rus_Cyrl", "zh": "zho_Hans"},
    "mbart": {"en": "en_XX", "ru": "ru_RU", "zh": "zh_CN"},
    "mbart50": {"en": "en_XX", "ru": "ru_RU", "zh": "zh_CN"},
}
TEXTS = ["the kettle is still warm", "чайник ещё тёплый", "水壶还是热的", "", "two goats  followed", " the postman "]
LANGUAGES = ["en", "ru", "zh", "en", "en", "en"]
CONTROLS = ["</s>", "<pad>", "<unk>", "<s>", "<mask>", "<extra_id_0>", "[SEP]", "__ru__", "rus_Cyrl", "ru_RU", ">>de<<"]


@pytest.fixture
def folder(tiny_seq2seq, seq2seq_kind):
    return tiny_seq2seq(seq2seq_kind)


@pytest.fixture
def tokenizer(folder):
    return load(str(folder)).tokenizer


def stock_of(folder):
    from transformers import AutoTokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return AutoTokenizer.from_pretrained(folder)


def stock_ids(folder, kind, text, language, *, side, **options):
    """What a user of transformers gets for one text, with the tokenizer told its language."""
    stock = stock_of(folder)
    code = CODES.get(kind, {}).get(language)
    if code:
        setattr(stock, "src_lang" if side == "text" else "tgt_lang", code)
    return stock(**{side: text}, **options)["input_ids"]


def test_rows_of_several_languages_are_read_as_each_alone(folder, seq2seq_kind, tokenizer):
    encoded = tokenizer.encode(TEXTS, languages=LANGUAGES, into=["ru"] * len(TEXTS))
    start = [stock_of(folder).convert_tokens_to_ids(">>rus<<")] if seq2seq_kind == "marian-many" else []
    for item, text, language in zip(encoded, TEXTS, LANGUAGES, strict=True):
        assert item.ids == start + stock_ids(folder, seq2seq_kind, text, language, side="text")
        assert (item.language, item.into, item.truncated) == (language, "ru", False)
    assert len({tuple(item.ids) for item in encoded}) == len(TEXTS)


def test_what_is_to_be_written_is_framed_as_each_alone(folder, seq2seq_kind, tokenizer):
    written = tokenizer.written(TEXTS, languages=LANGUAGES, longest=60)
    assert written == [
        stock_ids(folder, seq2seq_kind, text, language, side="text_target")
        for text, language in zip(TEXTS, LANGUAGES, strict=True)
    ]
    (short,) = tokenizer.written(TEXTS[:1], languages=["en"], longest=3)
    whole = written[0]
    frame = len(tokenizer.written([""], languages=["en"], longest=3)[0])
    assert len(short) == 3 + frame
    assert short[-1] == whole[-1]
    assert short[:3] == whole[:3]


def test_texts_that_are_too_long_are_cut_as_transformers_does_and_said_to_be(folder, seq2seq_kind):
    tokenizer = load(str(folder), max_length=10).tokenizer
    texts = ["the kettle is still warm and nobody counted the chairs", "warm", "a" * 10 * LONGEST_PIECE + " warm"]
    encoded = tokenizer.encode(texts, languages=["en"] * 3)
    assert [item.truncated for item in encoded] == [True, False, True]
    for item, text in zip(encoded[:2], texts, strict=False):
        assert item.ids == stock_ids(folder, seq2seq_kind, text, "en", side="text", truncation=True, max_length=10)
    assert all(len(item.ids) <= 10 for item in encoded)


def test_typed_control_strings_are_text(folder, seq2seq_kind, tokenizer):
    texts = [*CONTROLS, *(f"{control} {control}the kettle{control}" for control in CONTROLS)]
    extra = {*tokenizer.control_ids} - {tokenizer.unknown_id}
    empty = tokenizer.encode([""], languages=["en"])[0].ids
    fooled = 0
    for item, goal, text in zip(
        tokenizer.encode(texts, languages=["en"] * len(texts)),
        tokenizer.written(texts, languages=["en"] * len(texts), longest=60),
        texts,
        strict=True,
    ):
        assert sum(piece in extra for piece in item.ids) == len(empty)
        assert sum(piece in extra for piece in goal) == len(empty)
        fooled += sum(piece in extra for piece in stock_ids(folder, seq2seq_kind, text, "en", side="text")) > len(empty)
    assert fooled >= 2  # The stock tokenizers show that the texts are hostile.


def test_pieces_are_spelt_as_transformers_does(folder, seq2seq_kind, tokenizer):
    stock = stock_of(folder)
    written = tokenizer.written(TEXTS, languages=LANGUAGES, longest=60)
    found = [tokenizer.text(ids).strip() for ids in written]
    codes = {"m2m100": "__"}.get(seq2seq_kind)  # transformers leaves M2M-100's languages in the text.
    expected = [stock.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False) for ids in written]
    assert found == [(text.split(codes)[2] if codes else text).strip() for text in expected]
    assert found[1] == "чайник ещё тёплый"


def test_what_is_saved_is_what_was_loaded(folder, tokenizer, tmp_path):
    tokenizer.encode(TEXTS, languages=LANGUAGES, into=["ru"] * len(TEXTS))
    tokenizer.written(TEXTS, languages=LANGUAGES, longest=60)
    tokenizer.save(tmp_path)
    shutil.copy(folder / "config.json", tmp_path)
    before, after = stock_of(folder), stock_of(tmp_path)
    for text in (*TEXTS, *CONTROLS):
        assert after(text)["input_ids"] == before(text)["input_ids"]
    assert getattr(after, "src_lang", None) == getattr(before, "src_lang", None)
    assert getattr(after, "tgt_lang", None) == getattr(before, "tgt_lang", None)
    assert tokenizer.encode(TEXTS, languages=LANGUAGES)[0].ids  # It is guarded, and works, as before.


def test_a_language_that_the_model_does_not_know_is_told_with_those_it_does(tiny_seq2seq):
    tokenizer = load(str(tiny_seq2seq("mbart50"))).tokenizer
    with pytest.raises(UsageError, match=r"mbart50.* does not know 'lb' \(Luxembourgish\); it knows af-ZA, ar-AR, .*"):
        tokenizer.encode(["a"], languages=["lb"])
    with pytest.raises(UsageError, match="does not know 'lb'"):
        tokenizer.written(["a"], languages=["lb"], longest=5)
    with pytest.raises(UsageError, match="must be told which languages texts are in; name them, such as en:de"):
        tokenizer.encode(["a"], languages=["und"])
    with pytest.raises(UsageError, match=r"'br' \(Breton\), 'lb' \(Luxembourgish\); it knows"):
        tokenizer.expect_languages(["en:lb", "br:de", "fr"])
    tokenizer.expect_languages(["en:de", "zh-CN:ja", "pt-BR"])


def test_marian_is_asked_for_the_language_to_write_in_alone(tiny_seq2seq):
    many, one = (load(str(tiny_seq2seq(kind))).tokenizer for kind in ("marian-many", "marian"))
    assert set(many.commands) == set(COMMANDS)
    firsts = [item.ids[0] for item in many.encode(["a"] * 4, languages=["en"] * 4, into=["de", "ru", "zh", "zh-TW"])]
    assert firsts == many.fast.convert_tokens_to_ids(list(COMMANDS))
    assert set(firsts) <= set(many.control_ids)
    many.expect_languages(["en:de", "xx:ru", "fr"])
    with pytest.raises(UsageError, match=r"does not know 'fr' \(French\); it knows de, ru, zh, zh-Hant"):
        many.expect_languages(["en:fr"])
    with pytest.raises(UsageError, match="does not know 'fr'"):
        many.encode(["a"], languages=["en"], into=["fr"])
    one.expect_languages(["en:fr", "und"])
    assert one.encode(["a"], languages=["und"], into=["und"])[0].ids
    assert one.target_id("und") is None


def test_a_prefix_may_name_the_languages(tiny_seq2seq):
    folder = tiny_seq2seq("t5")
    tokenizer = load(str(folder), prefix="translate {source} to {target}: ").tokenizer
    encoded = tokenizer.encode(["the kettle"] * 2, languages=["en", "ru"], into=["ru", "zh"])
    texts = ["translate English to Russian: the kettle", "translate Russian to Chinese: the kettle"]
    assert [item.ids for item in encoded] == stock_of(folder)(texts)["input_ids"]
    bare = load(str(folder), prefix="{x} ").tokenizer
    assert bare.encode(["a"], languages=["en"])[0].ids == stock_of(folder)("{x} a")["input_ids"]


@pytest.mark.parametrize("kind", ["nllb", "marian", "m2m100"])
def test_what_needs_more_than_whole_texts_is_refused(tiny_seq2seq, kind):
    tokenizer = load(str(tiny_seq2seq(kind))).tokenizer
    for call in (
        lambda: tokenizer.encode(["a"], languages=["en"], pairs=["b"]),
        tokenizer.frame,
        lambda: tokenizer.frame(pair=True),
        *([lambda: tokenizer.words([["a"]]), lambda: tokenizer.plain(["a"])] if kind != "nllb" else []),
    ):
        with pytest.raises(ModelError, match="reads whole texts alone, and no pairs or parts of them; take another"):
            call()


def test_where_no_language_is_told_pairs_and_parts_are_read(tiny_seq2seq):
    folder = tiny_seq2seq("bart")
    tokenizer = load(str(folder)).tokenizer
    (item,) = tokenizer.encode(["the kettle"], languages=["en"], pairs=["is warm"])
    assert item.ids == stock_of(folder)("the kettle", "is warm")["input_ids"]
    assert tokenizer.frame().parts == [[0], [2]]


@pytest.mark.parametrize("kind", ["t5", "marian", "m2m100"])
def test_half_a_character_is_no_text(tiny_seq2seq, kind):
    tokenizer = load(str(tiny_seq2seq(kind))).tokenizer
    with pytest.raises(UsageError, match="lone surrogate"):
        tokenizer.encode(["fine", "\ud800"], languages=["en", "en"])


def test_a_length_that_leaves_no_room_is_refused(tiny_seq2seq):
    from transformers import MarianTokenizer

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stock = MarianTokenizer.from_pretrained(tiny_seq2seq("marian"))
    with pytest.raises(UsageError, match="max_length is 2; it must be above 2"):
        PythonTokenizer(stock, name="marian", max_length=2)


def test_pieces_stand_in_the_text_whatever_is_put_around_it(folder, tokenizer):
    prefixed = load(str(folder), prefix="say {target}: ").tokenizer
    for told in (tokenizer, prefixed):
        plain, found = (
            one.encode(TEXTS[:3], languages=LANGUAGES[:3], into=["ru"] * 3) for one in (told, told.locating())
        )
        assert [item.ids for item in plain] == [item.ids for item in found]
        for item, text in zip(found, TEXTS, strict=False):
            if isinstance(told, PythonTokenizer):
                assert len(item.places) < len(item.ids)  # Nobody says where its pieces stand.
                continue
            assert len(item.places) == len(item.ids)
            own = [(place.start, place.end) for place in item.places if place.side == 0]
            solid = {place for start, end in own for place in range(start, end)}
            assert {n for n, character in enumerate(text) if not character.isspace()} <= solid <= set(range(len(text)))
            assert item.places[-1] == Place(NOWHERE, 0, 0)
