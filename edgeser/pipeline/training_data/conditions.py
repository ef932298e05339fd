"""Recording conditions of training and evaluation as variants of the feature extraction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Division, Utterance, read_audio
from edgeser.corpora.synthesis.nothing import of_voices
from edgeser.features import Variant
from edgeser.training.conditions import make_babble
from edgeser.training.config import ConditionsConfig
from edgeser.training.variants import Condition, draw_variant
from quantize.foundation.errors import EdgeserError

_CLIPS_A_MINUTE = 200
_EVALUATION_SEED = 2


def babble_of(utterances: Sequence[Utterance], *, seed: int, minutes: int = 1) -> NDArray[np.int16]:
    """Mix at most 200 clips a minute, spread over `utterances` with a voice, into babble, int16.

    Clips that cannot be read are left out here; whoever computes their features names them.
    """
    utterances = of_voices(utterances)
    clips = minutes * _CLIPS_A_MINUTE
    step = max(1, len(utterances) // clips)
    recordings = []
    for utterance in utterances[::step][:clips]:
        try:
            recordings.append(read_audio(utterance.sound))
        except EdgeserError:
            continue
    return make_babble(recordings, seed=seed, seconds=60.0 * minutes)


def evaluation_babble(
    utterances: Sequence[Utterance], split: Division, tested: Sequence[Utterance]
) -> NDArray[np.int16]:
    """Return the babble that an evaluation adds: of development speakers, who are not trained on.

    Where there are none it is of the clips that are `tested`.
    """
    return babble_of(split.select(utterances, "development") or tested, seed=_EVALUATION_SEED)


def evaluation_variant(condition: Condition, babble: NDArray[np.int16]) -> Variant | None:
    """Return a condition of the evaluation as a variant; `None` for clean recordings."""
    if condition.kind == "clean":
        return None
    name = f"evaluation-{condition.kind}-{condition.amount:g}"
    if condition.kind == "babble":
        name += f"-{_digest(babble.tobytes())}"
    return Variant(
        name=name, apply=lambda samples, rng: condition.apply(samples, babble=babble, rng=rng)
    )


def training_variant(
    number: int, conditions: ConditionsConfig, babble: NDArray[np.int16]
) -> Variant:
    """Return a training variant whose name, and so whose cache key, says all that shapes it."""
    # What is not set does not shape it: features that were cached before there was a choice stay.
    shaping = {name: value for name, value in asdict(conditions).items() if value is not None}
    settings = json.dumps(shaping, sort_keys=True).encode()
    return Variant(
        name=f"training-{number}-{_digest(settings + babble.tobytes())}",
        apply=lambda samples, rng: draw_variant(samples, conditions, babble=babble, rng=rng),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
