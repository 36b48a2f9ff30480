"""How sharp probabilities should be: one number that divides all logits."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn


class Temperature(nn.Module):
    """Divide logits by one number: confidence changes, the ranking of labels does not.

    Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """

    value: torch.Tensor

    def __init__(self) -> None:
        """Start at 1, which changes nothing."""
        super().__init__()
        self.register_buffer("value", torch.ones(()))

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        """Scale `logits` of any shape."""
        return logits / self.value


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature in [0.01, 100] with the least log loss of `logits` (n, classes) on `targets` (n).

    Each target leaves a share of 1 / (n + 2) to the other classes, after Platt 1999, "Probabilistic Outputs for
    Support Vector Machines": where all n answers are right the plain loss would ask for certainty about everything.
    The loss has a single minimum in the temperature's logarithm, found by golden-section search.
    """
    rows, classes = logits.shape
    left_over = 1 / (rows + 2)
    wanted = np.full((rows, classes), left_over / max(1, classes - 1))
    wanted[np.arange(rows), targets] = 1 - left_over
    logits = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float((np.log(np.exp(scaled).sum(axis=1)) - (wanted * scaled).sum(axis=1)).mean())

    low, high = np.log(0.01), np.log(100.0)
    ratio = (5**0.5 - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 1e-4:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    return float(np.exp((low + high) / 2))
