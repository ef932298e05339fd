"""The development clips as a network heard them that was not trained on them: kept to decide by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Utterance
from edgeser.decision.held_out import MOST_CLIPS, HeldOut
from edgeser.evaluation.predictions import clips_in_words
from edgeser.features import fit_window
from edgeser.pipeline.training_data.dataset import labels_of
from edgeser.recipe import Recipe
from edgeser.wording import Wording

_MOST_FEATURE_BYTES = 24 << 20
"""Of windows that the int8 model is to hear at the export."""


def held_out_of(
    utterances: Sequence[Utterance],
    windows: NDArray[np.int8],
    logits: NDArray[np.float32],
    *,
    recipe: Recipe,
    classes: Sequence[str],
    words: Wording,
    caveat: str,
) -> HeldOut:
    """Return what the network that chose the epoch said of the development clips.

    Where the final network was trained on them too, its int8 form can say nothing honest of them:
    then the first network's logits stand for it, as far apart as its own are
    (`edgeser.training.held_out`), and no windows are kept.

    Parameters
    ----------
    utterances, windows
        The clips, and what was heard of them: int8 [takes, clips, frames, channels, planes], of
        which the network sees the frames in the middle.
    logits
        float32 [takes, clips, classes], from the training.
    recipe
        Of the training.
    classes, words
        Labels, and what they are called.
    caveat
        What must be said of all figures; empty where there is nothing.
    """
    count, clips = logits.shape[:2]
    window = (recipe.window.frames, *windows.shape[3:])
    most = MOST_CLIPS
    if not recipe.training.refit:
        most = max(1, _MOST_FEATURE_BYTES // math.prod(window))
    rows = _spread(count * clips, most)
    of_take, of_clip = rows // clips, rows % clips
    features = None
    if not recipe.training.refit:
        features = np.stack(
            [
                fit_window(windows[take, clip], window[0])
                for take, clip in zip(of_take, of_clip, strict=True)
            ]
        )
    heard = [utterances[clip] for clip in of_clip]
    return HeldOut(
        source=_source(utterances, len(rows), count, recipe, caveat),
        labels=labels_of(utterances, classes, words)[of_clip],
        speakers=tuple(utterance.speaker for utterance in heard),
        takes=of_take.astype(np.int64),
        logits=np.ascontiguousarray(logits[of_take, of_clip]),
        features=features,
    )


def _source(
    utterances: Sequence[Utterance], rows: int, takes: int, recipe: Recipe, caveat: str
) -> str:
    speakers = [utterance.speaker for utterance in utterances]
    anonymous = {u.speaker for u in utterances if not u.speaker_known}
    text = clips_in_words(speakers, anonymous, "development speakers")
    if takes > 1:
        text += " as recorded; thresholds also on each under drawn conditions"
    if rows < takes * len(utterances):
        text += f" (evenly {rows:,} of these)"
    if recipe.training.refit:
        text += "; as the first network heard them, for the final one was trained on them too"
    return f"{text}: the model {caveat}" if caveat else text


def _spread(available: int, most: int) -> NDArray[np.int64]:
    """Return all places, or `most` of them spread evenly."""
    if available <= most:
        return np.arange(available)
    return np.linspace(0, available - 1, most).round().astype(np.int64)
