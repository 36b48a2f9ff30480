import pytest

from loanword.config import TrainingSettings
from loanword.errors import UsageError
from loanword.tasks.task import BUILTIN, TASKS, Prediction, make_task


def test_every_registered_task_keeps_the_contract():
    names = TASKS.names()
    assert "classification" in names
    for name in names:
        task = TASKS.get(name)
        assert task.metrics or name == "fill-mask"  # What might have stood there is not measured.
        assert task.columns.inputs
        for method in ("fit", "encode", "targets", "head", "decode", "trivial", "state", "from_state"):
            assert callable(getattr(task, method))


def test_an_unknown_task():
    with pytest.raises(UsageError, match=r"unknown task 'parsing'; known: .*classification"):
        TASKS.get("parsing")


def test_options_of_a_task_and_what_it_takes_of_training():
    assert make_task("retrieval", {"scoring": "margin"}).scoring == "margin"
    assert make_task("classification", {}, training=TrainingSettings(dropout=0.25)).dropout == 0.25
    with pytest.raises(UsageError, match="retrieval has no option 'dropout'; known: scoring, temperature, reading"):
        make_task("retrieval", {"dropout": 0.1})


def test_a_prediction_need_not_have_all_scores():
    assert Prediction(label="food", score=0.5).scores == {}


def test_a_task_is_not_ready_unless_it_says_so(tiny_encoder, tiny_seq2seq):
    from loanword.encoders.load import load

    encoder, whole = tiny_encoder("bert").encoder, load(str(tiny_seq2seq("t5"))).encoder
    ready = {name: [TASKS.get(name)().ready(one) for one in (encoder, whole)] for name in BUILTIN}
    always = {"similarity", "retrieval"}
    assert {name for name, found in ready.items() if found == [True, True]} == always
    assert {name for name, found in ready.items() if found == [False, True]} >= {"translation"}
    assert ready["classification"] == ready["tagging"] == [False, False]
