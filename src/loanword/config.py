"""The recipe: one frozen model per stage, TOML in and out, all problems at once.

A recipe is the whole truth of a run: what `loanword transfer` was told on the command line becomes one, and
`loanword train` runs one from a file.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from datetime import date, time
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from loanword.errors import ConfigError, UsageError
from loanword.language.tag import canonical

SHOWN = 80
"""Characters of a wrong value that a message shows."""


Part = TypeVar("Part", bound="Settings")

Pooling = Literal["mean", "cls", "max", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]


Places = dict[str, Literal["path", "model"]]
"""Keys of a recipe under which paths stand, one or a table of them, or models, which may be folders."""


class Settings(BaseModel):
    """Base of all recipe parts: immutable, no unknown keys."""

    places: ClassVar[Places] = {}
    always: ClassVar[tuple[str, ...]] = ()
    """Keys that a file says, whether they were said or not."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), allow_inf_nan=False)

    def to_toml(self) -> str:
        """Write what was said, in TOML: it repeats the run, where `hardware.threads` is the same."""
        import tomli_w

        values = _filled(self.model_dump(exclude_unset=True, exclude_none=True))
        return tomli_w.dumps({**{name: getattr(self, name) for name in self.always}, **values})

    def seen_from(self, folder: Path) -> Self:
        """Return the recipe with its paths relative to `folder`: as a file in `folder` must say them."""

        def turn(path: str) -> str:
            # Links are followed in folders, where ".." would leave them for elsewhere; a file keeps its name.
            place = expanded(path).absolute()
            try:
                return os.path.relpath(place.parent.resolve() / place.name, folder.resolve())
            except ValueError:  # Another drive.
                return str(place)

        values = self.model_dump(exclude_unset=True)
        moved = _with_paths(values, turn, is_model=lambda name: _is_model(expanded(name)), places=self.places)
        return self.model_validate(moved)


class DataSettings(Settings):
    """Where the rows are. Sources are files, ``hub:org/name`` or ``builtin:name``, by language tag."""

    train: dict[str, str] = Field(default_factory=dict)
    dev: dict[str, str] = Field(default_factory=dict)
    test: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    dev_fraction: float = Field(default=0.1, ge=0, lt=0.5)
    """Share of the training rows held out as source dev where no dev data is given."""

    @field_validator("train", "dev", "test")
    @classmethod
    def _tags(cls, value: dict[str, str]) -> dict[str, str]:
        found: dict[str, str] = {}
        problems = []
        for tag, source in value.items():
            try:
                clean = canonical(tag)
            except UsageError as error:
                problems.append(str(error))
                continue
            if clean in found:
                problems.append(f"language '{tag}' is given twice (as {clean})")
            found[clean] = source
        if problems:
            raise ValueError("\n".join(problems))
        return found


class EncoderSettings(Settings):
    """How the encoder reads text; None leaves it to the model's folder, or else to the model registry."""

    max_length: int | None = Field(default=None, ge=8)
    prefix: str | None = None
    pooling: Pooling | None = None
    revision: str | None = None


class TrainingSettings(Settings):
    """The default recipe: how it was chosen, and on what, is in docs/log.md."""

    start: Literal["probe", "random"] = "probe"
    probe_penalty: float | None = Field(default=None, gt=0)
    """None: chosen by cross-validation over the source rows."""
    epochs: float = Field(default=5, gt=0, le=1e6)
    min_steps: int = Field(default=0, ge=0)
    max_steps: int = Field(default=100_000, ge=1)
    batch_size: int = Field(default=32, ge=1)
    micro_tokens: int | None = Field(default=None, ge=16)
    """None: by the device (`batches.sampler.pass_tokens`)."""
    learning_rate: float | None = Field(default=None, gt=0)
    """None: by whether the encoder was ever trained (`training.optimizer.peak_rate`)."""
    head_rate: float = Field(default=1.0, gt=0)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    clip: float = Field(default=1.0, ge=0)
    embeddings: Literal["compact", "frozen", "full"] = "compact"
    freeze_layers: int = Field(default=0, ge=0)
    cache_gigabytes: float = Field(default=1.0, ge=0)
    """Memory for what frozen layers say of the rows; more goes to disk. 0: nothing is kept."""
    average: float = Field(default=0.5, gt=0, le=1)
    patience: int = Field(default=0, ge=0)
    class_weights: Literal["none", "balanced"] = "none"
    dropout: float = Field(default=0.0, ge=0, lt=1)
    smoothing: float = Field(default=0.0, ge=0, lt=1)
    piece_exchange: float = Field(default=0.3, ge=0, lt=1)
    checkpoint_minutes: float = Field(default=5, ge=0)
    """How often a run with an `out` folder saves where it stands; 0: never, and a run that is stopped is lost."""
    checkpoint_steps: int = Field(default=0, ge=0)
    """The same in steps; 0: by the clock."""
    not_finite: Literal["stop", "skip"] = "stop"
    """What to do with a step whose loss or gradient is no finite number."""

    def head_settings(self) -> dict[str, Any]:
        """Return what a task's constructor takes."""
        return {"dropout": self.dropout, "smoothing": self.smoothing, "class_weights": self.class_weights}

    def planned_steps(self, steps_per_epoch: int) -> int:
        """Turn epochs into steps, within the limits."""
        return max(1, min(self.max_steps, max(self.min_steps, round(self.epochs * steps_per_epoch))))


