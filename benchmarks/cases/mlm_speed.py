"""Masked-language modelling: seconds and memory, against the recipe of transformers' run_mlm, from the same weights.

A step is 4,096 pieces with 15 % hidden, and a vocabulary of 250,000; encoders have random weights. The example makes
eight rows of 512 of them, whatever stood where; ours are texts of their own, as many as hold as much, with
less to attend to. Losses are the mean over the same number of steps on other draws of the same text.
"""

from __future__ import annotations

import gzip
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import torch

from benchmarks import dependencies
from benchmarks.cases.machine import expect_idle, memory, peaks
from benchmarks.cases.pretraining import pretrained
from benchmarks.harness import DATA, Goal, Row
from benchmarks.task_goals import ratio
from loanword.batches.batch import collate
from loanword.batches.mixture import pass_tokens
from loanword.batches.sampler import by_tokens
from loanword.encoders import bundled
from loanword.hardware import detect
from loanword.randomness import generator

if TYPE_CHECKING:
    from loanword.deploy.pretrained import Pretrained

KIND = "mlm-speed"
SHAPES = {"12x384": (12, 384), "12x768": (12, 768)}
TAGS = ("en", "de", "ru", "ja")
SYSTEMS = ("loanword", "stock-tuned", "stock-shipped")
ROUNDS, STEPS = 3, 6
FASTER = {"12x384": {"stock-tuned": 2.2, "stock-shipped": 4.5}, "12x768": {"stock-tuned": 1.8, "stock-shipped": 3.5}}
LIGHTER = {"12x384": 5.0, "12x768": 3.0}
ROWS = 96
"""Texts of a step: they have 43 pieces in the mean."""
SHARE = 0.6
"""Of the machine's measured rate of bf16 products, what the body's arithmetic should reach."""
PASSES, LOOKS = 16, 4
"""Passes through the body, and how often they are timed: the best counts, as it does for the machine's rate."""
PEER = "benchmarks/peers/trainer_mlm.py"


def rows() -> list[dict[str, Any]]:
    """Return the keys of all rows; those to be compared follow one another."""
    return [
        {"kind": KIND, "shape": shape, "system": system, "seed": number}
        for number in range(ROUNDS)
        for shape in SHAPES
        for system in SYSTEMS
    ]


def code() -> set[str]:
    """Return the files that a row hangs on."""
    own = {f"benchmarks/cases/{name}.py" for name in ("mlm_speed", "pretraining", "clock", "machine")}
    return {*own, PEER, *dependencies.reached("pretrain", "objectives.mlm")}


def data() -> list[Path]:
    """Return the data files."""
    return [next((DATA / "mono").glob(f"{tag}.txt*")) for tag in TAGS]


def folder(shape: str) -> Path:
    """Return a model of `shape` with random weights and its masked-language-model head, made once."""
    from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaForMaskedLM

    target = bundled.cache_root() / f"bench-mlm-{shape}"
    if not target.exists():
        layers, width = SHAPES[shape]
        torch.manual_seed(0)
        fast = AutoTokenizer.from_pretrained(bundled.folder())
        about = XLMRobertaConfig(
            vocab_size=len(fast),
            hidden_size=width,
            num_hidden_layers=layers,
            num_attention_heads=width // 64,
            intermediate_size=4 * width,
            max_position_embeddings=514,
            type_vocab_size=1,
        )
        staging = Path(tempfile.mkdtemp(dir=bundled.cache_root()))
        XLMRobertaForMaskedLM(about).save_pretrained(staging)
        fast.save_pretrained(staging)
        staging.rename(target)
    return target


def measure(key: Mapping[str, Any], *, steps: int = STEPS) -> Row:
    """Measure one row, on an idle machine."""
    if steps == STEPS:
        expect_idle()
    model, seed = str(folder(key["shape"])), key["seed"]
    if key["system"] == "loanword":
        seconds, loss, pieces, more = ours(model, steps=steps, seed=seed)
        if steps == STEPS:
            more["peak"] = peaks()["bf16"]
    else:
        from benchmarks.peers.trainer_mlm import BATCH, LENGTH, run

        seconds, loss = run(model, lines(), steps=steps, tuned=key["system"] == "stock-tuned", seed=seed)
        pieces, more = BATCH * LENGTH, {}
    took = median(seconds[1:])
    return {
        "seconds_piece": took / pieces,
        "pieces_second": round(pieces / took, 1),
        "loss": round(loss, 4),
        "memory": round(memory(), 3),
        "steps": len(seconds),
        **more,  # Ours had its memory read before the body was timed.
    }


