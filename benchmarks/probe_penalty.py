"""How strongly the probe should be regularised, and whether the encoder's prefix helps: on the design sets' target dev.

    make bench-probe-penalty

A row is a design set with or without the prefix "query: "; it holds the mean target accuracy for every penalty, and
what the two rules of choice (log loss; accuracy within one standard error) would pick from the source alone.
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np
import torch

from benchmarks import harness
from benchmarks.harness import DATA
from benchmarks.search import SETS, tables
from loanword.data.records import Table
from loanword.encoders.load import load
from loanword.hardware import detect
from loanword.tasks.model import Model
from loanword.tasks.outputs import vectors
from loanword.tasks.probe import PENALTIES, _folds, choose_penalty, fit_probe

NAME = "probe-penalty"


def measure(key: dict[str, object]) -> dict[str, object]:
    """Encode a design set once; fit a probe with every penalty and test it on the target languages."""
    train, _, targets = tables(str(key["set"]), 0)
    loaded = load("bundled:e5-small", prefix=str(key["prefix"]))
    model, hardware = Model(loaded.encoder, torch.nn.Identity()), detect()

    def encode(table: Table) -> torch.Tensor:
        encoded = loaded.tokenizer.encode(table.text, languages=[table.language] * len(table))
        return vectors(model, encoded, pad_id=loaded.tokenizer.pad_id, hardware=hardware)

    labels = sorted({str(label) for label in train.label})
    found = encode(train)
    wanted = torch.tensor([labels.index(str(label)) for label in train.label])
    there = {tag: (encode(table), np.asarray(table.label)) for tag, table in targets.items()}
    accuracy, losses = {}, {}
    fold = _folds(train.group, count=4, seed=0)
    for penalty in PENALTIES:
        weight, bias = fit_probe(found, wanted, classes=len(labels), penalty=penalty)
        answers = {tag: np.asarray(labels)[(x @ weight.T + bias).argmax(1).numpy()] for tag, (x, _) in there.items()}
        accuracy[penalty] = float(np.mean([(answers[tag] == right).mean() for tag, (_, right) in there.items()]))
        losses[penalty] = 0.0
        for number in range(4):
            here = fold != number
            weight, bias = fit_probe(found[here], wanted[here], classes=len(labels), penalty=penalty, steps=50)
            logits = found[~here] @ weight.T + bias
            losses[penalty] += float(torch.nn.functional.cross_entropy(logits, wanted[~here], reduction="sum"))
    by_loss = min(losses, key=losses.__getitem__)
    by_rule = choose_penalty(found, wanted, classes=len(labels), groups=train.group, seed=0)
    return {
        "accuracy": round(accuracy[by_rule], 5),
        "by_penalty": {str(penalty): round(value, 5) for penalty, value in accuracy.items()},
        "log_loss_picks": [by_loss, round(accuracy[by_loss], 5)],
        "one_standard_error_picks": [by_rule, round(accuracy[by_rule], 5)],
    }


def main() -> None:
    """Measure what is missing; print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row")
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    if chosen.row:
        print(json.dumps(measure(json.loads(chosen.row))))
        return
    if not DATA.is_dir():
        sys.exit(f"the data sets are not at {DATA}; set LOANWORD_BENCH_DATA")
    stamp = harness.fingerprint(code=["src/loanword/tasks/probe.py", "benchmarks/probe_penalty.py"], data=[])
    keys = [{"set": name, "prefix": prefix} for name in SETS for prefix in ("", "query: ")]
    harness.measure(NAME, [(key, f"{stamp} {SETS[key['set']]}") for key in keys], jobs=chosen.jobs)
    with harness.alone():
        rows = harness.load(NAME)["rows"]
        harness.write(NAME, rows=rows, goals=[])
    for row in rows:
        cells = "  ".join(f"{penalty}: {100 * value:.1f}" for penalty, value in row["by_penalty"].items())
        print(f"{row['key']['set']:8} {row['key']['prefix']!r:10} {cells}")


if __name__ == "__main__":
    main()
