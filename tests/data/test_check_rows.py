"""Planted duplicates, contradictions and leaks are told, with their rows; clean tables are not."""

from functools import cache

import numpy as np
import pytest

from loanword.data.check_rows import check_duplicates, check_leaks
from loanword.data.near_duplicates import fold
from loanword.data.records import Table

WORDS = [first + last for first in ("ba", "cho", "dri", "fe", "gul", "hy", "jo", "kra") for last in "lmnprstvwxz"]


def sentence(rng):
    return " ".join(rng.choice(WORDS, size=rng.integers(14, 26)))


def variant(rng, text):
    words = text.split()
    words[rng.integers(len(words))] = "zzzzz"
    return " ".join(words)


@cache
def shingles(text):
    return {fold(text)[i : i + 5] for i in range(len(fold(text)) - 4)}


def jaccard(one, other):
    shared = len(shingles(one) & shingles(other))
    return shared / (len(shingles(one)) + len(shingles(other)) - shared)


def table(text, *, language="en", label=None, ids=None, group=None):
    return Table(
        language=language,
        text=list(text),
        label=label or ["a"] * len(text),
        id=ids or [],
        group=group or [],
        origin="file",
    )


def codes(findings):
    return {finding.code: finding.rows for finding in findings}


def test_duplicates_and_contradictions():
    rows = table(["x", "y", "x", "z", "y"], label=["a", "a", "b", "a", "a"])
    found = codes(check_duplicates({"train": {"en": rows}}))
    assert found == {"LW502": (1, 3), "LW501": (5,)}
    assert not codes(check_duplicates({"train": {"en": table(["x", "X", "y"])}}))


def disguise(rng, text):
    """The same text to a reader: other case, full-width letters, more spaces."""
    wide = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)})
    changes = [
        str.upper,
        str.title,
        lambda t: t.translate(wide),
        lambda t: t.replace(" ", " \u00a0 "),
        lambda t: f" {t} ",
    ]
    return changes[rng.integers(len(changes))](text)


def test_every_planted_leak_is_told_and_nothing_else():
    rng = np.random.default_rng(3)
    train = [sentence(rng) for _ in range(800)]
    texts = [sentence(rng) for _ in range(300)]
    exact, folded, near = range(20), range(20, 60), range(60, 200)
    for row in exact:
        texts[row] = train[row]
    for row in folded:
        texts[row] = disguise(rng, train[row])
    for row in near:
        texts[row] = variant(rng, train[row])
    found = codes(check_leaks({"train": {"en": table(train)}, "test": {"en": table(texts)}}))
    truth = {row + 1 for row in range(60, 300) if any(jaccard(texts[row], other) >= 0.8 for other in train)}
    assert found["LW503"] == tuple(row + 1 for row in exact)
    assert found["LW504"] == tuple(row + 1 for row in folded)
    assert len(truth) > 50
    assert len(truth & set(found["LW505"])) >= 0.95 * len(truth)
    assert len(truth & set(found["LW505"])) >= 0.95 * len(found["LW505"])
    assert set(found) == {"LW503", "LW504", "LW505"}


@pytest.mark.parametrize(("earlier", "later"), [("train", "dev"), ("train", "test"), ("dev", "test")])
def test_all_pairs_of_roles(earlier, later):
    same = {earlier: {"pt": table(["um texto"])}, later: {"pt-BR": table(["um texto"], language="pt-BR")}}
    assert codes(check_leaks(same)) == {"LW503": (1,)}
    other = {earlier: {"pt": table(["um texto"])}, later: {"es": table(["um texto"], language="es")}}
    assert not codes(check_leaks(other))


