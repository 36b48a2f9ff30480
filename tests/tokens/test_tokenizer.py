from __future__ import annotations

import json
import random
import time

import pytest

from loanword.errors import ModelError, UsageError
from loanword.tokens.encoded import NOWHERE, Place
from loanword.tokens.tokenizer import LONGEST_PIECE, Tokenizer

PLAIN = ("<s>", "</s>", "<mask>", "<pad>", "<unk>", "[SEP]", "[MASK]", "[CLS]", "[PAD]", "[UNK]")
WIDE = tuple("".join(chr(ord(c) + 0xFEE0) for c in text) for text in PLAIN)
CONTROLS = PLAIN + WIDE


def hostile_texts(words: list[str], *, count: int) -> list[str]:
    """Control strings inside, beside and cut into other text, from a fixed seed."""
    draw = random.Random(7)
    texts = list(CONTROLS) + [f" {control} " for control in CONTROLS] + [control * 3 for control in CONTROLS]
    while len(texts) < count:
        parts = []
        for _ in range(draw.randint(1, 6)):
            control, word = draw.choice(CONTROLS), draw.choice(words)
            parts.append(
                draw.choice(
                    (control, word, word + control, control + word, control[:2] + control, control + control[1:])
                )
            )
        texts.append(draw.choice(("", " ", "  ", ".")).join(parts))
    return texts


def test_what_is_put_away_comes_back_as_it_was(tokenizer_kind, fresh_tokenizer, words, tmp_path):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), prefix="query: ", max_length=20)
    texts = hostile_texts(words, count=300)
    for first in (
        lambda one: [code.ids for code in one.encode(texts, languages=["en"] * len(texts))],
        lambda one: one.plain(texts),
        len,
        lambda one: one.fast.mask_token_id,
    ):
        before = first(tokenizer)
        tokenizer.put_away()
        assert not {"fast", "_backend", "_plain"} & vars(tokenizer).keys()
        assert first(tokenizer) == before
    tokenizer.save(tmp_path / "before")
    tokenizer.put_away()
    tokenizer.save(tmp_path / "after")
    names = sorted(file.name for file in (tmp_path / "before").iterdir())
    assert "tokenizer.json" in names
    assert all((tmp_path / "before" / name).read_bytes() == (tmp_path / "after" / name).read_bytes() for name in names)
    with pytest.raises(AttributeError, match="Tokenizer has no attribute backend"):
        _ = tokenizer.backend


@pytest.fixture(scope="module")
def words(sentences):
    return [word for lines in sentences.values() for line in lines for word in line.split()]


def control_ids(fast) -> set[int]:
    return set(fast.all_special_ids)


def content(ids: list[int], fast) -> list[int]:
    """Strip the template's own <s> and </s>."""
    assert ids[0] == fast.cls_token_id
    assert ids[-1] == fast.sep_token_id
    return ids[1:-1]


def test_typed_control_strings_never_become_control_tokens(tokenizer_kind, fresh_tokenizer, words):
    fast = fresh_tokenizer(tokenizer_kind)
    stock = fresh_tokenizer(tokenizer_kind)
    texts = hostile_texts(words, count=10_000)
    fooled = sum(bool(control_ids(stock) & set(ids[1:-1])) for ids in stock(texts[:200])["input_ids"])
    assert fooled > 50  # The stock tokenizer shows that the texts are hostile.

    encoded = Tokenizer(fast, max_length=512).encode(texts, languages=["en"] * len(texts))

    assert len(encoded) == 10_000
    assert sum(bool(control_ids(fast) & set(content(item.ids, fast))) for item in encoded) == 0


@pytest.mark.parametrize("side", [0, 1])
def test_control_strings_in_either_text_of_a_pair(tokenizer_kind, fresh_tokenizer, words, side):
    fast = fresh_tokenizer(tokenizer_kind)
    texts = hostile_texts(words, count=300)
    sides = [texts, ["warm"] * len(texts)]
    encoded = Tokenizer(fast).encode(sides[side], languages=["en"] * 300, pairs=sides[1 - side])

    for item in encoded:
        inner = content(item.ids, fast)
        assert inner.count(fast.sep_token_id) == 1  # The one between the two texts.
        assert not (control_ids(fast) - {fast.sep_token_id}) & set(inner)


