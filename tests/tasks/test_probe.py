from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.preprocessing import StandardScaler

from loanword.hardware import Hardware
from loanword.randomness import generator
from loanword.tasks.heads import ClassHead
from loanword.tasks.model import Model
from loanword.tasks.outputs import outputs, vectors
from loanword.tasks.probe import PENALTIES, _folds, choose_penalty, fit_probe, start_from_probe

CPU = Hardware(device="cpu", precision="fp32", threads=1)


def data(classes, *, rows=150, width=6, noise=1.0):
    rng = np.random.default_rng(classes)
    centres = rng.normal(size=(classes, width))
    targets = rng.integers(0, classes, rows)
    return (centres[targets] + noise * rng.normal(size=(rows, width))) * rng.uniform(0.1, 30, width) + 5, targets


@pytest.mark.parametrize("penalty", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_it_is_scikit_learns_logistic_regression_on_standardised_data(classes, penalty):
    vectors, targets = data(classes)
    scaler = StandardScaler().fit(vectors)
    # With two classes scikit-learn has one vector of coefficients, ours has two that are each other's negative: half
    # the penalty on their difference.
    reference = LogisticRegression(C=(2 if classes == 2 else 1) / penalty, tol=1e-9, max_iter=10_000)
    reference.fit(scaler.transform(vectors), targets)
    coefficients = reference.coef_ / scaler.scale_
    intercept = reference.intercept_ - coefficients @ scaler.mean_

    weight, bias = fit_probe(torch.from_numpy(vectors), torch.from_numpy(targets), classes=classes, penalty=penalty)

    weight, bias = weight.double().numpy(), bias.double().numpy()
    if classes == 2:
        weight, bias = weight[1:] - weight[:1], bias[1:] - bias[:1]
    np.testing.assert_allclose(weight * scaler.scale_, coefficients * scaler.scale_, atol=1e-3)
    found, expected = vectors @ weight.T + bias, vectors @ coefficients.T + intercept
    if classes > 2:  # A constant added to all logits means nothing.
        found, expected = (part - part.mean(1, keepdims=True) for part in (found, expected))
    np.testing.assert_allclose(found, expected, atol=5e-3)


def several(labels, *, rows=150, width=6, noise=1.0):
    """Rows of which each of `labels` is right or not, whatever the others are; the last one is rare."""
    rng = np.random.default_rng(labels)
    vectors = rng.normal(size=(rows, width)) * rng.uniform(0.1, 30, width) + 5
    scores = (vectors - 5) / vectors.std(axis=0) @ rng.normal(size=(width, labels)) + noise * rng.normal(
        size=(rows, labels)
    )
    return vectors, (scores > np.quantile(scores, [*np.linspace(0.4, 0.8, labels - 1), 0.95], axis=0).diagonal()) * 1.0


@pytest.mark.parametrize("penalty", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("labels", [1, 2, 5])
def test_of_several_labels_each_is_scikit_learns_against_the_rest(labels, penalty):
    vectors, targets = several(labels)
    scaler = StandardScaler().fit(vectors)

    weight, bias = fit_probe(torch.from_numpy(vectors), torch.from_numpy(targets), classes=labels, penalty=penalty)

    found = vectors @ weight.double().numpy().T + bias.double().numpy()
    for number in range(labels):
        reference = LogisticRegression(C=1 / penalty, tol=1e-9, max_iter=10_000)
        reference.fit(scaler.transform(vectors), targets[:, number])
        np.testing.assert_allclose(
            found[:, number], reference.decision_function(scaler.transform(vectors)), atol=5e-3, rtol=1e-3
        )


def test_weighing_a_class_is_repeating_its_rows():
    vectors, targets = (torch.from_numpy(part) for part in data(3, noise=2.0))
    rows = torch.arange(len(targets))
    repeated = torch.cat([rows, rows[targets == 2], rows[targets == 2]])

    weighed = fit_probe(vectors, targets, classes=3, weights=torch.tensor([1.0, 1.0, 3.0]), penalty=0.01)
    longer = fit_probe(vectors[repeated], targets[repeated], classes=3, penalty=0.01)

    answers = [(vectors.float() @ weight.T + bias).softmax(1) for weight, bias in (weighed, longer)]
    plain = fit_probe(vectors, targets, classes=3, penalty=0.01)
    assert (answers[0] - answers[1]).abs().max() < 0.01
    assert ((vectors.float() @ plain[0].T + plain[1]).softmax(1) - answers[0]).abs().max() > 0.05


def test_the_choice_weighs_rows_by_class():
    """A class of 10 in 200 rows: by plain accuracy never answering it is as good as anything; by class it is not."""
    rng = np.random.default_rng(0)
    targets = torch.tensor([0] * 190 + [1] * 10)
    vectors = torch.from_numpy(rng.normal(size=(200, 5))).float()
    vectors[targets == 1, 0] += 1.5

    def chosen(weights):
        return choose_penalty(vectors, targets, classes=2, weights=weights, groups=[""] * 200, seed=0)

    assert chosen(None) == max(PENALTIES)
    assert chosen(torch.tensor([200 / 380, 10.0])) < max(PENALTIES)


def test_a_column_without_variance_gets_no_say():
    vectors, targets = data(3)
    vectors[:, 2] = 4.25

    weight, bias = fit_probe(torch.from_numpy(vectors), torch.from_numpy(targets), classes=3)

    assert weight.isfinite().all()
    assert bias.isfinite().all()
    assert weight[:, 2].abs().max() == 0


def test_a_class_without_rows_is_never_preferred():
    vectors, targets = (torch.from_numpy(part) for part in data(3))

    weight, bias = fit_probe(vectors, targets, classes=4)

    assert weight.shape == (4, 6)
    assert set((vectors.float() @ weight.T + bias).argmax(1).tolist()) == {0, 1, 2}


def test_it_is_deterministic_and_works_without_gradients_around_it():
    vectors, targets = (torch.from_numpy(part) for part in data(3))

    with torch.no_grad():
        one = fit_probe(vectors, targets, classes=3)
    two = fit_probe(vectors, targets, classes=3)

    assert torch.equal(one[0], two[0])
    assert torch.equal(one[1], two[1])


def out_of_fold(vectors, targets, fold, penalty):
    """Logits for every row from scikit-learn's model of the other folds."""
    logits = np.zeros((len(vectors), targets.max() + 1))
    for number in range(4):
        here, there = fold != number, fold == number
        scaler = StandardScaler().fit(vectors[here])
        model = LogisticRegression(C=1 / penalty, max_iter=1000).fit(scaler.transform(vectors[here]), targets[here])
        logits[there] = model.decision_function(scaler.transform(vectors[there]))
    return logits


def test_the_choice_is_the_one_that_scikit_learn_leads_to():
    """The one-standard-error rule over the same folds, one row a group."""
    vectors, targets = data(3, rows=60, width=12, noise=2.0)
    fold = np.empty(60, dtype=int)
    fold[generator(0, "probe").permutation(60)] = np.arange(60) % 4
    names = [f"group {row:02}" for row in range(60)]
    logits = [out_of_fold(vectors, targets, fold, penalty) for penalty in PENALTIES]
    right = np.asarray([(found.argmax(1) == targets).mean() for found in logits])
    error = np.sqrt(right.max() * (1 - right.max()) / 60)
    expected = next(place for place in range(len(PENALTIES)) if right[place] >= right.max() - error)
    assert tuple(sorted(PENALTIES, reverse=True)) == PENALTIES
    assert expected > 0

    found = choose_penalty(
        torch.from_numpy(vectors).float(), torch.from_numpy(targets), classes=3, groups=names, seed=0
    )

    assert found == PENALTIES[expected]


def test_of_several_labels_the_choice_is_where_precision_and_recall_are_equal():
    """The one-standard-error rule over the break-even points of scikit-learn's models, labels of a fold together."""
    vectors, targets = several(3, rows=200, width=12, noise=2.0)
    fold = np.empty(200, dtype=int)
    fold[generator(0, "probe").permutation(200)] = np.arange(200) % 4
    hits = np.zeros(len(PENALTIES))
    for place, penalty in enumerate(PENALTIES):
        for number in range(4):
            here, there = fold != number, fold == number
            scaler = StandardScaler().fit(vectors[here])
            models = [
                LogisticRegression(C=1 / penalty, max_iter=1000).fit(scaler.transform(vectors[here]), column)
                for column in targets[here].T
            ]
            scores = np.stack([one.decision_function(scaler.transform(vectors[there])) for one in models], axis=1)
            precision, recall, _ = precision_recall_curve(targets[there].ravel(), scores.ravel())
            even = np.abs(precision - recall).argmin()
            assert precision[even] == pytest.approx(recall[even])
            hits[place] += precision[even] * targets[there].sum()
    shares = hits / targets.sum()
    error = np.sqrt(shares.max() * (1 - shares.max()) / (targets.sum(axis=1) > 0).sum())
    expected = next(place for place in range(len(PENALTIES)) if shares[place] >= shares.max() - error)
    assert 0 < expected < len(PENALTIES) - 1

    found = choose_penalty(
        torch.from_numpy(vectors).float(),
        torch.from_numpy(targets),
        classes=3,
        groups=[f"group {row:03}" for row in range(200)],
        seed=0,
    )

    assert found == PENALTIES[expected]


def test_rows_without_any_label_choose_something():
    vectors = torch.randn(40, 4, generator=torch.Generator().manual_seed(0))
    assert choose_penalty(vectors, torch.zeros(40, 2), classes=2, groups=[""] * 40, seed=0) == max(PENALTIES)


def test_rows_of_a_group_share_a_fold_and_rows_without_one_stand_alone():
    folds = _folds(["a", "b", "a", "", "", "b", "", ""], count=3, seed=1).tolist()

    assert folds[0] == folds[2]
    assert folds[1] == folds[5]
    dealt = [folds[row] for row in (0, 1, 3, 4, 6, 7)]
    assert sorted(dealt.count(number) for number in range(3)) == [2, 2, 2]


def test_copies_of_a_row_in_one_group_do_not_weaken_the_penalty():
    """Noise labels: the strongest penalty is right, but copies of a row in another fold would praise a weak one."""
    rng = np.random.default_rng(3)
    vectors, targets = np.repeat(rng.normal(size=(30, 20)), 4, axis=0), np.repeat(rng.integers(0, 2, 30), 4)
    vectors, targets = torch.from_numpy(vectors).float(), torch.from_numpy(targets)

    def chosen(groups):
        return choose_penalty(vectors, targets, classes=2, groups=groups, seed=0)

    together, apart = chosen([f"{row // 4}" for row in range(120)]), chosen([""] * 120)
    assert together == max(PENALTIES)
    assert apart <= 30


@pytest.mark.parametrize("penalty", [1.0, None])
def test_the_head_starts_where_the_probe_ends(toy_run, penalty):
    run, encoded = toy_run("bert")
    model: Model = run.model
    pad_id = run.tokenizer.pad_id
    groups = run.data.train["en"].group
    encoder_before = {name: value.clone() for name, value in model.encoder.state_dict().items()}

    used = start_from_probe(
        model,
        encoded,
        targets=run.task.targets,
        pad_id=pad_id,
        hardware=CPU,
        groups=groups,
        penalty=penalty,
        seed=0,
    )

    targets = torch.tensor([item.target for item in encoded])
    found = vectors(model, encoded, pad_id=pad_id, hardware=CPU)
    weight, bias = fit_probe(found, targets, classes=2, penalty=used)
    answers = np.stack(outputs(model, encoded, pad_id=pad_id, hardware=CPU).values)
    np.testing.assert_allclose(answers, (found @ weight.T + bias).numpy(), atol=1e-4)
    assert used == (penalty or choose_penalty(found, targets, classes=2, groups=groups, seed=0))
    assert (answers.argmax(1) == targets.numpy()).mean() > 0.9
    assert all(torch.equal(value, encoder_before[name]) for name, value in model.encoder.state_dict().items())


def test_a_cosine_head_starts_from_a_probe_of_directions(toy_run):
    run, encoded = toy_run("bert")
    found = vectors(run.model, encoded, pad_id=run.tokenizer.pad_id, hardware=CPU)
    model = Model(run.model.encoder, ClassHead(found.shape[1], 2, kind="cosine"))
    more = {"targets": run.task.targets, "pad_id": run.tokenizer.pad_id, "hardware": CPU}
    start_from_probe(model, encoded, groups=[""] * len(encoded), penalty=3.0, seed=0, **more)
    units = found / found.norm(dim=1, keepdim=True)
    weight, bias = fit_probe(units, run.task.targets(encoded), classes=2, penalty=3.0)
    answers = np.stack(outputs(model, encoded, pad_id=run.tokenizer.pad_id, hardware=CPU).values)
    np.testing.assert_allclose(answers, (units @ weight.T + bias).numpy(), atol=1e-4)


def test_nothing_of_a_fit_stays_in_memory(monkeypatch):
    alive = []

    class Watched(torch.optim.LBFGS):
        def __init__(self, parameters, **options):
            alive.extend(weakref.ref(one) for one in parameters)
            super().__init__(parameters, **options)

    monkeypatch.setattr(torch.optim, "LBFGS", Watched)
    fit_probe(torch.randn(50, 8), torch.arange(50) % 3, classes=3)
    gc.collect()
    assert [one() for one in alive] == [None, None]


def test_from_an_earlier_result_the_search_goes_on():
    torch.manual_seed(0)
    vectors, targets = torch.randn(200, 8) * 3 + 1, torch.arange(200) % 3
    end = fit_probe(vectors, targets, classes=3, penalty=3.0)
    near = fit_probe(vectors, targets, classes=3, penalty=3.0, steps=1, start=end)
    far = fit_probe(vectors, targets, classes=3, penalty=3.0, steps=1)
    torch.testing.assert_close(near, end, atol=1e-4, rtol=0)
    assert not torch.allclose(far[0], end[0], atol=1e-3)
