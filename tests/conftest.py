"""What every test may use: no network, one thread, six scripts, tiny tokenizers, tiny encoders, a toy data set."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.corpus import SENTENCES, TOY_LANGUAGES, toy_rows
from tests.encoders import duals
from tests.tiny import KINDS, TOKENIZER_KINDS, TOKENIZER_OF, tiny_config, tokenizer_backend
from tests.tiny_seq2seq import SEQ2SEQ_KINDS
from tests.tiny_seq2seq import make as make_seq2seq

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# Read by huggingface_hub when it is imported: nothing is looked up, and nothing is found in a developer's own cache.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.pop("HF_ENDPOINT", None)


# --- no network, no traces -------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Give the whole session, its workers and its subprocesses caches of their own."""
    if hasattr(config, "workerinput"):
        return
    scratch = tempfile.mkdtemp(prefix="loanword-tests-")
    config.stash[_SCRATCH] = scratch
    os.environ["LOANWORD_CACHE"] = str(Path(scratch) / "loanword")
    os.environ["HF_HOME"] = str(Path(scratch) / "hub")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the caches: the unpacked bundled model is large."""
    if _SCRATCH in config.stash:
        shutil.rmtree(config.stash[_SCRATCH], ignore_errors=True)


_SCRATCH: pytest.StashKey[str] = pytest.StashKey()


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # A path: AF_UNIX.
    return str(address[0]).startswith("127.") or address[0] in ("::1", "localhost", "")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every socket that leaves the machine, for the whole suite."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, _real: Callable[..., Any] = real) -> Any:
            if not _is_loopback(address):
                raise PermissionError(f"tests have no network: {address[0]}")
            return _real(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Sums of floats depend on how many threads share them."""
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)


# --- text ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def sentences() -> dict[str, tuple[str, ...]]:
    """Ten sentences for each of six languages, one script each."""
    return SENTENCES


@pytest.fixture(scope="session")
def trained_tokenizers() -> dict[str, str]:
    """Make the three tiny tokenizers once: kind -> their serialised backend."""
    return {kind: tokenizer_backend(kind).to_str() for kind in TOKENIZER_KINDS}


@pytest.fixture(scope="session")
def fresh_tokenizer(trained_tokenizers: dict[str, str]) -> Callable[[str], Any]:
    """Make a stock transformers tokenizer of a kind, new at every call: "wordpiece", "bpe" or "unigram"."""

    def make(kind: str) -> Any:
        from tokenizers import Tokenizer
        from transformers import PreTrainedTokenizerFast

        names = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
        pad, unk, cls, sep, mask = names if kind == "wordpiece" else ("<pad>", "<unk>", "<s>", "</s>", "<mask>")
        return PreTrainedTokenizerFast(
            tokenizer_object=Tokenizer.from_str(trained_tokenizers[kind]),
            pad_token=pad,
            unk_token=unk,
            cls_token=cls,
            sep_token=sep,
            mask_token=mask,
        )

    return make


@pytest.fixture(params=TOKENIZER_KINDS)
def tokenizer_kind(request: pytest.FixtureRequest) -> str:
    """Run the test for each of the three kinds of tokenizer."""
    return str(request.param)


# --- encoders --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tiny_folder(
    tmp_path_factory: pytest.TempPathFactory, fresh_tokenizer: Callable[[str], Any]
) -> Callable[[str], Path]:
    """Give the folder of a width-32, two-layer encoder of a kind (one of `KINDS`), with its tokenizer. Read only."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            import torch
            from transformers import AutoModel

            from loanword.encoders.quiet import quiet_transformers

            tokenizer = fresh_tokenizer(TOKENIZER_OF[kind])
            folder = tmp_path_factory.mktemp(f"tiny-{kind}")
            with torch.random.fork_rng(devices=[]), quiet_transformers():
                torch.manual_seed(5)
                model = AutoModel.from_config(tiny_config(kind, tokenizer))
                with torch.no_grad():  # Wider than usual, so that two layers of random weights tell texts apart.
                    for parameter in model.parameters():
                        parameter.add_(torch.randn_like(parameter), alpha=0.08)
                model.save_pretrained(folder)
                tokenizer.save_pretrained(folder)
            made[kind] = folder
        return made[kind]

    return make


@pytest.fixture(scope="session")
def tiny_encoder(tiny_folder: Callable[[str], Path]) -> Callable[..., Any]:
    """Load a tiny encoder of a kind afresh: `tiny_encoder("bert").encoder`, `.tokenizer`; options as for `load`."""

    def make(kind: str, **options: Any) -> Any:
        from loanword.encoders.load import load

        return load(str(tiny_folder(kind)), **options)

    return make


@pytest.fixture(scope="session")
def tiny_dual(tmp_path_factory: pytest.TempPathFactory, fresh_tokenizer: Callable[[str], Any]) -> Callable[[str], Path]:
    """Give the folder of a tiny model of texts and images of a kind (one of `duals.KINDS`). Read only."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            made[kind] = duals.write(kind, tmp_path_factory.mktemp(f"tiny-{kind}"), fresh_tokenizer("wordpiece"))
        return made[kind]

    return make