def test_a_special_token_beyond_the_named_ones_is_guarded_too(fresh_tokenizer):
    fast = fresh_tokenizer("unigram")
    fast.add_special_tokens({"additional_special_tokens": ["<turn>"]})
    number = fast.convert_tokens_to_ids("<turn>")
    assert number in fast("a <turn> b")["input_ids"]

    assert number not in Tokenizer(fast).encode(["a <turn> b"], languages=["en"])[0].ids


def test_other_text_is_tokenised_as_the_stock_tokenizer_does(tokenizer_kind, fresh_tokenizer, sentences):
    lines = [line for part in sentences.values() for line in part]
    texts = [
        *lines,
        "",
        " ",
        "a  b",
        "tail ",
        "\ttab\n",
        "< s >",
        "<b>x</b>",
        "1 < 2 > 0",
        "[sic]",
        "é e\u0301 ﬁ",
        "🙂👩‍👩‍👧",
    ]
    stock = fresh_tokenizer(tokenizer_kind)

    encoded = Tokenizer(fresh_tokenizer(tokenizer_kind)).encode(texts, languages=["en"] * len(texts))

    assert [item.ids for item in encoded] == stock(texts)["input_ids"]
    assert all(item.types is None and not item.truncated for item in encoded)
    assert [item.row for item in encoded] == list(range(len(texts)))


def test_pairs_are_tokenised_as_the_stock_tokenizer_does(tokenizer_kind, fresh_tokenizer, sentences):
    firsts, seconds = list(sentences["en"]), list(sentences["ru"])
    stock = fresh_tokenizer(tokenizer_kind)(firsts, seconds, return_token_type_ids=True)

    encoded = Tokenizer(fresh_tokenizer(tokenizer_kind)).encode(firsts, languages=["en"] * 10, pairs=seconds)

    assert [item.ids for item in encoded] == stock["input_ids"]
    assert [item.types for item in encoded] == stock["token_type_ids"]
    assert set(encoded[0].types) == {0, 1}


@pytest.mark.parametrize("length", [6, 9, 30])
def test_truncation_keeps_the_template_and_says_so(tokenizer_kind, fresh_tokenizer, sentences, length):
    texts = list(sentences["en"])
    whole = fresh_tokenizer(tokenizer_kind)(texts)["input_ids"]
    stock = fresh_tokenizer(tokenizer_kind)(texts, truncation=True, max_length=length)["input_ids"]

    encoded = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=length).encode(texts, languages=["en"] * 10)

    assert [item.ids for item in encoded] == stock
    assert [item.truncated for item in encoded] == [len(ids) > length for ids in whole]


def test_truncated_pairs_fit(tokenizer_kind, fresh_tokenizer, sentences):
    encoded = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=8).encode(
        list(sentences["en"]), languages=["en"] * 10, pairs=list(sentences["th"])
    )

    assert {len(item) for item in encoded} == {8}
    assert all(item.truncated for item in encoded)


def test_the_prefix_goes_before_the_first_text(tokenizer_kind, fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), prefix="query: ")
    stock = fresh_tokenizer(tokenizer_kind)

    assert tokenizer.encode(["warm soup"], languages=["en"])[0].ids == stock("query: warm soup")["input_ids"]
    pair = tokenizer.encode(["warm"], languages=["en"], pairs=["soup"])[0].ids
    assert pair == stock("query: warm", "soup")["input_ids"]
    assert tokenizer.pieces("warm") == stock.tokenize("warm")


