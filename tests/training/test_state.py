from loanword.training.state import Data, State


def test_only_training_tables_are_needed():
    data = Data(train={})

    assert (data.dev, data.test, data.unlabelled, data.parallel) == ({}, {}, {}, {})


def test_two_states_share_nothing():
    one, two = State(model=None, steps=1), State(model=None, steps=1)
    one.candidates["last"] = {}
    one.history.append({})

    assert (two.candidates, two.history, two.stop) == ({}, [], False)