@pytest.fixture(scope="session")
def tiny_seq2seq(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give the folder of a tiny sequence-to-sequence model of a kind (one of `SEQ2SEQ_KINDS`). Read only."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(f"tiny-{kind}")
            make_seq2seq(kind, made[kind])
        return made[kind]

    return make


@pytest.fixture(params=SEQ2SEQ_KINDS)
def seq2seq_kind(request: pytest.FixtureRequest) -> str:
    """Run the test for each kind of sequence-to-sequence model."""
    return str(request.param)


@pytest.fixture(params=KINDS)
def tiny_kinds(request: pytest.FixtureRequest) -> str:
    """Run the test for each of the five kinds of encoder."""
    return str(request.param)


@pytest.fixture(scope="session")
def seq2seq_run(tiny_seq2seq: Callable[[str], Path]) -> Callable[..., Any]:
    """Make a `Run` that translates five English sentences to Russian with a tiny model, and their encodings.

    `options` are training settings; nothing drops out.
    """

    def make(kind: str, *, precision: Any = "fp32", longest: int = 40, **options: Any) -> Any:
        from torch import nn

        from loanword.config import TrainingSettings
        from loanword.data.records import Table
        from loanword.encoders.load import load
        from loanword.hardware import Hardware
        from loanword.tasks.model import Model
        from loanword.tasks.supervised import Supervised
        from loanword.tasks.translation import Translation
        from loanword.training.state import Data, Run

        loaded = load(str(tiny_seq2seq(kind)))
        for part in loaded.encoder.whole.modules():
            if isinstance(part, nn.Dropout):
                part.p = 0.0
            for name in ("dropout", "attention_dropout", "activation_dropout"):
                if isinstance(getattr(part, name, None), float):
                    setattr(part, name, 0.0)
        table = Table(
            language="en", pair_language="ru", label=[None] * 5,
            text=list(SENTENCES["en"][:5]), pair=list(SENTENCES["ru"][:5]),
        )  # fmt: skip
        task = Translation(longest=longest, beams=1)
        task.fit(list(table), loaded.tokenizer)
        encoded = task.encode(list(table), loaded.tokenizer)
        for item in encoded:
            item.table = "en:ru"
        settings = {"batch_size": 5, "learning_rate": 3e-3, "schedule": "constant", "warmup": 0.0, **options}
        run = Run(
            model=Model(loaded.encoder, task.head(loaded.encoder)),
            tokenizer=loaded.tokenizer,
            task=task,
            objective=Supervised(task, tokenizer=loaded.tokenizer),
            data=Data(train={"en:ru": table}),
            settings=TrainingSettings(**settings),
            hardware=Hardware(device="cpu", precision=precision, threads=1),
            seed=3,
        )
        return run, encoded

    return make


# --- toy data --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def write_jsonl() -> Callable[[Path, list[dict[str, Any]]], Path]:
    """Write rows as one JSON object a line; returns the path."""

    def write(path: Path, rows: list[dict[str, Any]]) -> Path:
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def toy_data(
    tmp_path_factory: pytest.TempPathFactory, write_jsonl: Callable[[Path, list[dict[str, Any]]], Path]
) -> dict[str, dict[str, Path]]:
    """Give the toy task's files: split ("train", "dev", "test") -> language (en, ru, zh) -> path. Read only."""
    folder = tmp_path_factory.mktemp("toy")
    return {
        split: {tag: write_jsonl(folder / f"{split}-{tag}.jsonl", toy_rows(tag, split)) for tag in TOY_LANGUAGES}
        for split in ("train", "dev", "test")
    }


@pytest.fixture(scope="session")
def toy_recipe(tiny_folder: Callable[[str], Path], toy_data: dict[str, dict[str, Path]]) -> Callable[..., Any]:
    """Make a recipe: trains a tiny encoder on English, tests it in three languages, in about a second.

    Overrides are nested like the recipe: `toy_recipe("bert", seed=1, training={"max_steps": 3})`.
    """

    def merge(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
        for key, value in changes.items():
            nested = isinstance(value, dict) and isinstance(base.get(key), dict) and key != "data"
            base[key] = merge(base[key], value) if nested else value
        return base

    def make(kind: str = "bert", **overrides: Any) -> Any:
        from loanword.config import build

        values: dict[str, Any] = {
            "model": str(tiny_folder(kind)),
            "seed": 3,
            "data": {
                "train": {"en": str(toy_data["train"]["en"])},
                "dev": {"en": str(toy_data["dev"]["en"])},
                "test": {tag: str(path) for tag, path in toy_data["test"].items()},
            },
            "training": {"epochs": 2, "batch_size": 8, "learning_rate": 1e-3},
            "evaluation": {"resamples": 100},
            "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
        }
        return build(merge(values, overrides))

    return make


@pytest.fixture(scope="session")
def toy_run(toy_recipe: Callable[..., Any], tiny_encoder: Callable[..., Any]) -> Callable[..., Any]:
    """Make a `Run` on the toy task's English rows and their encodings, ready for `train`.

    `options` are training settings; `dropout` also sets the encoder's own, so that 0 means none at all.
    """

    def make(
        kind: str = "bert",
        *,
        seed: int = 3,
        dropout: float = 0.0,
        piece_exchange: float = 0.0,
        hooks: tuple[Any, ...] = (),
        **options: Any,
    ) -> Any:
        from torch import nn

        from loanword.data.gather import gather
        from loanword.hardware import Hardware
        from loanword.randomness import seeded
        from loanword.tasks.classification import Classification
        from loanword.tasks.model import Model
        from loanword.tasks.supervised import Supervised
        from loanword.training.state import Data, Run

        recipe = toy_recipe(kind, seed=seed, training={"start": "random", "dropout": dropout, **options})
        task = Classification(**recipe.training.head_settings())
        data = Data(**gather(recipe.data, shape=task.columns, seed=seed))
        records = list(data.train["en"])
        task.fit(records)
        loaded = tiny_encoder(kind)
        objective = Supervised(task, tokenizer=loaded.tokenizer, piece_exchange=piece_exchange)
        with seeded(seed, "head"):
            model = Model(loaded.encoder, objective.head(loaded.encoder))
        for part in model.modules():
            if isinstance(part, nn.Dropout):
                part.p = dropout
            for name in ("dropout", "attention_dropout", "dropout_prob"):  # What some models keep as a plain number.
                if isinstance(getattr(part, name, None), float):
                    setattr(part, name, dropout)
        run = Run(
            model=model,
            tokenizer=loaded.tokenizer,
            task=task,
            objective=objective,
            data=data,
            settings=recipe.training,
            hardware=Hardware(device="cpu", precision="fp32", threads=1),
            seed=seed,
            hooks=hooks,
        )
        encoded = task.encode(records, loaded.tokenizer)
        for item in encoded:
            item.table = "en"
        return run, encoded

    return make


@pytest.fixture(scope="session")
def tiny_bundle(
    tiny_folder: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Any, Path]]:
    """Give a bundle of a task on two texts ("pairs", "answers", "retrieval"), trained for two steps, and its folder."""
    made: dict[str, tuple[Any, Path]] = {}

    def rows(task: str) -> dict[str, list[Any]]:
        from loanword.data.records import Span

        texts = list(SENTENCES["en"])
        if task == "pairs":
            others = texts[1:] + texts[:1]
            kinds = ["relevant" if row % 2 else "other" for row in range(10)]
            pair = [
                text if kind == "relevant" else other for text, other, kind in zip(texts, others, kinds, strict=True)
            ]
            return {"text": texts, "pair": pair, "label": kinds}
        if task == "answers":
            spans = [(Span(text.rindex(" ") + 1, len(text), text.rpartition(" ")[2]),) for text in texts]
            return {"text": texts, "pair": ["which word is last?"] * 10, "label": spans}
        return {"text": texts, "pair": list(SENTENCES["ru"]), "label": [None] * 10}

    def make(task: str) -> tuple[Any, Path]:
        if task not in made:
            from loanword.config import build
            from loanword.data.records import Table
            from loanword.run import run

            out = tmp_path_factory.mktemp(f"bundle-{task}") / "run"
            recipe = {
                "task": task,
                "model": str(tiny_folder("bert")),
                "out": str(out),
                "data": {"train": {"en": "in memory"}},
                "training": {"max_steps": 2, "learning_rate": 1e-2},
                "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
            }
            table = Table("en", **rows(task))
            made[task] = run(build(recipe), tables={"train": {"en": table}}).bundle, out
        return made[task]

    return make
