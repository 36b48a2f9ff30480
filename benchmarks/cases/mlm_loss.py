"""Masked-language modelling: held-out loss after as many pieces, against transformers' run_mlm from the same weights.

A small encoder with random weights sees 1,024 pieces a step, none of them twice, 15 % hidden, at the same rate. Both
systems learn from the same lines: the example cuts rows of 128 pieces out of them, ours are texts of their own. Other
lines are asked, the same pieces hidden for both systems, of each in such rows as it learned from; and in the other's.
"""

from __future__ import annotations

import gzip
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import dependencies
from benchmarks.cases import scratch
from benchmarks.cases.pretraining import pretrained
from benchmarks.harness import Goal, Row
from loanword.randomness import generator

KIND = "mlm-loss"
TAGS = ("de", "en", "es", "fr", "pl", "ru")
SYSTEMS = ("loanword", "stock-tuned")
SEEDS = (0, 1, 2)
LAYERS, WIDTH = 2, 128
STEPS, LENGTH, RATE = 400, 128, 2e-3
LINES = 12_000
"""Lines to learn from: more than the steps need."""
ASKED, HIDDEN, DRAWS, TOGETHER = 600, 0.15, 4, 32
"""Lines that are held out; share of their pieces that is hidden, how often, of how many rows at a time."""
WORSE, MORE = 0.05, 0.01
"""Nats that ours may be worse; share by which its pieces may be more."""
PEER = "benchmarks/peers/trainer_mlm.py"


def rows() -> list[dict[str, Any]]:
    """Return the keys of all rows; those to be compared follow one another."""
    return [{"kind": KIND, "system": system, "seed": seed} for seed in SEEDS for system in SYSTEMS]


def code() -> set[str]:
    """Return the files that a row hangs on."""
    own = {f"benchmarks/cases/{name}.py" for name in ("mlm_loss", "scratch", "pretraining", "clock")}
    return {*own, PEER, "src/loanword/tokens/train.py", *dependencies.reached("pretrain", "objectives.mlm")}


def data() -> list[Path]:
    """Return the data files."""
    return [*scratch.mono().values(), *scratch.parallel().values()]


def lines() -> list[tuple[str, str]]:
    """Return lines with their languages, in turn."""
    texts = []
    for file in (scratch.mono()[tag] for tag in TAGS):
        opened = gzip.open if file.suffix == ".gz" else open
        with opened(file, "rt", encoding="utf-8") as text:
            texts.append(text.read().splitlines())
    return [one for group in zip(*texts, strict=False) for one in zip(TAGS, group, strict=True)]


def measure(key: Mapping[str, Any], *, steps: int = STEPS, asked: int = ASKED) -> Row:
    """Train, and ask."""
    from transformers import AutoTokenizer

    seed, texts = key["seed"], lines()
    held, learned = texts[:asked], texts[asked : asked + LINES]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        start(place / "start", seed)
        fast = AutoTokenizer.from_pretrained(place / "start")
        train = ours if key["system"] == "loanword" else stock
        model, seen = train(place, learned, fast, steps=steps, seed=seed)
        found = losses(model, [fast(text, truncation=True, max_length=LENGTH)["input_ids"] for _, text in held], fast)
    own = "apart" if key["system"] == "loanword" else "packed"
    return {"loss": found[own], "losses": found, "pieces": seen}


def start(folder: Path, seed: int) -> None:
    """Write a small model with random weights and its masked-language-model head."""
    import torch
    from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaForMaskedLM

    torch.manual_seed(seed)
    fast = AutoTokenizer.from_pretrained(scratch.pieces())
    about = XLMRobertaConfig(
        vocab_size=len(fast),
        hidden_size=WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=WIDTH // 32,
        intermediate_size=4 * WIDTH,
        max_position_embeddings=LENGTH + 2,
        type_vocab_size=1,
    )
    XLMRobertaForMaskedLM(about).save_pretrained(folder)
    fast.save_pretrained(folder)