@pytest.mark.parametrize(
    ("shared", "others", "severity"),
    [
        (["hotel"] * 4, 40, None),
        (["hotel", "taxi", "42", "visa", "menu"], 95, "error"),
        (["hotel", "taxi", "42", "visa", "menu"], 96, None),
        (["turn it off"], 40, "warning"),
        (["turn it off"] * 40, 0, "error"),
    ],
)
def test_one_text_in_two_languages(shared, others, severity):
    rows = [*shared, *(f"eigene Zeile {row}" for row in range(others))]
    tables = {"train": {"en": table([*shared, "x"])}, "test": {"de": table(rows, language="de")}}
    found = [(one.code, one.severity, one.rows) for one in check_leaks(tables)]
    assert found == ([("LW503", severity, tuple(range(1, len(shared) + 1)))] if severity else [])


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: f"{text}!",
        lambda text: text.replace(" ", ", "),
        lambda text: text.replace("t", "t\u200b"),
    ],
    ids=["upper case", "a mark more", "commas", "characters without a shape"],
)
def test_a_disguised_copy_in_another_language_is_one(change):
    english = [f"turn the light in room {row} off" for row in range(40)]
    german = [f"das ist eine eigene Zeile {row}" for row in range(40)]
    tables = {"train": {"en": table(english)}, "test": {"de": table(list(map(change, english)), language="de")}}
    assert codes(check_leaks(tables)) == {"LW503": tuple(range(1, 41))}
    few = {**tables, "test": {"de": table([*german, change(english[0])], language="de")}}
    assert codes(check_leaks(few)) == {"LW503": (41,)}
    assert codes(check_leaks({**tables, "test": {"de": table(list(map(change, german)), language="de")}})) == {}


def test_names_and_numbers_in_two_languages_are_no_copies():
    shared = ["Taxi!", "2024-01-05", "12 : 30 : 00", "+49 30 123 456", "Hotel Adlon", "?!", ":-)"]
    rows = [f"eigene Zeile {row}" for row in range(200)]
    tables = {
        "train": {"en": table([*(text.upper() for text in shared), "x"])},
        "test": {"de": table([*shared[:4], *rows], language="de"), "fr": table([*shared[4:], *rows], language="fr")},
    }
    assert codes(check_leaks(tables)) == {}


def test_the_same_text_with_invisible_characters_is_a_leak():
    tables = {"train": {"en": table(["hello there my friend"])}, "test": {"en": table(["hello\u200b there my friend"])}}
    assert codes(check_leaks(tables)) == {"LW504": (1,)}


def test_groups():
    tables = {
        "train": {"en": table(["a b c"], group=["g1"])},
        "test": {"en": table(["d e f", "g h"], group=["g1", ""])},
    }
    assert codes(check_leaks(tables)) == {"LW507": (1,)}


def test_equal_ids_across_languages_are_leaks():
    rng = np.random.default_rng(0)
    labels = rng.choice(["a", "b", "c"], size=100).tolist()
    train = table([sentence(rng) for _ in labels], label=labels, ids=[str(i) for i in range(100)])
    test = table([sentence(rng) for _ in labels], label=labels, ids=train.id, language="de")
    assert codes(check_leaks({"train": {"en": train}, "test": {"de": test}})) == {"LW506": tuple(range(1, 101))}
    half = test.select(range(0, 100, 2))
    assert codes(check_leaks({"train": {"en": train}, "test": {"de": half}}))["LW506"] == tuple(range(1, 51))


def test_row_numbers_are_no_ids_but_names_are():
    rng = np.random.default_rng(1)
    told = 0
    for _ in range(50):
        labels = [rng.choice(["a", "b"], size=60).tolist() for _ in range(2)]
        train, test = (
            table([sentence(rng) for _ in names], label=names, ids=[str(i) for i in range(60)], language=language)
            for names, language in zip(labels, ("en", "de"), strict=True)
        )
        told += bool(codes(check_leaks({"train": {"en": train}, "test": {"de": test}})))
    assert told == 0
    named = [table(["u v"], ids=["doc-7"], language=language) for language in ("en", "de")]
    assert codes(check_leaks({"train": {"en": named[0]}, "test": {"de": named[1]}})) == {"LW506": (1,)}


def test_no_text_in_findings():
    canary = "kanarienvogel singt heute laut"
    tables = {"train": {"de": table([canary, canary])}, "test": {"de": table([canary.upper(), canary])}}
    found = [*check_leaks(tables), *check_duplicates(tables)]
    assert len(found) == 3
    assert not any("kanarien" in str(finding).casefold() for finding in found)
