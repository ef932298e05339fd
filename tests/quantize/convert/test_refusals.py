"""Arguments that cannot be used are refused before TensorFlow is started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from quantize.convert import export_int8
from quantize.foundation.errors import BadInput

SHAPE = (1, 2, 8, 6)
Calibration = Callable[..., NDArray[np.float32]]


@pytest.fixture(autouse=True)
def _no_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: Any, **__: Any) -> None:
        pytest.fail("the conversion was started")

    monkeypatch.setattr("quantize.convert.export.call_in_child", started)


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())


def export(calibration: Calibration, **changes: Any) -> None:
    arguments: dict[str, Any] = {
        "input_shape_nchw": SHAPE,
        "representative": calibration(4, SHAPE, seed=1),
    }
    arguments |= changes
    module = arguments.pop("module", None) or network()
    export_int8(module, **arguments)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["0.weight", "0.bias"])
def test_broken_weights_are_named(calibration: Calibration, name: str, value: float) -> None:
    module = network()
    with torch.no_grad():
        module.get_parameter(name).view(-1)[0] = value
    with pytest.raises(BadInput, match=name):
        export(calibration, module=module)


def test_broken_statistics_are_named(calibration: Calibration) -> None:
    module = nn.Sequential(nn.BatchNorm2d(2), *network())
    module.get_buffer("0.running_var")[1] = float("nan")
    with pytest.raises(BadInput, match=r"0\.running_var"):
        export(calibration, module=module)


@pytest.mark.parametrize(
    "shape",
    [
        (2, 2, 8, 6),
        (1, 2, 8),
        (1, 2, 8, 0),
        (1, 2, 8, -6),
        (1, 2, 8, 6.0),
        (True, 2, 8, 6),
        (1, 2, 1 << 20, 1 << 20),
        7,
        "1286",
    ],
)
def test_shapes_that_are_none_are_refused(calibration: Calibration, shape: Any) -> None:
    with pytest.raises(BadInput, match="shape"):
        export(calibration, input_shape_nchw=shape)


@pytest.mark.parametrize("scale", [0.0, -0.1, float("nan"), float("inf"), "1/32", None, True])
def test_scales_that_are_none_are_refused(calibration: Calibration, scale: Any) -> None:
    with pytest.raises(BadInput, match="scale"):
        export(calibration, input_scale=scale)


@pytest.mark.parametrize("zero_point", [-129, 128, 0.5, None, True])
def test_zero_points_that_are_none_are_refused(calibration: Calibration, zero_point: Any) -> None:
    with pytest.raises(BadInput, match="zero point"):
        export(calibration, input_zero_point=zero_point)


def _off_grid(values: NDArray[np.float32]) -> Any:
    return values + np.float32(0.01)


def _too_large(values: NDArray[np.float32]) -> Any:
    return values + np.float32(8.0)


def _with_nan(values: NDArray[np.float32]) -> Any:
    values[2, 1, 3, 3] = np.nan
    return values


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_off_grid, "between the steps"),
        (_too_large, "beyond what int8 holds"),
        (_with_nan, "input 2 holds NaN"),
        (lambda values: values[:0], "too few"),
        (lambda values: values[0], "have shape"),
        (lambda values: values.transpose(0, 2, 3, 1), "have shape"),
        (lambda values: values.astype(np.float64), "float64"),
        (lambda values: values.tolist(), "list"),
        (lambda values: None, "NoneType"),
    ],
)
def test_representative_inputs_must_be_what_the_device_feeds(
    calibration: Calibration, spoil: Callable[[NDArray[np.float32]], Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        export(calibration, representative=spoil(calibration(4, SHAPE, seed=1)))


class _Answers(nn.Module):
    """Answers whatever a function makes of the input."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        ("weights.pt", "not a torch"),
        (nn.Conv2d(7, 1, 1), "cannot run"),
        (_Answers(lambda x: (x, x)), "returns a tuple"),
        (_Answers(lambda x: x), "returns shape"),
        (_Answers(lambda x: x.mean((2, 3)) / 0.0), "NaN or infinity"),
    ],
)
def test_networks_that_are_none_are_refused(
    calibration: Calibration, module: Any, reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        export(calibration, module=module)
