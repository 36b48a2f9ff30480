"""The Home Assistant data over all languages, with hassil's own recogniser and sampler as the oracles."""

import collections
import re
from random import Random

import pytest

pytest.importorskip("hassil")
pytest.importorskip("home_assistant_intents")

from loanword.data import home_assistant
from loanword.data.home_assistant import ROWS, all_languages, languages, load
from loanword.data.home_assistant_templates import DOMAINS, Sampler
from loanword.errors import UsageError
from loanword.language.tag import canonical, script
from loanword.randomness import derive

EN = {split: load(language="en", split=split) for split in ROWS}


def test_sizes_and_labels_in_english():
    assert {split: len(table) for split, table in EN.items()} == ROWS
    counts = collections.Counter(EN["train"].label)
    assert len(counts) >= 40
    assert max(counts.values()) < 120  # HassGetState alone has 122 of 862 templates
    assert set(EN["dev"].label) | set(EN["test"].label) <= set(counts)
    assert len(set(EN["test"].label)) >= 35


def test_no_template_and_no_text_is_in_two_splits():
    for tag in ("en", "de", "zh-CN"):
        tables = [load(language=tag, split=split) for split in ROWS]
        for column in ("group", "id", "text"):
            sets = [{value.casefold() for value in getattr(table, column)} for table in tables]
            assert all(sets)
            assert sum(map(len, sets)) == len(set.union(*sets)), (tag, column)


def test_the_same_text_never_has_two_labels():
    for tag in ("en", "de", "ar"):
        labels = collections.defaultdict(set)
        for example in home_assistant._examples(tag, 0):
            labels[example.text.casefold()].add(example.intent)
        assert len(labels) > 1000
        assert all(len(found) == 1 for found in labels.values())


@pytest.fixture(scope="module")
def tests_of_all():
    return {tag: load(language=tag, split="test") for tag in all_languages()}


def test_every_language_reads_clean(tests_of_all):
    assert len(tests_of_all) == 65
    for tag, table in tests_of_all.items():
        assert len(table) == ROWS["test"], tag
        assert canonical(tag) == tag
        assert len(set(table.id)) == len(table)
        assert len({text.casefold() for text in table.text}) == len(table)
        assert set(table.label) <= set(EN["train"].label)
        for text in table.text:
            assert not re.search(r"[{}\[\]<>|]|  |^\s|\s$|[\t\n]", text), (tag, text)
            assert any(c.isalpha() for c in text), (tag, text)


def test_ids_are_unique_across_languages(tests_of_all):
    ids = [row for table in tests_of_all.values() for row in table.id]
    assert len(ids) == len(set(ids)) == 65 * ROWS["test"]


def test_texts_are_in_the_script_of_the_language(tests_of_all):
    ranges = {"Cyrl": "\u0400-\u04ff", "Arab": "\u0600-\u06ff", "Deva": "\u0900-\u097f", "Hang": "\uac00-\ud7a3"}
    ranges |= {"Thai": "\u0e00-\u0e7f", "Hans": "\u4e00-\u9fff", "Hant": "\u4e00-\u9fff", "Latn": "a-zA-Z\u00c0-\u024f"}
    checked = 0
    for tag, table in tests_of_all.items():
        if script(tag) in ranges:
            share = sum(bool(re.search(f"[{ranges[script(tag)]}]", text)) for text in table.text) / len(table)
            assert share >= 0.97, tag
            checked += 1
    assert checked >= 40


def test_languages_follow_the_rule(tests_of_all):
    fit = [tag for tag, table in tests_of_all.items() if len(set(table.label)) >= 5 and len(table) >= 60]
    assert languages() == fit
    assert 50 <= len(fit) < 65


def test_small_languages_have_only_a_test_split():
    table = load(language="hi", split="test")
    assert len(set(table.group)) > 100
    with pytest.raises(UsageError, match="all its templates are in test"):
        load(language="hi", split="train")


def test_seed_decides():
    assert load(language="en", split="train", rows=50) == load(language="en", split="train", rows=50)
    other = load(language="en", split="train", seed=1)
    assert other.text != EN["train"].text
    assert set(other.group) != set(EN["train"].group)


