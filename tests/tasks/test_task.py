import pytest

from loanword.errors import UsageError
from loanword.tasks.task import TASKS, Prediction


def test_every_registered_task_keeps_the_contract():
    names = TASKS.names()
    assert "classification" in names
    for name in names:
        task = TASKS.get(name)
        assert task.metrics
        assert task.columns.inputs
        for method in ("fit", "encode", "targets", "head", "decode", "trivial", "state", "from_state"):
            assert callable(getattr(task, method))


def test_an_unknown_task():
    with pytest.raises(UsageError, match=r"unknown task 'parsing'; known: .*classification"):
        TASKS.get("parsing")


def test_a_prediction_need_not_have_all_scores():
    assert Prediction(label="food", score=0.5).scores == {}
