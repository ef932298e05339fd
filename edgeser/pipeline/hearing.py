"""A network of words and voice on clips of which it hears both, one of them, or wrong words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import TrainedModel
from edgeser.corpora import Utterance
from edgeser.evaluation.hearing import (
    BOTH,
    SHUFFLED,
    VOICE,
    WORDS,
    HearingRow,
    HearingTable,
    other_clips,
)
from edgeser.evaluation.metrics import evaluate
from edgeser.pipeline.inference import load_network, predictions_of

if TYPE_CHECKING:
    from torch import Tensor

    from edgeser.network import AmplitudePhaseNetwork

_AT_ONCE = 64
_UNTRAINED = "[words] dropout = 0: it was never trained to hear one alone, so those rows say little"


def hearing_table(
    trained: TrainedModel,
    utterances: Sequence[Utterance],
    features: NDArray[np.int8],
    *,
    source: str,
) -> HearingTable | None:
    """Score the float network by what it hears; `None` where it does not hear words and a voice.

    Parameters
    ----------
    trained
        The network.
    utterances, features
        The clips, and their int8 windows [clips, frames, channels, planes].
    source
        Of the figures, one line.
    """
    if not _hears_both(trained, utterances):
        return None
    words, rows = trained.recipe.words, []
    for name, logits in _by_hearing(trained, features).items():
        scores = evaluate(predictions_of(utterances, logits, trained), source=source)
        rows.append(HearingRow(name, scores.uar, scores.macro_f1, scores.without_nothing))
    return HearingTable(tuple(rows), note="" if words.dropout > 0.0 else _UNTRAINED)


def with_wrong_words(
    trained: TrainedModel, utterances: Sequence[Utterance], features: NDArray[np.int8]
) -> NDArray[np.float32] | None:
    """Return logits [clips, classes] where each clip's words are another's; `None` as above."""
    if not _hears_both(trained, utterances):
        return None
    return _by_hearing(trained, features)[SHUFFLED]


def _hears_both(trained: TrainedModel, utterances: Sequence[Utterance]) -> bool:
    words = trained.recipe.words
    return words.heard and words.branches == "both" and len(utterances) > 1


def _by_hearing(
    trained: TrainedModel, features: NDArray[np.int8]
) -> dict[str, NDArray[np.float32]]:
    """Return logits by what is heard of the clips."""
    network = load_network(trained)
    voice, said = _vectors(network, features)
    hearings = {
        BOTH: (voice, said),
        VOICE: (voice, 0.0 * said),
        WORDS: (0.0 * voice, said),
        SHUFFLED: (voice, said[other_clips(len(features))]),
    }
    return {name: _logits(network, *heard) for name, heard in hearings.items()}


def _vectors(network: AmplitudePhaseNetwork, features: NDArray[np.int8]) -> tuple[Tensor, Tensor]:
    import torch

    from edgeser.training.fit import to_input

    voices, said = [], []
    with torch.inference_mode():
        for start in range(0, len(features), _AT_ONCE):
            heard = network.hear(to_input(features[start : start + _AT_ONCE]))
            if heard.voice is not None and heard.words is not None:
                voices.append(heard.voice)
                said.append(heard.words)
    return torch.cat(voices), torch.cat(said)


def _logits(network: AmplitudePhaseNetwork, voice: Tensor, words: Tensor) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        logits = network.classify(network.fuse(voice, words))
    return np.asarray(logits.numpy(), np.float32)
