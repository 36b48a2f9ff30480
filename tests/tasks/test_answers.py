import json
import math

import numpy as np
import pytest
from tests.corpus import SENTENCES

from loanword.data.records import Record, Span
from loanword.errors import UsageError
from loanword.language.words import trimmed
from loanword.tasks.aim import Answered
from loanword.tasks.answers import Answers
from loanword.tasks.spans import END, OPEN, START
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


def asked(context, answer=None, *, start=None, question="what is it", language="en"):
    if answer is None:
        return Record(context, language, (), pair=question, pair_language=language)
    start = context.index(answer) if start is None else start
    return Record(context, language, (Span(start, start + len(answer), answer),), pair=question, pair_language=language)


@pytest.fixture
def tokenizer(fresh_tokenizer, tokenizer_kind):
    return Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=48, prefix="q: ")


def sure_of(item):
    """Logits that are certain of what the targets mark, where they mark a span."""
    logits = np.zeros((len(item.ids), 2))
    for place, bits in enumerate(item.target):
        if place:
            logits[place] = 9.0 * bool(bits & START), 9.0 * bool(bits & END)
    return logits


@pytest.mark.parametrize("language", list(SENTENCES))
def test_answers_map_to_characters_exactly(fresh_tokenizer, tokenizer_kind, language):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=200)
    task = Answers(longest=200)
    for sentence in SENTENCES[language]:
        whole = task.encode([asked(sentence, sentence, language=language)], tokenizer)
        places = [offset for item in whole for offset in item.offsets if offset != (0, 0)]
        for start in {a for a, _ in places}:
            end = max(b for a, b in places if a >= start)
            record = asked(sentence, sentence[start:end], start=start, language=language)
            encoded = task.encode([record], tokenizer)
            logits = [sure_of(item) for item in encoded]
            (found,) = task.decode(logits, encoded, [record], tokenizer)
            (span,) = found.label
            assert sentence[span.start : span.end] == span.label
            assert span.start == start


def test_targets_mark_start_end_and_where_an_answer_may_be(tokenizer):
    text = "the kettle is still warm today"
    (item,) = Answers().encode([asked(text, "still warm")], tokenizer)
    spans = {bit: [n for n, bits in enumerate(item.target) if bits & bit] for bit in (START, END, OPEN)}
    assert [item.offsets[n][0] for n in spans[START]] == [text.index("still")]
    assert [item.offsets[n][1] for n in spans[END]] == [text.index(" today")]
    assert spans[OPEN] == [0, *(n for n, offset in enumerate(item.offsets) if offset != (0, 0))]
    assert "".join(text[a:b] for a, b in item.offsets).replace(" ", "") == text.replace(" ", "")
    (none,) = Answers().encode([asked(text)], tokenizer)
    assert none.target[0] == START | END | OPEN
    assert not any(bits & (START | END) for bits in none.target[1:])


def test_long_texts_are_windows_and_the_answer_is_found_in_any(tokenizer):
    words = [f"{word}{n}" for n, word in enumerate(["kettle", "window", "library", "goats"] * 12)]
    text = " ".join(words)
    task = Answers(stride=8)
    for answer in (words[0], words[25], words[-1]):
        record = asked(text, answer)
        encoded = task.encode([record], tokenizer)
        assert len(encoded) > 3
        assert all(len(item.ids) <= tokenizer.max_length for item in encoded)
        holds = [item for item in encoded if any(bits & START for bits in item.target[1:])]
        assert 1 <= len(holds) < len(encoded)
        (_span,) = record.label
        logits = [sure_of(item) for item in encoded]
        (found,) = task.decode(logits, encoded, [record], tokenizer)
        assert found.label == record.label


