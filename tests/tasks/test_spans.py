import itertools
import math

import numpy as np
import pytest
import torch
from tests.corpus import SENTENCES

from loanword.data.records import Span
from loanword.tasks.spans import END, OPEN, START, SpanHead, likeliest, marked, places_of, readings
from loanword.tokens.encoded import NOWHERE
from loanword.tokens.tokenizer import Tokenizer


@pytest.mark.parametrize("language", list(SENTENCES))
def test_windows_hold_every_character_of_a_text_and_say_where(fresh_tokenizer, tokenizer_kind, language):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=24)
    text = " ".join(SENTENCES[language][:3])
    (pieces,) = tokenizer.plain([text])
    found = list(readings(text, pieces, frame=tokenizer.frame(), limit=24, stride=6))
    assert len(found) > 1
    seen = set()
    for ids, types, offsets in found:
        assert len(ids) == len(types) == len(offsets) <= 24
        seen |= {place for start, end in offsets for place in range(start, end)}
        assert all(text[start:end] == text[start:end].strip() for start, end in offsets)
    assert seen == {place for place, character in enumerate(text) if not character.isspace()}


def test_a_question_stands_before_every_window(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("wordpiece"), max_length=20)
    text, question = " ".join(SENTENCES["en"][:3]), tokenizer.plain(["the kettle"])[0].ids
    (pieces,) = tokenizer.plain([text])
    frame = tokenizer.frame(pair=True)
    found = list(readings(text, pieces, frame=frame, limit=20, stride=4, question=question))
    assert len(found) > 1
    for ids, types, offsets in found:
        first = len(frame.parts[0])
        assert ids[first : first + len(question)] == question
        assert offsets[: first + len(question) + len(frame.parts[1])] == [(0, 0)] * (first + len(question) + 1)
        assert types[-2] == frame.second


def test_a_span_is_marked_where_it_is_whole_and_none_where_it_is_not():
    offsets = [(0, 0), (0, 3), (4, 8), (8, 9), (0, 0)]
    assert marked(offsets, [Span(4, 9)]) == [OPEN, OPEN, OPEN | START, OPEN | END, 0]
    assert marked(offsets, [Span(4, 12)])[0] == OPEN | START | END
    assert marked(offsets, [])[0] == OPEN | START | END
    two = marked(offsets, [Span(0, 3), Span(4, 8)])
    assert [bool(bits & START) for bits in two] == [False, True, True, False, False]
    assert [bool(bits & END) for bits in two] == [False, True, True, False, False]


def test_the_likeliest_spans_are_those_of_trying_all():
    rng = np.random.default_rng(0)
    offsets = [(0, 0), *((place, place + 1) for place in range(9)), (0, 0)]
    for _ in range(20):
        logits = rng.normal(size=(11, 2))
        every = [
            (float(logits[one, 0] + logits[two, 1]), offsets[one][0], offsets[two][1])
            for one, two in itertools.product(range(1, 10), repeat=2)
            if one <= two < one + 4
        ]
        found = likeliest(logits, offsets, longest=4, best=6)
        assert sorted(found, reverse=True) == [
            (pytest.approx(score), start, end) for score, start, end in sorted(every, reverse=True)[:6]
        ]


def test_the_loss_is_the_plain_one_where_one_answer_is_right():
    torch.manual_seed(0)
    head = SpanHead(4, dropout=0.0)
    logits = torch.randn(2, 5, 2)
    targets = torch.tensor([[OPEN, 0, OPEN | START, OPEN | END, 0], [OPEN | START | END, 0, OPEN, OPEN, OPEN]])
    barred = logits.masked_fill(((targets & OPEN) == 0).unsqueeze(-1), -1e9)
    plain = torch.nn.functional.cross_entropy
    expected = (plain(barred[..., 0], torch.tensor([2, 0])) + plain(barred[..., 1], torch.tensor([3, 0]))) / 2
    torch.testing.assert_close(head.loss(logits, targets), expected)


def test_several_right_answers_share_their_probability():
    head = SpanHead(4, dropout=0.0)
    logits = torch.zeros(1, 4, 2)
    targets = torch.tensor([[OPEN, OPEN | START | END, OPEN | START | END, OPEN]])
    assert float(head.loss(logits, targets)) == pytest.approx(math.log(2))


def test_where_the_pieces_of_a_reading_stand(fresh_tokenizer, tokenizer_kind):
    """The text's where it says, the question's beside it, the special ones nowhere."""
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=40)
    text = " ".join(SENTENCES["th"][:3])
    (pieces,), (question,) = tokenizer.plain([text]), tokenizer.plain(["the kettle"])
    for asked in (None, 2):
        frame = tokenizer.frame(pair=asked is not None)
        ids = None if asked is None else question.ids[:asked]
        for found, _, offsets in readings(text, pieces, frame=frame, limit=40, stride=4, question=ids):
            places = places_of(offsets, frame, None if asked is None else question, asked or 0)
            assert len(places) == len(found)
            assert [place.side for place in places].count(NOWHERE) == frame.size
            own = [(one, offset) for one, offset in zip(places, offsets, strict=True) if one.side == 0]
            assert own
            assert all((one.start, one.end) == offset for one, offset in own)
            assert [(one.start, one.end) for one in places if one.side == 1] == question.offsets[: asked or 0]
