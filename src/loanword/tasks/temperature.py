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
        """Scale `logits` of any shape; whole numbers are none, but what was written, and stay."""
        return logits / self.value if logits.is_floating_point() else logits


SPREAD = 0.25
"""Standard deviation of the temperature's logarithm that is expected beforehand, around 0: what holds it near 1 where
there are few rows to fit it on."""


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature in [0.01, 100] that is likeliest after `logits` (n, classes) and their `targets` (n).

    The log loss counts each target with a share of 1 / (n + 2) for the other classes, after Platt 1999, "Probabilistic
    Outputs for Support Vector Machines": where all n answers are right the plain loss would ask for certainty about
    everything. To its sum comes the square of the temperature's logarithm over 2 `SPREAD`^2 (a normal prior), so a
    handful of rows cannot move it far; from some hundred rows on it hardly counts. The minimum over the logarithm is
    found by golden-section search. docs/log.md compares this with other rules.
    """
    rows, classes = logits.shape
    left_over = 1 / (rows + 2)
    wanted = np.full((rows, classes), left_over / max(1, classes - 1))
    wanted[np.arange(rows), targets] = 1 - left_over
    logits = logits.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        fit = (np.log(np.exp(scaled).sum(axis=1)) - (wanted * scaled).sum(axis=1)).sum()
        return float(fit + log_temperature**2 / (2 * SPREAD**2))

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
