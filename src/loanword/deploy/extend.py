"""A model with pieces for languages that its vocabulary cuts to bits: added to the old ones, or in their place.

The rows of new pieces start from old rows (`encoders/initial_rows.py`); what they mean is learned by pretraining
(`loanword pretrain`), which this prepares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loanword.config import expanded
from loanword.data.records import Table
from loanword.deploy.base import bundle_folder, hub_bundle
from loanword.deploy.folder import save_folder
from loanword.deploy.output import expect_new
from loanword.deploy.trim import held_out
from loanword.durable import beside, put
from loanword.encoders.initial_rows import Start, starting_table
from loanword.encoders.load import Loaded, load
from loanword.encoders.masked import MaskedHead, brings_head, masked_head
from loanword.encoders.readers import limited
from loanword.encoders.resize import exchange, expect_free
from loanword.errors import ModelError, UsageError
from loanword.tokens.costs import Cost, Reader, costs
from loanword.tokens.extend import extended
from loanword.tokens.shared import shared
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

Pair = tuple[str, str]


@dataclass(frozen=True)
class Extended:
    """A model with other pieces: how many it had and has (`pieces`), and how many of those are `new`.

    `costs` are those of texts by language, before and after; none of the texts helped to choose the pieces, where there
    were two of a language.
    """

    loaded: Loaded
    head: MaskedHead | None
    pieces: tuple[int, int]
    new: int
    start: Start
    costs: dict[str, tuple[Cost, Cost]]

    def describe(self) -> dict[str, Any]:
        """Return the figures, as JSON values."""
        return {
            "pieces": {"before": self.pieces[0], "after": self.pieces[1], "new": self.new},
            "start": self.start,
            "languages": {
                tag: {"before": asdict(before), "after": asdict(after)} for tag, (before, after) in self.costs.items()
            },
        }

    def save(self, folder: str | Path) -> None:
        """Write what transformers and sentence-transformers load to `folder`."""
        target = expanded(folder)
        expect_new(target)
        with beside(target) as staging:
            made = staging / target.name
            made.mkdir()
            save_folder(self.loaded, made, head=self.head)
            put(made, target)


def extended_model(
    model: str,
    texts: Mapping[str, Table],
    *,
    size: int = 2000,
    least: int = 2,
    replace: Tokenizer | None = None,
    start: Start = "similar",
    parallel: Sequence[Pair] = (),
    seed: int = 0,
) -> Extended:
    """Give `model` at most `size` more pieces, each found `least` times in `texts`; or those of `replace` instead.

    `parallel` are pairs of a text of a language that the model knows and its translation. Raises `UsageError` for texts
    without anything new, `ModelError` for a bundle, and for a model whose pieces are bound to more than its table.
    """
    if bundle_folder(model) or hub_bundle(model):
        raise ModelError(
            f"{model} is a bundle, trained on the pieces that it has; extend the model that it was trained from, "
            "pretrain that on text of the language, and train again"
        )
    loaded = load(model)
    return extend(loaded, texts, size=size, least=least, replace=replace, start=start, parallel=parallel, seed=seed)


def extend(
    loaded: Loaded,
    texts: Mapping[str, Table],
    *,
    size: int,
    least: int,
    replace: Tokenizer | None = None,
    start: Start = "similar",
    parallel: Sequence[Pair] = (),
    seed: int = 0,
) -> Extended:
    """Do it to a model that is `loaded` already, whose encoder is changed in place."""
    expect_free(loaded.encoder)
    old = loaded.tokenizer
    parts = {tag: held_out([*dict.fromkeys(table.text)], tag) for tag, table in texts.items()}
    if few := [tag for tag, (known, _) in parts.items() if not known]:
        raise UsageError(f"{few[0]}: one text is too little, as a tenth, at least one, is held out; give more")
    learned = [text for known, _ in parts.values() for text in known]
    if replace is None:
        new, pieces = extended(Vocabulary(old), learned, size=size, least=least)
        known = {n: n for n in range(len(new) - len(pieces))}
    else:
        new = limited(replace, min(replace.max_length, old.max_length), like=old)
        known = shared(old, new)
    if start in ("similar", "script") and not known:
        raise UsageError(f"no piece of the new tokenizer is known to {loaded.encoder.name}; start from the mean")
    head = masked_head(loaded.encoder) if brings_head(loaded.encoder) else None
    table = loaded.encoder.model.get_input_embeddings().weight
    rows = starting_table(table, old, new, known, how=start, texts=learned, parallel=parallel, seed=seed)
    looked_at = {tag: held or kept for tag, (kept, held) in parts.items()}
    before = costs(_reader(old), looked_at)
    grown = exchange(loaded, new, rows, known)
    if head:
        head.regroup(known, len(new))
    after = costs(_reader(new), looked_at)
    return Extended(
        grown,
        head,
        pieces=(len(old), len(new)),
        new=len(new) - len(known),
        start=start,
        costs={tag: (before[tag], after[tag]) for tag in looked_at},
    )


def _reader(tokenizer: Tokenizer) -> Reader:
    return Reader(tokenizer.fast, tokenizer.max_length, tokenizer.prefix)
