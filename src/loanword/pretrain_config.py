"""The recipe of a pretraining run: what `config.Recipe` is for labelled rows, for text without labels."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from loanword.config import EncoderSettings, HardwareSettings, Places, Settings, TrainingSettings
from loanword.data.corpus.settings import CorpusSettings
from loanword.errors import UsageError
from loanword.language.tag import canonical

Options = dict[str, Any]
LABELLED = frozenset(
    {
        *("start", "probe_penalty", "epochs", "min_steps", "max_steps"),
        *("patience", "class_weights", "dropout", "smoothing", "piece_exchange"),
    }
)
"""Settings of training on labels, which mean nothing here."""


class Corpora(CorpusSettings):
    """Where the text is, by language, and translations by two of them ("en:de"); how text is read and cleaned."""

    text: dict[str, str] = Field(default_factory=dict)
    parallel: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    """Names of the columns of parallel text: {text = "source"}."""

    @field_validator("text", "parallel")
    @classmethod
    def _tags(cls, value: dict[str, str]) -> dict[str, str]:
        found, problems = {}, []
        for tag, source in value.items():
            try:
                if canonical(tag) in found:
                    problems.append(f"{tag} is {canonical(tag)}, which is there already; put its files into one folder")
                if ":" in tag and ":" not in canonical(tag):
                    problems.append(f"'{tag}' is one language twice; translations are of two")
                found[canonical(tag)] = source
            except UsageError as error:
                problems.append(str(error))
        if problems:
            raise ValueError("\n".join(problems))
        return found

    @field_validator("parallel")
    @classmethod
    def _pairs(cls, value: dict[str, str]) -> dict[str, str]:
        if single := [tag for tag in value if ":" not in tag]:
            other = "de" if single[0] == "en" else "en"
            raise ValueError(f"'{single[0]}' is one language; parallel text needs two, as {other}:{single[0]}")
        return value

    @field_validator("text")
    @classmethod
    def _single(cls, value: dict[str, str]) -> dict[str, str]:
        if double := [tag for tag in value if ":" in tag]:
            raise ValueError(f"'{double[0]}' is two languages; a text is of one, and translations are parallel")
        return value


class FreshSettings(Settings):
    """An encoder with random weights, where `model` is "fresh"."""

    tokenizer: str = ""
    """A folder, a Hub id, a bundled name: whose pieces it reads. `loanword tokenizer train` makes one."""
    size: str = "mini"
    architecture: Literal["bert", "xlm-roberta", "xlm", "deberta-v2", "modernbert"] = "bert"
    config: str = ""
    """A model whose shape is taken in place of `size`."""


class ObjectiveSettings(Settings):
    """How much of a run an objective is (`weight`), and its own `options`."""

    weight: float = Field(default=1.0, gt=0, le=1e6)
    options: Options = Field(default_factory=dict)
    batch_size: int | None = Field(default=None, ge=2)
    """Rows of a step; None: that of training."""


class SamplingSettings(Settings):
    """Which language comes how often: its share to the power `alpha`, at the first step and at the last."""

    alpha: tuple[float, float] = (0.5, 0.5)
    cap: float = Field(default=1e9, gt=0)
    """Times that a language's text is seen at most."""

    @field_validator("alpha")
    @classmethod
    def _powers(cls, value: tuple[float, float]) -> tuple[float, float]:
        if min(value) < 0:
            raise ValueError(f"the powers {list(value)} of shares may not be below 0; 0 gives all languages as much")
        return value


class PretrainTraining(TrainingSettings):
    """The settings of training that differ: steps, or a budget of minutes that becomes steps at the start."""

    start: Literal["probe", "random"] = "random"
    embeddings: Literal["compact", "frozen", "full"] = "full"
    """"compact": only the rows of pieces that the corpus holds are trained and guessed."""
    batch_size: int = Field(default=64, ge=2)
    length: int = Field(default=128, ge=8)
    """Pieces of a row, at most."""
    steps: int | None = Field(default=None, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    passes: float = Field(default=1.0, gt=0)
    """Passes over the text, where neither steps nor minutes are said."""
    warmup: float = Field(default=0.06, ge=0, lt=1)
    average: float = Field(default=0, ge=0, le=1)
    """0: no mean of weights is kept."""
    head_rate: float = Field(default=1.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _means_something(cls, value: Any) -> Any:
        if isinstance(value, dict) and (idle := sorted(LABELLED & {*value})):
            named = ", ".join(idle)
            raise ValueError(f"{named}: of training on labels; leave it out, and say steps, minutes or passes")
        return value

    @model_validator(mode="after")
    def _one_budget(self) -> PretrainTraining:
        if self.steps and self.minutes:
            raise ValueError("steps and minutes are both given; give one of them")
        return self


class HeldOutSettings(Settings):
    """How often the held-out text is looked at, and how much of it."""

    points: int = Field(default=20, ge=1)
    rows: int = Field(default=128, ge=1)


class PretrainRecipe(Settings):
    """Everything a pretraining run needs to know."""

    places: ClassVar[Places] = {
        "corpus.text": "path",
        "corpus.parallel": "path",
        "out": "path",
        "model": "model",
        "fresh.tokenizer": "model",
        "fresh.config": "model",
    }
    always: ClassVar[tuple[str, ...]] = ("model", "seed")

    model: str = "bundled:e5-small"
    fresh: FreshSettings = FreshSettings()
    seed: int = Field(default=0, ge=0, lt=2**63, strict=True)
    out: str
    corpus: Corpora = Corpora()
    objectives: dict[str, ObjectiveSettings] = Field(default_factory=lambda: {"mlm": ObjectiveSettings()})
    sampling: SamplingSettings = SamplingSettings()
    encoder: EncoderSettings = EncoderSettings(prefix="")
    table: Literal["kept", "latent"] = "kept"
    """"latent": the embedding table starts anew, from what stands together in translations: for random weights."""
    training: PretrainTraining = PretrainTraining()
    evaluation: HeldOutSettings = HeldOutSettings()
    hardware: HardwareSettings = HardwareSettings()

    @model_validator(mode="after")
    def _has_text(self) -> PretrainRecipe:
        if not self.corpus.text and not self.corpus.parallel:
            raise ValueError("corpus.text is empty; give text of at least one language, e.g. corpus.text.en = 'en.txt'")
        if self.table == "latent" and not self.corpus.parallel:
            raise ValueError("table = 'latent' is made of translations, and corpus.parallel is empty; give some")
        if self.model == "fresh" and "alignment" in self.objectives:
            raise ValueError(
                "alignment keeps the vectors that a model has, and those of a fresh encoder mean nothing; "
                "take ranking in its place, or give a model that exists"
            )
        if self.model == "fresh" and not self.fresh.tokenizer:
            raise ValueError(
                "fresh.tokenizer is empty; a fresh encoder needs one, e.g. from `loanword tokenizer train`"
            )
        if self.model != "fresh" and (idle := sorted(self.fresh.model_fields_set)):
            raise ValueError(
                f"fresh.{idle[0]} is for a fresh encoder, and model is '{self.model}', which brings its own; say "
                f'--model fresh (in a recipe: model = "fresh"), or leave fresh.{idle[0]} out'
            )
        return self