def lines() -> list[str]:
    """Return the texts of all languages, their order a mixture."""
    texts = []
    for file in data():
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8") as text:
            texts.append(text.read().splitlines())
    return [line for group in zip(*texts, strict=False) for line in group]


def ours(model: str, *, steps: int, seed: int) -> tuple[list[float], float, float, Row]:
    """Pretrain; return the seconds of each step, the mean loss, the pieces of a step, and how fast the body is."""
    from benchmarks.cases.clock import Clock

    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        recipe = {
            "model": model,
            "seed": seed,
            "out": name,
            "corpus": {"text": {tag: str(file) for tag, file in zip(TAGS, data(), strict=True)}},
            "training": {
                **{"steps": steps, "batch_size": ROWS, "length": 512, "learning_rate": 5e-5, "weight_decay": 0.0},
                "warmup": 0.0,
            },
        }
        done = pretrained(recipe, progress=clock)
    loss = fmean(point["objectives"]["mlm"] for point in done.report["objectives"])
    more = {"memory": round(memory(), 3), "seconds_body": body(done)}
    return clock.steps, loss, clock.tokens / len(clock.steps), more


def body(done: Pretrained) -> float:
    """Return the seconds that a piece takes in the layers alone, there and back, in passes of the usual size."""
    encoder, tokenizer, hardware = done.loaded.encoder, done.loaded.tokenizer, detect()
    encoder.model.get_input_embeddings().weight.requires_grad_(False)
    rows = sorted(tokenizer.encode(lines()[: 16 * ROWS], languages=["und"] * (16 * ROWS)), key=lambda row: len(row.ids))
    passes = by_tokens([len(row.ids) for row in rows], budget=pass_tokens(hardware.device))
    chosen = generator(0, "passes").permutation(len(passes))[:PASSES]
    batches = [collate([rows[row] for row in passes[place]], pad_id=tokenizer.pad_id) for place in chosen]
    best = math.inf
    for _ in range(LOOKS):
        began = time.perf_counter()
        for batch in batches:
            with hardware.autocast():
                found = encoder(batch).hidden
            found.float().sum().backward()
        best = min(best, time.perf_counter() - began)
    return best / sum(int(batch.mask.sum()) for batch in batches)


def arithmetic(shape: str, *, scores: bool = True) -> float:
    """Return the floating-point operations that a piece needs in training: matrices, and `scores` of what is hidden.

    Attention is left out: among the 43 pieces of a text it is a hundredth of the rest.
    """
    layers, width = SHAPES[shape]
    return 3.0 * (24 * layers * width**2 + scores * 0.15 * 2 * 250_002 * width)


def goals(found: Sequence[Row]) -> list[Goal]:
    """Judge what is there."""
    made = []
    for shape in SHAPES:
        of = {
            system: {
                row["key"]["seed"]: row
                for row in found
                if {"kind": KIND, "shape": shape, "system": system}.items() <= row["key"].items()
            }
            for system in SYSTEMS
        }
        mine = of["loanword"]
        said = ", ".join(
            f"{system} {median(row['pieces_second'] for row in rows.values()):,.0f} pieces a second, "
            f"{median(row['memory'] for row in rows.values()):.1f} GB, "
            f"loss {fmean(row['loss'] for row in rows.values()):.2f}"
            for system, rows in of.items()
            if rows
        )
        for system, least in FASTER[shape].items():
            if mine and of[system]:
                middle, words = ratio(mine, of[system], "seconds_piece")
                made.append(Goal(f"{shape}: times faster than {system}", f">= {least}", words, said, middle >= least))
        if mine and of["stock-tuned"]:
            middle, words = ratio(mine, of["stock-tuned"], "memory")
            least = LIGHTER[shape]
            made.append(Goal(f"{shape}: times less memory than tuned", f">= {least}", words, "", middle >= least))
        if mine:
            whole = median(arithmetic(shape) / row["seconds_piece"] / row["peak"] for row in mine.values())
            share = median(arithmetic(shape, scores=False) / row["seconds_body"] / row["peak"] for row in mine.values())
            name = f"{shape}: share of the measured bf16 peak that the body's arithmetic reaches"
            made.append(Goal(name, f">= {SHARE:.0%}", f"{share:.0%}", f"a whole step's {whole:.0%}", share >= SHARE))
    return made
