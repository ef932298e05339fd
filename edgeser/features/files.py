"""Features as .npz files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np

from firmware_bridge.frontend import FrontendConfig, FrontendFeatures
from quantize.foundation.files import write_atomically


def write_npz(path: Path, features: FrontendFeatures, config: FrontendConfig) -> None:
    """Write features as .npz, atomically.

    Members: ``amplitude`` uint16 [frames, channels]; ``phase`` int16 [frames, channels, planes],
    Q15; ``phase_planes`` the planes' names; ``frontend`` the configuration as JSON.
    """
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        amplitude=features.amplitude,
        phase=features.phase,
        phase_planes=np.array(config.phase_planes, dtype=np.str_),
        frontend=np.array(json.dumps(config.to_dict())),
    )
    write_atomically(path, buffer.getvalue())
