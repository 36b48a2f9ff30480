import numpy as np
import pytest

from loanword.data.records import Record
from loanword.errors import UsageError
from loanword.evaluation.metrics import METRICS
from loanword.tasks.retrieval import Retrieval
from loanword.tokens.tokenizer import Tokenizer


def pairs(rows):
    return [Record(f"text {n}", "en", pair=f"Text {n}", pair_language="de") for n in range(rows)]


def vectors(rows, *, noise, seed=0, width=16):
    rng = np.random.default_rng(seed)
    left = rng.normal(size=(rows, width))
    both = np.stack([left, left + noise * rng.normal(size=(rows, width))], axis=1)
    return list((both / np.linalg.norm(both, axis=-1, keepdims=True)).astype(np.float32))


def scores_by_hand(outputs, scoring):
    left, right = (np.stack([one[side] for one in outputs]).astype(float) for side in (0, 1))
    cosine = left @ right.T
    near = [np.sort(part, axis=1)[:, ::-1][:, :10].mean(1) for part in (cosine, cosine.T)]
    if scoring == "csls":
        return 2 * cosine - near[0][:, None] - near[1][None, :]
    return cosine / ((near[0][:, None] + near[1][None, :]) / 2) if scoring == "margin" else cosine


@pytest.mark.parametrize("scoring", ["cosine", "csls", "margin"])
def test_accuracy_is_that_of_brute_force_in_both_directions(scoring):
    outputs, records = vectors(60, noise=1.2), pairs(60)
    task = Retrieval(scoring=scoring)
    found = task.decode(outputs, [], records, None)
    scores = scores_by_hand(outputs, scoring)
    forward, backward = (scores.argmax(1) == np.arange(60)), (scores.argmax(0) == np.arange(60))
    assert 0 < forward.mean() < 1
    metric = METRICS.get("retrieval-accuracy")
    assert metric.reduce(metric.rows(found, task.references(records))) == (forward.mean() + backward.mean()) / 2
    assert task.breakdown(found, records) == {"forward": forward.mean(), "backward": backward.mean()}
    assert [item.label for item in found] == [records[n].pair for n in scores.argmax(1)]
    top = np.argsort(-scores, axis=1)[:, :5]
    back = np.argsort(-scores.T, axis=1)[:, :5]
    at5 = METRICS.get("retrieval-at-5")
    right = [(top == np.arange(60)[:, None]).any(1).mean(), (back == np.arange(60)[:, None]).any(1).mean()]
    assert at5.reduce(at5.rows(found, [])) == pytest.approx(np.mean(right))


def test_an_equal_text_is_right_too():
    records = [Record("a", "en", pair="A", pair_language="de"), Record("b", "en", pair="A", pair_language="de")]
    one = np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float32)
    two = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=np.float32)
    found = Retrieval(scoring="cosine").decode([one, two], [], records, None)
    assert [item.ranks[0] for item in found] == [0, 0]
    assert [item.ranks[1] for item in found] == [1, 1]


def test_trivial_finds_the_first_for_all():
    metric = METRICS.get("retrieval-accuracy")
    assert metric.reduce(metric.rows(Retrieval().trivial(pairs(20)), [])) == 1 / 20


def test_there_must_be_something_to_find():
    with pytest.raises(UsageError, match="give a second text with each"):
        Retrieval().decode([np.zeros((1, 4))], [], [Record("a", "en")], None)
    with pytest.raises(UsageError, match="unknown scoring"):
        Retrieval(scoring="dot")
    with pytest.raises(UsageError, match="unknown reading 'both'; known: alike, search"):
        Retrieval(reading="both")


def test_a_search_reads_texts_as_queries_and_their_pairs_as_documents(fresh_tokenizer):
    stock = fresh_tokenizer("unigram")
    prompts = {"query": "find: ", "document": "here: "}
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), prompts=prompts, max_length=40)
    for reading, (one, two) in {"alike": ("", ""), "search": ("find: ", "here: ")}.items():
        task = Retrieval.from_state(Retrieval(reading=reading).state())
        (item,) = task.encode(pairs(1), tokenizer)
        assert item.ids == stock(f"{one}text 0")["input_ids"]
        assert item.other.ids == stock(f"{two}Text 0")["input_ids"]
        assert task.role == ("query" if reading == "search" else "")


def test_vectors_can_be_compared_without_training(tiny_encoder):
    encoder = tiny_encoder("bert").encoder
    assert Retrieval().ready(encoder)
    assert list(Retrieval().head(encoder).parameters()) == []
