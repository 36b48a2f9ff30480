"""What needs no encoder at all: character 2-4-grams, TF-IDF, logistic regression."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline


def fit(texts: Sequence[str], labels: Sequence[str]) -> Pipeline:
    """Return the classifier trained on `texts`."""
    model = make_pipeline(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4)), LogisticRegression(max_iter=1000, C=10)
    )
    return model.fit(texts, labels)