def test_the_best_span_is_that_of_trying_all(tokenizer):
    rng = np.random.default_rng(0)
    task = Answers(longest=4)
    record = asked("the kettle is still warm and the window is open", "warm")
    (item,) = encoded = task.encode([record], tokenizer)
    places = [n for n, offset in enumerate(item.offsets) if offset != (0, 0)]
    for _ in range(20):
        logits = rng.normal(size=(len(item.ids), 2))
        best = max(
            (logits[one, 0] + logits[two, 1], item.offsets[one][0], item.offsets[two][1])
            for n, one in enumerate(places)
            for two in places[n : n + 4]
        )
        (found,) = task.decode([logits], encoded, [record], tokenizer)
        assert (found.label[0].start, found.label[0].end) == best[1:]


def test_candidates_of_a_record_come_from_all_its_windows(tokenizer):
    """The best span of all windows comes first; that there is none, the window says that is least for it."""
    rng = np.random.default_rng(0)
    task, records = Answers(longest=4, stride=8), [asked("kettle window " * 20), asked("goats")]
    encoded = task.encode(records, tokenizer)
    logits = [rng.normal(size=(len(item.ids), 2)) for item in encoded]
    assert [item.row for item in encoded].count(0) > 2
    for row, (spans, none) in enumerate(task.candidates(logits, encoded, 2)):
        own = [(item, values) for item, values in zip(encoded, logits, strict=True) if item.row == row]
        assert none == min(values[0].sum() for _, values in own)
        places = [(item, values, [n for n, o in enumerate(item.offsets) if o != (0, 0)]) for item, values in own]
        every = [
            (values[one, 0] + values[two, 1], item.offsets[one][0], item.offsets[two][1])
            for item, values, found in places
            for n, one in enumerate(found)
            for two in found[n : n + 4]
        ]
        assert spans[0] == max(every)
        assert spans == sorted(spans, reverse=True)
        assert len({(start, end) for _, start, end in spans}) == len(spans)


def test_nothing_is_an_answer_only_where_training_had_such_questions(tokenizer):
    rows = [asked("the kettle is warm", "warm"), asked("the kettle is warm")]
    (item,) = encoded = Answers().encode(rows[:1], tokenizer)
    logits = np.zeros((len(item.ids), 2))
    logits[0] = 5.0
    for records, expected in ((rows[:1], True), (rows, False)):
        task = Answers()
        task.fit(records)
        (found,) = task.decode([logits], encoded, rows[:1], tokenizer)
        assert bool(found.label) == expected
    assert found.scores[""] == found.score > 0.5
    assert next(iter(found.scores)) == ""


def by_what_they_say(logits, item, text, *, none):
    """The answers of a window by trying all spans: each span once, each text by its best span."""
    places = [n for n, offset in enumerate(item.offsets) if offset != (0, 0)]
    spans = {}
    for n, one in enumerate(places):
        for two in places[n:]:
            span = slice(item.offsets[one][0], item.offsets[two][1])
            spans[span.start, span.stop] = max(
                spans.get((span.start, span.stop), -math.inf), logits[one, 0] + logits[two, 1]
            )
    empty = [logits[0].sum()] * none
    total = np.exp([*spans.values(), *empty]).sum()
    found = {"": np.exp(empty[0]) / total} if none else {}
    for (start, end), score in spans.items():
        found[text[start:end]] = max(found.get(text[start:end], 0.0), np.exp(score) / total)
    return found


@pytest.mark.parametrize("none", [False, True])
def test_the_answer_is_the_first_of_the_answers(none):
    """Also where a text stands there twice, and where a lone mark begins the same span as the piece after it."""
    text, rng = "hot hot tea", np.random.default_rng(0)
    offsets = [(0, 0), (0, 3), (0, 3), (4, 7), (8, 11), (0, 0)]
    item = Encoded(ids=[0, 1, 2, 3, 4, 5], language="en", row=0, offsets=offsets)
    record, task, firsts = asked(text, "tea"), Answers(no_answer=none), set()
    for _ in range(50):
        logits = rng.normal(size=(6, 2))
        (found,) = task.decode([logits], [item], [record], None)
        for top in (1, 2, 9):
            shown = task.shown(found, record, top=top)
            assert shown["answers"][0] == {"answer": shown["answer"], "score": shown["score"]}
        expected = by_what_they_say(logits, item, text, none=none)
        assert found.scores == pytest.approx(expected)
        ordered = [one["score"] for one in shown["answers"]]
        assert ordered == sorted(ordered, reverse=True)
        firsts.add(shown["answer"])
    assert {"hot", "tea"} <= firsts


