import numpy as np
import pytest

from loanword.data.records import Record
from loanword.errors import UsageError
from loanword.search.index import Hit
from loanword.search.passages import Passage
from loanword.search.reader import WEIGHT, Answer, answers_of, ask

QUESTIONS = ["which word is last?", "哪个词在最后？"]


def hit(text, *, score, start=0, document="a.txt"):
    return Hit(Passage(document, start, start + len(text), text, "en"), score)


def softmax(*logits):
    found = np.exp(np.array(logits) - max(logits))
    return found / found.sum()


def test_an_answer_is_as_probable_as_its_passage_times_what_this_says():
    one, two = hit("warm red kettle", score=0.9), hit("two goats", score=0.895, document="b.txt")
    found = answers_of([(one, [(3.0, 0, 4), (2.0, 5, 8)], 0.5), (two, [(7.0, 4, 9)], -1.0)], none=False)
    near, far = softmax(WEIGHT * 0.9, WEIGHT * 0.895)
    warm, red = softmax(3.0, 2.0)
    expected = sorted([(near * warm, "warm"), (near * red, "red"), (far, "goats")], reverse=True)
    assert [answer.text for answer in found] == [text for _, text in expected] == ["warm", "goats", "red"]
    assert [answer.score for answer in found] == pytest.approx([share for share, _ in expected])


def test_what_two_passages_share_is_one_answer():
    """The same place of the document, read in two passages that overlap, counts twice; the same word elsewhere, not."""
    one, two = hit("a red kettle", score=0.9, start=10), hit("red kettle here", score=0.9, start=12)
    far = hit("red kettle", score=0.9, start=0, document="b.txt")
    read = [(one, [(1.0, 2, 5)], 0.0), (two, [(1.0, 0, 3)], 0.0), (far, [(1.0, 0, 3)], 0.0)]
    found = answers_of(read, none=False)
    assert [(answer.text, answer.start, answer.end, answer.hit.passage.document) for answer in found] == [
        ("red", 12, 15, "a.txt"),
        ("red", 0, 3, "b.txt"),
    ]
    assert [answer.score for answer in found] == pytest.approx([2 / 3, 1 / 3])


def test_there_is_none_if_the_passage_of_the_best_answer_says_so():
    one, far = hit("two goats", score=0.9), hit("a kettle", score=0.7, document="b.txt")
    for score, expected in ((1.0, "two"), (-1.0, "")):
        found = answers_of([(one, [(score, 0, 3)], 0.0)], none=True)
        assert found[0].text == expected
        assert [answer.score for answer in found] == pytest.approx(sorted(softmax(score, 0.0), reverse=True))
    nothing_in_many = [(one, [(1.0, 0, 3)], 0.0), *[(far, [(-9.0, 2, 8)], 9.0)] * 3]
    assert answers_of(nothing_in_many, none=True)[0].text == "two"
    assert answers_of([(one, [(-1.0, 0, 3)], 0.0)], none=False)[0].text == "two"


@pytest.mark.parametrize("none", [False, True])
def test_nothing_to_read(none):
    assert answers_of([], none=none) == answers_of([(hit("x", score=0.9), [], 0.0)], none=none) == [Answer("", 1.0)]


def test_an_answer_says_where_it_stands():
    page = Passage("p.html", 7, 25, "A & B", "en", runs=((0, 2, 7, 9), (2, 3, 9, 14), (3, 5, 14, 16)))
    (found,) = answers_of([(Hit(page, 0.5), [(1.0, 2, 5)], 0.0)], none=False)
    assert found.to_dict() == {
        "answer": "& B",
        "score": 1.0,
        "document": "p.html",
        "start": 9,
        "end": 16,
        "passage": {"start": 7, "end": 25, "text": "A & B", "language": "en", "score": 0.5},
    }
    assert Answer("", 1.0).to_dict() == {"answer": "", "score": 1.0}


def test_answers_are_read_out_of_the_passages_that_are_nearest(tiny_bundle, built, documents):
    """By hand: search, read each passage alone, compare the best of all."""
    bundle, _ = tiny_bundle("answers")
    found = ask(bundle, built, QUESTIONS, passages=4)
    hits = built.search(QUESTIONS, top=4)
    for question, answers, near in zip(QUESTIONS, found, hits, strict=True):
        places = {(one.passage.document, one.passage.line) for one in near}
        assert {(one.hit.passage.document, one.hit.passage.line) for one in answers} == places
        best = answers[0]
        if best.hit.passage.document.endswith(".txt"):
            content = (documents / best.hit.passage.document).read_text(encoding="utf-8")
            assert content[best.start : best.end] == best.text
        assert sum(one.score for one in answers) == pytest.approx(1)
        assert answers == sorted(answers, key=lambda one: -one.score)
        alone = bundle.answer([Record(best.hit.passage.text, "en", pair=question)])[0]
        assert alone.label[0].label == best.text
    assert ask(bundle, built, []) == []


def test_only_answers_can_answer(tiny_bundle, built):
    with pytest.raises(UsageError, match="a bundle of the task answers; this one is of pairs"):
        ask(tiny_bundle("pairs")[0], built, QUESTIONS)
