from __future__ import annotations

import torch

from loanword.batches.batch import collate
from loanword.tasks.model import Temperature, answering


def test_the_temperature_acts_at_prediction_time_only(toy_run):
    run, encoded = toy_run("bert")
    batch = collate(encoded[:4], pad_id=run.tokenizer.pad_id)
    run.model.adjust.value.fill_(4.0)

    with torch.no_grad():
        learning, predicting = run.model.train()(batch), run.model.eval()(batch)

    torch.testing.assert_close(predicting * 4, learning)


def test_a_fresh_temperature_changes_nothing_and_has_nothing_to_train():
    temperature, logits = Temperature(), torch.randn(3, 2)

    assert torch.equal(temperature(logits), logits)
    assert list(temperature.parameters()) == []
    assert list(temperature.state_dict()) == ["value"]


def test_a_model_answers_for_a_while_and_then_goes_on_as_it_was(toy_run):
    run, _ = toy_run("bert")
    run.model.train()
    run.model.encoder.layers[0].eval()
    before = {name: part.training for name, part in run.model.named_modules()}
    assert len(set(before.values())) == 2
    with answering(run.model):
        assert not any(part.training for part in run.model.modules())
    assert {name: part.training for name, part in run.model.named_modules()} == before