def test_split_shares_over_many_seeds():
    patterns = dict.fromkeys(f"pattern {i}" for i in range(40))
    counts = collections.Counter()
    for seed in range(200):
        counts.update(split for _, split in home_assistant._split(patterns, seed=(seed, "en", "A"), small=False))
    assert counts == {"train": 200 * 24, "dev": 200 * 6, "test": 200 * 10}
    few = [split for _, split in home_assistant._split({"a": (), "b": ()}, seed=(0, "en", "A"), small=False)]
    assert sorted(few) == ["test", "train"]


def test_hassil_recognises_what_was_sampled():
    """Hassil's matcher, an independent reading of the templates, finds the labelled intent for every sentence."""
    from hassil import Intents
    from hassil.intents import TextSlotList
    from hassil.recognize import recognize_all
    from home_assistant_intents import get_intents

    words = home_assistant._words()["en"]
    slots = {key: TextSlotList.from_strings(words[key], name=key) for key in ("area", "floor")}
    named = [(word, word, {"domain": domain}) for domain, column in DOMAINS.items() for word in words[column]]
    slots["name"] = TextSlotList.from_tuples(named, name="name")
    intents = Intents.from_dict(get_intents("en"))
    rows = list(EN["test"])[:60]
    missed = [
        row.text
        for row in rows
        if row.label
        not in {
            match.intent.name
            for match in recognize_all(row.text, intents, slot_lists=slots, intent_context={"area": "kitchen"})
        }
    ]
    assert len(rows) == 60
    assert missed == []


def test_draws_are_members_of_the_language_of_the_template():
    """Every draw is among the sentences that hassil's own sampler enumerates."""
    from hassil.intents import TextSlotList
    from hassil.parse_expression import parse_sentence
    from hassil.sample import sample_sentence

    pattern = "(turn|switch) [<the>] {area} [big] (light;{color}) [now|please]"
    rules = {"the": "(the|my)"}
    sampler = Sampler(
        rules=rules, lists={"color": {"values": [{"in": "[dark] red"}, "blue"]}}, words={"area": ["hall", "attic"]}
    )
    drawn = sampler.draw(pattern, domains=(), count=30_000, rng=Random(derive(0, "test")))
    slots = {"area": TextSlotList.from_strings(["hall", "attic"])}
    slots["color"] = TextSlotList.from_strings(["[dark] red", "blue"], allow_template=True)
    parsed = {name: parse_sentence(body) for name, body in rules.items()}
    every = {" ".join(text.split()) for text in sample_sentence(parse_sentence(pattern), slots, parsed)}
    assert set(drawn) == every


def test_choices_are_uniform():
    sampler = Sampler(rules={}, lists={}, words={})
    rng = Random(derive(0, "uniform"))
    counts = collections.Counter(sampler.draw("turn (on|off|up)", domains=(), count=1, rng=rng)[0] for _ in range(3000))
    assert len(counts) == 3
    assert all(abs(count - 1000) < 100 for count in counts.values())  # four standard deviations


def test_glued_endings_are_left_out_and_free_ones_kept():
    sampler = Sampler(rules={}, lists={}, words={"area": ["sauna"], "fan": ["tuuletin"]})
    rng = Random(0)
    assert sampler.draw("{area}[e][ssa|n]", domains=(), count=50, rng=rng) == ["sauna"]
    assert sampler.draw("[l']{name}", domains=("fan",), count=50, rng=rng) == ["tuuletin"]
    assert set(sampler.draw("[the ]{name}[ now]", domains=("fan",), count=80, rng=rng)) == {
        "tuuletin",
        "the tuuletin",
        "tuuletin now",
        "the tuuletin now",
    }


@pytest.mark.parametrize("pattern", ["{area} on", "{name} on", "{mystery}", "<mystery>", "<loop>"])
def test_what_cannot_be_filled_is_skipped(pattern):
    sampler = Sampler(rules={"loop": "a <loop>"}, lists={}, words={"fan": ["fan"]})
    assert sampler.draw(pattern, domains=("light",), count=5, rng=Random(0)) == []


def test_unknown_language_and_split():
    with pytest.raises(UsageError, match="it has zh-CN, zh-HK, zh-TW"):
        load(language="zh", split="test")
    with pytest.raises(UsageError, match="no split 'validation'"):
        load(language="en", split="validation")
    for split in (None, ""):
        with pytest.raises(
            UsageError, match="has the splits train, dev and test; name one, like builtin:home-assistant@"
        ):
            load(language="en", split=split)
    with pytest.raises(UsageError, match="rows is 0"):
        load(language="en", split="test", rows=0)
