"""Make amplitude_phase_int8.tflite and the inputs beside it: our network, small and untrained.

Both branches are in it, so that every kind of layer is; weights are random, ranges and inputs are
those of voices in calibration_data. Run it from the top folder when the network's layers change:
``python tests/vectors/make_models.py``. TensorFlow's converter decides on the file: another
version of it gives other bytes.
"""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from edgeser.corpora.audio.files import read_audio
from edgeser.features.window import fit_window
from edgeser.network.amplitude_phase import AmplitudePhaseNetwork
from edgeser.network.config import NetworkConfig
from firmware_bridge.frontend import (
    INPUT_SCALE,
    MICROFRONTEND,
    compute_features,
    normalisation_from_statistics,
    quantise_features,
)
from quantize.convert import export_int8
from quantize.foundation.files import write_atomically

HERE = Path(__file__).parent
CLIPS = HERE.parents[1] / "calibration_data" / "clips"
FRAMES = 80
PHASE_PLANES = ("if_mod", "gd_re")
CONFIG = NetworkConfig(
    inputs="both",
    centring="speech",
    stem_width=12,
    widths=(16, 24, 24),
    strides=(2, 1, 1),
    phase_widths=(8, 12),
    phase_strides=(2, 1),
)


def voices() -> NDArray[np.int8]:
    """Return the network's input for a clip of each emotion: int8 [6, frames, channels, planes]."""
    frontend = dataclasses.replace(MICROFRONTEND, phase_planes=PHASE_PLANES)
    clips = [sorted(folder.glob("*.flac"))[0] for folder in sorted(CLIPS.iterdir())]
    features = [compute_features(read_audio(clip), frontend) for clip in clips]
    raw = np.concatenate(
        [np.concatenate([f.amplitude[..., None].astype(int), f.phase], axis=2) for f in features]
    )
    statistics = (raw.mean(axis=0).T, raw.std(axis=0).T)
    frontend = dataclasses.replace(
        frontend, normalisation=normalisation_from_statistics(*statistics)
    )
    return np.stack([fit_window(quantise_features(f, frontend), FRAMES) for f in features])


def main() -> None:
    """Write both files."""
    torch.manual_seed(3)
    inputs = voices()
    network = AmplitudePhaseNetwork(CONFIG, ("amplitude", *PHASE_PLANES), FRAMES, 40, classes=6)
    floats = inputs.transpose(0, 3, 1, 2).astype(np.float32) * np.float32(INPUT_SCALE)
    with torch.no_grad():
        for _ in range(30):  # batch norms take their statistics from the voices
            network.train()(torch.from_numpy(floats))
    exported = export_int8(
        network.eval(),
        input_shape_nchw=(1, *floats.shape[1:]),
        representative=floats,
        input_scale=INPUT_SCALE,
    )
    write_atomically(HERE / "amplitude_phase_int8.tflite", exported.int8_tflite)
    packed = io.BytesIO()
    np.savez_compressed(packed, inputs=inputs)
    write_atomically(HERE / "amplitude_phase_inputs.npz", packed.getvalue())


if __name__ == "__main__":
    main()
