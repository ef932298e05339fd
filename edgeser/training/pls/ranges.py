"""How the encoders' values share what int8 has: one step for a layer's weights, one for its values.

A value that is divided by its largest has all the steps that values have. But its row of weights is
divided too, and one value that hardly ever speaks would have weights so large that in their step
those of all others are nothing. Which of the two counts more depends on the network: it is tried.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.float64]
RAREST = 0.01
"""Share of windows in which a value must speak to be heard at all."""
_LIMITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, np.inf)
_WEIGHT_STEPS, _VALUE_STEPS = 127, 255
_MOST_WINDOWS = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """The two dense layers about the encoders' values, in float64.

    Parameters
    ----------
    rows, offsets
        From vectors to values: [values, vector] and [values]; ReLU follows.
    columns, biases
        From values to logits: [values, classes] and [classes].
    """

    rows: Table
    offsets: Table
    columns: Table
    biases: Table

    def divided(self, by: Table) -> Layers:
        """Return layers that say the same, with values [values] times smaller."""
        return Layers(
            self.rows / by[:, None], self.offsets / by, self.columns * by[:, None], self.biases
        )

    def logits(self, vectors: Table, *, rounded: bool = False) -> Table:
        """Return [windows, classes] of [windows, vector]; `rounded`: about as int8 does."""
        weights, grid = (_weights, _grid) if rounded else (_same, _same)
        values = np.maximum(grid(vectors) @ weights(self.rows).T + self.offsets, 0.0)
        return np.asarray(grid(values) @ weights(self.columns) + self.biases)


def heard_values(rows: Table, vectors: Table, encoded: Table) -> NDArray[np.bool_]:
    """Return which values take part, bool [values].

    Those that are above 0 in windows enough, and vary by more than what the rounding of the vectors
    makes of them: what is less no int8 can say.

    Parameters
    ----------
    rows, vectors, encoded
        Weights [values, vector], and of windows what goes in and the values.
    """
    often = (encoded > 0.0).mean(axis=0) >= RAREST
    noise = np.linalg.norm(rows, axis=1) * _step(vectors) / np.sqrt(12.0)
    return np.asarray(often & (encoded.std(axis=0) > noise), np.bool_)


def spread_over_int8(layers: Layers, vectors: Table, encoded: Table) -> Layers:
    """Return layers that say the same, of which int8 leaves the most.

    Parameters
    ----------
    layers
        As they are; columns of values that are not in `heard_values` are 0.
    vectors, encoded
        Of windows: what goes in, and the values, float64 [windows, vector] and [windows, values].
    """
    heard = heard_values(layers.rows, vectors, encoded)
    kept = heard.astype(np.float64)
    silent = Layers(
        layers.rows * kept[:, None],
        layers.offsets * kept,
        layers.columns * kept[:, None],
        layers.biases,
    )
    if not heard.any():
        return silent
    most = np.where(heard, encoded.max(axis=0), 1.0)
    largest = np.abs(silent.rows).max(axis=1)
    usual = float(np.median((largest / most)[heard]))
    step = -(-len(vectors) // _MOST_WINDOWS)
    tried = vectors[::step]
    exact, found = silent.logits(tried), []
    for limit in _LIMITS:
        by = np.maximum(most, largest / (limit * usual)) if usual > 0.0 else most
        divided = silent.divided(by)
        error = float(np.square(divided.logits(tried, rounded=True) - exact).mean())
        found.append((error, divided))
    return min(found, key=lambda pair: pair[0])[1]


def _same(values: Table) -> Table:
    return values


def _weights(values: Table) -> Table:
    step = np.abs(values).max() / _WEIGHT_STEPS
    return np.asarray(np.round(values / step) * step) if step > 0.0 else values


def _step(values: Table) -> float:
    return float(max(0.0, values.max()) - min(0.0, values.min())) / _VALUE_STEPS


def _grid(values: Table) -> Table:
    step = _step(values)
    return np.asarray(np.round(values / step) * step) if step > 0.0 else values
