from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence
from quantize.runtimes import Runtime, compare_runtimes, run_model, time_invocations
from quantize.runtimes.agreement import agreement_between

Build = Callable[..., bytes]


pytestmark = pytest.mark.usefixtures("runtimes")


def test_times_are_those_of_single_invocations(build_model: Build) -> None:
    sample = np.zeros((6, 5, 2), np.int8)
    ballast = np.ones(40 << 20, np.uint8)
    times = time_invocations(build_model(), sample, runtime=Runtime.TFLITE_MICRO, warmup=5, runs=50)
    assert times.milliseconds.shape == (50,)
    assert times.milliseconds.dtype == np.float64
    assert (times.milliseconds > 0).all()
    median = times.percentile(50)
    assert (median.unit, median.evidence) == ("ms", Evidence.MEASURED)
    assert times.milliseconds.min() <= median.value <= times.percentile(99).value
    # 2,496 multiply-accumulates take microseconds, loading a model longer.
    assert median.value < 5
    assert times.load.value > 0
    assert "1 thread" in median.source
    # The child's own memory, whatever the parent holds.
    assert 0 < times.model_rss.value < times.peak_rss.value < 400e6
    assert ballast.sum() == ballast.size


def test_run_counts_are_bounded(build_model: Build) -> None:
    sample = np.zeros((6, 5, 2), np.int8)
    for warmup, runs in ((-1, 10), (0, 0), (0, 10_000_000)):
        with pytest.raises(BadInput, match="measured runs"):
            time_invocations(
                build_model(), sample, runtime=Runtime.LITERT_XNNPACK, warmup=warmup, runs=runs
            )
    with pytest.raises(BadInput, match="takes samples of shape"):
        time_invocations(build_model(), sample[:3], runtime=Runtime.LITERT_XNNPACK)


def test_agreement_counts() -> None:
    expected = np.array([[1, 5, 3], [-128, 0, 127], [9, 8, 7]], np.int8)
    actual = np.array([[1, 5, 6], [-127, 0, 127], [9, 9, 7]], np.int8)
    actual[1, 2] = -128
    found = agreement_between(
        expected, actual, runtime=Runtime.LITERT_XNNPACK, oracle=Runtime.TFLITE_MICRO
    )
    # 3 and 6, -128 and -127, 127 and -128, 8 and 9.
    assert (found.samples, found.values, found.mismatches, found.max_lsb) == (3, 9, 4, 255)
    assert found.lsb_histogram == ((0, 5), (1, 2), (3, 1), (255, 1))
    # 5 -> 6 is a flip from 1 to 2; 127 is gone, so 0 wins; of two nines the first still does.
    assert found.label_flips == 2
    assert found.mismatch_rate == pytest.approx(4 / 9)
    assert found.label_flip_rate == pytest.approx(2 / 3)


def test_compares_all_that_is_installed(build_model: Build) -> None:
    data = build_model()
    samples = np.random.default_rng(0).integers(-128, 128, (30, 6, 5, 2)).astype(np.int8)
    found = compare_runtimes(data, samples)
    assert [agreement.runtime for agreement in found] == [
        Runtime.LITERT_XNNPACK,
        Runtime.LITERT_BUILTIN,
        Runtime.LITERT_REFERENCE,
    ]
    oracle = run_model(data, samples, runtime=Runtime.TFLITE_MICRO)
    for agreement in found:
        actual = run_model(data, samples, runtime=agreement.runtime)
        assert agreement.mismatches == (oracle != actual).sum()
        assert agreement.max_lsb <= 3
        assert agreement.oracle_version.startswith("tflite-micro ")


def test_float_outputs_are_not_compared(build_model: Build) -> None:
    def with_dequantise(model: Any, schema: Any) -> None:
        graph = model.subgraphs[0]
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type = "real", [1, 3], schema.TensorType.FLOAT32
        graph.tensors.append(tensor)
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
        code.version = 2
        model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = [12], [13]
        graph.operators.append(operator)
        graph.outputs = [13]

    samples = np.zeros((1, 6, 5, 2), np.int8)
    with pytest.raises(BadInput, match="gives float32, and runtimes are compared on integers"):
        compare_runtimes(build_model(with_dequantise), samples)
