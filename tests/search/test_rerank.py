from types import SimpleNamespace

import pytest

from loanword.errors import UsageError
from loanword.search.rerank import positive, rerank

QUERIES = ["the kettle is warm", "两只山羊"]


def of(*labels, task="pairs"):
    return SimpleNamespace(describe=lambda: {"task": task}, task=SimpleNamespace(labels=labels))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("irrelevant", "relevant"), "relevant"),
        (("contradiction", "entailment", "neutral"), "entailment"),
        (("0", "1"), "1"),
        (("No", "Yes"), "Yes"),
        (("entailment", "not_entailment"), "entailment"),
    ],
)
def test_the_class_that_fits_by_its_usual_name(labels, expected):
    assert positive(of(*labels)) == expected


def test_the_class_that_fits_by_request():
    assert positive(of("a", "b"), "a") == "a"
    with pytest.raises(UsageError, match="has no class 'c'; it has: a, b"):
        positive(of("a", "b"), "c")
    for labels in (("a", "b"), ("yes", "true", "no")):
        with pytest.raises(UsageError, match=f"Name one of: {', '.join(labels)}"):
            positive(of(*labels))
    with pytest.raises(UsageError, match="a bundle of the task pairs; this one is of tagging"):
        positive(of("a", "b", task="tagging"))


@pytest.mark.parametrize("label", [None, "other"])
def test_the_order_is_that_of_the_probabilities(tiny_bundle, built, label):
    bundle, _ = tiny_bundle("pairs")
    hits = built.search(QUERIES, top=6)
    found = rerank(bundle, QUERIES, hits, label=label)
    for query, before, after in zip(QUERIES, hits, found, strict=True):
        texts = [hit.passage.text for hit in before]
        said = bundle.predict(texts, pairs=[query] * 6)
        scores = {text: one.scores[label or "relevant"] for text, one in zip(texts, said, strict=True)}
        assert [hit.passage.text for hit in after] == sorted(texts, key=lambda text: -scores[text])
        assert [hit.relevance for hit in after] == pytest.approx(sorted(scores.values(), reverse=True), abs=1e-5)
        assert {(hit.passage, hit.score) for hit in after} == {(hit.passage, hit.score) for hit in before}
    assert [hit.passage for hit in found[0]] != [hit.passage for hit in hits[0]]


def test_nothing_to_put_in_order(tiny_bundle):
    assert rerank(tiny_bundle("pairs")[0], [], []) == []
    assert rerank(tiny_bundle("pairs")[0], ["x"], [[]]) == [[]]
