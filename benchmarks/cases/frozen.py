"""Training above frozen layers: what they say worked out anew in every step, and once."""

from __future__ import annotations

import os
import time
from statistics import mean

from benchmarks.cases.answering import sib200
from benchmarks.cases.training import TRAIN, texts_of
from benchmarks.harness import Row

FEW = 3
"""Runs of a sweep that are measured where each takes the same time."""


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
    fast, slow = [], []
    first, began = planned(0, 1e-4, gigabytes=4.0), time.perf_counter()
    known = remember(first, encoded)
    once = time.perf_counter() - began
    for number, (seed, rate) in enumerate(sweep):
        if layers == 12 or number < FEW:
            fast.append(train(planned(seed, rate, gigabytes=4.0), encoded, frozen=known))
        if number < FEW:
            slow.append(train(planned(seed, rate, gigabytes=0.0), encoded))
    seconds = {name: mean(done.seconds for done in runs) for name, runs in (("slow", slow), ("fast", fast))}
    return {**seconds, "once": once, "steps": fast[0].steps, "runs": len(sweep)}
