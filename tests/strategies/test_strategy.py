"""The contract of strategies: one's own in ten lines, through the whole flow."""

from dataclasses import replace

import pytest

from loanword.errors import UsageError
from loanword.run import run
from loanword.strategies.strategy import SEES, STRATEGIES, applied


@pytest.fixture
def own_strategy(monkeypatch):
    """Register a user's strategy for one test."""
    monkeypatch.setattr(STRATEGIES, "_entries", dict(STRATEGIES._entries))
    STRATEGIES.names()
    seen = []

    @STRATEGIES.register("half")
    class Half:
        """Train on every other row; claims to look at target text."""

        sees = frozenset({"target text"})

        def apply(self, run):
            train = {tag: table.select(range(0, len(table), 2)) for tag, table in run.data.train.items()}
            seen.append({tag: len(table) for tag, table in train.items()})
            return replace(run, data=replace(run.data, train=train))

        def next_round(self, run, scores):
            return None

    assert Half.sees <= SEES
    return seen


def test_a_users_strategy_runs_and_what_it_sees_is_on_the_report(own_strategy, toy_recipe):
    fast = {"training": {"max_steps": 2}}
    plain = run(toy_recipe("bert", **fast)).report
    found = run(toy_recipe("bert", strategies=["zero-shot", "half"], **fast)).report
    assert plain.regime.startswith("zero-shot: ")
    assert found.regime.startswith("not zero-shot: saw target text; trained on en; ")
    assert own_strategy == [{"en": 24}]
    assert found.training["epochs"] > plain.training["epochs"]


def test_what_has_no_name_cannot_be_seen():
    class Peeks:
        sees = frozenset({"target text", "test labels"})

        def apply(self, run):
            raise AssertionError("not to be applied")

    with pytest.raises(UsageError, match=r"strategy Peeks sees 'test labels', .* known: dictionary, parallel text"):
        applied([Peeks()], None)


def test_a_second_strategy_of_a_name_is_refused():
    STRATEGIES.names()
    with pytest.raises(UsageError, match="strategy 'zero-shot' is registered already"):
        STRATEGIES.register("zero-shot")(object())


def test_registering_the_same_thing_again_is_no_second():
    entry = STRATEGIES.get("zero-shot")
    assert STRATEGIES.register("zero-shot")(entry) is entry


def test_an_unknown_strategy_names_the_known_ones():
    with pytest.raises(UsageError, match=r"unknown strategy 'few'; known: .*zero-shot"):
        STRATEGIES.get("few")


def test_rounds_go_on_until_no_strategy_wants_another(toy_recipe):
    seen = []

    class Twice:
        sees = frozenset()

        def apply(self, run):
            return run

        def next_round(self, run, scores):
            seen.append((run.settings.max_steps, sorted(scores)))
            return replace(run, settings=run.settings.model_copy(update={"max_steps": 2})) if len(seen) == 1 else None

    STRATEGIES.register("test-twice")(Twice)
    try:
        report = run(toy_recipe("bert", strategies=["test-twice"], training={"max_steps": 3})).report
    finally:
        STRATEGIES._entries.pop("test-twice")
    assert [steps for steps, _ in seen] == [3, 2]
    assert seen[0][1] == ["en", "ru", "zh"]
    assert report.training["steps"] == 2
