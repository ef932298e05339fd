"""Logits of clips from the float network, and the grids of an int8 model's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import TrainedModel
from edgeser.corpora import Utterance
from edgeser.evaluation.grid import OutputGrid
from edgeser.evaluation.predictions import Predictions
from edgeser.pipeline.training_data.dataset import labels_of, votes_of
from edgeser.progress import Progress
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model

if TYPE_CHECKING:
    from edgeser.network import AmplitudePhaseNetwork

_CLIPS_AT_A_TIME = 256


def load_network(trained: TrainedModel) -> AmplitudePhaseNetwork:
    """Return the float network with its weights, in evaluation mode.

    Raises
    ------
    BadInput
        When the weights are damaged or not of this network.
    """
    from edgeser.network import load_network as load

    return load(
        trained.recipe.network,
        trained.weights,
        planes=trained.frontend.planes,
        frames=trained.recipe.window.frames,
        channels=trained.frontend.channels,
        classes=len(trained.classes),
        words=trained.recipe.heard_words,
    ).eval()


def float_logits(
    trained: TrainedModel, features: NDArray[np.int8], *, progress: Progress | None = None
) -> NDArray[np.float32]:
    """Return the float network's logits, float32 [clips, classes].

    Parameters
    ----------
    trained
        The network.
    features
        int8, clips x frames x channels x planes, as the int8 model sees them.
    progress
        Told of clips done.
    """
    return float_outputs(trained, features, progress=progress)[0]


def float_outputs(
    trained: TrainedModel, features: NDArray[np.int8], *, progress: Progress | None = None
) -> tuple[NDArray[np.float32], ...]:
    """Return each of the float network's outputs, float32 [clips, ...]; the first are its logits.

    Parameters are those of `float_logits`.
    """
    from edgeser.training import predict_outputs

    network = load_network(trained)
    parts: list[list[NDArray[np.float32]]] = [
        [np.zeros((0, width), np.float32)] for width in network.output_widths
    ]
    for start in range(0, len(features), _CLIPS_AT_A_TIME):
        said = predict_outputs(network, features[start : start + _CLIPS_AT_A_TIME])
        for kept, output in zip(parts, said, strict=True):
            kept.append(output)
        if progress is not None:
            progress(min(start + _CLIPS_AT_A_TIME, len(features)), len(features))
    return tuple(np.concatenate(kept) for kept in parts)


def output_grid(model: bytes) -> OutputGrid:
    """Return the scale and zero point of the int8 model's output; of several the first."""
    return output_grids(model)[0]


def output_grids(model: bytes) -> tuple[OutputGrid, ...]:
    """Return the scale and zero point of each of the int8 model's outputs."""
    grids = []
    for tensor in read_model(model).main.output_tensors:
        quantisation = tensor.quantisation
        if quantisation is None:
            raise BadInput("the model's output is not quantised", hint="export it as int8")
        grids.append(OutputGrid(float(quantisation.scales[0]), int(quantisation.zero_points[0])))
    return tuple(grids)


def predictions_of(
    utterances: Sequence[Utterance], logits: NDArray[np.float32], trained: TrainedModel
) -> Predictions:
    """Bind logits of a network, or of its int8 form, to the clips they are of."""
    return Predictions(
        clip_ids=tuple(u.clip_id for u in utterances),
        labels=labels_of(utterances, trained.classes, trained.corpus.words),
        speakers=tuple(u.speaker for u in utterances),
        logits=logits,
        classes=trained.classes,
        anonymous=frozenset(u.speaker for u in utterances if not u.speaker_known),
        votes=votes_of(utterances, trained.classes),
    )
