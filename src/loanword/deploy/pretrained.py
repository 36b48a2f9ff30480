"""What pretraining leaves: a folder that transformers and sentence-transformers load, heads included, and its curves.

model/                config.json, model.safetensors, tokenizer.json, ...; with a masked-language-model head if any
report.json           the recipe, the corpus, the curves
curves.svg            held-out loss by language, training loss by objective
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from loanword.data.corpus.counts import reasons
from loanword.deploy.folder import save_folder
from loanword.deploy.output import INSIDE
from loanword.durable import beside, put
from loanword.encoders.load import Loaded
from loanword.encoders.masked import MaskedHead
from loanword.evaluation.curves import curves
from loanword.evaluation.plots import to_svg
from loanword.tasks.model import Model

REPORT, CURVES = "report.json", "curves.svg"


@dataclass
class Pretrained:
    """An encoder with the heads that it was trained with, and the `report` of how that went."""

    loaded: Loaded
    model: Model
    report: dict[str, Any]

    def save(self, out: Path) -> None:
        """Write the model and the report to `out`; an older model there is replaced whole."""
        heads = [head for head in self.model.head.values() if isinstance(head, MaskedHead)]
        with beside(out / INSIDE) as staging:
            made = staging / INSIDE
            made.mkdir()
            save_folder(self.loaded, made, head=heads[0] if heads else None)
            put(made, out / INSIDE)
        (out / REPORT).write_text(json.dumps(self.report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if self.report["held_out"] and find_spec("vl_convert"):  # The extra "report".
            (out / CURVES).write_text(to_svg(curves(self.report), width=520), encoding="utf-8")


def summary(report: dict[str, Any]) -> str:
    """Return what was learned, as tables: by language, by objective; and what became of documents that are not kept."""
    parts = (_held_out(report), _objectives(report), _dropped(report))
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def _held_out(report: dict[str, Any]) -> list[str]:
    """Return a row of losses for each language, from the first look at held-out text to the last."""
    points, corpus = report["held_out"], report["corpus"]
    if not points:
        return ["nothing is measured: no objective guesses hidden pieces"]
    first, last = points[0]["languages"], points[-1]["languages"]
    width = max(map(len, ["language", *last]))
    lines = [f"{'language':{width}}  held-out documents  nats a hidden piece  bits a character"] if last else []
    for tag, now in last.items():
        aside = corpus["documents"][tag]["held_out"]["documents"]
        nats, bits = (f"{first[tag][unit]:.3f} -> {now[unit]:.3f}" for unit in ("nats", "bits"))
        lines.append(f"{tag:{width}}  {aside:>18,}  {nats:>19}  {bits:>16}")
    if lacking := [tag for tag in corpus["text"] if tag not in last]:
        lines.append(
            f"nothing is held out of {', '.join(lacking)}: corpus.held_out is 0, or there are too few documents"
        )
    return lines or ["nothing is held out: of translations nothing ever is"]


def _objectives(report: dict[str, Any]) -> list[str]:
    """Return a row for each objective: the mean loss of its first steps, and of its last."""
    losses: dict[str, list[float]] = {}
    for point in report["objectives"]:
        for name, loss in point["objectives"].items():
            losses.setdefault(name, []).append(loss)
    if len(losses) < 2 and any(point["languages"] for point in report["held_out"]):
        return []  # The table above says more.
    width = max(map(len, ["objective", *losses]))
    rows = ((name, f"{some[0]:.3f} -> {some[-1]:.3f}") for name, some in losses.items())
    return [f"{'objective':{width}}  loss in training", *(f"{name:{width}}  {loss:>16}" for name, loss in rows)]


def _dropped(report: dict[str, Any]) -> list[str]:
    """Say of each language of which documents were dropped how many are kept, and why not all."""
    return [
        f"{tag}: {one['kept']['documents']:,} of {one['read']['documents']:,} documents are kept; "
        f"dropped: {reasons(one)}"
        for tag, one in report["corpus"]["documents"].items()
        if one["dropped"]
    ]