def ours(place: Path, learned: Sequence[tuple[str, str]], fast: Any, *, steps: int, seed: int) -> tuple[Path, int]:
    """Pretrain on texts of their own, as many a step as hold as much; return the model, and how many pieces it saw."""
    from benchmarks.cases.clock import Clock
    from benchmarks.peers.trainer_mlm import BATCH

    for tag in TAGS:
        text = "".join(f"{line}\n" for one, line in learned if one == tag)
        (place / f"{tag}.txt").write_text(text, encoding="utf-8")
    texts = fast([line for _, line in learned])["input_ids"]
    cut = sum(math.ceil((len(ids) - 2) / (LENGTH - 2)) for ids in texts)  # Rows; each has two special pieces.
    row = 2 + sum(len(ids) - 2 for ids in texts) / cut
    batch = round(BATCH * LENGTH / row)
    clock = Clock()
    recipe = {
        "model": str(place / "start"),
        "seed": seed,
        "out": str(place / "out"),
        "corpus": {
            "text": {tag: str(place / f"{tag}.txt") for tag in TAGS},
            **{"boundary": "line", "held_out": 0.0, "identify": False},
        },
        "sampling": {"alpha": (1.0, 1.0)},
        "training": {
            **{"steps": round(steps * BATCH * LENGTH / (batch * row)), "batch_size": batch, "length": LENGTH},
            **{"learning_rate": RATE, "weight_decay": 0.0, "warmup": 0.0},
        },
    }
    pretrained(recipe, progress=clock)
    return place / "out" / "model", clock.tokens


def stock(place: Path, learned: Sequence[tuple[str, str]], fast: Any, *, steps: int, seed: int) -> tuple[Path, int]:
    """Train by the example; return the model, and how many pieces it saw."""
    from benchmarks.peers.trainer_mlm import BATCH, run

    texts, out = [line for _, line in learned], str(place / "out")
    run(str(place / "start"), texts, steps=steps, tuned=True, seed=seed, rate=RATE, length=LENGTH, out=out, every=steps)
    return place / "out" / f"checkpoint-{steps}", steps * BATCH * LENGTH


def losses(model: Path, texts: Sequence[Sequence[int]], fast: Any) -> dict[str, float]:
    """Return the loss of hidden pieces, the same in rows that are texts ("apart") and in rows of 128 ("packed")."""
    import torch
    from transformers import AutoModelForMaskedLM

    net = AutoModelForMaskedLM.from_pretrained(model).eval()
    ids = np.concatenate(texts)
    packed = range(LENGTH, len(ids), LENGTH)
    cuts = {"apart": np.cumsum([len(text) for text in texts])[:-1], "packed": np.array(packed)}
    totals, hidden_in_all, rng = dict.fromkeys(cuts, 0.0), 0, generator(0, "hidden")
    for _ in range(DRAWS):
        hidden = (rng.random(len(ids)) < HIDDEN) & ~np.isin(ids, fast.all_special_ids)
        shown, wanted = np.where(hidden, fast.mask_token_id, ids), np.where(hidden, ids, -100)
        hidden_in_all += int(hidden.sum())
        for form, places in cuts.items():
            cut = [np.split(values, places) for values in (shown, wanted)]
            order = sorted(range(len(cut[0])), key=lambda row: len(cut[0][row]))
            for at in range(0, len(order), TOGETHER):
                here = order[at : at + TOGETHER]
                inputs, labels = (
                    torch.nn.utils.rnn.pad_sequence(
                        [torch.from_numpy(part[row]) for row in here], batch_first=True, padding_value=value
                    )
                    for part, value in zip(cut, (fast.pad_token_id, -100), strict=True)
                )
                with torch.no_grad():
                    scores = net(input_ids=inputs, attention_mask=(inputs != fast.pad_token_id).long()).logits
                loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), labels.flatten(), reduction="sum")
                totals[form] += float(loss)
    return {form: round(total / hidden_in_all, 4) for form, total in totals.items()}


def goals(found: Sequence[Row]) -> list[Goal]:
    """Judge what is there: by how much ours is worse, in the mean of the seeds, after no more pieces."""
    ours, theirs = (
        {row["key"]["seed"]: row for row in found if {"kind": KIND, "system": system}.items() <= row["key"].items()}
        for system in SYSTEMS
    )
    seeds = [seed for seed in SEEDS if seed in ours and seed in theirs]
    if len(seeds) < len(SEEDS):
        return []
    worse = [ours[seed]["loss"] - theirs[seed]["loss"] for seed in seeds]
    more = max(ours[seed]["pieces"] / theirs[seed]["pieces"] for seed in seeds) - 1
    said = "; ".join(
        f"{system} {fmean(row['loss'] for row in rows.values()):.3f} in its own rows, "
        + ", ".join(f"{form} {fmean(row['losses'][form] for row in rows.values()):.3f}" for form in ("apart", "packed"))
        for system, rows in zip(SYSTEMS, (ours, theirs), strict=True)
    )
    return [
        Goal(
            f"MLM: nats of held-out loss above tuned stock's, after as many pieces ({len(seeds)} seeds)",
            f"<= {WORSE}, pieces within {MORE:.0%}",
            f"{fmean(worse):+.3f} ({min(worse):+.3f} to {max(worse):+.3f}), pieces {more:+.1%}",
            said,
            fmean(worse) <= WORSE and more <= MORE,
        )
    ]
