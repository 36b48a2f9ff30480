import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus import SENTENCES

from loanword.data.records import Record
from loanword.errors import UsageError
from loanword.tasks.aim import Answered
from loanword.tasks.spans import END, START
from loanword.tasks.summarization import Extract, Summarization, _most_like_all
from loanword.tokens.tokenizer import Tokenizer


@pytest.fixture
def tokenizer(fresh_tokenizer, tokenizer_kind):
    return Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=48)


def sure_of(item):
    """Logits that are certain of what the targets mark, where they mark a part of the text."""
    logits = np.zeros((len(item.ids), 2))
    for place, bits in enumerate(item.target):
        if place:
            logits[place] = 9.0 * bool(bits & START), 9.0 * bool(bits & END)
    return logits


def answered(task, record, tokenizer):
    encoded = task.encode([record], tokenizer)
    (found,) = task.decode([sure_of(item) for item in encoded], encoded, [record], tokenizer)
    return found


def test_short_summaries_are_phrases_and_long_ones_sentences():
    text = "The kettle boils water. It is made of steel. Nobody knows why. Goats do not care for it at all."
    short, long = Summarization(), Summarization()
    short.fit([Record(text, "en", pair="steel kettle")] * 3)
    assert (short.unit, short.parts) == ("phrase", 1)
    long.fit([Record(text, "en", pair="A kettle of steel boils water. The goats are not much interested.")] * 3)
    assert (long.unit, long.parts) == ("sentence", 2)
    said = Summarization(unit="sentence", parts=1)
    said.fit([Record(text, "en", pair="steel kettle")] * 3)
    assert (said.unit, said.parts) == ("sentence", 1)


def test_unknown_units_are_refused():
    with pytest.raises(UsageError, match="known: phrase, sentence"):
        Summarization(unit="word")


@pytest.mark.parametrize("language", list(SENTENCES))
def test_what_a_model_is_taught_is_what_it_can_say(fresh_tokenizer, tokenizer_kind, language):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=200)
    texts = SENTENCES[language]
    for number, sentence in enumerate(texts[:-1]):
        text = " ".join([texts[-1], sentence, *texts[:number][:1]])
        found = answered(Summarization(unit="sentence", parts=1), Record(text, language, pair=sentence), tokenizer)
        (span,) = found.spans
        assert text[span.start : span.end] == span.label == found.label
        assert found.label.strip("。।.؟!") in text


def test_a_phrase_of_a_long_text_is_found_in_any_window(tokenizer):
    words = [f"{word}{number}" for number, word in enumerate(["kettle", "window", "library", "goats"] * 12)]
    for place in (0, 25, 45):
        text, summary = " ".join(words), " ".join(words[place : place + 2])
        record = Record(text, "en", pair=summary)
        task = Summarization(unit="phrase", parts=1, stride=24)
        encoded = task.encode([record], tokenizer)
        assert len(encoded) > 3
        assert all(len(item.ids) <= tokenizer.max_length for item in encoded)
        found = answered(task, record, tokenizer)
        assert found.label == summary
        assert [text[span.start : span.end] for span in found.spans] == [summary]


def test_sentences_that_say_the_same_are_not_both_taken(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=100)
    text = "The kettle boils water.\n\nThe kettle boils the water.\n\nGoats eat green grass."
    record = Record(text, "en", pair="The kettle boils water. Goats eat grass.")
    found = answered(Summarization(unit="sentence", parts=2), record, tokenizer)
    assert found.label == "The kettle boils water. Goats eat green grass."
    assert [span.start for span in found.spans] == sorted(span.start for span in found.spans)


def test_a_text_without_a_word_has_an_empty_summary(tokenizer):
    task = Summarization(unit="phrase", parts=1)
    record = Record(" ", "en")
    encoded = task.encode([record], tokenizer)
    (found,) = task.decode([np.zeros((len(item.ids), 2)) for item in encoded], encoded, [record], tokenizer)
    assert found.label == ""
    assert task.brief(task.shown(found, record)) == "-"


def test_without_a_model_the_first_sentences_are_taken():
    text = "One is here. Two is there. Three is away."
    assert Summarization(parts=1).trivial([Record(text, "en")])[0].label == "One is here."
    assert Summarization(parts=2).trivial([Record(text, "en")])[0].label == "One is here. Two is there."


def fbeta(said, wanted):
    common = len(set(range(*said)) & set(range(*wanted)))
    precision, recall = common / (said[1] - said[0]), common / (wanted[1] - wanted[0])
    return 5 * precision * recall / (4 * precision + recall) if common else 0.0


@given(
    st.lists(st.tuples(st.floats(0.01, 1), st.integers(0, 20), st.integers(1, 9)), min_size=1, max_size=8, unique=True)
)
def test_the_span_that_is_most_like_all_is_that_of_brute_force(drawn):
    spans = [(score, start, start + length) for score, start, length in drawn]
    shares = np.array([score for score, _, _ in spans])
    gains = [sum(p * fbeta(one[1:], two[1:]) for p, two in zip(shares, spans, strict=True)) for one in spans]
    assert gains[_most_like_all(spans, shares)] == pytest.approx(max(gains))


def test_a_part_of_the_summary_is_explained(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=60)
    text = "The kettle is warm. Nobody counted the chairs. It rains."
    task = Summarization(unit="sentence", parts=2)
    record = Record(text, "en")
    encoded = task.encode([record], tokenizer)
    outputs = [np.zeros((len(item.ids), 2)) for item in encoded]
    (prediction,) = task.decode(outputs, encoded, [record], tokenizer)
    answered = Answered(record, encoded, outputs, prediction, tokenizer)
    first, second = (span.label for span in prediction.spans)
    aims = {label: task.aim(answered, label=label) for label in ("", second, "chairs")}
    assert {label: (aim.label, aim.predicted, text[slice(*aim.about)]) for label, aim in aims.items()} == {
        "": (first, first, first),
        second: (second, second, second),
        "chairs": ("chairs", first, "chairs"),
    }
    with pytest.raises(UsageError, match="'Rome' is no part of the text"):
        task.aim(answered, label="Rome")
    unread = Answered(record, encoded, outputs, Extract(label=text), tokenizer)
    with pytest.raises(UsageError, match="nothing of the summary was scored"):
        task.aim(unread)
