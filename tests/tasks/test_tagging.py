import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus import SENTENCES

from loanword.data.records import Record, Span
from loanword.data.shapes.tagged import entities
from loanword.errors import UsageError
from loanword.language.words import words
from loanword.tasks.aim import Answered
from loanword.tasks.heads import IGNORED
from loanword.tasks.tagging import Tagging
from loanword.tokens.tokenizer import Tokenizer

BIO = ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")


def record(text, *tags, language="en"):
    spans = words(text)
    return Record(text, language, tuple(Span(a, b, tag) for (a, b), tag in zip(spans, tags, strict=True)))


@pytest.fixture
def tokenizer(fresh_tokenizer, tokenizer_kind):
    return Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=24, prefix="q: ")


def test_fit_knows_what_begins_and_what_goes_on():
    task = Tagging()
    task.fit([record("Anna sings", "B-PER", "O")])
    assert task.labels == ("O", "B-PER", "I-PER")
    assert (task.bio, task.per_row, task.metrics[0]) == (True, 2.0, "span-f1")
    task.fit([record("Anna sings", "NOUN", "VERB"), record("x", "ADJ")])
    assert task.labels == ("ADJ", "NOUN", "VERB")
    assert (task.bio, task.per_row, task.metrics[0]) == (False, 1.5, "tag-accuracy")


@pytest.mark.parametrize("language", list(SENTENCES))
def test_every_word_has_one_target_at_a_piece_that_has_characters(tokenizer, language):
    task = Tagging(labels=("a", "b"))
    records = [
        Record(text, language, tuple(Span(a, b, "ab"[place % 2]) for place, (a, b) in enumerate(words(text))))
        for text in SENTENCES[language]
    ]
    encoded = task.encode(records, tokenizer)
    for row, one in enumerate(records):
        here = [item for item in encoded if item.row == row]
        found = [
            (offset, item.target[place], item.ids[place])
            for item in here
            for place, offset in enumerate(item.offsets)
            if offset != (0, 0)
        ]
        assert [offset for offset, _, _ in found] == [(span.start, span.end) for span in one.label]
        assert [task.labels[target] for _, target, _ in found] == [span.label for span in one.label]
        assert not any(tokenizer.is_blank(piece) for _, _, piece in found)
        for item in here:
            assert len(item.ids) <= tokenizer.max_length
            marked = {place for place, offset in enumerate(item.offsets) if offset != (0, 0)}
            assert {place for place, target in enumerate(item.target) if target != IGNORED} == marked


TEXTS = st.text(
    st.sampled_from([c for lines in SENTENCES.values() for line in lines for c in line] + [" "] * 40), max_size=60
)


@settings(max_examples=60, deadline=None)
@given(text=TEXTS.filter(str.strip))
def test_predicted_words_are_those_of_the_text(trained_tokenizers, fresh_tokenizer, text):
    for kind in ("wordpiece", "bpe", "unigram"):
        tokenizer = Tokenizer(fresh_tokenizer(kind), max_length=24)
        task = Tagging(labels=("O", "B-X", "I-X"))
        encoded = task.encode([Record(text, "en")], tokenizer)
        logits = [np.tile([0.0, 5.0, 0.0], (len(item.ids), 1)) for item in encoded]
        (found,) = task.decode(logits, encoded, [Record(text, "en")], tokenizer)
        covered = [place for span in found.label for place in range(span.start, span.end)]
        assert covered == sorted(set(covered))
        assert {text[place] for place in range(len(text)) if place not in covered} <= set(" \t\n") | unknown(text)


def unknown(text):
    """Characters that a normaliser may drop: the words of them have no piece."""
    return {character for character in text if not character.isalnum()}


