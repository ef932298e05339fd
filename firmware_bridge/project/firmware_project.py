"""What a project is written from, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.certainty import UNKNOWN_SCALE, Certainty
from firmware_bridge.compiler.names import DEFAULT

IMAGE_MODELS = ("ic01", "vww01")
"""MLPerf Tiny's: what its runner sends of them are pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSources:
    """A model as C.

    Parameters
    ----------
    name, hash
        As in the header: a printable name, and the SHA-256 of the .tflite in hexadecimal digits.
    header, source
        The texts of ``prefix.h`` and ``prefix.c``. The kernels are those whose headers the source
        includes.
    prefix
        What the names in them begin with, as `check_prefix` has it.
    device
        What the device answers when it is asked for its name; `None` for the board's name.
    """

    name: str
    hash: str
    header: str
    source: str
    prefix: str = DEFAULT
    device: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSettings:
    """How decisions are taken on a stream.

    Parameters
    ----------
    hop_frames
        Frames from one inference to the next.
    smoothing
        How many inferences a decision sums up.
    certainty
        How its probability is computed, and when it is unsure.
    """

    hop_frames: int
    smoothing: int
    certainty: Certainty = UNKNOWN_SCALE


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareProject:
    """A project on disk.

    Parameters
    ----------
    directory
        Where it is.
    files
        SHA-256 of every file by its path in the project, manifest.json excepted.
    """

    directory: Path
    files: Mapping[str, str]
