"""What one row of the speed benchmark does: train, evaluate, freeze or start, on one side, and measure it.

Each row is a process of its own (speed.py), which measures the machine's peak before it works and is refused while
others use the machine. The stock recipe is timed as its examples ship and with its own flags set well
(peers/trainer_speed.py).
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks.encoders import folder
from benchmarks.harness import DATA
from loanword.data.read import read
from loanword.data.records import Table

SHIPPED_LANGUAGES = ("deu_Latn", "arb_Arab", "zho_Hans")
"""What stock predicts as shipped, a run of the program each: three of the 34, for the mean."""
BUSY = 0.3
"""Cores that others may keep busy."""

TRAIN: dict[str, dict[str, Any]] = {
    "train-short": {"set": "ha_intents", "encoder": "pretrained", "steps": 120, "answers": True},
    "train-short-frozen-table": {"set": "ha_intents", "encoder": "pretrained", "steps": 30, "frozen": True},
    "train-long": {"set": "debian_topics", "encoder": "pretrained", "steps": 12},
    "train-base": {"set": "ha_intents", "encoder": "base", "steps": 12},
}
"""Shapes of training: 32 short sentences a step, the same with frozen embeddings, 32 texts of 128 pieces (4,096 tokens
a step), and 32 short sentences in an encoder of the shape of XLM-R-base."""

Row = dict[str, Any]


# --- the machine -------------------------------------------------------------------------------------------------


def expect_idle() -> None:
    """Stop unless the machine is this process's alone."""
    from loanword.hardware import busy

    cores = os.sched_getaffinity(0)
    others = mean(busy(cores) for _ in range(5))
    if others > BUSY:
        raise SystemExit(f"others keep {others:.1f} of {len(cores)} cores busy: no time measured now would be true")


def peaks() -> dict[str, float]:
    """Measure what the machine can do: operations a second in bf16 and fp32, bytes a second copied (read and write)."""
    import torch

    from loanword.cost import measure_rate

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    there, here = torch.ones(50_000_000), torch.empty(50_000_000)
    copied = 1e9
    for _ in range(8):
        began = time.perf_counter()
        here.copy_(there)
        copied = min(copied, time.perf_counter() - began)
    return {
        "bf16": measure_rate("bf16", device="cpu", size=2048, seconds=1.0),
        "fp32": measure_rate("fp32", device="cpu", size=2048, seconds=0.5),
        "copy": 2 * 4 * 50_000_000 / copied,
    }


