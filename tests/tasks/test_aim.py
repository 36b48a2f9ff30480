import math

import numpy as np
import pytest
import torch
from tests.fresh import FIRST, LEARNED, SECOND, SECONDS, bundle

from loanword.batches.batch import collate
from loanword.data.records import Record
from loanword.encoders.decoder import BEGINNING, END
from loanword.errors import UsageError
from loanword.tasks.aim import Answered, expect_known, expect_no_choice, log_odds
from loanword.tasks.outputs import outputs
from loanword.tasks.task import BUILTIN, Task, softmax


def answered(made, record):
    """Let `made` answer one record, and keep all that was said on the way."""
    encoded = made.task.encode([record], made.tokenizer)
    values = outputs(made.model, encoded, pad_id=made.tokenizer.pad_id, hardware=made.hardware).values
    (prediction,) = made.task.decode(values, encoded, [record], made.tokenizer)
    return Answered(record, encoded, values, prediction, made.tokenizer)


def score(made, said, aim):
    """Return what `aim` says of its input, of three rows of it at once."""
    batch = collate([said.encoded[aim.input]] * 3, pad_id=made.tokenizer.pad_id)
    found = aim.score(made.model, made.model.read(batch))
    assert found.shape == (3,)
    assert torch.allclose(found, found[0])
    (gradient,) = torch.autograd.grad(found.sum(), made.model.encoder.model.get_input_embeddings().weight)
    assert bool(gradient.isfinite().all())
    assert bool((gradient != 0).any())
    return float(found[0].detach())


def test_log_odds_are_those_of_the_softmax():
    logits = torch.randn(5, 4, dtype=torch.float64)
    chances = softmax(logits.numpy())
    for place in range(4):
        share = chances[:, place]
        np.testing.assert_allclose(log_odds(logits, place).numpy(), np.log(share / (1 - share)))
        torch.testing.assert_close(log_odds(logits + 7, place), log_odds(logits, place))


def expected(task, said, aim):
    """Work the number out of what the prediction says, without torch."""
    prediction = said.prediction
    if task in ("similarity", "retrieval"):
        return float(said.outputs[0][0] @ said.outputs[0][1])
    if task == "multilabel":
        chance = prediction.scores[aim.label]
        return math.log(chance / (1 - chance))
    if task in ("answers", "summarization"):
        places = [0, *(n for n, span in enumerate(said.encoded[0].offsets) if span != (0, 0))]
        shares = np.log(softmax(said.outputs[0][places].T))
        first = next(n for n in places if said.encoded[0].offsets[n][0] == aim.about[0] and n)
        last = next(n for n in reversed(places) if said.encoded[0].offsets[n][1] == aim.about[1])
        return shares[0, places.index(first)] + shares[1, places.index(last)]
    chance = prediction.score
    if task == "tagging":
        spans = [(span.start, span.end) for span in prediction.label]
        chance = prediction.parts[spans.index(aim.about)]
    return math.log(chance / (1 - chance))


WRITE = ("translation", "abstractive-summarization")


def test_there_is_a_model_for_every_task():
    assert set(LEARNED) == set(BUILTIN)


@pytest.mark.parametrize("task", [name for name in BUILTIN if name not in WRITE])
def test_the_number_that_is_explained_is_the_predictions_own(tiny_encoder, tiny_kinds, task):
    made = bundle(tiny_encoder, tiny_kinds, task)
    said = answered(made, Record(FIRST, "en", pair=SECONDS.get(task, ""), pair_language="ru"))
    aim = made.task.aim(said)
    assert aim.label == aim.predicted or task == "multilabel"
    units = {"similarity": "cosine", "retrieval": "cosine", "answers": "log-probability"}
    assert aim.unit == units.get(task, "log-probability" if task == "summarization" else "log-odds")
    assert score(made, said, aim) == pytest.approx(expected(task, said, aim), abs=2e-4)


def test_a_text_that_was_written_has_the_probability_of_all_its_pieces(tiny_encoder):
    """Oracle: the decoder asked for one piece after another."""
    made = bundle(tiny_encoder, "bert", "translation", longest=6)
    said = answered(made, Record(FIRST, "en", pair_language="ru"))
    aim = made.task.aim(said)
    assert aim.label == aim.predicted == said.prediction.label
    batch = collate(list(said.encoded), pad_id=made.tokenizer.pad_id)
    decoder, pieces = made.model.head.decoder, [piece for piece in said.outputs[0].tolist() if piece >= 0]
    total = 0.0
    with torch.no_grad():
        (output,) = made.model.read(batch)
        for place, piece in enumerate([*pieces, None]):
            given = torch.tensor([[BEGINNING, *pieces[:place]]])
            cache = decoder.begin(output)
            states = decoder(given, output, cache)[:, -1:]
            own, copied = (part[0, 0].exp() for part in decoder.parts(states, given[:, -1:], output, cache))
            number = END if piece is None else int(decoder.numbers(torch.tensor([piece])))
            chance = (float(own[number]) if number >= 0 else 0.0) + float(copied[output.ids[0] == (piece or -1)].sum())
            total += math.log(chance)
    assert score(made, said, aim) == pytest.approx(total, abs=1e-3)
    other = made.task.aim(said, label=SECOND)
    assert (other.label, other.predicted) == (SECOND, aim.predicted)
    assert score(made, said, other) != pytest.approx(total, abs=0.1)


def test_a_label_can_be_chosen(tiny_encoder):
    made = bundle(tiny_encoder, "bert")
    said = answered(made, Record(FIRST, "en"))
    chances = {
        label: 1 / (1 + math.exp(-score(made, said, made.task.aim(said, label=label)))) for label in made.task.labels
    }
    assert sum(chances.values()) == pytest.approx(1)
    assert chances == pytest.approx(said.prediction.scores, abs=1e-5)
    with pytest.raises(UsageError, match="has no label 'x'; it knows bees, no, school"):
        made.task.aim(said, label="x")
    with pytest.raises(UsageError, match="classification has no word to choose; leave out 'bees'"):
        made.task.aim(said, word="bees")


def test_pairs_that_are_read_apart(tiny_encoder):
    made = bundle(tiny_encoder, "bert", "pairs", reading="apart")
    said = answered(made, Record(FIRST, "en", pair="bees"))
    aim = made.task.aim(said)
    assert score(made, said, aim) == pytest.approx(
        math.log(said.prediction.score / (1 - said.prediction.score)), abs=1e-4
    )


@pytest.mark.parametrize("task", ["similarity", "retrieval", "answers", "summarization", *WRITE])
def test_what_has_no_choice_says_so(tiny_encoder, task):
    made = bundle(tiny_encoder, "bert", task)
    said = answered(made, Record(FIRST, "en", pair=SECONDS.get(task, "")))
    with pytest.raises(UsageError, match="has no word to choose"):
        made.task.aim(said, word="bees")
    if task in ("similarity", "retrieval"):
        with pytest.raises(UsageError, match="has no label to choose"):
            made.task.aim(said, label="bees")


def test_a_task_that_says_nothing_cannot_be_explained():
    class Silent(Task):
        encode = targets = head = decode = trivial = None

    with pytest.raises(UsageError, match="Silent cannot be explained"):
        Silent().aim(None)
    with pytest.raises(UsageError, match="knows the label 'a' alone"):
        expect_known("a", ["a"])
    expect_known("a", ["a", "b"])
    expect_no_choice("anything")
