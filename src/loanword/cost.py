"""What a run will cost, said before it starts: steps, tokens, arithmetic, seconds, memory, disk."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from loanword.config import Recipe
from loanword.data.records import Table
from loanword.tasks.task import task_of

SAMPLE = 200
"""Rows a table that are encoded to know its length."""

TRAIN_SHARE, EVALUATE_SHARE = 0.30, 0.35
"""Share of the measured matrix-product rate that short texts reach; see docs/log.md."""

ACTIVATION_BYTES = 40
"""Bytes kept for the backward pass per token, layer and unit of width (a BERT layer in mixed precision)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate. Tokens are real ones; `flops` is the arithmetic of training and of evaluating everything once."""

    train_rows: int
    test_rows: int
    languages: int
    steps: int
    tokens_train: int
    tokens_evaluate: int
    flops_train: float
    flops_evaluate: float
    rate: float
    seconds_train: float
    seconds_evaluate: float
    memory_bytes: int
    disk_bytes: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
        return asdict(self)

    def describe(self) -> str:
        """Say it in four lines."""
        return "\n".join(
            [
                f"train: {self.train_rows} rows, {self.steps} steps, {self.tokens_train:,} tokens, "
                f"{self.flops_train / 1e12:.1f} TFLOP, about {_time(self.seconds_train)}",
                f"evaluate: {self.test_rows} rows in {self.languages} language{'s' if self.languages != 1 else ''}, "
                f"{self.tokens_evaluate:,} tokens, "
                f"{self.flops_evaluate / 1e12:.1f} TFLOP, about {_time(self.seconds_evaluate)}",
                f"memory: about {self.memory_bytes / 1e9:.1f} GB; disk: {self.disk_bytes / 1e9:.2f} GB",
                f"this machine multiplies matrices at {self.rate / 1e9:.0f} GFLOP/s (measured just now)",
            ]
        )


def estimate(recipe: Recipe, tables: Mapping[str, Mapping[str, Table]]) -> Cost:
    """Estimate the cost of `recipe` on its `tables` ("train", "dev", "test" -> language -> table)."""
    from loanword.batches.sampler import Sampler, pass_tokens
    from loanword.deploy.base import load_base
    from loanword.evaluation.measure import expect_checkpoint
    from loanword.hardware import detect
    from loanword.training.optimizer import expect_layers

    hardware = detect(**recipe.hardware.model_dump())
    loaded = load_base(recipe.model, recipe.encoder).loaded
    expect_layers(loaded.encoder, recipe.training.freeze_layers)
    expect_checkpoint(recipe.evaluation, dev=tables["dev"])
    task = task_of(recipe)
    task.fit([record for table in tables["train"].values() for record in table], loaded.tokenizer)
    settings, config = recipe.training, loaded.encoder.config

    def tokens(part: Sequence[Table]) -> int:
        total = 0.0
        for table in part:
            sample = table.select(range(0, len(table), max(1, len(table) // SAMPLE)))
            encoded = task.encode(list(sample), loaded.tokenizer)
            total += sum(len(item) for item in encoded) / max(1, len(sample)) * len(table)
        return round(total)

    train, dev, test = (list(tables.get(split, {}).values()) for split in ("train", "dev", "test"))
    rows = sum(len(table) for table in train)
    micro_tokens = settings.micro_tokens or pass_tokens(hardware.device)
    sampler = Sampler([1] * rows, batch_size=settings.batch_size, micro_tokens=micro_tokens, seed=0)
    steps = settings.planned_steps(sampler.steps_per_epoch)
    epochs = steps / sampler.steps_per_epoch
    layers, width = loaded.encoder.depth, int(config.hidden_size)
    inner = int(getattr(config, "intermediate_size", 0) or 4 * width)
    forward = layers * (8 * width**2 + 4 * width * inner)
    passes = 3 - 2 * settings.freeze_layers / layers
    candidates = 3 if recipe.evaluation.compare_checkpoints else 1
    tokens_train, tokens_test = tokens(train), tokens(test)
    tokens_evaluate = candidates * tokens_test + round(epochs + 1) * tokens(dev)
    flops_train = tokens_train * (epochs * passes + 1) * forward
    rate = measure_rate(hardware.precision, device=hardware.device)
    total = sum(parameter.numel() for parameter in loaded.encoder.whole.parameters())
    table_size = int(loaded.encoder.model.get_input_embeddings().weight.numel())
    shared = loaded.encoder.seq2seq is not None and loaded.encoder.seq2seq.shares_table
    whole = settings.embeddings == "full" or (shared and settings.embeddings == "compact")
    trained = total - table_size * (not whole)
    return Cost(
        train_rows=rows,
        test_rows=sum(len(table) for table in test),
        languages=len(test),
        steps=steps,
        tokens_train=round(tokens_train * epochs),
        tokens_evaluate=tokens_evaluate,
        flops_train=flops_train,
        flops_evaluate=tokens_evaluate * forward,
        rate=rate,
        seconds_train=flops_train / (rate * TRAIN_SHARE),
        seconds_evaluate=tokens_evaluate * forward / (rate * EVALUATE_SHARE),
        # Weights once; for what is trained: gradient, two moments, the running mean and the best candidate.
        memory_bytes=4 * total + 20 * trained + micro_tokens * layers * width * ACTIVATION_BYTES + 500_000_000,
        disk_bytes=4 * total + 60 * len(loaded.tokenizer),
    )


def measure_rate(precision: str, *, device: str, size: int = 1024, seconds: float = 0.3) -> float:
    """Return the floating-point operations per second of a `size`-cubed matrix product, over about `seconds`."""
    import torch

    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    left = torch.randn(size, size, dtype=kind, device=device)
    best = 0.0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        product = left @ left
        product.sum().item()
        best = max(best, 2 * size**3 / (time.perf_counter() - began))
    return best


def _time(seconds: float) -> str:
    return (
        f"{seconds:.0f} s"
        if seconds < 120
        else f"{seconds / 60:.0f} min"
        if seconds < 7200
        else f"{seconds / 3600:.1f} h"
    )
