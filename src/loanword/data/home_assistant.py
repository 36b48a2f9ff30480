"""Voice commands of the Home Assistant project in 65 languages, labelled with their intent.

What this is: sentences sampled from templates that volunteers wrote, a few per language team, shipped by the package
``home-assistant-intents`` (Apache-2.0; the upstream repository is CC BY 4.0). ``"turn on [the] {area} light[s]"`` gives
"turn on the kitchen lights"; the open slots (device, area, floor, message …) are filled from
``home_assistant_words.tsv``, written for this project.

What this is not: natural speech, or a benchmark of general text. The commands are short and many are near-paraphrases.
The languages are not translations of one another, and their mixtures of labels differ. Agreement of gender and case
between a filled slot and the words around it is not modelled (an optional ending or article glued to a slot is left
out), so inflecting languages read like a telegram in places; numbers are digits and need not agree with their unit.

How it is cut:

- A template is a sentence pattern of one intent. The templates of an intent are split by a hash of the seed: 60 %
  train, 15 % dev, 25 % test. None is in two splits; the first goes to train and the second to test before dev gets one.
- A language with fewer than `SMALL` templates has only a test split, made of all of them.
- A text that two intents share is dropped; a text that two splits share stays in the first of train, dev, test.
- Labels that English training cannot show are in no split of any language.
- Rows go to intents in proportion to the square root of their templates, and round-robin to the templates of an intent.
- Templates that expect the area from context are kept: they read well without it.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, Literal

from loanword.data.home_assistant_templates import Sampler
from loanword.data.records import Table
from loanword.errors import MissingExtra, UsageError
from loanword.language.tag import canonical
from loanword.randomness import derive

Split = Literal["train", "dev", "test"]

ROWS: dict[Split, int] = {"train": 1000, "dev": 150, "test": 200}
"""Rows of a split unless the caller says otherwise."""

SMALL = 200
"""A language with fewer templates is used for testing alone."""

DRAWS_ALL, DRAWS_INTENT, DRAWS_EACH = 1600, 24, 4
"""Sentences drawn in a language, at least: over all templates, over those of an intent, from each one."""

MIN_INTENTS, MIN_ROWS = 5, 60
"""What a language must have in its test split to be listed."""


@dataclass(frozen=True, slots=True)
class Example:
    """One sampled sentence; `template` is ``intent#index``."""

    text: str
    intent: str
    template: str
    split: Split
    id: str


def all_languages() -> list[str]:
    """Every language that the package has templates for."""
    return sorted(canonical(path.name.removesuffix(".json")) for path in _folder().iterdir() if ".json" in path.name)


@cache
def languages() -> list[str]:
    """The languages whose test split (of seed 0) has at least `MIN_INTENTS` intents and `MIN_ROWS` rows.

    With the package of October 2026 these are 53; the other 12 have templates for 2 to 4 intents, and can be loaded.
    """
    return [language for language in all_languages() if _is_listed(language)]


def load(*, language: str, split: Split, seed: int = 0, rows: int | None = None) -> Table:
    """Return the `split` of a language as labelled text, in a random order.

    Args:
        language: any spelling of one of `all_languages`.
        split: ``train``, ``dev`` or ``test``.
        seed: decides the split of the templates, the sentences and their order.
        rows: how many rows; the default is `ROWS`. Fewer come back where the templates yield no more.

    Raises:
        MissingExtra: the packages of the extra ``demo`` are not installed.
        UsageError: the package has no such language, or the language has no such split.
    """
    tag = canonical(language)
    if split not in ROWS:
        if split:
            raise UsageError(f"home-assistant has no split '{split}'; it has train, dev and test")
        raise UsageError(
            "home-assistant has the splits train, dev and test; name one, like builtin:home-assistant@train"
        )
    if rows is not None and rows < 1:
        raise UsageError(f"rows is {rows}; expected 1 or more")
    if tag not in all_languages():
        near = [other for other in all_languages() if other.partition("-")[0] == tag.partition("-")[0]]
        raise UsageError(f"home-assistant has no '{tag}'; it has {', '.join(near or all_languages())}")
    found = [example for example in _examples(tag, seed) if example.split == split and example.intent in _labels(seed)]
    if not found:
        raise UsageError(f"home-assistant '{tag}' is small and has no {split} split; all its templates are in test")
    rng = Random(derive(seed, "home-assistant", "rows", tag, split))
    chosen = _choose(found, count=ROWS[split] if rows is None else rows, rng=rng)
    return Table(
        language=tag,
        text=[example.text for example in chosen],
        label=[example.intent for example in chosen],
        id=[example.id for example in chosen],
        group=[example.template for example in chosen],
        origin=f"home-assistant {tag} {split}",
    )


