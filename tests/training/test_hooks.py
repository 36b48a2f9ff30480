from __future__ import annotations

import pytest
import torch

from loanword.training.hooks import Average, KeepBest
from loanword.training.state import State


class One(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.value = torch.nn.Parameter(torch.zeros(1))


@pytest.mark.parametrize(
    ("share", "steps", "taken"),
    [(0.5, 10, [6, 7, 8, 9, 10]), (1.0, 4, [1, 2, 3, 4]), (0.25, 8, [7, 8]), (0.1, 3, [3])],
)
def test_average_takes_the_last_part(share, steps, taken):
    hook, state = Average(share=share), State(model=One(), steps=steps)

    for step in range(1, steps + 1):
        state.step = step
        with torch.no_grad():
            state.model.value.fill_(step)
        hook.before_update(state)
        hook.after_update(state)
        hook.on_evaluate(state, {"en": 1.0})
        assert ("averaged" in state.candidates) == (step >= taken[0])

    assert float(state.candidates["averaged"]["value"]) == pytest.approx(sum(taken) / len(taken))


def best(scores, *, patience=0):
    """Feed mean scores; returns the evaluation that is kept at last, and after how many it stopped."""
    hook, state = KeepBest(patience=patience), State(model=One(), steps=100)
    for number, score in enumerate(scores, start=1):
        with torch.no_grad():
            state.model.value.fill_(number)
        hook.before_update(state)
        hook.after_update(state)
        hook.on_evaluate(state, {"en": score, "de": score + 0.2})
        if state.stop:
            return int(state.candidates["source-dev-best"]["value"]), number
    return int(state.candidates["source-dev-best"]["value"]), None


@pytest.mark.parametrize(
    ("scores", "patience", "expected"),
    [
        ([0.1, 0.5, 0.3], 0, (2, None)),
        ([0.1, 0.5, 0.5, 0.2], 0, (3, None)),  # Ties go to the later one,
        ([0.1, 0.5, 0.5, 0.5], 2, (4, 4)),  # but a tie is no progress.
        ([0.5, 0.4, 0.6, 0.1, 0.1, 0.1], 2, (3, 5)),
        ([0.5, 0.4], 1, (1, 2)),
        ([0.0, 0.0], 0, (2, None)),
    ],
)
def test_keep_best(scores, patience, expected):
    assert best(scores, patience=patience) == expected


def test_the_mean_over_languages_decides():
    hook, state = KeepBest(), State(model=One(), steps=10)
    hook.on_evaluate(state, {"en": 0.9, "de": 0.1})
    with torch.no_grad():
        state.model.value.fill_(7)
    hook.on_evaluate(state, {"en": 0.6, "de": 0.6})

    assert float(state.candidates["source-dev-best"]["value"]) == 7
