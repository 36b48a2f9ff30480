"""The names that translation models have for languages (``deu_Latn``, ``de_DE``, ``__de__``, ``>>de<<``), by tag."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from loanword.errors import UsageError
from loanword.language.tag import canonical, script

SHAPE = re.compile(r"(?:__|>>)?([A-Za-z]{2,3}(?:[_-][A-Za-z0-9]+)*)(?:__|<<)?")

NEAR = 1
"""CLDR's distance up to which two tags are names of one language: ``nb`` and ``no``."""


def tags_of(codes: Iterable[str]) -> dict[str, str]:
    """Return the canonical tag of each of `codes`; what is no language, such as ``</s>``, is left out."""
    found = {}
    for code in codes:
        if shape := SHAPE.fullmatch(code):
            try:
                found[code] = canonical(shape[1])
            except UsageError:
                continue
    return found


def code_for(tag: str, codes: Mapping[str, str]) -> str | None:
    """Return which of `codes`, given with their canonical tags, stands for `tag`; None where none does.

    It must name the same language, or one of three letters that `tag` comprises (``pbt`` of ``ps``), in the same
    script. The nearest by the distances of CLDR is taken, so ``zh-TW`` finds ``zho_Hant``, and ``pt-BR`` finds ``pt``
    where there is no Brazilian code.
    """
    from langcodes import tag_distance
    from langcodes.data_dicts import MACROLANGUAGES

    wanted = canonical(tag)
    language = wanted.partition("-")[0]

    def fits(other: str) -> bool:
        base = other.partition("-")[0]
        part = len(base) == 3 and MACROLANGUAGES.get(base) == language
        return (base == language or part or tag_distance(wanted, other) <= NEAR) and script(other) == script(wanted)

    def rank(code: str) -> tuple[bool, int, int]:
        return codes[code] != wanted, tag_distance(wanted, codes[code]), len(codes[code])

    return min((code for code, other in codes.items() if fits(other)), key=rank, default=None)