def test_a_text_with_a_role_has_the_prompt_for_it(tokenizer_kind, fresh_tokenizer):
    stock = fresh_tokenizer(tokenizer_kind)
    prompts = {"query": "find: ", "topic": "about: "}
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), prefix="text: ", prompts=prompts, max_length=32)

    def ids(**role):
        return tokenizer.encode(["warm soup"], languages=["en"], **role)[0].ids

    assert ids(role="query") == stock("find: warm soup")["input_ids"]
    assert ids(role="document") == ids(role="") == ids() == stock("text: warm soup")["input_ids"]
    with pytest.raises(UsageError, match="unknown role 'topic'; known: query, document"):
        ids(role="topic")


def test_save_writes_what_the_stock_tokenizer_writes_and_the_guard_stays(tokenizer_kind, fresh_tokenizer, tmp_path):
    stock = fresh_tokenizer(tokenizer_kind)
    stock.backend_tokenizer.enable_truncation(max_length=17)
    stock.backend_tokenizer.enable_padding(length=20)
    mine = fresh_tokenizer(tokenizer_kind)
    mine.backend_tokenizer.enable_truncation(max_length=17)
    mine.backend_tokenizer.enable_padding(length=20)
    tokenizer = Tokenizer(mine, prefix="query: ", max_length=32)
    before = tokenizer.encode(["a <mask> b"], languages=["en"])

    stock.save_pretrained(tmp_path / "stock")
    tokenizer.save(tmp_path / "mine")

    files = sorted(path.name for path in (tmp_path / "stock").iterdir())
    assert "tokenizer.json" in files
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == files
    for name in files:
        assert json.loads((tmp_path / "mine" / name).read_text()) == json.loads((tmp_path / "stock" / name).read_text())
    assert tokenizer.encode(["a <mask> b"], languages=["en"]) == before


@pytest.mark.parametrize("pairs", [False, True])
def test_a_lone_surrogate_is_refused_by_number(tokenizer_kind, fresh_tokenizer, pairs):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind))
    fine, broken = ["fine", "fine"], ["fine", "half \ud83d"]
    firsts, seconds = (fine, broken) if pairs else (broken, None)

    with pytest.raises(UsageError, match="text number 2 holds a lone surrogate"):
        tokenizer.encode(firsts, languages=["en", "en"], pairs=seconds)


@pytest.mark.parametrize("unit", ["warm soup ", "a", "山", "<mask>", "\u0301", " "])
def test_a_million_characters_take_bounded_time(tokenizer_kind, fresh_tokenizer, unit):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=128)
    text = unit * (1_000_000 // len(unit))
    started = time.perf_counter()

    (item,) = tokenizer.encode([text], languages=["en"])

    assert time.perf_counter() - started < 2
    assert item.truncated
    assert len(item) <= 128


def test_a_long_text_loses_nothing_that_the_limit_would_have_kept(tokenizer_kind, fresh_tokenizer, sentences):
    text = " ".join(line for part in sentences.values() for line in part) * 30
    assert len(text) > 32 * LONGEST_PIECE
    stock = fresh_tokenizer(tokenizer_kind)(text, truncation=True, max_length=32)["input_ids"]

    assert Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=32).encode([text], languages=["en"])[0].ids == stock


def test_a_text_just_as_long_as_is_looked_at_is_not_called_cut(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("wordpiece"), max_length=8)
    text = "a".ljust(8 * LONGEST_PIECE)

    assert [item.truncated for item in tokenizer.encode([text, text + " "], languages=["en"] * 2)] == [False, True]


def test_no_texts(fresh_tokenizer):
    assert Tokenizer(fresh_tokenizer("bpe")).encode([], languages=[]) == []


def test_empty_text_is_the_template_alone(tokenizer_kind, fresh_tokenizer):
    fast = fresh_tokenizer(tokenizer_kind)

    assert Tokenizer(fast).encode([""], languages=["en"])[0].ids == [fast.cls_token_id, fast.sep_token_id]


def test_a_limit_without_room_for_text_is_refused(fresh_tokenizer):
    with pytest.raises(UsageError, match="max_length is 4; it must be above 4"):
        Tokenizer(fresh_tokenizer("bpe"), max_length=4)


