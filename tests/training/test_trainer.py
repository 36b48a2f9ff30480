from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from loanword.batches.batch import collate
from loanword.batches.sampler import Sampler
from loanword.encoders.rows import CompactEmbedding
from loanword.errors import LoanwordError
from loanword.hardware import Hardware
from loanword.progress import Silent
from loanword.randomness import generator
from loanword.tasks.outputs import outputs
from loanword.training.candidates import snapshot
from loanword.training.trainer import remember, train


class Recorder:
    """A hook that writes down what it is told."""

    def __init__(self, *, stop_at: int = 0):
        self.events, self.snapshots, self.rates, self.gradients = [], [], [], []
        self.stop_at = stop_at

    def before_update(self, state):
        self.events.append(("before", state.step))
        self.gradients.append(
            {name: p.grad.clone() for name, p in state.model.named_parameters() if p.grad is not None}
        )

    def after_update(self, state):
        self.events.append(("after", state.step))
        self.snapshots.append(snapshot(state.model))
        self.rates.append(state.learning_rate)
        state.stop = state.step == self.stop_at

    def on_evaluate(self, state, scores):
        self.events.append(("evaluate", state.step, dict(scores)))


def parameters(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


# --- against a naive loop --------------------------------------------------------------------------------------


def naive(run, encoded):
    """The same training in plain torch: whole steps, one AdamW, the rate by its formula."""
    model, settings = run.model, run.settings
    model.train()
    sampler = Sampler([len(i) for i in encoded], batch_size=settings.batch_size, micro_tokens=10**9, seed=run.seed)
    steps = round(settings.epochs * sampler.steps_per_epoch)
    rising = round(steps * settings.warmup)
    embeddings = {id(p) for p in model.encoder.layer_parameters()[0]}
    decayed = [p for p in model.parameters() if p.ndim > 1 and id(p) not in embeddings]
    rest = [p for p in model.parameters() if p.ndim == 1 or id(p) in embeddings]
    groups = [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, foreach=False, fused=False)
    for number, step in enumerate(sampler.steps(steps)):
        items = [encoded[row] for part in step.micro for row in part]
        logits = model(collate(items, pad_id=run.tokenizer.pad_id))
        torch.nn.functional.cross_entropy(logits, torch.tensor([item.target for item in items])).backward()
        norm = torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]).norm()
        for group in optimizer.param_groups:
            warm, cool = (number + 1) / (rising + 1), 1 - (number - rising) / (steps - rising)
            group["lr"] = settings.learning_rate * (warm if number < rising else cool)
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(min(1.0, settings.clip / (float(norm) + 1e-6)))
        optimizer.step()
        optimizer.zero_grad()


def test_training_is_what_a_naive_loop_does(toy_run, tiny_kinds):
    options = {"epochs": 2, "warmup": 0.2, "weight_decay": 0.1, "clip": 0.5, "micro_tokens": 10_000}
    (mine, encoded), (plain, same) = (toy_run(tiny_kinds, **options) for _ in range(2))
    before = parameters(plain.model)

    done = train(mine, encoded)
    naive(plain, same)

    assert done.steps == 12
    moved = 0
    for name, value in plain.model.named_parameters():
        if name.endswith(("key.bias", "k_lin.bias")):
            continue  # Attention does not depend on it: its gradient is rounding noise, which Adam blows up.
        # A gradient that is nearly none is rounding noise in places, too; a weight moves by up to 1e-2.
        torch.testing.assert_close(parameters(mine.model)[name], value.detach(), atol=5e-5, rtol=0, msg=name)
        moved += int(not torch.equal(value, before[name]))
    assert moved > 10


@pytest.mark.parametrize("weights", ["none", "balanced"])
def test_micro_batches_do_not_change_the_gradient(toy_run, tiny_kinds, weights):
    found, sizes = {}, {}
    for micro_tokens in (16, 100, 100_000):
        recorder = Recorder()
        run, encoded = toy_run(
            tiny_kinds,
            micro_tokens=micro_tokens,
            max_steps=1,
            batch_size=11,
            hooks=(recorder,),
            class_weights=weights,
            piece_exchange=0.2,
        )
        (step,) = Sampler([len(i) for i in encoded], batch_size=11, micro_tokens=micro_tokens, seed=3).steps(1)
        train(run, encoded)
        found[micro_tokens], sizes[micro_tokens] = recorder.gradients[0], [len(part) for part in step.micro]

    assert sizes[16] == [1] * 11
    assert len(set(sizes[100])) > 1  # Parts of different sizes: each must count by its rows.
    assert sizes[100_000] == [11]
    assert len(found[16]) >= 14
    for name, value in found[100_000].items():
        torch.testing.assert_close(found[16][name], value, atol=1e-6, rtol=0, msg=name)
        torch.testing.assert_close(found[100][name], value, atol=1e-6, rtol=0, msg=name)


