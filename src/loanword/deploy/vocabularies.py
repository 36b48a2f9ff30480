"""Vocabularies side by side: what the same texts cost in the tokenizers of several models, language by language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loanword.data.records import Table
from loanword.deploy.base import bundle_folder, hub_bundle
from loanword.deploy.info import read
from loanword.encoders.readers import reader
from loanword.errors import UsageError
from loanword.tokens.costs import Cost, Reader, costs, lacking


@dataclass(frozen=True)
class Vocabularies:
    """By model: how many pieces it knows (`sizes`), and what every language costs in them."""

    sizes: dict[str, int]
    costs: dict[str, dict[str, Cost]]

    def describe(self) -> dict[str, Any]:
        """Return the figures, as JSON values."""
        return {
            "models": {
                model: {
                    "pieces": self.sizes[model],
                    "languages": {tag: asdict(one) for tag, one in found.items()},
                    "lacking": lacking(found),
                }
                for model, found in self.costs.items()
            }
        }


def compare(models: Sequence[str], texts: Mapping[str, Table], *, parallel: bool = False) -> Vocabularies:
    """Measure `texts` by language in the vocabulary of each of `models`: names, folders, Hub ids, bundles, tokenizers.

    If they are `parallel`, those that say the same are (`aligned`). Raises `ModelError` for a tokenizer that cannot be
    had.
    """
    if parallel:
        texts = aligned(texts)
    readers = {model: reader_of(model) for model in dict.fromkeys(models)}
    lines = {tag: table.text for tag, table in texts.items()}
    return Vocabularies(
        sizes={model: len(one.stock) for model, one in readers.items()},
        costs={model: costs(one, lines, parallel=parallel) for model, one in readers.items()},
    )


def reader_of(model: str) -> Reader:
    """Return the tokenizer of `model`; that of a bundle as the bundle uses it."""
    folder = bundle_folder(model) or hub_bundle(model)
    if folder is None:
        return reader(model)
    info = read(folder)
    return reader(str(folder), max_length=info.max_length, prefix=info.prefix)


def aligned(texts: Mapping[str, Table]) -> dict[str, Table]:
    """Return the rows that say the same, at the same place: those of the same id, where all have one, or as they stand.

    Raises `UsageError` for ids that no two tables share, and for rows without ids that are not as many, or do not stand
    on the same lines of text files.
    """
    if all(all(table.id) for table in texts.values()):
        places = {tag: {one: row for row, one in enumerate(table.id)} for tag, table in texts.items()}
        first = next(iter(places.values()))
        shared = [one for one in first if all(one in known for known in places.values())]
        if not shared:
            raise UsageError(f"parallel texts have the same ids; none is in all of {', '.join(texts)}")
        return {tag: table.select(places[tag][one] for one in shared) for tag, table in texts.items()}
    if len({len(table) for table in texts.values()}) > 1:
        said = ", ".join(f"{tag} has {len(table):,}" for tag, table in texts.items())
        raise UsageError(f"parallel texts without ids are as many in every language; {said}")
    plain = {tag: table.line for tag, table in texts.items() if ".txt" in Path(table.origin).suffixes[-2:]}
    for row, numbers in enumerate(zip(*plain.values(), strict=True), start=1):
        if len({*numbers}) > 1:
            said = ", ".join(f"line {number} in {tag}" for tag, number in zip(plain, numbers, strict=True))
            raise UsageError(f"parallel texts without ids stand on the same lines; text number {row} is {said}")
    return dict(texts)
