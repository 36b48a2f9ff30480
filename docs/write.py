"""Write the generated parts of the documentation: file trees, recipe keys, codes.

    python -m docs.write

A generated part stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``. The code gives its rows; what only a person
can say (what a recipe key means, what a file is for in Chinese) stays as the page has it, and a new row waits for it.
A test fails while a page differs from what this writes.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from loanword.adapt_config import AdaptRecipe
from loanword.config import Recipe
from loanword.data.codes import CODES
from loanword.pretrain_config import LABELLED

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/loanword/"
BESIDE = ("benchmarks/", "docs/", "examples/", "tests/")
"""Folders that get one line each."""

COLUMN = 32
"""Where the descriptions of a tree start."""

SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
WORDS = {bool: "true or false", int: "whole number", float: "number", str: "text"}


def tree(part: str) -> str:
    """List the files of the package by the first sentence of their docstrings; files without one keep theirs."""
    kept = described(part)
    return _tree({path: _sentence(path) or kept.get(path, "") for path in files()})


def translated_tree(part: str) -> str:
    """List the files of the package with the descriptions that `part` has."""
    kept = described(part)
    return _tree({path: kept.get(path, "") for path in files()})


def recipe_keys(part: str) -> str:
    """List every key of a recipe with type and default; the meanings are those of `part`."""
    kept = {line.split(" | ")[0]: line.split(" | ")[-1].removesuffix(" |") for line in part.splitlines()}
    rows = [
        f"| `{key}` | {_type(field)} | {_default(default)} | {kept.get(f'| `{key}`', '')} |"
        for key, field, default in fields(Recipe)
    ]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *rows])


def pretraining_keys(part: str) -> str:
    """The same of pretraining and adapting; a key that labelled training has as well means the same."""
    rows = [*_labelled_keys().splitlines(), *part.splitlines()]
    kept = {line.split(" | ")[0]: line.split(" | ")[-1].removesuffix(" |") for line in rows}
    found = [
        f"| `{key}` | {_type(field)} | {_default(default)} | {kept.get(f'| `{key}`', '')} |"
        for key, field, default in fields(AdaptRecipe)
        if key.removeprefix("training.") not in LABELLED or not key.startswith("training.")
    ]
    return "\n".join(["| key | type | default | meaning |", "|---|---|---|---|", *found])


def _labelled_keys() -> str:
    return part((ROOT / "docs/reference/recipe.md").read_text(encoding="utf-8"), "keys")


def error_codes(part: str) -> str:
    """List the codes of data problems; nothing of `part` is kept."""
    return "\n".join(["| code | meaning |", "|---|---|", *(f"| {code} | {text} |" for code, text in CODES.items())])


def check_codes(part: str) -> str:
    """List the codes that the data checks give; how bad they are and what they mean stays as `part` has it."""
    kept = {line.split(" | ")[0].removeprefix("| "): line for line in part.splitlines()}
    sources = sorted((ROOT / PACKAGE / "data").glob("check*.py"))
    found = {code for path in sources for code in re.findall(r'"(LW\d{3})"', path.read_text(encoding="utf-8"))}
    rows = [kept.get(code, f"| {code} | | |") for code in sorted(found)]
    return "\n".join(["| code | severity | meaning |", "|---|---|---|", *rows])


PARTS: dict[str, dict[str, Callable[[str], str]]] = {
    "README.md": {"tree": tree},
    "README.zh.md": {"tree": translated_tree},
    "docs/reference/recipe.md": {"keys": recipe_keys},
    "docs/reference/pretraining.md": {"keys": pretraining_keys},
    "docs/reference/errors.md": {"codes": error_codes, "checks": check_codes},
}
"""Page, name of the part, what makes it."""


def written(page: str) -> str:
    """Return `page` (a path from the root) as it should be."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for name, make in PARTS[page].items():
        start, end = _place(text, name)
        text = text[:start] + make(text[start:end]) + text[end:]
    return text


def part(text: str, name: str) -> str:
    """Return what stands in `text` between the marks of `name`."""
    start, end = _place(text, name)
    return text[start:end]


def _place(text: str, name: str) -> tuple[int, int]:
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text, flags=re.S)
    if found is None:
        raise ValueError(f"there is no part between <!-- {name} --> and <!-- /{name} -->")
    return found.span(1)


def files() -> list[str]:
    """Return what a tree lists, in its order; ``__init__.py`` is the line of its folder."""
    return [*_inside(ROOT / PACKAGE), *BESIDE]


def described(tree: str) -> dict[str, str]:
    """Read a tree: path to description."""
    found, above = {}, [""]
    for indent, name, text in re.findall(r"^((?:  )*)(\S+)(?: +(.*))?$", tree, flags=re.M):
        if not name.startswith("```"):
            above[len(indent) // 2 :] = [name]
            found["".join(above)] = text
    return found


def fields(
    model: type[BaseModel], prefix: str = "", part: BaseModel | None = None
) -> Iterator[tuple[str, FieldInfo, Any]]:
    """Yield the dotted keys of a recipe part, with their defaults: those of `part` where a recipe has its own."""
    for name, field in model.model_fields.items():
        default = getattr(part, name) if part else field.get_default(call_default_factory=True)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, f"{prefix}{name}.", default)
        else:
            yield prefix + name, field, default


def _inside(folder: Path) -> Iterator[str]:
    yield f"{folder.relative_to(ROOT).as_posix()}/"
    inside = sorted(path for path in folder.iterdir() if path.name not in ("__pycache__", "__init__.py"))
    yield from (path.relative_to(ROOT).as_posix() for path in inside if path.is_file())
    for path in inside:
        if path.is_dir():
            yield from _inside(path)


def _tree(described: dict[str, str]) -> str:
    lines = [f"{_indented(path):<{COLUMN}}  {text}".rstrip() for path, text in described.items()]
    return "\n".join(["```", *lines, "```"])


def _indented(path: str) -> str:
    if not path.startswith(PACKAGE) or path == PACKAGE:
        return path
    names: list[str] = re.findall("[^/]+/?", path.removeprefix(PACKAGE))
    return "  " * len(names) + names[-1]


def _sentence(path: str) -> str:
    """Return the first sentence of the docstring of a module, or of a package by its folder; "" if there is none."""
    file = ROOT / path / "__init__.py" if path.endswith("/") else ROOT / path
    if file.suffix != ".py" or not file.is_file():
        return ""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    first = " ".join(text.split("\n\n")[0].split()).replace("``", "")
    return re.split(r"(?<=[.?!]) (?=[A-Z`])", first)[0].rstrip(".")


def _type(field: FieldInfo) -> str:
    limits = [
        f"{sign} {getattr(one, key):g}" for one in field.metadata for key, sign in SIGNS.items() if hasattr(one, key)
    ]
    return f"{_kind(field.annotation)} {', '.join(limits)}".strip()


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return ", ".join(f"`{json.dumps(value)}`" for value in get_args(kind))
    if get_origin(kind) is tuple:
        return "two numbers" if float in get_args(kind) else "list of texts"
    if get_origin(kind) is dict:
        return "table of texts" if get_args(kind)[1] is str else "table"
    choices = [one for one in get_args(kind) if one is not type(None)]
    return _kind(choices[0]) if choices else WORDS[kind]


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "must be given"
    return "–" if value in (None, {}) else f"`{json.dumps(value)}`"


if __name__ == "__main__":
    for page in PARTS:
        (ROOT / page).write_text(written(page), encoding="utf-8")
