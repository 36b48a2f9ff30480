import numpy as np
import pytest

from loanword import TransferClassifier, UsageError

WORDS = {"food": ("pizza", "sushi", "taco", "kebab"), "travel": ("taxi", "hotel", "metro", "visa")}


@pytest.fixture(scope="module")
def rows(sentences):
    texts = [f"{word} {line}" for words in WORDS.values() for word in words for line in sentences["en"]]
    labels = [topic for topic, words in WORDS.items() for _ in words for _ in sentences["en"]]
    return texts, labels


@pytest.fixture(scope="module")
def fitted(rows, tiny_folder):
    model = TransferClassifier(
        model=str(tiny_folder("bert")), learning_rate=3e-3, epochs=20, settings={"training.dropout": 0.0}
    )
    return model.fit(*rows)


def test_fit_predict_score(fitted, rows, sentences):
    assert list(fitted.classes_) == ["food", "travel"]
    probabilities = fitted.predict_proba(rows[0][:5])
    assert probabilities.shape == (5, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert list(fitted.predict(rows[0][:5])) == [fitted.classes_[i] for i in probabilities.argmax(axis=1)]
    assert fitted.score(*rows) == np.mean(fitted.predict(rows[0]) == np.asarray(rows[1]))
    assert fitted.score(*rows) > 0.8


def test_labels_keep_their_type(rows, tiny_folder):
    numbers = [10 if label == "food" else 9 for label in rows[1]]
    model = TransferClassifier(model=str(tiny_folder("bert")), settings={"training.max_steps": 2}).fit(rows[0], numbers)
    assert set(model.classes_.tolist()) == {9, 10}
    assert model.predict(rows[0][:3]).dtype.kind == "i"


def test_scikit_learn_can_clone_and_search(tiny_folder, rows):
    base = pytest.importorskip("sklearn.base")
    model = TransferClassifier(model=str(tiny_folder("bert")), learning_rate=1e-3)
    copy = base.clone(model)
    assert copy.get_params() == model.get_params()
    assert base.is_classifier(copy)
    from sklearn.model_selection import cross_val_score

    copy.set_params(settings={"training.max_steps": 2})
    assert len(cross_val_score(copy, np.asarray(rows[0]), np.asarray(rows[1]), cv=2)) == 2


def test_mistakes_are_told():
    with pytest.raises(UsageError, match="not fitted"):
        TransferClassifier().predict(["x"])
    with pytest.raises(UsageError, match="unknown parameter"):
        TransferClassifier().set_params(depth=1)
    with pytest.raises(UsageError, match="as many"):
        TransferClassifier().fit(["a", "b"], ["x"])
