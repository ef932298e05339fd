from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeser.report.schemas.inspection import inspection_json
from quantize.tflite import read_model
from quantize.tflite.inspect import ModelInspection, inspect_model

Build = Callable[..., bytes]


def inspect_bytes(data: bytes) -> ModelInspection:
    return inspect_model(read_model(data, name="net"))


def test_counts_work_and_parameters_by_hand(build_model: Build) -> None:
    data = build_model()
    found = inspect_bytes(data)
    # conv: 6*5*4 outputs x 3*3*2 weights; depthwise: 3*3*4 x 3*3; dense: 3 x 4.
    assert [op.macs for op in found.operators] == [2160, 324, 0, 0, 12]
    assert found.macs == 2160 + 324 + 12
    assert found.parameters == 72 + 4 + 36 + 4 + 12 + 3
    assert found.parameter_bytes == 72 + 36 + 12 + 4 * (4 + 4 + 3)
    assert [op.parameter_bytes for op in found.operators] == [88, 52, 0, 0, 24]
    assert found.file_bytes == len(data)
    assert found.uncounted == ()
    assert found.fully_int8
    assert found.inputs[0].scale == 0.03125
    assert found.inputs[0].shape == (1, 6, 5, 2)
    weights = found.operators[0].inputs[1]
    assert (weights.channels, weights.axis, weights.scale) == (4, 0, None)


def test_a_shared_buffer_is_counted_once(build_model: Build) -> None:
    def share(model: Any, schema: Any) -> None:
        tensors = model.subgraphs[0].tensors
        tensors[5].buffer = tensors[2].buffer

    found = inspect_bytes(build_model(share))
    assert found.parameters == 131 - 4
    assert [op.parameter_bytes for op in found.operators] == [88, 52, 0, 0, 24]


def test_names_the_layers_that_are_not_int8(build_model: Build) -> None:
    def floats(model: Any, schema: Any) -> None:
        for index in (7, 9, 12):
            model.subgraphs[0].tensors[index].type = schema.TensorType.FLOAT32

    found = inspect_bytes(build_model(floats))
    assert not found.fully_int8
    assert [str(o) for o in found.offenders] == [
        "model output: tensor 'logits' is float32",
        "operator 2 AVERAGE_POOL_2D (pool): tensor 'pool' is float32",
        "operator 3 RESHAPE (flat): tensor 'pool' is float32",
        "operator 4 FULLY_CONNECTED (logits): tensor 'flat' is float32",
    ]


def test_custom_work_is_not_guessed(build_model: Build) -> None:
    def custom(model: Any, schema: Any) -> None:
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = "mystery"

    found = inspect_bytes(build_model(custom))
    assert found.operators[0].macs is None
    assert found.uncounted == ("mystery",)
    assert found.macs == 336


def test_json_is_whole_and_strict(build_model: Build) -> None:
    value = json.loads(json.dumps(inspection_json(inspect_bytes(build_model())), allow_nan=False))
    assert value["schema"] == "edgeser.inspect/1"
    assert value["model"] == "net"
    assert value["macs"] == {
        "value": 2496,
        "unit": "MAC",
        "evidence": "measured",
        "source": "counted in the file",
    }
    assert value["parameter_bytes"]["value"] == 164
    assert value["file_bytes"]["unit"] == "bytes"
    assert value["fully_int8"] is True
    assert value["inputs"][0]["quantisation"] == {
        "scales": 1,
        "scale_range": [0.03125, 0.03125],
        "scale": 0.03125,
        "zero_point": 0,
    }
    conv = value["operators"][0]
    assert (conv["name"], conv["version"], conv["macs"]) == ("CONV_2D", 3, 2160)
    assert conv["inputs"][1]["quantisation"]["axis"] == 0


def test_published_figures_of_real_models(shared: Path) -> None:
    keyword = inspect_model(read_model(shared / "mlperf_tiny" / "kws_ref_model.tflite"))
    assert keyword.macs == 2_656_768
    assert keyword.fully_int8
    anomaly = inspect_model(read_model(shared / "mlperf_tiny" / "ad01_int8.tflite"))
    # Dense layers 640-128-128-128-128-8-128-128-128-128-640.
    assert anomaly.macs == 2 * (640 * 128 + 3 * 128 * 128 + 128 * 8)
    folder = shared / "edgetpu_models"
    mobilenet = inspect_model(read_model(folder / "mobilenet_v1_0.25_128_quant.tflite"))
    assert round(mobilenet.macs / 1e6, 1) == 13.6
    assert {o.dtype for o in mobilenet.offenders} == {"uint8"}
    compiled = inspect_model(read_model(folder / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"))
    assert compiled.uncounted == ("edgetpu-custom-op",)
    lstm = inspect_model(read_model(folder / "keras_lstm_mnist_ptq.tflite"))
    # 28 steps of four gates of 20 units over 28 inputs and 20 states; then 560 by 10.
    assert lstm.macs == 28 * 4 * 20 * (28 + 20) + 560 * 10


def test_every_real_file_can_be_inspected(shared: Path) -> None:
    for path in sorted(shared.glob("*/*.tflite")):
        found = inspect_model(read_model(path))
        assert found.operators, path
        json.dumps(inspection_json(found), allow_nan=False)
