"""Features as .npz files."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from firmware_bridge.frontend import AMPLITUDE_DELTA, FrontendConfig, FrontendFeatures
from quantize.foundation.files import write_atomically


def write_npz(path: Path, features: FrontendFeatures, config: FrontendConfig) -> None:
    """Write features as .npz, atomically.

    Members: ``amplitude`` uint16 [frames, channels]; ``amplitude_delta`` int16 [frames, channels],
    where the frontend has it; ``phase`` int16 [frames, channels, planes], Q15 of 1, angles of pi;
    ``phase_planes`` the planes' names; ``frontend`` the configuration as JSON.
    """
    buffer = io.BytesIO()
    first = len(config.signed_planes) - len(config.phase_planes)
    members = {
        "amplitude": features.amplitude,
        "phase": features.phase[:, :, first:],
        "phase_planes": np.array(config.phase_planes, dtype=np.str_),
        "frontend": np.array(json.dumps(config.to_dict())),
    }
    if config.amplitude_delta:
        members[AMPLITUDE_DELTA] = features.phase[:, :, 0]
    savez: Any = np.savez_compressed
    savez(buffer, **members)
    write_atomically(path, buffer.getvalue())