def memory() -> float:
    """Return the largest size of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


# --- training ----------------------------------------------------------------------------------------------------


def texts_of(case: dict[str, Any]) -> tuple[Table, dict[str, Table]]:
    """Return the training rows of a case and what is asked afterwards, by language."""
    place = DATA / case["set"]
    if case["set"] == "debian_topics":
        rows = read(place / "en.train.jsonl.gz", language="en", columns={"group": "id"})
        long = [row for row, text in enumerate(rows.text) if len(text) > 800]  # More than 128 pieces each.
        return rows.select(long[:400]), {}
    rows = read(place / "en.train.jsonl", language="en", columns={"group": "block"})
    tests = {
        path.name.split(".")[0]: read(path, language=path.name.split(".")[0], columns={"group": "block"})
        for path in sorted(place.glob("*.test.jsonl"))
        if not path.name.startswith("en.")
    }
    return rows, tests if case.get("answers") else {}


def train_ours(case: dict[str, Any], *, seed: int) -> Row:
    """Run the default recipe and time its steps."""
    from loanword import config
    from loanword.evaluation.evaluate import Evaluator
    from loanword.progress import Silent
    from loanword.run import run
    from loanword.training.state import State

    class Clock(Silent):
        def __init__(self) -> None:
            self.steps: list[float] = []
            self.tokens = 0
            self.weights = 0
            self.before = 0.0

        def hooks(self) -> tuple[Any, ...]:
            return (self,)

        def before_update(self, state: State) -> None:
            self.weights = sum(part.numel() for part in state.model.parameters() if part.requires_grad)

        def after_update(self, state: State) -> None:
            self.steps.append(state.seconds - self.before)
            self.before, self.tokens = state.seconds, state.tokens

        def on_evaluate(self, state: State, scores: Any) -> None:
            pass

    rows, tests = texts_of(case)
    base = str(folder(case["encoder"], seed=0)) if case["encoder"] != "pretrained" else "bundled:e5-small"
    frozen = {"embeddings": "frozen"} if case.get("frozen") else {}
    recipe = config.build(
        {
            "model": base,
            "seed": seed,
            "encoder": {"max_length": 128},
            "data": {"train": {"en": "memory"}},
            "training": {"epochs": 1000, "max_steps": case["steps"], **frozen},
            "hardware": {"threads": len(os.sched_getaffinity(0))},
        }
    )
    clock = Clock()
    done = run(recipe, tables={"train": {"en": rows}, "dev": {}, "test": {}}, progress=clock)
    found = {"memory": memory(), "steps": clock.steps, "tokens": clock.tokens / len(clock.steps)}
    if tests:
        judge = Evaluator(done.bundle.model, done.bundle.task, done.bundle.tokenizer, done.bundle.hardware)
        answers = judge.answer(tests, judge.encode(tests))
        found["languages"] = {
            tag: mean(p.label == label for p, label in zip(part.predictions, part.references, strict=True))
            for tag, part in answers.items()
        }
    return {**found, "weights": clock.weights}


def train_stock(case: dict[str, Any], *, tuned: bool, seed: int) -> Row:
    """Run the Trainer on the same rows for as many steps (a few, as shipped) and time them."""
    from benchmarks.peers.trainer_speed import fit, predict, trainer

    rows, tests = texts_of(case)
    labels = sorted({str(label) for label in rows.label})
    stock = trainer(
        str(folder(case["encoder"], seed=0)),
        len(labels),
        tuned=tuned,
        frozen=bool(case.get("frozen")),
        seed=seed,
        steps=case["steps"] if tuned else 8,
        rate=2e-4,  # What the search for the tuned recipe found (docs/log.md); it costs no time.
    )
    steps = fit(stock, rows.text, [labels.index(str(label)) for label in rows.label])
    found: Row = {"memory": memory(), "steps": steps}
    if tests and tuned:
        answers = predict(stock, [text for table in tests.values() for text in table.text])
        right, start = {}, 0
        for tag, table in tests.items():
            named = [labels[index] for index in answers[start : start + len(table)]]
            right[tag] = mean(name == label for name, label in zip(named, table.label, strict=True))
            start += len(table)
        found["languages"] = right
    return found


# --- evaluation --------------------------------------------------------------------------------------------------


def sib200() -> tuple[Table, dict[str, Table]]:
    """Return the English training rows of sib200 and the test rows of its 34 other languages."""
    place = DATA / "sib200"
    tests = {
        path.name.split(".")[0]: read(path, language=path.name.split("_")[0], columns={"group": "id"})
        for path in sorted(place.glob("*.test.jsonl"))
        if not path.name.startswith("eng")
    }
    return read(place / "eng_Latn.train.jsonl", language="en", columns={"group": "id"}), tests


def evaluate(who: str) -> Row:
    """Time the answers for 34 languages, from texts to labels; the classifier is the same for all: a linear probe."""
    from loanword import config
    from loanword.evaluation.evaluate import Evaluator
    from loanword.run import run

    rows, tests = sib200()
    recipe = config.build(
        {
            "encoder": {"prefix": "", "max_length": 128},  # As stock reads it.
            "data": {"train": {"en": "memory"}},
            "training": {"max_steps": 1, "learning_rate": 1e-12, "piece_exchange": 0.0, "embeddings": "frozen"},
            "hardware": {"threads": len(os.sched_getaffinity(0))},
        }
    )
    bundle = run(recipe, tables={"train": {"en": rows}, "dev": {}, "test": {}}).bundle
    judge = Evaluator(bundle.model, bundle.task, bundle.tokenizer, bundle.hardware)
    if who == "loanword":
        began = time.perf_counter()
        encoded = judge.encode(tests)
        answers = judge.answer(tests, encoded)
        seconds = time.perf_counter() - began
        tokens = sum(len(item) for part in encoded.values() for item in part)
        chosen = {tag: [found.label for found in part.predictions] for tag, part in answers.items()}
        return {"seconds_all": seconds, "tokens": tokens, **_scored(chosen, tests)}
    with tempfile.TemporaryDirectory() as place:
        head = Path(place) / "head.npz"
        linear = bundle.model.head.linear
        np.savez(head, weight=linear.weight.detach().numpy(), bias=linear.bias.detach().numpy())
        if who == "stock-tuned":
            seconds, answers_by_tag = predict_stock(head, list(tests), tuned=True)
        else:
            seconds, answers_by_tag = 0.0, {}
            for tag in SHIPPED_LANGUAGES:
                began = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.speed", "--predict", str(head), tag],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                seconds += (time.perf_counter() - began) * len(tests) / len(SHIPPED_LANGUAGES)
                answers_by_tag[tag] = json.loads(done.stdout.splitlines()[-1])
    chosen = {tag: [bundle.task.labels[index] for index in part] for tag, part in answers_by_tag.items()}
    return {"seconds_all": seconds, **_scored(chosen, tests)}


def predict_stock(head: Path, tags: Sequence[str], *, tuned: bool) -> tuple[float, dict[str, list[int]]]:
    """Let the Trainer answer the texts of `tags` with the encoder's mean vector and the linear layer in `head`."""
    import torch

    from benchmarks.peers.mean_classifier import MeanClassifier
    from benchmarks.peers.trainer_speed import predict, trainer

    _, tests = sib200()
    given = np.load(head)
    encoder = str(folder("pretrained", seed=0))
    stock = trainer(encoder, len(given["bias"]), tuned=tuned, frozen=False, seed=0, steps=1, rate=1e-12)
    model = MeanClassifier(encoder, len(given["bias"]))
    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(given["weight"]))
        model.head.bias.copy_(torch.from_numpy(given["bias"]))
    stock.model = stock.model_wrapped = model
    began = time.perf_counter()
    answers = predict(stock, [text for tag in tags for text in tests[tag].text]).tolist()
    seconds = time.perf_counter() - began
    found, start = {}, 0
    for tag in tags:
        found[tag] = answers[start : start + len(tests[tag])]
        start += len(tests[tag])
    return seconds, found


