"""A network's int8 model that TFLite-Micro cannot run: the operator is named, with its layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeser.evaluation.network_parity import NetworkTolerances, compare_network
from quantize.convert.network import ConvertedNetwork
from quantize.convert.network_parts import DeviceTensor, SourceTensor
from quantize.foundation.errors import CheckFailed
from tests.firmware_bridge.kernels.operator_models import ModelBuilder


def network(model: bytes, **more: Any) -> ConvertedNetwork:
    """[1, 4] in, [1, 8] out, on one sample."""
    sides = [
        DeviceTensor(SourceTensor(name, shape), shape, (0, 1))
        for name, shape in (("x", (1, 4)), ("y", (1, 8)))
    ]
    return ConvertedNetwork(
        int8_tflite=model, float_tflite=b"", sha256="", inputs=(sides[0],), outputs=(sides[1],),
        parity=(np.zeros((1, 4), np.float32),), reference=(np.zeros((1, 8), np.float32),),
        framework="Keras", silent_layers=(), table_layers=(), calibration_samples=1,
        versions=(), seconds=(), **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("names", "where"), [((("net/up/Tile", "up"),), "layer up, operator 1"), ((), "operator 1")]
)
def test_an_operator_that_tflite_micro_lacks_is_named(
    names: tuple[tuple[str, str], ...], where: str
) -> None:
    builder = ModelBuilder()
    x, a = (builder.tensor((1, 4), scale=0.5) for _ in range(2))
    y = builder.tensor((1, 8), scale=0.5, name="net/up/Tile")
    builder.operator("RELU", (x,), (a,))
    builder.operator("TILE", (a, builder.integers(1, 2)), (y,))
    found = network(builder.build((x,), (y,)), layer_names=names)
    with pytest.raises(CheckFailed) as caught:
        compare_network(found, source="a test", tolerances=NetworkTolerances())
    assert caught.value.message.startswith(f"{where} TILE (")
    assert caught.value.message.endswith(": TFLite-Micro has no TILE") and caught.value.hint
