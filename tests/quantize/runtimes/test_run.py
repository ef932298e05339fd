from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.runtimes import Limits, Runtime, installed_runtimes, layer_outputs, run_model
from quantize.tflite import read_model

Build = Callable[..., bytes]


pytestmark = pytest.mark.usefixtures("runtimes")


@pytest.fixture(scope="module")
def inputs() -> NDArray[np.int8]:
    return np.random.default_rng(3).integers(-128, 128, (12, 6, 5, 2)).astype(np.int8)


def small_model_in_float(data: bytes, samples: NDArray[np.int8]) -> NDArray[np.float64]:
    """The small model's logits in real numbers, computed from its constants by hand."""
    main = read_model(data).main

    def real(index: int) -> NDArray[np.float64]:
        tensor = main.tensors[index]
        assert tensor.quantisation is not None
        assert tensor.data is not None
        shape = [1] * len(tensor.shape)
        if tensor.quantisation.per_axis:
            shape[tensor.quantisation.axis] = -1
        scales: NDArray[np.float64] = tensor.quantisation.scales.astype(np.float64)
        return tensor.data * scales.reshape(shape)

    logits = []
    for sample in samples:
        x = np.pad(sample * 0.03125, ((1, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(0, 1))
        y = np.maximum(np.einsum("hwcij,oijc->hwo", windows, real(1)) + real(2), 0)
        # The relu's output saturates at 255 steps of 0.05.
        y = np.minimum(y, 255 * 0.05)
        # SAME with stride 2: 6 rows need one row of padding, below; 5 columns one on each side.
        y = np.pad(y, ((0, 1), (1, 1), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(y, (3, 3), axis=(0, 1))[::2, ::2]
        z = np.einsum("hwcij,ijc->hwc", windows, real(4)[0]) + real(5)
        z = np.clip(z, (-128 - 3) * 0.06, (127 - 3) * 0.06)
        logits.append(real(10) @ z.mean((0, 1)) + real(11))
    return np.stack(logits)


@pytest.mark.parametrize("runtime", list(Runtime))
def test_every_runtime_computes_the_small_model(
    build_model: Build, inputs: NDArray[np.int8], runtime: Runtime
) -> None:
    data = build_model()
    out = run_model(data, inputs, runtime=runtime)
    assert (out.shape, out.dtype) == ((12, 3), np.int8)
    real = np.clip(small_model_in_float(data, inputs), (-128 - 1) * 0.04, (127 - 1) * 0.04)
    assert np.abs((out.astype(float) - 1) * 0.04 - real).max() < 0.04 * 4


def test_a_batch_is_its_samples_one_by_one(build_model: Build, inputs: NDArray[np.int8]) -> None:
    data = build_model()
    whole = run_model(data, inputs, runtime=Runtime.TFLITE_MICRO)
    for index in (0, 11):
        one = run_model(data, inputs[index : index + 1], runtime=Runtime.TFLITE_MICRO)
        assert (one == whole[index]).all()


def test_variables_do_not_carry_over(shared: Path) -> None:
    data = (shared / "edgetpu_models" / "keras_lstm_mnist_ptq.tflite").read_bytes()
    samples = np.zeros((4, 28, 28), np.uint8)
    # Strokes like those of digits; noise would saturate it.
    samples[[0, 3], :, 14:18] = 200
    samples[2, 5:20, 8:20] = 255
    for runtime in (Runtime.TFLITE_MICRO, Runtime.LITERT_BUILTIN):
        out = run_model(data, samples, runtime=runtime)
        assert (out[0] == out[3]).all()
        assert (out[0] != out[1]).any()


def test_any_output_can_be_read(build_model: Build, inputs: NDArray[np.int8]) -> None:
    def also_pool(model: Any, schema: Any) -> None:
        model.subgraphs[0].outputs = [12, 7]

    data = build_model(also_pool)
    pool = run_model(data, inputs, runtime=Runtime.LITERT_XNNPACK, output=1)
    assert pool.shape == (12, 1, 1, 4)
    with pytest.raises(BadInput, match="has 2 outputs, and no number 2"):
        run_model(data, inputs, runtime=Runtime.LITERT_XNNPACK, output=2)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (np.zeros((2, 6, 5, 2), np.uint8), "takes int8, and the inputs are uint8"),
        (np.zeros((2, 6, 5, 2), np.float32), "takes int8, and the inputs are float32"),
        (np.zeros((2, 6, 5), np.int8), r"shape \[6, 5, 2\]"),
        (np.zeros((2, 1, 6, 5, 2), np.int8), r"shape \[6, 5, 2\]"),
        (np.zeros((0, 6, 5, 2), np.int8), "at least one sample"),
        (np.zeros((), np.int8), r"shape \[6, 5, 2\]"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(
    build_model: Build, wrong: NDArray[Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        run_model(build_model(), wrong, runtime=Runtime.TFLITE_MICRO)


def test_not_a_number_is_refused(build_model: Build) -> None:
    def in_float(model: Any, schema: Any) -> None:
        model.subgraphs[0].tensors[0].type = schema.TensorType.FLOAT32

    with pytest.raises(BadInput, match="a NaN or an infinity"):
        samples = np.full((1, 6, 5, 2), np.nan, np.float32)
        run_model(build_model(in_float), samples, runtime=Runtime.LITERT_XNNPACK)


def test_threads_are_checked(build_model: Build, inputs: NDArray[np.int8]) -> None:
    for runtime, threads in ((Runtime.TFLITE_MICRO, 2), (Runtime.LITERT_XNNPACK, 0)):
        with pytest.raises(BadInput, match="thread"):
            run_model(build_model(), inputs, runtime=runtime, num_threads=threads)
    out = run_model(build_model(), inputs, runtime=Runtime.LITERT_XNNPACK, num_threads=2)
    assert out.shape == (12, 3)


def test_fewer_inputs_than_the_model_has_are_refused(shared: Path) -> None:
    data = (shared / "edgetpu_models" / "split_concat.tflite").read_bytes()
    with pytest.raises(BadInput, match="has 3 inputs, and 1 are given"):
        run_model(data, np.zeros((1, 8, 8, 3), np.uint8), runtime=Runtime.LITERT_XNNPACK)


def test_layers_of_the_oracle_and_of_litert(build_model: Build, inputs: NDArray[np.int8]) -> None:
    data = build_model()
    micro = layer_outputs(data, inputs, runtime=Runtime.TFLITE_MICRO)
    assert list(micro) == ["conv", "dw", "pool", "flat", "logits"]
    assert micro["conv"].shape == (12, 6, 5, 4)
    assert (micro["flat"] == micro["pool"].reshape(12, 4)).all()
    expected = run_model(data, inputs, runtime=Runtime.TFLITE_MICRO)
    assert (micro["logits"] == expected).all()
    litert = layer_outputs(data, inputs)
    for name, values in micro.items():
        assert np.abs(values.astype(int) - litert[name].astype(int)).max() <= 1
    real = layer_outputs(data, inputs, dequantise=True)
    np.testing.assert_allclose(real["dw"], (litert["dw"].astype(float) - 3) * 0.06, rtol=1e-5)
    assert real["dw"].dtype == np.float32


def test_layers_with_one_name_are_told_apart(build_model: Build, inputs: NDArray[np.int8]) -> None:
    def rename(model: Any, schema: Any) -> None:
        tensors = model.subgraphs[0].tensors
        tensors[6].name = tensors[7].name = "twin"
        tensors[9].name = ""

    layers = layer_outputs(build_model(rename), inputs)
    assert list(layers) == ["conv", "twin#6", "twin#7", "#9", "logits"]


def test_xnnpack_keeps_no_layers(build_model: Build, inputs: NDArray[np.int8]) -> None:
    with pytest.raises(BadInput, match="keeps no intermediate tensors"):
        layer_outputs(build_model(), inputs, runtime=Runtime.LITERT_XNNPACK)


def test_results_are_bounded(shared: Path) -> None:
    data = (shared / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()
    samples = np.zeros((40_000, 49, 10, 1), np.int8)
    with pytest.raises(BadInput, match="more than the limit"):
        layer_outputs(data, samples, limits=Limits(timeout_s=1))


def test_what_is_installed_is_named() -> None:
    found = installed_runtimes()
    assert [info.runtime for info in found] == list(Runtime)
    assert {info.package for info in found} <= {"tflite-micro", "ai-edge-litert", "tflite-runtime"}
    assert all(info.version[0].isdigit() for info in found)
