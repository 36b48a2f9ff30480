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
    """Return the held-out losses by language, as a table."""
    points = report["held_out"]
    if not points:
        return "nothing is measured: no objective guesses hidden pieces"
    first, last = points[0]["languages"], points[-1]["languages"]
    width = max(len("language"), *map(len, last))
    lines = [f"{'language':{width}}  nats a hidden piece   bits a character"]
    for tag, now in last.items():
        before = first[tag]
        lines.append(
            f"{tag:{width}}  {before['nats']:6.3f} -> {now['nats']:6.3f}   {before['bits']:6.3f} -> {now['bits']:6.3f}"
        )
    return "\n".join(lines)
