"""Checks of labels: too few, never seen, missing in a language, spelled apart, swapped between languages."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from loanword.data.assignment import best_permutation
from loanword.data.codes import shown
from loanword.data.finding import Finding, Role, Severity, counted, labels_of, lines_of, listed, place_of
from loanword.data.near_duplicates import fold
from loanword.data.records import Table

Tables = Mapping[Role, Mapping[str, Table]]

THIN = 5
"""Training rows below which a label can hardly be learnt, and expected rows from which its absence is no chance."""

SEPARATE = 5
"""Languages without some label that are named one by one."""

SHARED = 20
"""Rows with equal ids from which two tables count as parallel."""

MOVED = 5
"""Rows that must agree under a new name of their label: fewer are a few wrong labels."""

CHANCE = 0.01
"""How likely a finding of a swap may be in a set of tables whose labels differ by mistakes alone."""

FAR, NEAR, ALIKE = 0.3, 0.1, 0.15
"""Total variation between label shares: of a swapped language as given and renamed; among the other languages."""

MIN_ROWS = 50


def check_labels(tables: Tables) -> Iterator[Finding]:
    """Yield labels that are alone (LW305), thin (LW511), never trained (LW512), missing (LW513), alike (LW514)."""
    train: Counter[str] = Counter()
    for table in tables.get("train", {}).values():
        train.update(_labels(table))
    alike = {label for table in tables.get("train", {}).values() for label in table.label if label is not None}
    if train and len(alike) == 1:
        yield Finding(
            "error",
            "LW305",
            "train",
            f"the training data has the label {labels_of(train)} only",
            "add rows of at least one other label, or check which column holds the labels",
        )
    thin = sorted(label for label, count in train.items() if count < THIN)
    if thin:
        yield Finding(
            "warning",
            "LW511",
            "train",
            f"{len(thin)} of {len(train)} labels have fewer than {THIN} rows: {labels_of(thin)}",
            "add rows, or merge or drop these labels",
        )
    for role, languages in tables.items():
        for table in languages.values():
            if role != "train" and train:
                yield from _unseen(role, table, train)
        yield from _missing(role, languages, train if role != "train" else Counter())
    yield from _spelling(tables)


def _unseen(role: Role, table: Table, train: Mapping[str, int]) -> Iterator[Finding]:
    rows = [row for row, named in enumerate(table.named) if any(name not in train for name in named)]
    if rows:
        names = sorted({name for row in rows for name in table.named[row]} - set(train))
        yield Finding(
            "error",
            "LW512",
            place_of(role, table),
            f"{counted(len(rows), len(table))} have labels that training never shows: {labels_of(names)}",
            "no model can get them right; use the training labels' names, or drop these rows",
            lines_of(table, rows),
        )


def _missing(role: Role, languages: Mapping[str, Table], train: Counter[str]) -> Iterator[Finding]:
    """Name each language that lacks labels; where they are many, all of them in one finding."""
    everywhere = sum((_labels(table) for table in languages.values()), train)
    absent = {language: sorted(set(everywhere) - set(_labels(table))) for language, table in languages.items()}
    absent = {language: labels for language, labels in absent.items() if labels and len(labels) < len(everywhere)}
    expected = {
        language: max(everywhere[label] for label in labels) * len(languages[language]) / sum(everywhere.values())
        for language, labels in absent.items()
    }
    severity: Severity = "warning" if max(expected.values(), default=0) >= THIN else "info"
    advice = "macro scores of languages with other label sets do not compare"
    if len(absent) > SEPARATE:
        names = listed(f"{language} ({len(labels)})" for language, labels in absent.items())
        message = f"{len(absent)} of {len(languages)} languages lack labels that other tables have: {names}"
        yield Finding(severity, "LW513", role, message, advice)
        return
    for language, labels in absent.items():
        message = f"{len(labels)} labels that other tables have are missing: {labels_of(labels)}"
        severity = "warning" if expected[language] >= THIN else "info"
        yield Finding(severity, "LW513", place_of(role, languages[language]), message, advice)


def _spelling(tables: Tables) -> Iterator[Finding]:
    spellings: dict[str, set[str]] = {}
    for languages in tables.values():
        for table in languages.values():
            for label in _labels(table):
                spellings.setdefault(fold(label), set()).add(label)
    twice = sorted(" / ".join(map(shown, sorted(found))) for found in spellings.values() if len(found) > 1)
    if twice:
        yield Finding(
            "warning",
            "LW514",
            "all tables",
            f"labels differ only in case, width, spaces or invisible characters: {listed(twice)}",
            "spell each label in one way; as they stand they are different labels",
        )


def check_permutations(tables: Tables) -> Iterator[Finding]:
    """Yield languages whose labels are swapped: surely where ids are shared (LW515), else perhaps (LW516)."""
    for role, languages in tables.items():
        trusted, suspects = _by_agreement(languages)
        accused: set[str] = set()
        for language in suspects:
            others = [other for other in trusted if other != language and other not in accused]
            confusion, names = _confusion(languages[language], [languages[other] for other in others])
            cycles = _cycles(confusion, chance=CHANCE / len(trusted))
            if cycles:
                accused.add(language)
                yield _swapped(
                    place_of(role, languages[language]), f"{role} {listed(others)}", confusion, names, cycles
                )
        yield from _suspected(role, tables, set(trusted))


def _by_agreement(languages: Mapping[str, Table]) -> tuple[list[str], list[str]]:
    """Order the languages that share ids with others: by how far they are to be believed, and to be suspected.

    To be believed is whose labels agree with the larger share of their translations; to be suspected first is who
    contradicts the most of them. Of those that share ids one must be believed, so the first is no suspect.
    """
    shares: dict[str, list[float]] = {}
    conflicts: Counter[str] = Counter()
    for language, table in languages.items():
        for other in languages.values():
            confusion, _ = _confusion(table, [other])
            if other is not table and confusion.sum() >= SHARED:
                shares.setdefault(language, []).append(np.trace(confusion) / confusion.sum())
                conflicts[language] += int(confusion.sum() - np.trace(confusion))
    trusted = sorted(shares, key=lambda language: (-np.mean(shares[language]), conflicts[language]))
    return trusted, sorted(trusted[1:], key=lambda language: -conflicts[language])


def _confusion(table: Table, others: Sequence[Table]) -> tuple[np.ndarray, list[str]]:
    """Count label (rows) by the label of the same id in the first of `others` that has it (columns)."""
    known = {
        name: label
        for other in reversed(others)
        for name, label in zip(other.id, other.classes, strict=True)
        if name and label is not None
    }
    pairs = [
        (label, known[name])
        for name, label in zip(table.id, table.classes, strict=True)
        if label is not None and name in known
    ]
    names = sorted({label for pair in pairs for label in pair})
    place = {label: number for number, label in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    for one, two in pairs:
        counts[place[one], place[two]] += 1
    return counts, names


def _cycles(confusion: np.ndarray, *, chance: float) -> list[list[tuple[int, int]]]:
    """Return the labels that changed places, cycle by cycle: (label, its name in the other table).

    A cycle of the best renaming counts if each of its labels agrees better under the new name, and if mistakes alone
    would hardly move so many of the rows that agree under either. How often labels differ by mistake is seen in those
    that the renaming leaves alone (one half, if it leaves none); the tail of the binomial distribution is bounded as
    by Chernoff (1952) and counted for every pair of labels.
    """
    renamed = best_permutation(confusion)
    rows = confusion.sum(axis=1)
    alone = [label for label, other in enumerate(renamed) if label == other]
    wrong = rows[alone].sum() - confusion[alone, alone].sum()
    mistakes = (wrong + 1) / (rows[alone].sum() + 2)
    pairs = len(renamed) * (len(renamed) - 1) / 2
    found = []
    left = set(range(len(renamed))) - set(alone)
    while left:
        cycle = [left.pop()]
        while renamed[cycle[-1]] in left:
            cycle.append(renamed[cycle[-1]])
            left.remove(cycle[-1])
        moves = [(label, renamed[label]) for label in cycle if rows[label]]
        moved, kept = sum(confusion[move] for move in moves), confusion[cycle, cycle].sum()
        better = all(confusion[label, other] > confusion[label, label] for label, other in moves)
        if better and moved >= MOVED and _tail(moved, kept, expected=mistakes) * pairs <= chance:
            found.append(moves)
    return found


def _tail(moved: float, kept: float, *, expected: float) -> float:
    """Bound the probability that so many rows have `moved`, of which each does with probability `expected`."""
    total = moved + kept
    if moved <= expected * total:
        return 1.0
    parts = ((moved, expected), (kept, 1 - expected))
    return math.exp(-sum(seen * math.log(seen / (total * due)) for seen, due in parts if seen))


def _swapped(
    place: str, others: str, confusion: np.ndarray, names: list[str], cycles: list[list[tuple[int, int]]]
) -> Finding:
    moves = sorted(move for cycle in cycles for move in cycle)
    labels = [label for label, _ in moves]
    total = confusion[labels].sum()
    agreeing, best = confusion[labels, labels].sum() / total, sum(confusion[move] for move in moves) / total
    changes = [f"{shown(names[label])} is {shown(names[other])} there" for label, other in moves]
    return Finding(
        "error",
        "LW515",
        place,
        f"labels look swapped against {others}: {listed(changes)}; of {total:.0f} shared ids with these labels "
        f"{100 * agreeing:.0f} % agree as given, {100 * best:.0f} % after renaming",
        "rename the labels of one side",
    )


def _suspected(role: Role, tables: Tables, compared: set[str]) -> Iterator[Finding]:
    """A language is odd if its label shares are far from all others', but near them once the labels are renamed."""
    languages = {**(tables.get("train", {}) if role != "train" else {}), **tables[role]}
    counts = {language: _labels(table) for language, table in languages.items()}
    names = sorted(set().union(*counts.values()))
    shares = {
        language: np.array([found[label] for label in names]) / sum(found.values())
        for language, found in counts.items()
        if sum(found.values()) >= MIN_ROWS and set(found) == set(names)
    }
    for language, share in shares.items():
        others = [other for name, other in shares.items() if name != language]
        if language not in tables[role] or language in compared or not others:
            continue
        centre = np.mean(others, axis=0)
        if max(_variation(other, centre) for other in others) > ALIKE or _variation(share, centre) < FAR:
            continue
        renamed = best_permutation(-np.abs(share[:, None] - centre[None, :]))
        if _variation(share, centre[renamed]) <= NEAR:
            changes = [f"{shown(names[a])} as {shown(names[b])}" for a, b in enumerate(renamed) if a != b]
            yield Finding(
                "warning",
                "LW516",
                place_of(role, languages[language]),
                f"labels are as frequent as other labels are elsewhere ({listed(changes)}); they may be swapped",
                "look at some rows of each label; with ids shared between languages this is told for certain",
            )


def _variation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).sum() / 2)


def _labels(table: Table) -> Counter[str]:
    return Counter(name for named in table.named for name in named)
