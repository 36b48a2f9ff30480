"""The baseline changes nothing and sees nothing."""

from loanword.strategies.strategy import STRATEGIES
from loanword.strategies.zero_shot import ZeroShot


def test_zero_shot_returns_the_run_itself():
    run = object()
    strategy = ZeroShot()
    assert strategy.apply(run) is run
    assert strategy.next_round(run, {}) is None
    assert strategy.sees == frozenset()


def test_it_is_registered():
    assert STRATEGIES.get("zero-shot") is ZeroShot
    assert "zero-shot" in STRATEGIES.names()
