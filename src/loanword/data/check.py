"""Look at the data before anything is trained: leaks, duplicates, wrong languages, labels that do not fit.

Nothing is changed, and no text of the data is in a finding. What each check can and cannot see stands at the module
that makes it: `check_rows`, `check_labels`, `check_languages`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from loanword.data.check_labels import check_labels, check_permutations
from loanword.data.check_languages import check_languages
from loanword.data.check_rows import check_duplicates, check_leaks
from loanword.data.finding import ROLES, Finding, Role
from loanword.data.read import read
from loanword.data.records import Table
from loanword.errors import DataError, Problem, UsageError
from loanword.language.tag import canonical

__all__ = ["Finding", "check", "check_files"]

SPELLED: dict[str, Role] = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "valid": "dev",
    "validation": "dev",
    "val": "dev",
    "test": "test",
}
"""Words in file names, and the role they mean."""

EXTENSIONS = frozenset({"csv", "tsv", "gz"})
"""Endings that are also codes of languages."""

CHECKS = (check_leaks, check_duplicates, check_labels, check_permutations, check_languages)


def check(tables: Mapping[str, Mapping[str, Table]]) -> list[Finding]:
    """Run all checks over the tables of a run.

    Args:
        tables: role (``train``, ``dev``, ``test``; any may be absent) to language to table.

    Returns:
        The findings, errors first; an empty list means that nothing was found.

    Raises:
        UsageError: a role that is none of the three.
    """
    unknown = sorted(set(tables) - set(ROLES))
    if unknown:
        raise UsageError(f"unknown role '{unknown[0]}'; expected train, dev or test")
    filled = {
        role: {language: table for language, table in tables.get(role, {}).items() if len(table)} for role in ROLES
    }
    found = [finding for run in CHECKS for finding in run(filled)]
    order = ("error", "warning", "info")
    return sorted(found, key=lambda finding: (order.index(finding.severity), finding.code, finding.place))


def check_files(files: Sequence[str], *, columns: Mapping[str, str] | None = None) -> list[Finding]:
    """Read `files` and run all checks.

    Args:
        files: each ``[role:][language=]path``. What is not said is taken from the words of the file's name, then from
            its folder (``en.train.jsonl``, ``test/zho_Hans.csv``); a file without a role is training data.
        columns: column map of the files, as for `read`.

    Raises:
        DataError: files that cannot be read, all their problems at once.
        UsageError: a file whose language cannot be told, or two files for one role and language.
    """
    tables: dict[str, dict[str, Table]] = {}
    problems: list[Problem] = []
    for role, language, path in [_parse(file) for file in files]:
        if language in tables.setdefault(role, {}):
            raise UsageError(
                f"two files are {role} {language}, the second is '{path}'; say which is which: role:lang=path"
            )
        tables[role][language] = Table(language=language, text=[], label=[])
        try:
            tables[role][language] = read(path, language=language, columns=columns)
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    return check(tables)


def _parse(file: str) -> tuple[Role, str, str]:
    """Split ``[role:][language=]path`` and guess what is not said."""
    role, _, rest = file.partition(":")
    said: Role | None = SPELLED.get(role) if rest else None
    rest = rest if said else file
    tag, sign, path = rest.partition("=")
    named = bool(sign) and not Path(rest).exists()
    path = path if named else rest
    words = _words(path)
    guessed = next((SPELLED[word.casefold()] for word in words if word.casefold() in SPELLED), None)
    language = canonical(tag) if named else _language(path, words)
    return said or guessed or "train", language, path


def _words(path: str) -> list[str]:
    """The parts of the file's name, cut ever finer, then the name of its folder."""
    name = Path(path).name
    return [word for cut in (r"\.", r"[._]", r"[^0-9A-Za-z]+") for word in re.split(cut, name)] + [
        Path(path).parent.name
    ]


def _language(path: str, words: Iterable[str]) -> str:
    """The first word that is written like a language tag and is one."""
    for word in words:
        if re.fullmatch(r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", word) and word not in SPELLED and word not in EXTENSIONS:
            try:
                return canonical(word)
            except UsageError:
                continue
    raise UsageError(f"the language of '{path}' cannot be told from its name; write it as de={path}")