def test_trivial_looks_at_no_question():
    rows = [asked("Anna sings here every day", "Anna")] * 3
    assert [item.label[0].label for item in Answers().trivial(rows)] == ["Anna sings here"] * 3
    assert [item.label for item in Answers().trivial([asked("Anna")] * 3)] == [()] * 3


def test_what_is_shown_is_json_with_offsets(tokenizer):
    task = Answers()
    record = asked("the kettle is warm", "warm")
    encoded = task.encode([record], tokenizer)
    (found,) = task.decode([sure_of(item) for item in encoded], encoded, [record], tokenizer)
    shown = json.loads(json.dumps(task.shown(found, record, top=2)))
    assert (shown["answer"], shown["start"], shown["end"]) == ("warm", 14, 18)
    assert len(shown["answers"]) == 2
    assert Answers.from_state(json.loads(json.dumps(task.state()))).state() == task.state()


# --- what is explained -----------------------------------------------------------------------------------------


def said(task, tokenizer, record, marked):
    """A record whose answer is what `marked` marks in every window, and the head's outputs are sure of it."""
    encoded = task.encode([record], tokenizer)
    outputs = [sure_of(item) for item in task.encode([marked], tokenizer)]
    (prediction,) = task.decode(outputs, encoded, [record], tokenizer)
    return Answered(record, encoded, outputs, prediction, tokenizer)


def test_pieces_stand_in_question_and_text(tokenizer):
    text = "the kettle is still warm today and the harbour is quiet " * 3
    record = asked(text, "harbour", question="where is it")
    plain, encoded = (Answers(stride=8).encode([record], one) for one in (tokenizer, tokenizer.locating()))
    assert [item.ids for item in plain] == [item.ids for item in encoded]
    assert len(encoded) > 1
    for item in encoded:
        assert len(item.places) == len(item.ids)
        for place, offset in zip(item.places, item.offsets, strict=True):
            assert offset in ((0, 0), trimmed((place.start, place.end), text))
            assert offset == (0, 0) or place.side == 0
        question = [place for place in item.places if place.side == 1]
        assert "".join(record.pair[a:b] for _, a, b in question).replace(" ", "") == "whereisit"


def test_the_answer_is_looked_at_in_the_window_that_gave_it(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=48)
    text = "the kettle is still warm today and nobody counted " * 4 + "the red kite over the harbour"
    task = Answers(stride=8, no_answer=True)
    record = asked(text, question="where")
    answered = said(task, tokenizer, record, asked(text, "harbour", question="where"))
    aim = task.aim(answered)
    assert (aim.label, aim.predicted, aim.about) == ("harbour", "harbour", (text.index("harbour"), len(text)))
    assert 0 < aim.input == len(answered.encoded) - 1

    other = task.aim(answered, label="still warm")
    assert (other.label, other.predicted, other.about[0]) == ("still warm", "harbour", text.index("still"))
    assert other.input == 0
    with pytest.raises(UsageError, match="'Rome' is no answer: the text does not hold it"):
        task.aim(answered, label="Rome")
    with pytest.raises(UsageError, match="no window that the model reads holds all of it"):
        task.aim(answered, label=text)


def test_no_answer_is_looked_at_where_it_was_least_sure(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=48)
    text = "the kettle is still warm today and nobody counted " * 4
    task = Answers(stride=8, no_answer=True)
    record = asked(text, question="where")
    encoded = task.encode([record], tokenizer)
    outputs = [np.zeros((len(item.ids), 2)) for item in encoded]
    for number, logits in enumerate(outputs):
        logits[0] = 9.0 - (number == 1)
    (prediction,) = task.decode(outputs, encoded, [record], tokenizer)
    aim = task.aim(Answered(record, encoded, outputs, prediction, tokenizer))
    assert prediction.label == ()
    assert (aim.label, aim.about, aim.input) == ("", None, 1)