@cache
def _labels(seed: int) -> frozenset[str]:
    """The intents that English training shows."""
    return frozenset(example.intent for example in _examples("en", seed) if example.split == "train")


@cache
def _is_listed(language: str) -> bool:
    table = load(language=language, split="test")
    return len(set(table.label)) >= MIN_INTENTS and len(table) >= MIN_ROWS


@cache
def _examples(language: str, seed: int) -> tuple[Example, ...]:
    """Sample all splits of a language together, so that no text is in two of them or under two intents."""
    content = json.loads(_folder().joinpath(f"{language}.json").read_text(encoding="utf-8"))
    templates = _templates(content)
    sampler = Sampler(rules=content["expansion_rules"], lists=content["lists"], words=_words().get(language, {}))
    total = sum(map(len, templates.values()))
    drawn: list[Example] = []
    for intent, patterns in templates.items():
        draws = max(DRAWS_EACH, DRAWS_INTENT // max(1, len(patterns)), DRAWS_ALL // max(1, total))
        for index, (pattern, split) in enumerate(_split(patterns, seed=(seed, language, intent), small=total < SMALL)):
            rng = Random(derive(seed, "home-assistant", "draw", language, intent, pattern))
            texts = sampler.draw(pattern, domains=patterns[pattern], count=draws, rng=rng)
            template = f"{intent}#{index}"
            drawn += [
                Example(text, intent, template, split, f"{language}:{template}.{k}") for k, text in enumerate(texts)
            ]
    intents = defaultdict(set)
    for example in drawn:
        intents[example.text.casefold()].add(example.intent)
    drawn.sort(key=lambda example: list(ROWS).index(example.split))
    kept: dict[str, Example] = {}
    for example in drawn:
        if len(intents[example.text.casefold()]) == 1:
            kept.setdefault(example.text.casefold(), example)
    return tuple(kept.values())


def _templates(content: dict[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Intent to pattern to the domains that its ``{name}`` may come from; a pattern is listed once an intent."""
    templates: dict[str, dict[str, tuple[str, ...]]] = {}
    for intent, body in content["intents"].items():
        patterns = templates.setdefault(intent, {})
        for block in body["data"]:
            domains = tuple(block.get("requires_context", {}).get("domain", ()))
            for pattern in block["sentences"]:
                patterns[pattern] = tuple(dict.fromkeys(patterns.get(pattern, ()) + domains))
    return templates


def _split(patterns: dict[str, Any], *, seed: tuple[int | str, ...], small: bool) -> Iterator[tuple[str, Split]]:
    """Yield the patterns of one intent in their order, each with its split."""
    ranked = sorted(patterns, key=lambda pattern: derive(int(seed[0]), "home-assistant", "split", *seed[1:], pattern))
    train = max(1, round(0.6 * len(ranked)))
    dev = int(0.15 * len(ranked))
    rank = {pattern: place for place, pattern in enumerate(ranked)}
    for pattern in patterns:
        if small or rank[pattern] >= train + dev:
            yield pattern, "test"
        else:
            yield pattern, "train" if rank[pattern] < train else "dev"


def _choose(found: list[Example], *, count: int, rng: Random) -> list[Example]:
    """Deal `count` rows to the intents by highest averages, then to the templates in turn."""
    queues: dict[str, list[Example]] = {}
    weight: dict[str, float] = {}
    for intent in sorted({example.intent for example in found}):
        by_template: dict[str, list[Example]] = defaultdict(list)
        for example in found:
            if example.intent == intent:
                by_template[example.template].append(example)
        decks = list(by_template.values())
        rng.shuffle(decks)
        weight[intent] = len(decks) ** 0.5
        queues[intent] = [deck[turn] for turn in range(max(map(len, decks))) for deck in decks if turn < len(deck)]
    chosen: list[Example] = []
    taken = dict.fromkeys(queues, 0)
    while len(chosen) < min(count, len(found)):
        open_ = [intent for intent in queues if taken[intent] < len(queues[intent])]
        intent = max(open_, key=lambda name: weight[name] / (taken[name] + 1) if taken[name] else float("inf"))
        chosen.append(queues[intent][taken[intent]])
        taken[intent] += 1
    rng.shuffle(chosen)
    return chosen


@cache
def _words() -> dict[str, dict[str, list[str]]]:
    """Language to column to words, from the table beside this file."""
    text = files("loanword.data").joinpath("home_assistant_words.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row.pop("tag"): {column: cell.split(";") for column, cell in row.items() if cell} for row in rows}


@cache
def _folder() -> Any:
    """The folder of the installed package that holds one JSON file a language."""
    try:
        import hassil  # noqa: F401

        return files("home_assistant_intents").joinpath("data")
    except ImportError:
        raise MissingExtra("demo", "home-assistant-intents", "the data set home-assistant") from None
