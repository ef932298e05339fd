"""What `inspect` says of models that are not int8 throughout: whether they compile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantize.tflite.schema import DType
from tests.firmware_bridge.kernels.operator_models import ModelBuilder


def dense(path: Path, weights: DType, activations: DType = DType.INT8) -> Path:
    """A dense layer of 8 values to 4."""
    model = ModelBuilder()
    scale = None if activations is DType.FLOAT32 else 0.05
    values = np.arange(-16, 16).reshape(4, 8) // 4
    given = model.tensor((1, 8), scale=scale, dtype=activations, name="in")
    data = values.astype(np.float32 if weights is DType.FLOAT32 else np.int8)
    held = model.tensor(
        (4, 8), scale=scale and 0.02, dtype=weights, data=data, name="dense/weights"
    )
    made = model.tensor((1, 4), scale=scale, dtype=activations, name="out")
    model.operator("FULLY_CONNECTED", (given, held, -1), (made,), "FullyConnected")
    path.write_bytes(model.build((given,), (made,)))
    return path


@pytest.mark.parametrize(
    ("weights", "activations", "fully", "said"),
    [
        (DType.INT8, DType.INT8, "yes", ""),
        (DType.INT4, DType.INT8, "no", "firmware: compiles all the same, byte for byte"),
        (DType.FLOAT32, DType.FLOAT32, "no", "firmware: refused: operator 0 FULLY_CONNECTED"),
    ],
)
def test_whether_it_compiles_is_said_where_it_is_not_int8(
    weights: DType, activations: DType, fully: str, said: str, edgeser: Any, tmp_path: Path
) -> None:
    ran = edgeser("inspect", dense(tmp_path / "m.tflite", weights, activations))
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert any(line.startswith(f"fully int8: {fully}") for line in lines)
    found = [line for line in lines if line.startswith("firmware:")]
    assert found == [] if not said else found[0].startswith(said)