def _scored(chosen: dict[str, list[str]], tests: dict[str, Table]) -> Row:
    scores = {
        tag: mean(name == label for name, label in zip(names, tests[tag].label, strict=True))
        for tag, names in chosen.items()
    }
    return {"languages": scores, "memory": memory()}


# --- frozen layers -----------------------------------------------------------------------------------------------


def frozen(layers: int, name: str) -> Row:
    """Time the steps of training above `layers` frozen ones: worked out anew in every step, and once."""
    from loanword import config
    from loanword.deploy.base import load_base
    from loanword.hardware import detect
    from loanword.randomness import seeded
    from loanword.tasks.classification import Classification
    from loanword.tasks.model import Model
    from loanword.tasks.supervised import Supervised
    from loanword.training.state import Data, Run
    from loanword.training.trainer import remember, train

    rows = sib200()[0] if name == "sib200" else texts_of(TRAIN["train-short"])[0]
    recipe = config.build({"data": {"train": {"en": "memory"}}, "encoder": {"max_length": 128}})
    hardware = detect(threads=len(os.sched_getaffinity(0)))
    task = Classification()
    task.fit(list(rows))
    loaded = load_base(recipe.model, recipe.encoder).loaded
    objective = Supervised(task, tokenizer=loaded.tokenizer)
    encoded = task.encode(list(rows), loaded.tokenizer)
    before = {key: value.clone() for key, value in loaded.encoder.state_dict().items()}

    def planned(seed: int, rate: float, *, gigabytes: float) -> Run:
        loaded.encoder.load_state_dict(before)
        with seeded(seed, "head"):
            model = Model(loaded.encoder, objective.head(loaded.encoder))
        changes = {"freeze_layers": layers, "start": "random", "epochs": 5, "cache_gigabytes": gigabytes}
        settings = recipe.training.model_copy(update={**changes, "learning_rate": rate})
        return Run(model, loaded.tokenizer, task, objective, Data(train={"en": rows}), settings, hardware, seed)

    sweep = [(seed, rate) for seed in range(5) for rate in (1e-4, 3e-4, 1e-3, 3e-3)]
    few = sweep[:2]  # What takes the same time every time needs no twenty runs.
    slow = [train(planned(seed, rate, gigabytes=0.0), encoded) for seed, rate in few]
    began = time.perf_counter()
    known = remember(planned(0, 1e-4, gigabytes=4.0), encoded)
    once = time.perf_counter() - began
    fast = [
        train(planned(seed, rate, gigabytes=4.0), encoded, frozen=known)
        for seed, rate in (sweep if layers == 12 else few)
    ]
    seconds = {name: mean(done.seconds for done in runs) for name, runs in (("slow", slow), ("fast", fast))}
    return {**seconds, "once": once, "steps": fast[0].steps, "runs": len(sweep)}


# --- the start ---------------------------------------------------------------------------------------------------


def start() -> Row:
    """Time `loanword transfer` from the command to the end of its first step, the model unpacked beforehand."""
    place = DATA / "ha_intents"
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", FIRST_STEP, "transfer", "--out", f"{out}/run"]
        command += ["--train", f"en={place}/en.train.jsonl", "--test", f"de={place}/de.test.jsonl"]
        began = time.time()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return {"seconds_start": float(done.stdout.splitlines()[-1]) - began}


FIRST_STEP = """
import os, time
from loanword.training.hooks import Average

def end(*_):
    print(time.time(), flush=True)
    os._exit(0)

Average.after_update = end
from loanword.cli.main import main
main()
"""
"""The command itself, but that it ends with its first step and says when that was."""


# --- one row -------------------------------------------------------------------------------------------------------


def measure(key: dict[str, Any]) -> Row:
    """Measure one row."""
    expect_idle()
    found: Row = {"peaks": peaks()}
    case, who = str(key["case"]), str(key["who"])
    if case in TRAIN:
        seed = int(key["round"])
        row = (
            train_ours(TRAIN[case], seed=seed)
            if who == "loanword"
            else train_stock(TRAIN[case], tuned=who == "stock-tuned", seed=seed)
        )
        steps = row.pop("steps")
        row["seconds_step"] = median(steps[2:])
        row["steps"] = len(steps)
    elif case == "evaluate":
        row = evaluate(who)
    elif case == "start":
        row = start()
    else:
        _, layers, name = case.split("-")
        row = frozen(int(layers), name)
    return {**found, **row}
