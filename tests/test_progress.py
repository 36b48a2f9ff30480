from __future__ import annotations

from loanword.progress import STAGES, Silent
from loanword.run import run


class Listener(Silent):
    def __init__(self):
        self.stages, self.counted, self.ended = [], 0, False

    def stage(self, name, *, total=0, detail=""):
        self.stages.append(name)
        self.total = total or getattr(self, "total", 0)

    def advance(self, count):
        self.counted += count

    def done(self):
        self.ended = True


def test_a_run_tells_its_stages_in_their_order(toy_recipe, tmp_path):
    listener = Listener()

    run(toy_recipe("bert", out=str(tmp_path / "out"), training={"max_steps": 1}), progress=listener)

    assert listener.ended
    assert set(listener.stages) <= set(STAGES)
    assert listener.stages == sorted(listener.stages, key=STAGES.index)
    assert {"read", "load", "probe", "train", "evaluate", "save"} <= set(listener.stages)
    assert listener.counted == listener.total > 0


def test_nobody_need_listen():
    silent = Silent()

    assert silent.stage("read") is silent.advance(1) is silent.done() is None
    assert silent.hooks() == ()


def test_what_the_user_should_know_reaches_one_who_listens_to_nothing(caplog):
    Silent().say("a checkpoint is damaged")
    assert caplog.messages == ["a checkpoint is damaged"]
