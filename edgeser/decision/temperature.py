"""Temperature scaling (Guo et al. 2017, "On Calibration of Modern Neural Networks").

Logits are divided by one number, so that the softmax says how often the answer is right. It changes
no answer. The number is that of the smallest mean cross-entropy on clips that were not trained on.
In ``beta = 1 / temperature`` that cross-entropy is convex; its slope is the mean over the clips of
the expected logit less the true class's, so it is found by bisection.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOWEST, HIGHEST = 0.1, 10.0
"""Where a temperature is looked for: beyond, all is certain, or nothing is."""
_HALVINGS = 60


def softmax(logits: NDArray[np.floating], temperature: float = 1.0) -> NDArray[np.float64]:
    """Return probabilities, rows summing to 1, float64 of the same shape."""
    scaled = logits.astype(np.float64) / temperature
    exponents = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True))


def fit_temperature(logits: NDArray[np.floating], labels: NDArray[np.int64]) -> float:
    """Return the temperature that makes these clips likeliest, within `LOWEST` to `HIGHEST`.

    Parameters
    ----------
    logits
        ``[clips, classes]``, of clips that were not trained on; at least one.
    labels
        int64 ``[clips]``.
    """
    values = logits.astype(np.float64)
    true = values[np.arange(len(labels)), labels].mean()

    def slope(beta: float) -> float:
        expected = (softmax(values, 1.0 / beta) * values).sum(axis=1).mean()
        return float(expected - true)

    low, high = 1.0 / HIGHEST, 1.0 / LOWEST
    if slope(high) <= 0.0:  # every clip is right: the surer the better
        return LOWEST
    if slope(low) >= 0.0:  # no better than chance
        return HIGHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if slope(middle) > 0.0 else (middle, high)
    return 2.0 / (low + high)
