"""A network that knows nothing of edgeser: network.onnx, and samples to calibrate it on.

Stands for yours. It tells two kinds of noise apart by their spectra, untrained.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

network = nn.Sequential(
    nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(),
    nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
    nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2),
).eval()  # fmt: skip
samples = np.random.default_rng(0).normal(size=(64, 1, 32, 20)).astype(np.float32)

torch.onnx.export(
    network,
    (torch.from_numpy(samples[:1]),),
    "network.onnx",
    input_names=["spectrum"],
    output_names=["kind"],
    dynamo=False,
)
np.savez("calibration.npz", spectrum=samples)
