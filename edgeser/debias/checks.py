"""Whether a converted clip is in range: pitch as asked for, level as before, not clipped."""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgeser.corpora.audio.sound import CLIPPED_SHARE
from edgeser.debias.world_child import FIGURES

NO_VOICE = "no voice in it"
CRASHED = "the vocoder crashes on it"
UNREADABLE = "cannot be read"
PITCH = "pitch is not what was asked for"
LEVEL = "level is not the recording's"
CLIPPED = "clipped"
NO_OTHER = "nobody else says that emotion"
MOST_SEMITONES_OFF = 2.0
MOST_DB_OFF = 4.0
VOICED_RATIO = (0.5, 2.0)
"""Voiced frames after the conversion to those before: else an octave jumped or the voice broke."""


def fault_of(figures: Sequence[float]) -> str:
    """Return why a converted clip is left out; empty where it is in range.

    Parameters
    ----------
    figures
        As `edgeser.debias.world_child.FIGURES` names them.
    """
    found = dict(zip(FIGURES, figures, strict=True))
    wanted, heard = found["wanted_hz"], found["heard_hz"]
    if math.isnan(wanted):
        return NO_VOICE
    low, high = VOICED_RATIO
    if math.isnan(heard) or abs(12.0 * math.log2(heard / wanted)) > MOST_SEMITONES_OFF:
        return PITCH
    if not low <= found["voiced_ratio"] <= high:
        return PITCH
    if not abs(found["heard_db"] - found["source_db"]) <= MOST_DB_OFF:
        return LEVEL
    return CLIPPED if found["clipped_share"] > CLIPPED_SHARE else ""
