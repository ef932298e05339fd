"""A network with all that converts differently from how it is written, exported once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from quantize.convert import QuantizedModel, export_int8

SHAPE = (1, 5, 32, 20)
SCALE = 1 / 32


class SeparableBlock(nn.Module):
    """Depthwise 3 x 3 and pointwise convolution under a squeeze-excite gate."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.depthwise = nn.Sequential(
            nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
            nn.BatchNorm2d(inputs),
            nn.ReLU6(),
        )
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        self.squeeze = nn.Conv2d(outputs, 8, 1)
        self.excite = nn.Conv2d(8, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu6(self.norm(self.pointwise(self.depthwise(x))))
        gate = nn.functional.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.excite(nn.functional.relu(self.squeeze(gate))))


class TwoBranches(nn.Module):
    """Plane 0 and the other planes through a stem each, then together."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, 2, 1)
        self.smoothing = nn.AvgPool2d((2, 1), stride=(2, 1))
        self.others = nn.Conv2d(4, 8, 3, (1, 2), 1)
        self.blocks = nn.Sequential(SeparableBlock(16, 24, 2), SeparableBlock(24, 24, 1))
        self.head = nn.Conv2d(24, 16, 1)
        self.classifier = nn.Linear(16, 6)

    def forward(self, x: Tensor) -> Tensor:
        first = nn.functional.relu6(self.first(x[:, :1]))
        others = nn.functional.relu6(self.others(self.smoothing(x[:, 1:])))
        x = self.blocks(torch.cat([first, others], dim=1))
        x = nn.functional.relu6(self.head(x))
        return self.classifier(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


@dataclass(frozen=True)
class Exported:
    """A network, what it was calibrated on, and what became of it."""

    module: nn.Module
    shape: tuple[int, int, int, int]
    scale: float
    calibration: NDArray[np.float32]
    model: QuantizedModel
    stages: list[str]

    def features(self, count: int, seed: int) -> NDArray[np.int8]:
        """New int8 inputs as the device feeds them, NHWC."""
        return np.ascontiguousarray(_features(count, SHAPE, seed).transpose(0, 2, 3, 1))

    def float_logits(self, inputs: NDArray[np.int8]) -> NDArray[np.float32]:
        """What the network itself answers to such inputs."""
        nchw = torch.from_numpy(inputs.astype(np.float32).transpose(0, 3, 1, 2) * SCALE)
        with torch.inference_mode():
            return self.module.eval()(nchw).numpy()


def _features(count: int, shape: tuple[int, ...], seed: int) -> NDArray[np.int8]:
    """Normal features, NCHW, of standard deviation 1 at the input's scale."""
    values = np.random.default_rng(seed).normal(0.0, 1.0 / SCALE, (count, *shape[1:]))
    return np.clip(np.rint(values), -128, 127).astype(np.int8)


def _calibration(count: int, shape: tuple[int, ...], seed: int) -> NDArray[np.float32]:
    return _features(count, shape, seed).astype(np.float32) * np.float32(SCALE)


def _trained_like(module: nn.Module) -> nn.Module:
    """Give the weights and statistics of batch norms a spread such as training leaves."""
    generator = torch.Generator().manual_seed(1)
    for name, parameter in module.named_parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_uniform_(parameter, generator=generator)
        elif name.endswith("bias"):
            nn.init.uniform_(parameter, -0.2, 0.2, generator=generator)
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5, generator=generator)
            nn.init.uniform_(layer.running_mean, -0.3, 0.3, generator=generator)
            nn.init.uniform_(layer.running_var, 0.5, 2.0, generator=generator)
    return module


@pytest.fixture(scope="session")
def calibration() -> Callable[..., NDArray[np.float32]]:
    """A function of count, shape and seed: float features on the input's grid, NCHW."""
    return _calibration


@pytest.fixture(scope="session")
def exported() -> Exported:
    module = _trained_like(TwoBranches())
    samples = _calibration(48, SHAPE, seed=2)
    stages: list[str] = []
    model = export_int8(
        module,
        input_shape_nchw=SHAPE,
        representative=samples,
        input_scale=SCALE,
        progress=stages.append,
    )
    return Exported(module, SHAPE, SCALE, samples, model, stages)