# --- the same again --------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bits_and_another_does_not(toy_run):
    def weights(seed):
        torch.manual_seed(int(time.time()))  # Whatever the caller did with the global generator.
        run, encoded = toy_run("bert", seed=seed, dropout=0.1)
        train(run, encoded)
        return parameters(run.model)

    one, two, other = weights(3), weights(3), weights(4)
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    assert any(not torch.equal(value, other[name]) for name, value in one.items())


def test_the_callers_random_numbers_are_left_alone(toy_run):
    run, encoded = toy_run("bert", dropout=0.1, max_steps=2)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)

    train(run, encoded)

    assert torch.equal(torch.rand(3), expected)


def test_looking_at_dev_data_does_not_change_the_weights(toy_run):
    def weights(*, looking):
        run, encoded = toy_run("bert", dropout=0.1)

        def look():
            run.model.eval()
            return {"en": 0.5}

        train(run, encoded, validate=look if looking else None)
        return parameters(run.model)

    blind, seeing = weights(looking=False), weights(looking=True)
    assert all(torch.equal(value, seeing[name]) for name, value in blind.items())


# --- hooks -----------------------------------------------------------------------------------------------------


def test_hooks_are_called_in_order(toy_run):
    recorder = Recorder()
    run, encoded = toy_run("bert", epochs=2.5, hooks=(recorder,))

    done = train(run, encoded, validate=lambda: {"en": 0.5})

    per_epoch = 6  # 48 rows, 8 a step.
    expected = []
    for step in range(15):
        expected += [("before", step), ("after", step + 1)]
        if (step + 1) % per_epoch == 0 or step == 14:
            expected.append(("evaluate", step + 1, {"en": 0.5}))
    assert recorder.events == expected
    assert (done.steps, done.epochs) == (15, 2.5)
    assert [entry["step"] for entry in done.history] == [6, 12, 15]
    assert all(entry["en"] == 0.5 and entry["loss"] > 0 for entry in done.history)


def test_the_average_is_the_mean_of_the_second_half_and_last_is_last(toy_run):
    recorder = Recorder()
    run, encoded = toy_run("bert", average=0.5, hooks=(recorder,))

    done = train(run, encoded)

    assert set(done.candidates) == {"averaged", "last"}
    for name, value in done.candidates["averaged"].items():
        expected = np.mean([part[name].double().numpy() for part in recorder.snapshots[6:]], axis=0)
        np.testing.assert_allclose(value.numpy(), expected, atol=1e-6)
    assert all(torch.equal(value, recorder.snapshots[-1][name]) for name, value in done.candidates["last"].items())


def test_the_best_on_dev_is_kept(toy_run):
    recorder = Recorder()
    run, encoded = toy_run("bert", epochs=3, hooks=(recorder,))
    scores = iter([0.2, 0.9, 0.4])

    done = train(run, encoded, validate=lambda: {"en": next(scores)})

    best = done.candidates["source-dev-best"]
    assert all(torch.equal(value, recorder.snapshots[11][name]) for name, value in best.items())


def test_patience_ends_training(toy_run):
    run, encoded = toy_run("bert", epochs=9, patience=2)
    scores = iter([0.5, 0.6, 0.1, 0.2, 0.9])

    done = train(run, encoded, validate=lambda: {"en": next(scores)})

    assert done.steps == 4 * 6


def test_a_hook_can_stop_after_the_current_update(toy_run):
    recorder = Recorder(stop_at=3)
    run, encoded = toy_run("bert", hooks=(recorder,))

    assert train(run, encoded).steps == 3
    assert recorder.events[-1] == ("after", 3)


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant"])
def test_the_state_tells_the_rate_of_each_update(toy_run, kind):
    recorder = Recorder()
    run, encoded = toy_run("bert", schedule=kind, warmup=0.25, learning_rate=0.004, hooks=(recorder,))

    train(run, encoded)

    assert recorder.rates[:4] == pytest.approx([0.001, 0.002, 0.003, 0.004])
    assert len(recorder.rates) == 12
    after = {"linear": 1 - 8 / 9, "cosine": (1 + np.cos(np.pi * 8 / 9)) / 2, "constant": 1.0}[kind]
    assert recorder.rates[-1] == pytest.approx(0.004 * after)


