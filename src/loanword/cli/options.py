"""Options that several verbs share, and what they mean."""

from __future__ import annotations

import codecs
import json
import math
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loanword.errors import ConfigError, ModelError, UsageError

if TYPE_CHECKING:
    from loanword.config import MeasureSettings
    from loanword.deploy.bundle import Bundle

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout; messages go to stderr.")]
Out = Annotated[str | None, typer.Option("--out", metavar="DIR", help="Folder for the model and the reports.")]
Column = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="OURS=THEIRS", help="Column map, e.g. text=body, label=topic, group=document."),
]
Override = Annotated[
    list[str] | None, typer.Option("--set", metavar="A.B=C", help="Any recipe key, e.g. training.epochs=5.")
]
ReportLanguage = Annotated[str, typer.Option("--report-language", help="Language of the reports: en or zh.")]
MeasureTask = Annotated[
    str | None,
    typer.Option("--task", help="Use any model for this task as it comes, without training; see: loanword ls tasks"),
]
MeasureOverride = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="A.B=C", help="Recipe keys of evaluation, hardware, and with --task task_options and encoder."
    ),
]
TestFiles = Annotated[
    list[str] | None, typer.Option("--test", metavar="LANG=FILE", help="Test data of one language; repeat it.")
]


def pairs(values: list[str] | None, *, option: str, what: str) -> dict[str, str]:
    """Turn ``["en=a.jsonl", ...]`` into a dictionary; raises `ConfigError` with every bad one."""
    found: dict[str, str] = {}
    problems = []
    for value in values or []:
        key, sign, rest = value.partition("=")
        if not sign or not key.strip() or not rest.strip():
            problems.append(f"{option} {value}: expected {what}, e.g. {option} {_EXAMPLES[option]}")
        elif key.strip() in found:
            problems.append(f"{option} {value}: {key.strip()} is given twice")
        else:
            found[key.strip()] = rest
    if problems:
        raise ConfigError(problems, where="command line")
    return found


KINDS = {
    ".html": "a page",
    ".json": "JSON",
    ".jsonl": "JSON lines",
    ".npy": "a NumPy array",
    ".png": "a picture",
    ".svg": "a picture (.png is one, too)",
    ".tsv": "a table, or JSON lines as .jsonl",
}
_EXAMPLES = {
    "--train": "en=en.jsonl",
    "--dev": "en=en.dev.jsonl",
    "--test": "de=de.jsonl",
    "--unlabelled": "de=texts.jsonl",
    "--column": "text=body",
    "--source": "en=en.txt",
    "--target": "de=de.txt",
    "--text": "de=de.txt",
    "--parallel": "en:de=en-de.tsv",
}


def measured(override: list[str] | None) -> MeasureSettings:
    """Return the settings that ``--set`` asks for where nothing is trained."""
    from loanword.config import MeasureSettings, part

    return part(MeasureSettings, {}, overrides=override or [], where="command line")


def loaded(name: str, task: str | None, settings: MeasureSettings) -> Bundle:
    """Load the bundle `name`; with a `task`, the model `name` as it comes."""
    from loanword.config import expanded
    from loanword.deploy.base import bundle_folder
    from loanword.deploy.bundle import Bundle
    from loanword.deploy.output import INSIDE
    from loanword.hardware import detect

    machine = settings.hardware.model_dump()
    if task is not None:
        options, encoder = settings.task_options, settings.encoder
        return Bundle.untrained(name, task=task, options=options, encoder=encoder, hardware=detect(**machine))
    if fixed := settings.model_fields_set & {"task_options", "encoder"}:
        raise UsageError(f"--set {min(fixed)}: a bundle has its own already; it is for a model that --task names")
    folders = (expanded(name), expanded(name) / INSIDE)
    if not bundle_folder(name) and any((folder / "config.json").is_file() for folder in folders):
        raise ModelError(
            f"{name} is no bundle but a model as transformers keeps it; say with --task what it shall do: "
            "for what stands in its masks, --task fill-mask (all: loanword ls tasks)"
        )
    return Bundle.load(name, **machine)


def typed() -> str:
    """Return the command line as it was typed, quoted so that a shell reads it again."""
    return shlex.join(["loanword", *sys.argv[1:]])


def expect_place(
    output: Path, *, suffix: str, sources: Mapping[str, str | None] | None = None, option: str = "--output"
) -> None:
    """Raise `UsageError` unless `output` is a name for a file of this kind, in a folder where one can be written.

    It must be none of the `sources`, by the option that names each, whatever the path is spelt like, stand in no folder
    among them, and in no bundle or index.
    """
    from loanword.config import expanded
    from loanword.durable import sealed_around

    if output.suffix != suffix:
        raise UsageError(f"{option} {output}: what is written is {KINDS[suffix]}; give a name that ends in {suffix}")
    if output.is_dir() or not output.parent.is_dir():
        raise UsageError(f"{option} {output}: " + ("is a folder" if output.is_dir() else "its folder does not exist"))
    folder = output.absolute().parent.resolve()
    for name, given in (sources or {}).items():
        source = expanded(given) if given else None
        if source and source.is_dir() and folder.is_relative_to(source.resolve()):
            raise UsageError(f"{option} {output} lies in the folder of {name}; choose another place")
        if source and source.exists() and output.exists() and output.samefile(source):
            raise UsageError(
                f"{option} {output} is the {name}; what else stands in it would be lost. Choose another name"
            )
    if sealed := sealed_around(folder / output.name):
        raise UsageError(
            f"{option} {output}: {sealed} is a bundle or an index, which it would damage; choose another place"
        )
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"{option} {output}: the folder {output.parent} cannot be written to: {reason}") from None


def nested(**parts: Any) -> dict[str, Any]:
    """Drop what was not given."""
    return {key: value for key, value in parts.items() if value not in (None, {})}


def dumped(value: Any, *, indent: int | None = None) -> str:
    """Return `value` as JSON that stdout can carry: plain ASCII where its encoding is not UTF-8."""
    encoding = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name
    return json_of(value, indent=indent, ascii_only=encoding != "utf-8")


def json_of(value: Any, *, indent: int | None = None, ascii_only: bool = False) -> str:
    """Return `value` as JSON; numbers that are not finite are null, as in reports."""
    return json.dumps(_finite(value), indent=indent, ensure_ascii=ascii_only, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
