from random import Random

import pytest

pytest.importorskip("hassil", reason="the extra 'demo' is not installed")
from loanword.data.home_assistant_templates import Sampler

RULES = {"please": "[please]", "loop": "a <loop>"}
LISTS = {
    "colour": {"values": [{"in": "red", "out": "r"}, {"in": "(blue|azure)", "out": "b"}]},
    "brightness": {"range": {"from": 0, "to": 100}},
}


def drawn(pattern, count=60):
    return Sampler(rules=RULES, lists=LISTS, words={}).draw(pattern, domains=(), count=count, rng=Random(0))


def test_alternatives_options_and_rules():
    found = set(drawn("<please> (dim|lower) [the] light"))
    said = {
        f"{please}{verb} {the}light" for please in ("", "please ") for verb in ("dim", "lower") for the in ("", "the ")
    }
    assert found == said


def test_slots_are_filled_from_their_lists():
    assert set(drawn("light in {colour}")) == {"light in red", "light in blue", "light in azure"}
    numbers = [int(text.split()[-1]) for text in drawn("set to {brightness}")]
    assert numbers
    assert all(0 <= number <= 100 for number in numbers)


def test_what_cannot_be_filled_is_left_out():
    assert drawn("turn on {unheard}") == []
    assert drawn("<loop>") == []
    assert drawn("<missing>") == []


def test_the_same_generator_draws_the_same():
    assert drawn("(a|b|c|d) (e|f|g|h)", count=5) == drawn("(a|b|c|d) (e|f|g|h)", count=5)
