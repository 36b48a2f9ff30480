"""Look at the data before anything is trained: leaks, duplicates, wrong languages, labels that do not fit.

Nothing is changed, and no text of the data is in a finding. What each check can and cannot see stands at the module
that makes it: `check_rows`, `check_labels`, `check_languages`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from loanword.data.check_labels import check_labels, check_permutations
from loanword.data.check_languages import check_languages
from loanword.data.check_rows import check_duplicates, check_leaks
from loanword.data.codes import plain, raise_all
from loanword.data.finding import ROLES, Finding, Role, place_of
from loanword.data.read import EXTENSIONS, read, split_of
from loanword.data.records import Shape, Table, names_of, told
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.errors import DataError, Problem, UsageError
from loanword.language.tag import canonical, known, name

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

TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")
LOCALE = re.compile(r"[a-z]{2,3}[-_]([A-Z]{2}|[0-9]{3})")

CHECKS = (check_leaks, check_duplicates)


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
    found += check_languages({role: _texts(tables) for role, tables in filled.items()})
    found += _left_out(filled)
    found += check_labels(_those(filled, _names_classes))
    found += check_permutations(_those(filled, lambda table: "" not in table.classes))
    order = ("error", "warning", "info")
    return sorted(found, key=lambda finding: (order.index(finding.severity), finding.code, finding.place))


def _those(tables: Mapping[Role, Mapping[str, Table]], which: Callable[[Table], bool]) -> dict[Role, dict[str, Table]]:
    return {
        role: {tag: table for tag, table in languages.items() if which(table)} for role, languages in tables.items()
    }


def _names_classes(table: Table) -> bool:
    return all(label is None or names_of(label) is not None for label in table.label)


def check_files(
    files: Sequence[str],
    *,
    shape: Shape = LABELLED_TEXT,
    columns: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Finding]:
    """Read `files` and run all checks.

    Args:
        files: each ``[role:][language=]path``, where a path is whatever `read` takes. What is not said is taken from
            the file's name, then from its folder (``en.train.jsonl``, ``test/zho_Hans.csv``); a file without a role is
            training data. A data set of the Hub or a bundled one gives the split of its role.
        shape: the columns that they have.
        columns: column map of the files, as for `read`.
        tell: called with a line for each file that says what it was taken for and how much is in it.

    Raises:
        DataError: files that cannot be read, all their problems at once.
        ConfigError: files whose role or language cannot be told, two files for one role and language, sources that
            cannot be asked for as they are written; all of it at once, with the problems of the other files.
    """
    tables: dict[str, dict[str, Table]] = {}
    wrong: list[str] = []
    problems: list[Problem] = []
    endings = (*EXTENSIONS, *shape.formats, *shape.documents, ".gz")
    for file in files:
        try:
            role, language, path = _parse(file, endings)
            if language in tables.setdefault(role, {}):
                raise UsageError(
                    f"two files are {role} {language}, the second is '{path}'; say which is which: role:lang=path"
                )
            tables[role][language] = Table(language=language, text=[], label=[])
            table = read(path, language=language, shape=shape, columns=columns, split=split_of(path, role))
        except DataError as error:
            problems += error.problems
        except UsageError as error:
            wrong.append(str(error))
        else:
            tables[role][language] = table
            kinds = len(set(table.label) - {None})
            labels = f", {kinds} label{'s' if kinds != 1 else ''}" if shape.classes else ""
            rows = f"{len(table)} row{'s' if len(table) != 1 else ''}"
            tell(f"{role} {language} ({name(language)}): {plain(path)}, {rows}{labels}")
    raise_all(wrong, problems)
    return check(tables)


def _texts(tables: Mapping[str, Table]) -> dict[str, Table]:
    """Return `tables`, and the second texts of those in two languages as tables of their own."""
    seconds = {
        f"{tag} second": replace(table, language=table.pair_language, text=table.pair, pair=[], pair_language="")
        for tag, table in tables.items()
        if table.pair_language
    }
    return {**tables, **seconds}


def _left_out(tables: Mapping[Role, Mapping[str, Table]]) -> Iterator[Finding]:
    """Yield tables that are not all of their source (LW517)."""
    for role, languages in tables.items():
        for table in languages.values():
            if table.left_out:
                advice = "nothing is to be done if that is as it should be"
                yield Finding("info", "LW517", place_of(role, table), told(table.left_out), advice)


def _parse(file: str, endings: Sequence[str]) -> tuple[Role, str, str]:
    """Split ``[role:][language=]path`` and guess what is not said."""
    spelled, _, rest = file.partition(":")
    said: Role | None = SPELLED.get(spelled.casefold()) if rest else None
    rest = rest if said else file
    tag, sign, path = rest.partition("=")
    named = bool(sign) and not Path(rest).exists()
    path = path if named else rest
    role = said or _role(path)
    return role, canonical(tag) if named else _language(path, role, endings), path


def _role(path: str) -> Role:
    """The role that a word of the file's name means, or its folder; else it is training data."""
    if _is_data_set(path):
        path = path.partition("@")[2]
    for words in (re.split(r"[\W_]+", Path(path).name), [Path(path).parent.name]):
        roles = sorted({SPELLED[word.casefold()] for word in words if word.casefold() in SPELLED})
        if len(roles) > 1:
            raise UsageError(
                f"'{path}' could be {' or '.join(roles)} data by its name; write it as {roles[0]}:lang={path}"
            )
        if roles:
            return roles[0]
    return "train"


def _language(path: str, role: Role, endings: Sequence[str]) -> str:
    """The language in the file's name, cut at dots if that does, else ever finer, or in the name of its folder."""
    stem = Path(path).name
    while (ending := Path(stem).suffix).lower() in endings:
        stem = stem.removesuffix(ending)
    places = [] if _is_data_set(path) else [map(_tag, stem.split(".")), _tags(stem), [_tag(Path(path).parent.name)]]
    for place in places:
        found = sorted({tag for tag in place if tag}, key=lambda tag: (len(tag), tag))
        if len({tag.partition("-")[0] for tag in found}) > 1:
            names = " or ".join(f"{name(tag)} ({tag})" for tag in found)
            raise UsageError(f"'{path}' could be in {names} by its name; write it as {role}:{found[0]}={path}")
        if found:
            return found[-1]
    raise UsageError(f"the language of '{path}' cannot be told from its name; write it as {role}:de={path}")


def _tags(text: str) -> Iterator[str | None]:
    """The tags in a text of several words: of up to three words each, the longest first."""
    parts = re.findall(r"[^\W_]+|[\W_]+", text)
    place = 0
    while place < len(parts):
        length = next((length for length in (5, 3, 1) if _tag("".join(parts[place : place + length]))), 1)
        yield _tag("".join(parts[place : place + length]))
        place += length


def _tag(word: str) -> str | None:
    """The known language that a word is a tag of: as a whole (pt-BR, zho_Hans), or for its region (ko_KR)."""
    if not TAG.fullmatch(word) or word.casefold() in SPELLED:
        return None
    try:
        tag = canonical(word)
    except UsageError:
        return None
    return tag if tag in known() or (LOCALE.fullmatch(word) and tag.partition("-")[0] in known()) else None


def _is_data_set(path: str) -> bool:
    return path.startswith(("hub:", "builtin:"))
