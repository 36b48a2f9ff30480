"""Texts as somebody gives them, without a file: checked, and made into records."""

from __future__ import annotations

from collections.abc import Sequence

from loanword.data.records import Record, Shape
from loanword.errors import UsageError
from loanword.language.tag import canonical, sides


def records_of(
    texts: Sequence[str], *, pairs: Sequence[str] | None = None, language: str | Sequence[str] = "und"
) -> list[Record]:
    """Make records without labels; `pairs` and `language` as for `Bundle.predict`."""
    expect_texts(texts)
    tags = [language] * len(texts) if isinstance(language, str) else list(language)
    if len(tags) != len(texts):
        raise UsageError(f"there are {len(texts)} texts and {len(tags)} languages; give one tag, or one a text")
    seconds = [""] * len(texts) if pairs is None else list(pairs)
    expect_texts(seconds)
    if len(seconds) != len(texts):
        raise UsageError(f"there are {len(texts)} texts and {len(seconds)} second texts; give one to each")
    languages = [sides(canonical(tag)) for tag in tags]
    rows = zip(texts, seconds, languages, strict=True)
    return [Record(text, one, pair=pair, pair_language=two) for text, pair, (one, two) in rows]


def expect_texts(texts: Sequence[str]) -> None:
    """Raise `TypeError` for what is no list of texts."""
    if isinstance(texts, str):
        raise TypeError("texts is one string; give a list of texts")
    if getattr(texts, "ndim", 1) != 1:
        raise TypeError(f"texts is a {type(texts).__name__} of {getattr(texts, 'ndim', 0)} dimensions; give one column")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise TypeError(f"texts[{row}] is of the type {type(text).__name__}; every text must be a string")


def expect_directions(records: Sequence[Record], trained_on: Sequence[str]) -> None:
    """Raise `UsageError` for a record that is in no pair of languages, where all that writing was learned from was.

    `trained_on` are the languages of the training data; nothing is asked for where one of them is no pair.
    """
    if not trained_on or not all(":" in tag for tag in trained_on):
        return
    for row, record in enumerate(records, start=1):
        one, other = record.languages
        if one == other:
            raise UsageError(
                f"text number {row} is in '{one}' and in no other language to write in; name both, as in --language "
                f"{trained_on[0]}: the model was trained on {', '.join(trained_on)}"
            )


def expect_seconds(records: Sequence[Record], shape: Shape, *, task: str) -> None:
    """Raise `UsageError` for a record without a second text where `task` needs one, or with one where it has none."""
    for row, record in enumerate(records, start=1):
        if shape.second == "needed" and not record.pair:
            raise UsageError(f"{task} is about two texts; text number {row} has no second one")
        if not shape.second and record.pair:
            raise UsageError(f"{task} is about single texts; text number {row} has a second one")
