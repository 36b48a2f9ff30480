"""scikit-learn's verbs for the short path: fit, predict, predict_proba, score.

Works without scikit-learn; with it, `TransferClassifier` can be cloned, searched over and put into a pipeline.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from loanword import config
from loanword.errors import UsageError
from loanword.language.tag import canonical

if TYPE_CHECKING:
    from loanword.deploy.bundle import Bundle


class TransferClassifier:
    """A text classifier that is fitted in one language and used in others.

        model = TransferClassifier(language="en").fit(texts, labels)
        model.predict(["打开厨房的灯"])

    Constructor arguments are kept as they are (scikit-learn's convention); `settings` are further recipe keys, dotted.
    After `fit`: `classes_` (the labels, sorted) and `bundle_` (which can be saved).
    """

    _estimator_type = "classifier"

    def __init__(
        self,
        *,
        model: str = "bundled:e5-small",
        language: str = "en",
        epochs: float | None = None,
        learning_rate: float | None = None,
        seed: int = 0,
        settings: dict[str, Any] | None = None,
    ) -> None:
        """Remember the arguments; None leaves a value to the default recipe."""
        self.model = model
        self.language = language
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seed = seed
        self.settings = settings

    def fit(self, X: Sequence[str], y: Sequence[Any], *, groups: Sequence[str] | None = None) -> TransferClassifier:  # noqa: N803
        """Train on texts `X` with labels `y`; `groups` keeps rows together when dev data is held out."""
        from loanword.data.records import Table
        from loanword.deploy.texts import expect_texts
        from loanword.run import run

        expect_texts(X)
        labels = np.asarray(y)
        if labels.ndim != 1:
            raise UsageError(f"y has {labels.ndim} dimensions; expected one label a text")
        _as_many(X, y=y, groups=groups)
        for name, found in (("X", X), ("y", y)):
            for row, value in enumerate(found):
                if _is_missing(value):
                    raise UsageError(f"{name}[{row}] is {value!r}; every row needs a text and a label")
        language = canonical(self.language)
        table = Table(
            language=language,
            text=[str(text) for text in X],
            label=[str(label) for label in labels.tolist()],
            group=[] if groups is None else ["" if group is None else str(group) for group in groups],
        )
        given = {"epochs": self.epochs, "learning_rate": self.learning_rate}
        overrides = [f"training.{key}={value}" for key, value in given.items() if value is not None]
        overrides += [f"{key}={_toml(value)}" for key, value in (self.settings or {}).items()]
        recipe = config.build(
            {"model": str(self.model), "seed": _plain(self.seed), "data": {"train": {language: "memory"}}},
            overrides=overrides,
        )
        self.bundle_: Bundle = run(recipe, tables={"train": {language: table}}).bundle
        self.classes_ = np.unique(labels)
        return self

    def predict(self, X: Sequence[str]) -> np.ndarray:  # noqa: N803
        """Return the label of each text (n)."""
        best = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best])

    def predict_proba(self, X: Sequence[str]) -> np.ndarray:  # noqa: N803
        """Return the labels' probabilities (n, classes), in the order of `classes_`."""
        if not hasattr(self, "bundle_"):
            raise UsageError("this classifier is not fitted yet; call fit(texts, labels) first")
        labels = [str(label) for label in self.classes_.tolist()]
        found = [[item.scores[label] for label in labels] for item in self.bundle_.predict(X)]
        return np.asarray(found, dtype=float).reshape(len(found), len(labels))

    def score(self, X: Sequence[str], y: Sequence[Any]) -> float:  # noqa: N803
        """Return the share of texts whose label is predicted."""
        _as_many(X, y=y)
        return float((self.predict(X) == np.asarray(y)).mean())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {name: getattr(self, name) for name in _parameters()}

    def set_params(self, **params: Any) -> TransferClassifier:
        """Set constructor arguments; an unknown one raises `UsageError`."""
        for name, value in params.items():
            if name not in _parameters():
                raise UsageError(f"unknown parameter '{name}'; known: {', '.join(_parameters())}")
            setattr(self, name, value)
        return self

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn what this is."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(string=True, one_d_array=True, two_d_array=False),
        )


def _as_many(texts: Sequence[str], **others: Sequence[Any] | None) -> None:
    for name, values in others.items():
        if values is not None and len(values) != len(texts):
            raise UsageError(f"X has {len(texts)} texts and {name} {len(values)} entries; they must be as many")


def _is_missing(value: Any) -> bool:
    try:
        return value is None or bool(value != value) or not str(value).strip()
    except TypeError:  # pandas.NA is neither equal nor unequal to anything.
        return True


def _parameters() -> list[str]:
    return [name for name in inspect.signature(TransferClassifier.__init__).parameters if name != "self"]


def _toml(value: Any) -> str:
    import tomli_w

    return tomli_w.dumps({"value": _plain(value)}).removeprefix("value = ").strip()


def _plain(value: Any) -> Any:
    """Return Python's own number for one of numpy's, which searches over parameters hand in."""
    return value.item() if isinstance(value, np.generic) else value