def test_long_texts_are_read_in_windows_with_both_sides(tokenizer):
    task = Tagging(labels=("a", "b"))
    text = " ".join(["house", "dog", "tree", "milk"] * 20)
    one = Record(text, "en", tuple(Span(a, b, "a") for a, b in words(text)))
    encoded = task.encode([one], tokenizer)
    assert len(encoded) > 2
    assert not any(item.truncated for item in encoded)
    logits = [np.tile([1.0, 0.0], (len(item.ids), 1)) for item in encoded]
    (found,) = task.decode(logits, encoded, [one], tokenizer)
    assert found.label == one.label


def test_the_best_sequence_is_that_of_trying_all():
    rng = np.random.default_rng(0)
    task = Tagging(labels=BIO)

    def possible(sequence):
        tags = ["O", *(BIO[number] for number in sequence)]
        return all(not two.startswith("I-") or one[2:] == two[2:] for one, two in itertools.pairwise(tags))

    rows = [rng.normal(size=(length, len(BIO))) * 2 for length in (4, 0, 1, 3, 4)]
    found = task._likeliest(rows)
    for row, chosen in zip(rows, found, strict=True):
        log = row - np.log(np.exp(row).sum(1, keepdims=True))
        best = max(
            (sum(log[place, tag] for place, tag in enumerate(sequence)), sequence)
            for sequence in itertools.product(range(len(BIO)), repeat=len(row))
            if possible(sequence)
        )
        assert tuple(chosen) == best[1]


def test_other_tags_are_each_the_likeliest():
    task = Tagging(labels=("ADJ", "NOUN"))
    rows = [np.array([[0.0, 1.0], [2.0, 1.0]])]
    assert task._likeliest(rows)[0].tolist() == [1, 0]


def test_the_loss_is_the_mean_over_words_where_rows_have_the_usual_number(tiny_encoder):
    task = Tagging(dropout=0.0)
    rows = [record("Anna sings", "NOUN", "VERB"), record("dogs bark loudly tonight", *["NOUN", "VERB", "ADV", "ADV"])]
    task.fit(rows)
    loaded = tiny_encoder("xlm-roberta")
    encoded = task.encode(rows, loaded.tokenizer)
    head = task.head(loaded.encoder)
    targets = task.targets(encoded)
    logits = torch.randn(*targets.shape, 3)
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
    torch.testing.assert_close(head.loss(logits, targets), expected)


def test_trivial_finds_no_entity_and_the_commonest_tag():
    rows = [record("Anna sings here", "B-PER", "O", "O")]
    assert entities(Tagging(labels=BIO).trivial(rows)[0].label) == ()
    rows = [record("Anna sings here", "X", "Y", "Y")]
    assert {span.label for span in Tagging(labels=("X", "Y")).trivial(rows)[0].label} == {"Y"}


def test_what_is_shown_has_offsets_and_scores(tokenizer):
    task = Tagging(labels=BIO)
    one = Record("Anna Smith sings", "en")
    encoded = task.encode([one], tokenizer)
    wanted = iter(["B-PER", "I-PER", "O"])
    (item,) = encoded
    logits = np.zeros((len(item.ids), len(BIO)))
    for place, offset in enumerate(item.offsets):
        if offset != (0, 0):
            logits[place, BIO.index(next(wanted))] = 9.0
    (found,) = task.decode([logits], encoded, [one], tokenizer)
    shown = task.shown(found, one)
    (entity,) = shown["entities"]
    assert {key: entity[key] for key in ("start", "end", "label", "text")} == {
        "start": 0,
        "end": 10,
        "label": "PER",
        "text": "Anna Smith",
    }
    assert 0.99 < entity["score"] <= 1
    assert task.brief(shown) == "Anna Smith/PER"
    json.dumps(shown)


def test_the_state_makes_it_again():
    task = Tagging(labels=BIO, head="mlp", dropout=0.2)
    again = Tagging.from_state(json.loads(json.dumps(task.state())))
    assert (again.labels, again.bio, again.state()) == (task.labels, True, task.state())