# --- what moves ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "still"),
    [({"embeddings": "frozen"}, 1), ({"freeze_layers": 1}, 2), ({"freeze_layers": 2}, 3), ({}, 0)],
)
def test_frozen_parts_do_not_move(toy_run, tiny_kinds, options, still):
    run, encoded = toy_run(tiny_kinds, dropout=0.1, max_steps=5, **options)
    before = [[p.detach().clone() for p in group] for group in run.model.encoder.layer_parameters()]
    head = run.model.head.linear.weight.detach().clone()

    done = train(run, encoded)

    moved = [
        any(not torch.equal(p, old) for p, old in zip(group, olds, strict=True))
        for group, olds in zip(run.model.encoder.layer_parameters(), before, strict=True)
    ]
    assert moved == [False] * still + [True] * (3 - still)
    assert not torch.equal(run.model.head.linear.weight, head)
    assert (done.kept is None) == (still > 0)
    assert (done.rows > 0) == (still == 0)


def test_the_embedding_rows_that_are_trained_are_told(toy_run):
    rows = {}
    for embeddings in ("compact", "full", "frozen"):
        run, encoded = toy_run("bert", embeddings=embeddings, max_steps=1)
        done = train(run, encoded)
        rows[embeddings] = done.describe(run.settings)["embedding_rows_trained"]

    pieces = {piece for item in encoded for piece in item.ids} | {*run.tokenizer.control_ids}
    assert rows == {"compact": len(pieces), "full": len(run.tokenizer), "frozen": 0}


def test_the_model_is_whole_and_at_rest_afterwards(toy_run):
    run, encoded = toy_run("bert", max_steps=1)
    shapes = {name: value.shape for name, value in run.model.state_dict().items()}

    train(run, encoded)

    assert {name: value.shape for name, value in run.model.state_dict().items()} == shapes
    assert not run.model.training


def test_an_optimizer_and_a_sampler_of_ones_own(toy_run):
    def optimizer(model):
        return torch.optim.SGD(model.parameters(), lr=0.5)

    def sampler(encoded):
        return Sampler([len(item) for item in encoded], batch_size=24, micro_tokens=10_000, seed=9)

    recorder = Recorder()
    run, encoded = toy_run("bert", clip=0.0, schedule="constant", warmup=0.0, hooks=(recorder,), epochs=1)
    start = snapshot(run.model)

    done = train(replace(run, optimizer=optimizer, sampler=sampler), encoded)

    assert done.steps == 2  # 48 rows, 24 a step.
    name = "head.linear.weight"
    torch.testing.assert_close(recorder.snapshots[0][name], start[name] - 0.5 * recorder.gradients[0][name])


# --- time and trouble ------------------------------------------------------------------------------------------


def test_time_spent_on_dev_data_is_not_training_time(toy_run):
    run, encoded = toy_run("bert", epochs=2)
    began = time.perf_counter()

    done = train(run, encoded, validate=lambda: time.sleep(0.7) or {"en": 0.5})

    assert time.perf_counter() - began - done.seconds > 1.4
    tokens = 2 * sum(len(item) for item in encoded)
    # The rate is that of the steps alone; the seconds are those of getting ready, too.
    assert tokens / done.seconds <= done.tokens_per_second < 2 * tokens / done.seconds


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_names_its_rows_and_changes_nothing(toy_run, bad):
    run, encoded = toy_run("bert", max_steps=5)
    steps = list(Sampler([len(i) for i in encoded], batch_size=8, micro_tokens=4096, seed=3).steps(5))
    rows = [encoded[row].row + 1 for part in steps[2].micro for row in part]
    real, calls = run.objective.loss, []

    def loss(model, batch):
        calls.append(1)
        return real(model, batch) * (bad if len(calls) == 3 else 1)

    run.objective.loss = loss
    recorder = Recorder()

    with pytest.raises(LoanwordError, match=f"the loss is {bad} at step 3") as error:
        train(replace(run, hooks=(recorder,)), encoded)

    told = str(error.value)
    table = run.data.train["en"]
    assert all(f"{table.origin}:{table.line[row - 1]}" in told for row in rows)
    assert not any(record.text in told for record in run.data.train["en"])
    assert "lower training.learning_rate" in told
    # The model is whole, and holds the weights of the last good step.
    assert not isinstance(run.model.encoder.model.get_input_embeddings(), CompactEmbedding)
    last = recorder.snapshots[-1]["head.linear.weight"]
    assert torch.equal(run.model.head.linear.weight, last)


@pytest.mark.parametrize("clip", [0.0, 1.0])
def test_a_gradient_that_is_no_number_stops_before_the_update(toy_run, clip):
    class Spoil:
        def before_update(self, state):
            if state.step == 1:
                state.model.head.linear.weight.grad[0, 0] = float("nan")

        def after_update(self, state):
            pass

        def on_evaluate(self, state, scores):
            pass

    run, encoded = toy_run("bert", clip=clip, max_steps=4, hooks=(Spoil(),))

    with pytest.raises(LoanwordError, match=r"the gradient is nan at step 2, whose rows are .*train-en.jsonl:"):
        train(run, encoded)

    assert all(parameter.isfinite().all() for parameter in run.model.parameters())


