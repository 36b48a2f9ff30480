"""Sample sentences from the template language of Home Assistant, parsed by ``hassil``.

``(a|b)`` is a choice, ``[a]`` may be left out, ``(a;b)`` comes in any order, ``<rule>`` is another template and
``{slot}`` a word of a list. hassil enumerates; here one sentence at a time is drawn, each choice uniformly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any

DOMAINS = {
    "binary_sensor": "door",
    "button": "appliance",
    "climate": "climate",
    "cover": "cover",
    "fan": "fan",
    "input_boolean": "appliance",
    "input_button": "appliance",
    "lawn_mower": "mower",
    "light": "light",
    "lock": "door",
    "media_player": "media",
    "person": "person",
    "scene": "scene",
    "script": "scene",
    "switch": "appliance",
    "todo": "list",
    "vacuum": "vacuum",
    "valve": "valve",
    "weather": "city",
}
"""Home Assistant's kinds of devices, each with the column of words that names one."""

WILDCARDS = {
    "area": "area",
    "floor": "floor",
    "message": "message",
    "search_query": "search",
    "shopping_list_item": "item",
    "timer_command": "command",
    "timer_name": "timer",
    "todo_list_item": "item",
    "zone": "zone",
}
"""Open slots, each with its column of words."""

NUMBERS = {
    "temperature": (16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26),
    "timer_hours": (1, 2, 3, 4, 8),
    "timer_minutes": (1, 2, 5, 10, 15, 20, 25, 30, 40, 45, 50),
    "timer_seconds": (5, 10, 15, 20, 30, 40, 45, 50),
}
"""What people say, by slot; other slots take `ROUND` numbers."""

ROUND = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 100, 2000, 2700, 4000, 6500)

DEPTH = 24
"""Rules within rules, at most."""


class Unresolved(Exception):  # noqa: N818
    """A draw met a slot that there is no word for, or a rule that is not defined."""


class Sampler:
    """Draws sentences of one language."""

    def __init__(
        self, *, rules: Mapping[str, str], lists: Mapping[str, Any], words: Mapping[str, Sequence[str]]
    ) -> None:
        """Keep the language's expansion `rules`, its `lists` and the `words` for its open slots."""
        self._rules = rules
        self._lists = lists
        self._words = words
        self._parsed: dict[str, Any] = {}

    def draw(self, pattern: str, *, domains: Sequence[str], count: int, rng: Random) -> list[str]:
        """Draw `count` times from `pattern` and return the different sentences, in the order drawn.

        A slot ``{name}`` is filled with a device of one of `domains`. The list is empty where no draw found words for
        all its slots.
        """
        texts: dict[str, None] = {}
        for _ in range(count):
            try:
                text = " ".join(self._expand(self._parse(pattern), domains, rng, DEPTH).split())
            except Unresolved:
                continue
            if any(character.isalpha() for character in text):
                texts.setdefault(text)
        return list(texts)

    @cached_property
    def _kinds(self) -> Any:
        """The classes of hassil, imported when the first sentence is drawn."""
        import hassil.expression

        return hassil.expression

    def _parse(self, pattern: str) -> Any:
        if pattern not in self._parsed:
            from hassil.parse_expression import parse_sentence

            self._parsed[pattern] = parse_sentence(pattern).expression
        return self._parsed[pattern]

    def _expand(self, node: Any, domains: Sequence[str], rng: Random, depth: int) -> str:
        """Draw one string from the parsed `node`."""
        kinds = self._kinds
        if isinstance(node, kinds.TextChunk):
            return str(node.original_text)
        if isinstance(node, kinds.RuleReference):
            if node.rule_name not in self._rules or depth == 0:
                raise Unresolved(node.rule_name)
            return self._expand(self._parse(self._rules[node.rule_name]), domains, rng, depth - 1)
        if isinstance(node, kinds.ListReference):
            return self._slot(node, domains, rng, depth)
        if isinstance(node, kinds.Alternative):
            return self._expand(rng.choice(node.items), domains, rng, depth)
        items = list(node.items)
        if isinstance(node, kinds.Permutation):
            rng.shuffle(items)
        parts = [self._expand(item, domains, rng, depth) for item in items]
        return "".join("" if self._is_ending(items, place, part) else part for place, part in enumerate(parts))

    def _is_ending(self, items: Sequence[Any], place: int, part: str) -> bool:
        """Whether optional `part` is glued to an open slot: which ending or article is right depends on the filler."""
        kinds = self._kinds
        if not (isinstance(items[place], kinds.Alternative) and items[place].is_optional):
            return False
        last = place
        while last > 0 and isinstance(items[last], kinds.Alternative) and items[last].is_optional:
            last -= 1  # several endings in a row belong to the same slot
        after = self._is_open(items[last]) and not part[:1].isspace()
        return after or (place + 1 < len(items) and self._is_open(items[place + 1]) and not part[-1:].isspace())

    def _is_open(self, item: Any) -> bool:
        return isinstance(item, self._kinds.ListReference) and (item.list_name in WILDCARDS or item.list_name == "name")

    def _slot(self, node: Any, domains: Sequence[str], rng: Random, depth: int) -> str:
        """Draw a filler for the slot `node`."""
        if node.is_inline_range:
            start, stop, step = node.get_inline_range()
            return _number(node.list_name, range(start, stop + 1, step), rng)
        if node.list_name == "name":
            columns = [DOMAINS[domain] for domain in domains if DOMAINS.get(domain) in self._words]
            if not columns:
                raise Unresolved("name")
            return rng.choice(self._words[rng.choice(columns)])
        if node.list_name in WILDCARDS:
            if WILDCARDS[node.list_name] not in self._words:
                raise Unresolved(node.list_name)
            return rng.choice(self._words[WILDCARDS[node.list_name]])
        content = self._lists.get(node.list_name, {})
        if content.get("values"):
            value = rng.choice(content["values"])
            return self._expand(self._parse(value["in"] if isinstance(value, dict) else value), domains, rng, depth)
        if "range" in content:
            limits = content["range"]
            numbers = range(limits["from"], limits["to"] + 1, limits.get("step", 1))
            return _number(node.list_name, numbers, rng)
        raise Unresolved(node.list_name)


def _number(slot: str, allowed: range, rng: Random) -> str:
    return str(rng.choice([number for number in NUMBERS.get(slot, ROUND) if number in allowed] or allowed))
