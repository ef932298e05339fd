"""Logits of clips from the float network and from the int8 model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import TrainedModel
from edgeser.corpora import Utterance
from edgeser.evaluation.parity import OutputGrid
from edgeser.evaluation.predictions import Predictions
from edgeser.pipeline.dataset import labels_of, votes_of
from edgeser.progress import Progress
from quantize.foundation.errors import BadInput
from quantize.runtimes import Runtime, run_model
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
    from edgeser.training import predict_logits

    network = load_network(trained)
    parts = [np.zeros((0, len(trained.classes)), np.float32)]
    for start in range(0, len(features), _CLIPS_AT_A_TIME):
        parts.append(predict_logits(network, features[start : start + _CLIPS_AT_A_TIME]))
        if progress is not None:
            progress(min(start + _CLIPS_AT_A_TIME, len(features)), len(features))
    return np.concatenate(parts)


def int8_logits(
    model: bytes, features: NDArray[np.int8], *, runtime: Runtime = Runtime.TFLITE_MICRO
) -> NDArray[np.int8]:
    """Return the int8 model's raw output, int8 [clips, classes], from one runtime."""
    return run_model(model, features, runtime=runtime).reshape(len(features), -1)


def output_grid(model: bytes) -> OutputGrid:
    """Return the scale and zero point of the int8 model's output."""
    quantisation = read_model(model).main.output_tensors[0].quantisation
    if quantisation is None:
        raise BadInput("the model's output is not quantised", hint="export it as int8")
    return OutputGrid(float(quantisation.scales[0]), int(quantisation.zero_points[0]))


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
