from __future__ import annotations

import numpy as np
import pytest
import torch

from loanword.encoders.encoder import EncoderOutput
from loanword.tasks.heads import ClassHead, LabelsHead


def by_hand(logits, targets, weights, smoothing):
    """Cross-entropy with class weights and label smoothing, from its definition, averaged over the rows."""
    logits = np.asarray(logits, dtype=np.float64)
    log = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    classes = logits.shape[1]
    total = 0.0
    for row, target in enumerate(targets):
        wanted = np.full(classes, smoothing / classes)
        wanted[target] += 1 - smoothing
        total -= sum(wanted[label] * weights[label] * log[row, label] for label in range(classes))
    return total / len(targets)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [[1.0, 1.0, 1.0], [0.5, 2.0, 1.25]])
def test_the_loss_is_the_weighted_smoothed_cross_entropy(smoothing, weights):
    torch.manual_seed(0)
    logits, targets = torch.randn(9, 3), torch.tensor([0, 1, 2, 2, 1, 0, 0, 2, 1])
    head = ClassHead(4, 3, smoothing=smoothing)
    head.weights.copy_(torch.tensor(weights))

    assert float(head.loss(logits, targets)) == pytest.approx(by_hand(logits, targets, weights, smoothing), abs=1e-5)
    if weights == [1.0, 1.0, 1.0]:
        reference = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=smoothing)
        torch.testing.assert_close(head.loss(logits, targets), reference)


def test_halves_of_a_batch_add_up_to_the_whole_even_with_class_weights():
    torch.manual_seed(0)
    logits, targets = torch.randn(6, 2), torch.tensor([0, 0, 0, 1, 0, 1])
    head = ClassHead(4, 2)
    head.weights.copy_(torch.tensor([0.75, 1.5]))

    halves = head.loss(logits[:4], targets[:4]) * 4 / 6 + head.loss(logits[4:], targets[4:]) * 2 / 6

    torch.testing.assert_close(halves, head.loss(logits, targets))


def output(pooled):
    return EncoderOutput(hidden=pooled.unsqueeze(1), mask=torch.ones(len(pooled), 1), pooled=pooled)


def test_logits_are_fp32_under_autocast():
    head = ClassHead(4, 2).eval()
    pooled = torch.randn(3, 4)

    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = head(output(pooled.bfloat16()))

    assert found.dtype == torch.float32
    assert torch.equal(found, pooled.bfloat16().float() @ head.linear.weight.T + head.linear.bias)


def test_a_fresh_head_is_small_and_unbiased():
    torch.manual_seed(0)
    head = ClassHead(2000, 5)

    assert head.linear.bias.abs().max() == 0
    assert float(head.linear.weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    assert head.dropout.p == 0.1


def test_start_from_takes_the_probe():
    head = ClassHead(2, 3, dropout=0.0)
    weight, bias = torch.arange(6.0).reshape(3, 2), torch.tensor([1.0, 2.0, 3.0])

    head.start_from(weight, bias)

    assert torch.equal(head(output(torch.tensor([[1.0, 10.0]]))), torch.tensor([[11.0, 34.0, 57.0]]))
    assert head.linear.weight.requires_grad


def test_a_cosine_head_sees_directions_alone():
    torch.manual_seed(0)
    head = ClassHead(4, 3, kind="cosine", dropout=0.0)
    pooled = torch.randn(5, 4) * torch.tensor([[0.1], [1], [10], [100], [1000]])
    vectors, weight = pooled.double().numpy(), head.linear.weight.detach().double().numpy()
    expected = vectors / np.linalg.norm(vectors, axis=1, keepdims=True) @ weight.T
    np.testing.assert_allclose(head(output(pooled)).detach().numpy(), expected, atol=1e-6)
    assert head.starts
    assert not ClassHead(4, 3, kind="mlp").starts


def test_every_label_is_a_question_of_its_own():
    torch.manual_seed(0)
    logits, targets = 3 * torch.randn(6, 4), (torch.rand(6, 4) < 0.4).float()
    chances = 1 / (1 + np.exp(-logits.double().numpy()))
    right = np.where(targets.bool(), chances, 1 - chances)
    head = LabelsHead(8, 4)
    assert float(head.loss(logits, targets)) == pytest.approx(-np.log(right).sum() / 6, rel=1e-5)
    halves = (head.loss(logits[:4], targets[:4]) * 4 + head.loss(logits[4:], targets[4:]) * 2) / 6
    torch.testing.assert_close(halves, head.loss(logits, targets))