# --- what is explained -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", list(SENTENCES))
def test_pieces_stand_in_their_words(tokenizer, language):
    """Every piece of a word lies in it, the pieces of a word together spell it, in every window."""
    task, asked = Tagging(labels=("a", "b")), tokenizer.locating()
    for text in (SENTENCES[language][0], " ".join(SENTENCES[language])):
        given = Record(text, language)
        plain, encoded = task.encode([given], tokenizer), task.encode([given], asked)
        assert [item.ids for item in plain] == [item.ids for item in encoded]
        assert all(item.places is None for item in plain)
        seen = set()
        for item in encoded:
            assert len(item.places) == len(item.ids)
            own = [place for place in item.places if place.side == 0]
            assert all(a.start <= b.start for a, b in itertools.pairwise(own))
            for place, offset in zip(item.places, item.offsets, strict=True):
                if offset != (0, 0):
                    assert offset[0] <= place.start < place.end <= offset[1]
            seen |= {character for place in own for character in range(place.start, place.end)}
        assert {place for place, character in enumerate(text) if not character.isspace()} <= seen


def said(task, tokenizer, text, tags):
    """A record of which every word has one of `tags`, as the outputs say."""
    given = Record(text, "en")
    encoded = task.encode([given], tokenizer)
    outputs = []
    for item in encoded:
        spans = [span for span in item.offsets if span != (0, 0)]
        logits = np.zeros((len(item.ids), len(task.labels)))
        for place, span in enumerate(item.offsets):
            if span in spans:
                logits[place, task.labels.index(tags[words(text).index(span)])] = 5.0
        outputs.append(logits)
    (prediction,) = task.decode(outputs, encoded, [given], tokenizer)
    return Answered(given, encoded, outputs, prediction, tokenizer)


def test_a_word_is_chosen_to_be_explained(tokenizer):
    task = Tagging(labels=BIO)
    answered = said(task, tokenizer, "in Bonn lives Anna", ("O", "B-LOC", "O", "B-PER"))
    named = {name: task.aim(answered, **chosen) for name, chosen in {
        "first": {}, "tag": {"label": "B-PER"}, "word": {"word": "lives"}, "part": {"word": "nna"},
        "other": {"word": "Bonn", "label": "I-LOC"},
    }.items()}  # fmt: skip
    assert {name: (aim.label, aim.predicted, aim.about) for name, aim in named.items()} == {
        "first": ("B-LOC", "B-LOC", (3, 7)),
        "tag": ("B-PER", "B-PER", (14, 18)),
        "word": ("O", "O", (8, 13)),
        "part": ("B-PER", "B-PER", (14, 18)),
        "other": ("I-LOC", "B-LOC", (3, 7)),
    }
    nothing = said(task, tokenizer, "in Bonn", ("O", "O"))
    assert task.aim(nothing).about == (0, 2)
    assert task.aim(nothing, label="B-PER").label == "B-PER"
    with pytest.raises(UsageError, match="'Rome' is no word of the text; it has 'in', 'Bonn'"):
        task.aim(nothing, word="Rome")
    with pytest.raises(UsageError, match="has no label 'X'"):
        task.aim(nothing, label="X")
    with pytest.raises(UsageError, match="no word whose tag"):
        task.aim(said(task, tokenizer, " ", ()))


def test_the_word_is_looked_at_where_it_is_tagged(tokenizer):
    """Of a long text, in the window that answers for the word."""
    task, text = Tagging(labels=BIO), " ".join(["kettle"] * 30 + ["Bonn"])
    answered = said(task, tokenizer, text, ("O",) * 30 + ("B-LOC",))
    aim = task.aim(answered)
    assert len(answered.encoded) > 1
    assert aim.input == len(answered.encoded) - 1
    assert text[slice(*aim.about)] == "Bonn"
    head = lambda: torch.from_numpy(answered.outputs[aim.input]).unsqueeze(0)  # noqa: E731
    found = aim.score(SimpleNamespace(head=head, adjust=lambda logits: logits), [])
    assert float(found) == pytest.approx(5.0 - np.log(len(BIO) - 1))