class EvaluationSettings(Settings):
    """How scores and intervals are made. Which `checkpoint` ships is said here, before anything is measured."""

    checkpoint: Literal["averaged", "last", "source-dev-best"] = "averaged"
    resamples: int = Field(default=1000, ge=100)
    micro_tokens: int | None = Field(default=None, ge=16)
    """None: by the device (`batches.passes`)."""
    compare_checkpoints: bool = True
    examples: bool = False


class HardwareSettings(Settings):
    """What to run on; "auto" and 0 ask the machine."""

    device: str = "auto"
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    threads: int = Field(default=0, ge=0, le=1024)


TaskOptions = dict[str, bool | int | float | str]


class MeasureSettings(Settings):
    """How a model is measured that nothing trains: `encoder` and `task_options` are for one that is no bundle."""

    task_options: TaskOptions = Field(default_factory=dict)
    encoder: EncoderSettings = EncoderSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    hardware: HardwareSettings = HardwareSettings()


class Recipe(Settings):
    """Everything a run needs to know."""

    places: ClassVar[Places] = {
        **{"data.train": "path", "data.dev": "path", "data.test": "path"},
        **{"out": "path", "model": "model"},
    }
    always: ClassVar[tuple[str, ...]] = ("task", "model", "seed")

    task: str = "classification"
    task_options: TaskOptions = Field(default_factory=dict)
    """What the task can be told beside its data, e.g. ``reading = "apart"`` of pairs."""
    objective: str = "supervised"
    model: str = "bundled:e5-small"
    seed: int = Field(default=0, ge=0, lt=2**63, strict=True)
    strategies: tuple[str, ...] = ("zero-shot",)
    out: str | None = None
    report_language: Literal["en", "zh"] = "en"
    data: DataSettings = Field(default=DataSettings(), validate_default=True)
    encoder: EncoderSettings = EncoderSettings()
    training: TrainingSettings = TrainingSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    hardware: HardwareSettings = HardwareSettings()

    @field_validator("out")
    @classmethod
    def _from_home(cls, value: str | None) -> str | None:
        if value and re.search("[\0-\x1f\x7f\ud800-\udfff]", value):
            raise ValueError("the name of the folder holds a control character, or bytes that are no UTF-8")
        return str(expanded(value)) if value and value.startswith("~") else value

    @field_validator("model")
    @classmethod
    def _named(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty; expected a bundled name, a folder or a Hub id, e.g. bundled:e5-small")
        return value

    @field_validator("data")
    @classmethod
    def _has_training_data(cls, value: DataSettings) -> DataSettings:
        if not value.train:
            raise ValueError("train is empty; give at least one source language, e.g. data.train.en = 'en.jsonl'")
        return value

    def settled(self, defaults: Mapping[str, Mapping[str, Any]]) -> Recipe:
        """Return the recipe with a task's own `defaults`, by part, for what it does not say."""
        said = self.model_dump(exclude_unset=True)
        merged = {name: {**values, **said.get(name, {})} for name, values in defaults.items()}
        return self.model_validate({**said, **merged})


def _filled(value: Any, name: str = "") -> Any:
    """Leave out tables in which nothing is said; that an objective is named is something."""
    if not isinstance(value, dict):
        return value
    return {k: found for k, one in value.items() if (found := _filled(one, k)) != {} or name == "objectives"}


def build(values: Mapping[str, Any], *, overrides: Iterable[str] = (), where: str = "recipe") -> Recipe:
    """Make a recipe from nested `values` and ``a.b=c`` overrides; raises `ConfigError` with every problem."""
    return part(Recipe, values, overrides=overrides, where=where)


def part(model: type[Part], values: Mapping[str, Any], *, overrides: Iterable[str] = (), where: str) -> Part:
    """Make one part of a recipe, as `build` makes a whole one."""
    merged = deepcopy(dict(values))
    problems = [problem for text in overrides if (problem := _override(merged, text, model))]
    try:
        found = model.model_validate(merged)
    except ValidationError as error:
        problems += [line for item in error.errors() for line in _describe(item, model)]
        raise ConfigError(problems, where=where) from None
    if problems:
        raise ConfigError(problems, where=where)
    return found


def read(path: str | Path, *, overrides: Iterable[str] = ()) -> Recipe:
    """Read a recipe file.

    Relative paths of data, model folder and `out` are taken from the file's folder; those in `overrides` are typed, so
    they are taken from the working directory.
    """
    return read_as(Recipe, path, overrides=overrides)


def read_as(model: type[Part], path: str | Path, *, overrides: Iterable[str] = ()) -> Part:
    """Read a file of the kind of recipe `model`, which says in `places` where in it paths may stand."""
    file = expanded(path)
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise UsageError(f"recipe {file} does not exist") from None
    except UnicodeDecodeError as error:
        raise UsageError(f"recipe {file} is not UTF-8 text: {error.reason} at byte {error.start}") from None
    except OSError as error:
        raise UsageError(f"recipe {file} cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # Also for a number of thousands of digits.
        raise ConfigError([f"not valid TOML: {error}"], where=str(file)) from None
    try:
        beside = _with_paths(
            values,
            lambda path: str(file.parent / expanded(path)),
            is_model=lambda name: _is_model(file.parent / expanded(name)),
            places=model.places,
        )
        return part(model, beside, overrides=overrides, where=str(file))
    except RecursionError:
        raise ConfigError(["the keys are nested too deeply"], where=str(file)) from None


def _with_paths(
    values: dict[str, Any], turn: Callable[[str], str], *, is_model: Callable[[str], bool], places: Places
) -> dict[str, Any]:
    """Copy a recipe's raw `values`, whatever they hold, with every path in it replaced by `turn(path)`."""
    found = deepcopy(values)
    for keys, kind in places.items():
        *parents, last = keys.split(".")
        place: Any = found
        for parent in parents:
            place = place.get(parent) if isinstance(place, dict) else None
        if not isinstance(place, dict) or last not in place:
            continue
        holder, names = (place[last], list(place[last])) if isinstance(place[last], dict) else (place, [last])
        for name in names:
            value = holder[name]
            if not isinstance(value, str) or not value or value.startswith(("hub:", "builtin:")):
                continue
            if kind == "path" or is_model(value):
                holder[name] = turn(value)
    return found


def _is_model(folder: Path) -> bool:
    """Whether `folder` holds a model or a tokenizer, or is that of a run, which holds one."""
    names = ("config.json", "modules.json", "model/config.json", "tokenizer.json")
    return any((folder / name).is_file() for name in names)


def expanded(path: str | Path) -> Path:
    """Return `path` with a leading ``~`` written out; one that is no user's stays."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _override(values: dict[str, Any], text: str, model: type[BaseModel]) -> str | None:
    """Apply one ``a.b=c``; return what is wrong with it, if anything. What is no TOML value is a string."""
    key, sign, raw = text.partition("=")
    if not sign or not key.strip():
        return f"override '{text}': expected a.b=c"
    try:
        value = tomllib.loads(f"value = {raw}")["value"]
    except (ValueError, RecursionError):
        value = raw
    *parents, last = key.strip().split(".")
    if isinstance(value, date | time) or (not isinstance(value, str | list | dict) and _is_text(model, parents, last)):
        value = raw  # A folder may be called 2024, a revision 1234567.
    place = values
    for parent in parents:
        place = place.setdefault(parent, {})
        if not isinstance(place, dict):
            return f"override '{text}': {parent} is not a table"
    place[last] = value
    return None


def _is_text(model: type[BaseModel], parents: list[str], last: str) -> bool:
    """Whether the recipe key ``parents.last`` takes text and nothing else."""
    for parent in parents:
        info = model.model_fields.get(parent)
        kind = info.annotation if info else None
        if kind == dict[str, str]:
            return True
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return False
        model = kind
    info = model.model_fields.get(last)
    return info is not None and info.annotation in (str, str | None)


def _describe(item: Any, model: type[BaseModel]) -> list[str]:
    """Say what is wrong with one value of `model`, and what would be right: mostly one line."""
    place = ".".join(str(part) for part in item["loc"]) or "recipe"
    if item["type"] == "extra_forbidden":
        *section, last = map(str, item["loc"])
        known = _within(model, section)
        close = difflib.get_close_matches(last, known if section else _keys(model), n=1)
        if close:
            return [f"unknown key '{place}'; did you mean '{'.'.join((*section, close[0]))}'?"]
        return [f"unknown key '{place}'; known{' there' if section else ''}: {', '.join(known)}"]
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "value_error":
        return [f"{place}: {line}" for line in message.splitlines()]
    if item["type"] in ("model_type", "dict_type"):
        message = "expected a table of keys"
    value = repr(item["input"])
    value = value if len(value) <= SHOWN else f"{value[:SHOWN]}..."
    return [f"{place} = {value}: {message[0].lower()}{message[1:]}"]


def _within(kind: Any, section: Iterable[str]) -> list[str]:
    """Return the keys of a `section` of the model `kind`, which may be a table of models by any name."""
    for name in section:
        kind = kind.model_fields[name].annotation if hasattr(kind, "model_fields") else kind.__args__[1]
    return list(kind.model_fields)


def _keys(model: type[BaseModel], prefix: str = "") -> list[str]:
    found = []
    for name, info in model.model_fields.items():
        found.append(prefix + name)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            found += _keys(info.annotation, f"{prefix}{name}.")
    return found