def test_a_tokenizer_without_padding_is_refused(fresh_tokenizer):
    fast = fresh_tokenizer("bpe")
    fast.pad_token = None

    with pytest.raises(ModelError, match="no padding token"):
        Tokenizer(fast)


def test_length_counts_the_whole_vocabulary(tokenizer_kind, fresh_tokenizer):
    assert len(Tokenizer(fresh_tokenizer(tokenizer_kind))) == len(fresh_tokenizer(tokenizer_kind))


def test_the_control_ids_are_those_of_the_special_tokens(tokenizer_kind, fresh_tokenizer):
    fast = fresh_tokenizer(tokenizer_kind)

    found = Tokenizer(fast).control_ids

    assert found == sorted(
        {fast.pad_token_id, fast.unk_token_id, fast.cls_token_id, fast.sep_token_id, fast.mask_token_id}
    )
    assert len(found) == 5


# --- where pieces stand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_pieces_stand_where_they_came_from(fresh_tokenizer, tokenizer_kind, sentences, prefix):
    """Oracle: the stock tokenizer's own offsets, of the text without a prefix."""
    fast = fresh_tokenizer(tokenizer_kind)
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=300, prefix=prefix)
    for language, lines in sentences.items():
        for text in lines:
            (item,) = tokenizer.locating().encode([text], languages=[language])
            assert len(item.places) == len(item.ids)
            assert (item.places[0], item.places[-1]) == (Place(NOWHERE, 0, 0), Place(NOWHERE, 0, 0))
            own = [(place.start, place.end) for place in item.places if place.side == 0]
            if not prefix:
                assert own == [tuple(one) for one in fast(text, return_offsets_mapping=True)["offset_mapping"]][1:-1]
            solid = {place for start, end in own for place in range(start, end)}
            assert {n for n, character in enumerate(text) if not character.isspace()} <= solid <= set(range(len(text)))
            nowhere = [
                tokenizer.token(piece) for piece, place in zip(item.ids, item.places, strict=True) if place.side < 0
            ]
            assert "".join(nowhere[1:-1]).strip("▁Ġ#").replace("##", "").startswith(prefix.strip()[:1])


def test_the_second_text_has_places_of_its_own(fresh_tokenizer, tokenizer_kind):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=60, prefix="q: ").locating()
    (item,) = tokenizer.encode(["the kettle"], languages=["en"], pairs=["чайник"])
    sides = [place.side for place in item.places]
    assert [side for n, side in enumerate(sides) if not n or side != sides[n - 1]] == [-1, 0, -1, 1, -1]
    assert max(place.end for place in item.places if place.side == 1) == len("чайник")


def test_only_who_is_asked_says_where_pieces_stand(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=60)
    asked = tokenizer.locating()
    assert (tokenizer.locates, asked.locates) == (False, True)
    assert tokenizer.encode(["a"], languages=["en"])[0].places is None
    assert tokenizer.encode(["a"], languages=["en"])[0].ids == asked.encode(["a"], languages=["en"])[0].ids


def test_places_go_into_a_frame_as_pieces_do(fresh_tokenizer):
    frame = Tokenizer(fresh_tokenizer("unigram"), max_length=60, prefix="q: ").frame(pair=True)
    one, two = [Place(1, 0, 2)], [Place(0, 0, 3), Place(0, 3, 4)]
    ids, _ = frame.around([90], [91, 92])
    assert len(frame.places(one, two)) == len(ids)
    assert [frame.places(one, two)[ids.index(piece)] for piece in (90, 91, 92)] == [*one, *two]
    assert sum(place.side == NOWHERE for place in frame.places(one, two)) == frame.size


def test_words_have_pieces_and_offsets_of_their_own(fresh_tokenizer, tokenizer_kind):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=8)
    ((kettle, warm), (nothing,)) = tokenizer.words([["kettle", "warm"], [""]])
    assert kettle.ids == tokenizer.words([["kettle"]])[0][0].ids
    assert (kettle.offsets[-1][1], warm.offsets[-1][1]) == (6, 4)
    assert (nothing.ids, nothing.offsets) == ([], [])
