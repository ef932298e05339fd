"""What is kept from one command to the next, since it takes long to make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeser.features import FeatureCache


@dataclass(frozen=True, slots=True)
class Caches:
    """Where it is kept; `None` for what is not.

    Parameters
    ----------
    features
        Features of recordings.
    builds
        Programs for the emulator.
    """

    features: FeatureCache | None = None
    builds: Path | None = None


NO_CACHES = Caches()