def test_bf16_learns_in_fp32_weights(toy_run):
    run, encoded = toy_run("bert", epochs=8, learning_rate=3e-3)

    done = train(replace(run, hardware=Hardware(device="cpu", precision="bf16", threads=1)), encoded)

    assert {parameter.dtype for parameter in run.model.parameters()} == {torch.float32}
    assert all(value.isfinite().all() for value in done.candidates["last"].values())
    with torch.inference_mode():
        answers = run.model(run.objective.prepare(encoded, generator(0))).argmax(1)
    assert (answers == torch.tensor([item.target for item in encoded])).float().mean() > 0.8


# --- frozen layers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layers", [1, 2])
def test_what_frozen_layers_say_is_worked_out_once(toy_run, tiny_kinds, layers):
    """The same weights to rounding, with one pass of the frozen layers over every row instead of one in each epoch."""
    found, calls = {}, {}
    for gigabytes in (0, 1e-6, 1.0):
        options = {"epochs": 3, "freeze_layers": layers, "cache_gigabytes": gigabytes}
        run, encoded = toy_run(tiny_kinds, start="probe", **options)
        part = next(m for m in run.model.encoder.layers[0].modules() if isinstance(m, torch.nn.Linear))
        seen = []
        part.register_forward_hook(lambda module, given, answer, seen=seen: seen.append(len(answer)))
        train(run, encoded, validate=lambda run=run, encoded=encoded: dev_score(run, encoded), also=encoded[:3])
        found[gigabytes], calls[gigabytes] = parameters(run.model), sum(seen)

    for name, value in found[0].items():
        torch.testing.assert_close(found[1.0][name], value, atol=2e-4, rtol=0)
        assert torch.equal(found[1e-6][name], found[1.0][name])
    if tiny_kinds != "xlm" or layers == 2:
        assert calls[1.0] < calls[0] / 3
    else:
        assert calls[1.0] == calls[0]


def dev_score(run, encoded):
    found = outputs(run.model, encoded[:3], pad_id=run.tokenizer.pad_id, hardware=run.hardware)
    return {"en": float(np.mean(found.values))}


def test_one_set_of_frozen_outputs_serves_many_runs(toy_run):
    run, encoded = toy_run("bert", freeze_layers=2)
    frozen = remember(run, encoded)
    run.model.encoder.model.register_forward_pre_hook(lambda *_: pytest.fail("the encoder ran"))

    heads = []
    for rate in (1e-3, 1e-2):
        torch.nn.init.zeros_(run.model.head.linear.weight)
        again = replace(run, settings=run.settings.model_copy(update={"learning_rate": rate}))
        train(again, encoded, frozen=frozen)
        heads.append(run.model.head.linear.weight.detach().clone())

    assert not torch.equal(*heads)


@pytest.mark.parametrize(
    "options", [{"cache_gigabytes": 0}, {"freeze_layers": 0}, {"piece_exchange": 0.3}], ids=["off", "none", "exchange"]
)
def test_nothing_is_kept_where_there_is_nothing_to_keep(toy_run, options):
    run, encoded = toy_run("bert", **{"freeze_layers": 1, **options})

    assert remember(run, encoded) is None


def test_without_room_on_disk_training_goes_on_and_says_so(toy_run, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.posix_fallocate", full, raising=False)
    run, encoded = toy_run("bert", freeze_layers=1, cache_gigabytes=1e-6)
    lines = []

    class Watch(Silent):
        def say(self, line):
            lines.append(line)

    done = train(run, encoded, progress=Watch())

    assert done.steps > 1
    assert lines == ["what the frozen layers say is worked out anew in every step: No space left on device"]


def test_a_table_that_the_decoder_reads_is_trained_whole_and_that_is_said(seq2seq_run, seq2seq_kind):
    said = []
    run, encoded = seq2seq_run(seq2seq_kind, max_steps=2)
    table = run.model.encoder.model.get_input_embeddings().weight
    before = table.detach().clone()
    trained = train(run, encoded, progress=type("Heard", (Silent,), {"say": lambda self, text: said.append(text)})())
    moved = int((table != before).any(1).sum())
    about = trained.describe(run.settings)
    reached = {piece for item in encoded for piece in item.ids}
    if seq2seq_kind == "encoder-decoder":  # Two tables: of the encoder's, the rows that are read are enough.
        assert (about["embeddings"], said) == ("compact", [])
        assert moved <= trained.rows < len(table)
    else:
        assert (about["embeddings"], about["embedding_rows_trained"]) == ("full", len(table))
        assert [text for text in said if "all of its rows are trained" in text] == said
        assert len(said) == 1
        assert moved > len(reached)
    frozen, encoded = seq2seq_run(seq2seq_kind, max_steps=1, embeddings="frozen")
    assert train(frozen, encoded).describe(frozen.settings)["embeddings"] == "frozen"
