"""The classifier ``"pls"``: from a trained network to the one whose last layer is aligned.

What the encoders make of training clips is aligned with functionals of those clips' inputs by
multiblock partial least squares, each encoder a block; a linear classifier learns the scores. Mean,
rotation, scale and classifier are linear one after the other, so they become the weights and biases
of one dense layer, in place of the one that the network was trained with. Our reading of EDRL-MEA
(arXiv:2510.09072), whose text we did not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from edgeser.training.augmentation import crop_window
from edgeser.training.fit import EVALUATION_BATCH, Fit, State, to_input
from edgeser.training.pls.alignment import Alignment, align
from edgeser.training.pls.config import PlsConfig
from edgeser.training.pls.functionals import functionals_of
from edgeser.training.pls.ranges import Layers, heard_values, spread_over_int8
from edgeser.training.pls.regression import fit_softmax

Table = NDArray[np.float64]
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreClassifier:
    """Scores of an alignment, and what is made of them.

    Parameters
    ----------
    alignment
        Of the encoders' values with functionals of the input.
    scale
        Root of the scores' mean square. It is one for all of them: a direction in which clips
        hardly differ stays small, and is not blown up with the noise and the int8 steps in it.
    weights, biases
        float64 [components, classes] and [classes], of scores in that scale.
    """

    alignment: Alignment
    scale: float
    weights: Table
    biases: Table

    def logits(self, encoded: Table) -> Table:
        """Return [clips, classes] of [clips, values], step by step."""
        scores = self.alignment.scores(encoded) / self.scale
        return np.asarray(scores @ self.weights + self.biases)

    def folded(self) -> tuple[Table, Table]:
        """Return weights [values, classes] and biases [classes] of the one layer that does this."""
        whole = (self.alignment.rotation / self.scale) @ self.weights
        return whole, self.biases - self.alignment.mean @ whole


def aligned_weights(fit: Fit, weights: State, config: PlsConfig, tell: Tell) -> State:
    """Return the weights with another last layer; the same where there are no encoders.

    Values that hardly speak (`edgeser.training.pls.ranges`) take no part, and are silenced. The
    others are divided, and the last layer's weights multiplied, so that int8 leaves the most of
    what is said (`edgeser.training.pls.ranges`): in float nothing changes by that.

    Parameters
    ----------
    fit
        It says which clips were trained on, and towards which targets.
    weights
        Of its network.
    config
        Of alignment and classifier.
    tell
        Told of windows done, and of all.

    Raises
    ------
    BadInput
        When the encoders give nothing, or the input does not vary.
    """
    if fit.averaged.encoders is None:
        return weights
    fit.averaged.load_state_dict(weights)
    takes, clips = windows_heard(fit.clips.features.shape[0], len(fit.clips), config.rows)
    vectors, encoded, functionals = _heard(fit, takes, clips, tell)
    dense = weights["encoders.dense.weight"]
    rows, offsets = (
        weights[f"encoders.dense.{name}"].cpu().numpy().astype(np.float64)
        for name in ("weight", "bias")
    )
    present = None if fit.present is None else fit.present[takes, clips]
    found = fit_scores(
        encoded * heard_values(rows, vectors, encoded),
        functionals,
        fit.targets[takes, clips, : len(fit.data.classes)].astype(np.float64),
        fit.class_weights.cpu().numpy().astype(np.float64),
        present,
        width=fit.averaged.encoders.width,
        config=config,
    )
    whole, biases = found.folded()
    spread = spread_over_int8(Layers(rows, offsets, whole, biases), vectors, encoded)
    tables = {
        "encoders.dense.weight": spread.rows,
        "encoders.dense.bias": spread.offsets,
        "classifier.weight": spread.columns.T.copy(),
        "classifier.bias": spread.biases,
    }
    return weights | {name: torch.from_numpy(table).to(dense) for name, table in tables.items()}


def fit_scores(
    encoded: Table,
    functionals: NDArray[np.float32],
    targets: Table,
    class_weights: Table,
    present: NDArray[np.bool_] | None = None,
    *,
    width: int,
    config: PlsConfig,
) -> ScoreClassifier:
    """Align blocks of `width` columns with functionals, and fit a classifier of the scores.

    Parameters
    ----------
    encoded
        float64 [windows, encoders x width].
    functionals
        float32 [windows, functionals].
    targets, class_weights, present
        As in `fit_softmax`.
    width
        Of a block.
    config
        Of alignment and classifier.
    """
    blocks = np.split(encoded, encoded.shape[1] // width, axis=1)
    alignment = align(blocks, functionals.astype(np.float64), components=config.components)
    scores = alignment.scores(encoded)
    scale = float(np.sqrt(np.mean(np.square(scores))))
    weights, biases = fit_softmax(
        scores / scale, targets, class_weights, present, penalty=config.penalty
    )
    return ScoreClassifier(alignment, scale, weights, biases)


def windows_heard(takes: int, clips: int, most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return take and clip of the windows that are heard, at most so many; int64 [windows] each.

    All clips as recorded, then all under conditions, another take for each clip than for the next,
    as often as there is room and there are takes; where not even all clips have room, clips at even
    distances.
    """
    if clips > most:
        chosen = np.unique(np.linspace(0, clips - 1, most).astype(np.int64))
        return np.zeros_like(chosen), chosen
    rounds = min(takes, most // clips)
    number = np.arange(rounds)[:, None] + np.zeros((1, clips), np.int64)
    clip = np.broadcast_to(np.arange(clips), number.shape)
    varied = 1 + (number - 1 + clip) % max(1, takes - 1)
    return np.where(number == 0, 0, varied).ravel(), clip.ravel().copy()


def _heard(
    fit: Fit, takes: NDArray[np.int64], clips: NDArray[np.int64], tell: Tell
) -> tuple[Table, Table, NDArray[np.float32]]:
    """Return vectors, encoders' values and functionals of windows, as they were trained on."""
    vectors, encoded, functionals = [], [], []
    network = fit.averaged.eval()
    tell(0, len(takes))
    with torch.inference_mode():
        for start in range(0, len(takes), EVALUATION_BATCH):
            end = start + EVALUATION_BATCH
            stored = fit.clips.features[takes[start:end], clips[start:end]]
            windows = crop_window(stored, fit.data.frames, 0, None)
            fused = network.embed(to_input(windows, fit.device)).fused
            vectors.append(fused.cpu().numpy())
            encoded.append(network.encode(fused).cpu().numpy())
            functionals.append(functionals_of(windows))
            tell(min(end, len(takes)), len(takes))
    whole, values = (np.concatenate(found).astype(np.float64) for found in (vectors, encoded))
    return whole, values, np.concatenate(functionals)
