"""What ships: model, tokenizer, task and scores as one folder that is also a Hugging Face repository.

config.json model.safetensors     the encoder, with the decoder that it came with, as transformers loads it
head.safetensors                  the head and the temperature
tokenizer.json ...                the tokenizer, as transformers loads it
modules.json 1_Pooling/ ...       pooling, prompts and length limit, as sentence-transformers loads them
loanword.json                     task, labels, prefix, pooling, what it was trained on
README.md report.json             the model card, the scores
manifest.json                     SHA-256 of every file but the card, which may be edited
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from loanword.config import EncoderSettings, Recipe, expanded
from loanword.data.records import Record
from loanword.deploy import manifest
from loanword.deploy.base import bundle_folder, hub_bundle, load_base, unpack
from loanword.deploy.card import HERE, card
from loanword.deploy.info import FORMAT_VERSION, INFO
from loanword.deploy.output import INSIDE, RECIPE, expect_output, expect_replaceable
from loanword.deploy.portable import is_hub_id, model_name, portable
from loanword.deploy.texts import expect_directions, expect_seconds, records_of
from loanword.durable import beside, put
from loanword.encoders.modules import save_modules
from loanword.encoders.save import save_model, save_tensors
from loanword.errors import LoanwordError, ModelError, UsageError, in_short
from loanword.evaluation import report as reports
from loanword.evaluation.scores import TransferReport
from loanword.hardware import Hardware, detect
from loanword.hub import ask_hub
from loanword.strategies.regime import Lineage
from loanword.tasks.generation import Generation
from loanword.tasks.model import Model
from loanword.tasks.outputs import outputs
from loanword.tasks.task import TASKS, Prediction, make_task
from loanword.tasks.vectors import embed
from loanword.tokens.tokenizer import Role, Tokenizer
from loanword.version import __version__

if TYPE_CHECKING:
    from loanword.deploy.explanation import Explanation

HEAD = "head.safetensors"
DOCUMENTS = ("README.md", "report.json")


@dataclass(repr=False)
class Bundle:
    """A model, ready to predict. Made by `loanword.transfer`, `Bundle.load`, or `Bundle.untrained`."""

    model: Model
    tokenizer: Tokenizer
    task: Any
    hardware: Hardware
    lineage: Lineage
    seed: int = 0
    report: TransferReport | None = None
    recipe: Recipe | None = None
    info: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Say what it is in one line, and not what it is made of."""
        about = self.describe()
        how = f"trained on {', '.join(about['sources'])}" if about["sources"] else "without training"
        return f"Bundle({about['task']} from {about['model']}, {how})"

    def predict(
        self,
        texts: Sequence[str],
        *,
        pairs: Sequence[str] | None = None,
        language: str | Sequence[str] = "und",
    ) -> list[Prediction]:
        """Predict `texts`, in order, each with its second text of `pairs` where the task needs one.

        `language` (one tag, or one a text; two with a colon between them for two texts) matters to models with
        language ids, and to tasks that look at words; a translation is into the second of two.
        """
        return self.answer(records_of(texts, pairs=pairs, language=language))

    def answer(self, records: Sequence[Record]) -> list[Prediction]:
        """Predict `records`, in order; what labels they have is not looked at, but for the words that these name."""
        self._expect(records)
        if not records:
            return []
        encoded = self.task.encode(records, self.tokenizer)
        found = outputs(self.model, encoded, pad_id=self.tokenizer.pad_id, hardware=self.hardware)
        predictions: list[Prediction] = self.task.decode(found.values, encoded, records, self.tokenizer)
        return predictions

    def embed(
        self,
        texts: Sequence[str],
        *,
        language: str | Sequence[str] = "und",
        role: Role | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> np.ndarray:
        """Return the vectors of `texts` (n, width), in order, of length 1.

        `language` is as for `predict`. The model's prompt for `role` ("query", "document") goes before the texts, if it
        has one; None: as the task reads texts. `progress` is told the texts done.
        """
        records = records_of(texts, language=language)
        return embed(
            self.model.encoder,
            self.tokenizer,
            texts,
            languages=[record.language for record in records],
            role=self.task.role if role is None else role,
            hardware=self.hardware,
            progress=progress,
        )

    def explain(
        self,
        text: str,
        *,
        beside: str | Sequence[str] = (),
        pair: str | Sequence[str] = "",
        language: str | Sequence[str] = "und",
        label: str = "",
        word: str | Sequence[str] = "",
    ) -> Explanation:
        """Explain what is said of `text`: which words carry it, and which ones do in its translations, `beside`.

        `label` is what is explained in all of them, by default what is said of `text`; `word` the word whose tag it is.
        `pair`, `language` and `word` are one for all texts, or one for each: the text's, then those beside it.
        """
        from loanword.deploy.explain import explain

        texts = [text, *([beside] if isinstance(beside, str) else beside)]
        pairs = [pair] * len(texts) if isinstance(pair, str) else pair
        words = [word] * len(texts) if isinstance(word, str) else word
        if len(words) != len(texts):
            raise UsageError(f"there are {len(texts)} texts and {len(words)} words; give one for all, or one for each")
        name, records = self.describe()["task"], records_of(texts, pairs=pairs, language=language)
        self._expect(records)
        return explain(
            self.model, self.task, self.tokenizer, self.hardware, records, name=name, label=label, words=words
        )

    def _expect(self, records: Sequence[Record]) -> None:
        """Raise `UsageError` unless `records` have the texts and, to be written from, the languages that it takes."""
        expect_seconds(records, self.task.columns, task=self.describe()["task"])
        if isinstance(self.task, Generation) and not self.tokenizer.has_decoder:  # A decoder that came knows its own.
            expect_directions(records, self.lineage.trained_on)

    def save(self, folder: str | Path, *, language: str = "en") -> dict[str, Path]:
        """Write the run's folder: the reports, and the bundle in its subfolder "model". Replaces an older one whole.

        A bundle that was loaded has no reports; it replaces no run that has (`UsageError`). If a report cannot be
        made, the model is saved all the same, and `LoanwordError` says so.
        """
        folder = expanded(folder)
        expect_output(folder)
        if self.report is None and any((folder / name).exists() for name in reports.FILES):
            raise UsageError(
                f"{folder} holds the reports of a run, and this bundle has none to put in their place; "
                f"choose another folder, or replace the model alone: save_pretrained('{folder / INSIDE}')"
            )
        with beside(folder / INSIDE) as staging:
            (staging / INSIDE).mkdir()
            self._write(staging / INSIDE, repo=HERE)
            files, trouble = {"model": INSIDE}, None
            try:
                if self.report is not None:
                    written = reports.write(self.report, staging, language=language)
                    files.update({kind: path.name for kind, path in written.items()})
            except Exception as error:  # A chart that a library cannot draw is no reason to lose a trained model.
                trouble = error
            if self.recipe is not None:
                recipe = self.recipe.model_copy(update={"out": None}).seen_from(folder)
                (staging / RECIPE).write_text(recipe.to_toml(), encoding="utf-8")
                files["recipe"] = RECIPE
            put(staging / INSIDE, folder / INSIDE)
            for name in (*reports.FILES, RECIPE):
                if name in files.values():
                    (staging / name).replace(folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
        if trouble is not None:
            raise LoanwordError(
                f"the model is saved in {folder / INSIDE}, but its reports could not be written "
                f"({in_short(trouble)}); `loanword evaluate {folder} --test ...` makes new ones"
            ) from trouble
        return {kind: folder / name for kind, name in files.items()}

    def save_pretrained(self, folder: str | Path) -> None:
        """Write the bundle to `folder`, which appears complete or not at all.

        An older bundle there is replaced whole; anything else is left alone (`UsageError`).
        """
        target = expanded(folder)
        expect_replaceable(target)
        with beside(target) as staging:
            (staging / INSIDE).mkdir()
            self._write(staging / INSIDE, repo=HERE)
            put(staging / INSIDE, target)

    def _write(self, folder: Path, *, repo: str) -> None:
        config = self.model.encoder.config
        config.id2label = dict(enumerate(self.task.labels))
        config.label2id = {label: number for number, label in enumerate(self.task.labels)}
        save_model(self.model.encoder.whole, folder)
        self.tokenizer.save(folder)
        if not self.model.encoder.language_ids:  # sentence-transformers has no place for the languages of texts.
            save_modules(self.model.encoder, self.tokenizer, folder, role=self.task.role)
        state = {
            **{f"head.{name}": value for name, value in self.model.head.state_dict().items()},
            **{f"adjust.{name}": value for name, value in self.model.adjust.state_dict().items()},
        }
        save_tensors(state, folder / HEAD)
        (folder / INFO).write_text(_json(self.describe()), encoding="utf-8")
        for name, text in self._documents().items():
            (folder / name).write_text(text.replace(f'"{HERE}"', f'"{repo}"'), encoding="utf-8")
        manifest.write(folder)

    def _documents(self) -> dict[str, str]:
        """The model card and the scores: of this run, or as they came with the bundle."""
        if self.report is None:
            return self.documents
        report = portable(self.report)
        return {"README.md": card(report), "report.json": _json(reports.to_dict(report))}

    def describe(self) -> dict[str, Any]:
        """Return what loanword.json holds, as JSON values."""
        kind = next(name for name in TASKS.names() if type(self.task) is TASKS.get(name))
        return self.info or {
            "format_version": FORMAT_VERSION,
            "loanword_version": __version__,
            "task": kind,
            "task_state": self.task.state(),
            "model": model_name(self.model.encoder.name),
            "prefix": self.tokenizer.prefix,
            "prompts": self.tokenizer.prompts,
            "pooling": self.model.encoder.pooling,
            "max_length": self.tokenizer.max_length,
            "seed": self.seed,
            "sources": list(self.lineage.trained_on),
            "lineage": asdict(self.lineage),
        }

    @classmethod
    def load(cls, path: str | Path, *, device: str = "auto", precision: str = "auto", threads: int = 0) -> Bundle:
        """Load a bundle: its folder, the folder of the run that made it, or a Hub id.

        Every file is checked against the manifest first. Raises `ModelError` for what is no bundle, damaged, or of a
        newer format.
        """
        folder = _locate(str(path))
        from safetensors.torch import load_file

        hardware = detect(device=device, precision=precision, threads=threads)
        info, loaded = unpack(folder)
        loaded.encoder.name = info.model
        with _explained(
            f"{folder / INFO}: task and task_state do not make the model of {HEAD}",
            "it was changed, or the package that brings the task is not installed",
        ):
            task = TASKS.get(info.task).from_state(info.task_state)
            model = Model(loaded.encoder, task.head(loaded.encoder))
            state = load_file(folder / HEAD)
            for part in ("head", "adjust"):
                tensors = {name.removeprefix(f"{part}."): v for name, v in state.items() if name.startswith(f"{part}.")}
                getattr(model, part).load_state_dict(tensors)
        model.to(hardware.device).eval()
        documents = {
            name: (folder / name).read_text(encoding="utf-8") for name in DOCUMENTS if (folder / name).is_file()
        }
        return cls(
            model=model,
            tokenizer=loaded.tokenizer,
            task=task,
            hardware=hardware,
            lineage=info.lineage,
            seed=info.seed or 0,
            info=info.content,
            documents=documents,
        )

    @classmethod
    def untrained(
        cls,
        model: str | Path,
        *,
        task: str,
        options: Mapping[str, Any] | None = None,
        encoder: EncoderSettings = EncoderSettings(),  # noqa: B008 - frozen
        hardware: Hardware | None = None,
    ) -> Bundle:
        """Make a bundle of a model as it is: its vectors compared, or texts written with the decoder that it brings.

        `model` is what `loanword.transfer` takes, `options` are those of the `task`. Raises `UsageError` for a task
        with a part that must be trained, `ModelError` for a model that cannot be had.
        """
        made, machine = make_task(task, options or {}), hardware or detect()
        base = load_base(str(model), encoder, training=False)
        if not made.ready(base.loaded.encoder):
            raise UsageError(
                f"{task} on {model} must be trained first: loanword transfer --task {task} --model {model} --train ..."
            )
        return cls(
            model=Model(base.loaded.encoder, made.head(base.loaded.encoder)).to(machine.device).eval(),
            tokenizer=base.loaded.tokenizer,
            task=made,
            hardware=machine,
            lineage=base.lineage or Lineage((), checkpoint="last"),
        )

    def push_to_hub(
        self, repo_id: str, *, private: bool = True, token: str | None = None, revision: str | None = None
    ) -> str:
        """Upload the bundle to the Hub repository `repo_id`, made if absent; returns its address.

        Raises `ModelError` where the Hub refuses or cannot be reached.
        """
        from huggingface_hub import HfApi

        api = HfApi(token=token)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            self._write(folder, repo=repo_id)
            with _explained(
                f"the bundle cannot be uploaded to '{repo_id}'", "log in with `hf auth login`, or check the name"
            ):
                address = api.create_repo(repo_id, private=private, exist_ok=True)
                api.upload_folder(
                    repo_id=repo_id,
                    folder_path=scratch,
                    revision=revision,
                    commit_message="Upload loanword bundle",
                    delete_patterns=_read_of(api.list_repo_files(repo_id, revision=revision)),
                )
        return str(address)


def _read_of(files: Sequence[str]) -> list[str]:
    """Of the `files` of a repository, those that would be read with a bundle: of an older model nothing may stay."""
    return [name for name in files if "/" not in name and name.endswith(manifest.READ)]


def _locate(path: str) -> Path:
    """Find the bundle's folder, from a path or a Hub id."""
    if found := bundle_folder(path):
        return found
    if expanded(path).exists():
        raise ModelError(f"{path} is no bundle: neither it nor {path}/{INSIDE} holds {INFO}")
    if not is_hub_id(path):
        raise ModelError(f"bundle '{path}' does not exist")
    if found := hub_bundle(path):
        return found
    reply = ask_hub(path, kind="model")
    reason = {
        "found": f"its repository has no {INFO}",
        "unreachable": f"it is not in the cache, and the Hub cannot be reached: {reply.reason}",
    }.get(reply.status, "there is no such repository that you may read")
    raise ModelError(
        f"bundle '{path}' is neither a folder nor to be had from the Hub ({reason}); check the name or the network"
    )


@contextmanager
def _explained(what: str, advice: str) -> Iterator[None]:
    """Turn whatever code that is not ours raises, the Hub's client or somebody's task, into one sentence."""
    try:
        yield
    except Exception as error:
        raise ModelError(f"{what} ({in_short(error)}); {advice}") from error


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
