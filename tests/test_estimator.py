import numpy as np
import pytest

from loanword import DataError, TransferClassifier, UsageError

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


@pytest.mark.parametrize("labels", [range(12), [True, False], ["b", "a", "B"]])
def test_classes_are_sorted_and_probabilities_are_in_their_order(tiny_folder, labels):
    """As scikit-learn expects; as text, 10 comes before 2."""
    labels = list(labels)
    texts = [f"word{number} " * 3 for number in range(len(labels))] * 4
    model = TransferClassifier(
        model=str(tiny_folder("bert")), learning_rate=3e-3, epochs=20, settings={"data.dev_fraction": 0}
    ).fit(texts, labels * 4)
    assert model.classes_.tolist() == sorted(labels)
    bundle = model.bundle_.predict(texts[:3])
    for row, item in zip(model.predict_proba(texts[:3]), bundle, strict=True):
        assert row.tolist() == [item.scores[str(label)] for label in model.classes_.tolist()]
    assert model.predict(texts).tolist() == [type(labels[0])(item) for item in model.predict(texts).tolist()]
    sklearn = pytest.importorskip("sklearn.metrics")
    assert sklearn.log_loss(labels * 4, model.predict_proba(texts)) < np.log(len(labels))


def test_scikit_learn_can_clone_and_search(tiny_folder, rows):
    base = pytest.importorskip("sklearn.base")
    model = TransferClassifier(model=str(tiny_folder("bert")), learning_rate=1e-3)
    copy = base.clone(model)
    assert copy.get_params() == model.get_params()
    assert base.is_classifier(copy)
    from sklearn.model_selection import cross_val_score

    copy.set_params(settings={"training.max_steps": 2})
    assert len(cross_val_score(copy, np.asarray(rows[0]), np.asarray(rows[1]), cv=2)) == 2


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"X": "one string"}, TypeError, "texts is one string; give a list of texts"),
        ({"X": ["a", None]}, TypeError, r"texts\[1\] is of the type NoneType; every text must be a string"),
        ({"X": ["a", float("nan")]}, TypeError, r"texts\[1\] is of the type float"),
        ({"X": ["a", " "]}, UsageError, r"X\[1\] is ' '; every row needs a text and a label"),
        ({"y": ["x", None]}, UsageError, r"y\[1\] is None; every row needs a text and a label"),
        ({"y": ["x", float("nan")]}, UsageError, r"y\[1\] is nan"),
        ({"y": ["", "x"]}, UsageError, r"y\[0\] is ''"),
        ({"groups": ["g"]}, UsageError, "X has 2 texts and groups 1 entries; they must be as many"),
        ({"y": ["x"]}, UsageError, "X has 2 texts and y 1 entries; they must be as many"),
        ({"y": ["x", "x"]}, DataError, "LW305 the training data has the label 'x' only"),
        ({"y": [["x"], ["z"]]}, UsageError, "y has 2 dimensions; expected one label a text"),
        ({"X": np.asarray([["a"], ["b"]])}, TypeError, "texts is a ndarray of 2 dimensions; give one column"),
        ({"X": [], "y": []}, DataError, "LW111 there are no rows"),
    ],
)
def test_rows_that_cannot_be_learned_from(tiny_folder, change, error, says):
    rows = {"X": ["a", "b"], "y": ["x", "z"], **change}
    with pytest.raises(error, match=says):
        TransferClassifier(model=str(tiny_folder("bert"))).fit(**rows)


def test_what_cannot_be_predicted(fitted):
    for call in (fitted.predict, fitted.predict_proba):
        with pytest.raises(TypeError, match="texts is one string; give a list of texts"):
            call("pizza")
        with pytest.raises(TypeError, match=r"texts\[0\] is of the type NoneType"):
            call([None])
    with pytest.raises(UsageError, match="X has 1 texts and y 2 entries"):
        fitted.score(["pizza"], ["food", "travel"])


def test_pandas_columns_and_nothing_else_of_pandas(tiny_folder):
    pandas = pytest.importorskip("pandas")
    model = TransferClassifier(model=str(tiny_folder("bert")), settings={"training.max_steps": 1})
    frame = pandas.DataFrame({"text": ["a", "b"] * 4, "label": ["x", "z"] * 4})
    assert len(model.fit(frame["text"], frame["label"]).predict(frame["text"])) == 8
    for call in (lambda: model.fit(frame, frame["label"]), lambda: model.predict(frame[["text"]])):
        with pytest.raises(TypeError, match="texts is a DataFrame of 2 dimensions; give one column"):
            call()
    with pytest.raises(UsageError, match=r"y\[1\] is <NA>"):
        model.fit(["a", "b"], pandas.array(["x", pandas.NA]))


def test_nothing_to_predict_is_no_error(fitted):
    for nothing in ([], np.asarray([], dtype=str)):
        assert fitted.predict(nothing).shape == (0,)
        assert fitted.predict(nothing).dtype == fitted.classes_.dtype
        assert fitted.predict_proba(nothing).shape == (0, 2)


def test_rows_without_a_group_are_on_their_own(rows, tiny_folder, monkeypatch):
    seen = {}

    def run(recipe, *, tables):
        seen.update(tables["train"])
        raise InterruptedError

    monkeypatch.setattr("loanword.run.run", run)
    with pytest.raises(InterruptedError):
        TransferClassifier().fit(["a", "b", "c"], [1, 2, 1], groups=["g", None, 7])
    assert seen["en"].group == ["g", "", "7"]


def test_mistakes_are_told():
    with pytest.raises(UsageError, match="not fitted"):
        TransferClassifier().predict(["x"])
    with pytest.raises(UsageError, match="unknown parameter"):
        TransferClassifier().set_params(depth=1)
    with pytest.raises(UsageError, match="as many"):
        TransferClassifier().fit(["a", "b"], ["x"])


def test_numbers_of_numpy_and_tags_of_any_style_are_taken(rows, tiny_folder):
    """Searches over parameters hand in the former."""
    model = TransferClassifier(
        model=str(tiny_folder("xlm")),
        language="rus_Cyrl",
        seed=np.int64(3),
        epochs=np.float64(1),
        settings={"training.batch_size": np.int64(16), "training.max_steps": 2},
    ).fit(*rows)
    assert model.bundle_.lineage.trained_on == ("ru",)
    assert (model.bundle_.recipe.seed, model.bundle_.recipe.training.batch_size) == (3, 16)
