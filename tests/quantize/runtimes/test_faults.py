"""Broken models, crashes, hangs and missing runtimes end in typed errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantize.foundation.errors import BadInput, EdgeserError, InternalError, ToolMissing
from quantize.runtimes import (
    Limits,
    Runtime,
    arena_usage,
    catalogue,
    compare_runtimes,
    installed_runtimes,
    run_model,
)
from quantize.runtimes.crash import RuntimeCrashed
from quantize.runtimes.engines import import_library

Build = Callable[..., bytes]
ZEROS = np.zeros((1, 6, 5, 2), np.int8)


pytestmark = pytest.mark.usefixtures("runtimes")


def test_a_crash_names_its_signal(build_model: Build) -> None:
    def without_buffers(model: Any, schema: Any) -> None:
        # TFLite-Micro reads the first buffer of a model without buffers, and crashes.
        model.buffers = []
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode = "unknown"
        for tensor in model.subgraphs[0].tensors:
            tensor.buffer = 0
        model.subgraphs[0].operators = model.subgraphs[0].operators[:1]
        model.subgraphs[0].operators[0].inputs = [0]
        model.subgraphs[0].outputs = [3]

    data = build_model(without_buffers)
    with pytest.raises(BadInput, match=r"net in TFLite-Micro crashed with SIG[A-Z]+"):
        run_model(data, ZEROS, runtime=Runtime.TFLITE_MICRO, name="net")
    with pytest.raises(BadInput, match=r"refuses net: .*unresolved custom op: unknown"):
        run_model(data, ZEROS, runtime=Runtime.LITERT_XNNPACK, name="net")


@pytest.mark.parametrize("at", [0, 2, 3])
def test_a_crash_names_its_operator(build_model: Build, at: int) -> None:
    def softmax(model: Any, schema: Any) -> None:
        """Put a SOFTMAX of beta 0, on which TFLite-Micro aborts, before operator `at`."""
        graph = model.subgraphs[0]
        source = graph.operators[at].inputs[0]
        probabilities, code = schema.TensorT(), schema.OperatorCodeT()
        probabilities.name, probabilities.type = "probs", schema.TensorType.INT8
        probabilities.shape = graph.tensors[source].shape
        probabilities.quantization = schema.QuantizationParametersT()
        probabilities.quantization.scale = [1 / 256]
        probabilities.quantization.zeroPoint = [-128]
        graph.tensors.append(probabilities)
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.SOFTMAX
        model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = [source], [len(graph.tensors) - 1]
        operator.builtinOptions = schema.SoftmaxOptionsT()
        operator.builtinOptionsType = schema.BuiltinOptions.SoftmaxOptions
        graph.operators.insert(at, operator)

    data = build_model(softmax)
    with pytest.raises(RuntimeCrashed, match=rf"SIGABRT.*, at operator {at} SOFTMAX \(probs\)"):
        arena_usage(data, name="net")
    with pytest.raises(BadInput, match=rf"at operator {at} SOFTMAX"):
        run_model(data, ZEROS, runtime=Runtime.TFLITE_MICRO, name="net")
    ran = run_model(data, ZEROS, runtime=Runtime.LITERT_XNNPACK, name="net")
    assert ran.shape == (1, 3)


def test_a_hang_is_stopped(build_model: Build) -> None:
    with pytest.raises(InternalError, match=r"took longer than 0\.001 s"):
        run_model(
            build_model(), ZEROS, runtime=Runtime.TFLITE_MICRO, limits=Limits(timeout_s=0.001)
        )


@pytest.mark.parametrize("runtime", [Runtime.TFLITE_MICRO, Runtime.LITERT_REFERENCE])
def test_hunger_for_memory_is_stopped(build_model: Build, runtime: Runtime) -> None:
    def vast(model: Any, schema: Any) -> None:
        graph = model.subgraphs[0]
        graph.operators[4].outputs = [12]
        tensor = graph.tensors[9]
        tensor.shape, tensor.name = [1 << 13, 1 << 16], "vast"
        graph.operators = graph.operators[3:4]
        graph.operators[0].inputs = [0, 8]
        graph.outputs = [9]

    limits = Limits(memory_bytes=1 << 30)
    with pytest.raises(EdgeserError) as caught:
        run_model(build_model(vast), ZEROS, runtime=runtime, limits=limits)
    assert isinstance(caught.value, BadInput | InternalError)


def test_a_refusal_has_the_runtimes_words(shared: Path) -> None:
    data = (shared / "edgetpu_models" / "mobilenet_v1_0.25_128_quant.tflite").read_bytes()
    with pytest.raises(BadInput, match=r"TFLite-Micro refuses mobilenet: .*it said: .*conv"):
        arena_usage(data, name="mobilenet")


def test_no_broken_model_reaches_a_runtime(build_model: Build, monkeypatch: Any) -> None:
    def never(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("a child was started")

    monkeypatch.setattr("quantize.runtimes.crash.call_in_child", never)
    for data in (b"", b"text", build_model()[:1000]):
        with pytest.raises(BadInput):
            run_model(data, ZEROS, runtime=Runtime.TFLITE_MICRO)
        with pytest.raises(BadInput):
            arena_usage(data)
        with pytest.raises(BadInput):
            compare_runtimes(data, ZEROS)


@pytest.mark.parametrize("runtime", [Runtime.TFLITE_MICRO, Runtime.LITERT_XNNPACK])
def test_mutants_that_look_sound_end_typed(build_model: Build, runtime: Runtime) -> None:
    data = build_model()
    rng = np.random.default_rng(5)
    ran = 0
    while ran < 8:
        mutant = bytearray(data)
        for _ in range(4):
            mutant[rng.integers(0, len(mutant))] ^= 1 << int(rng.integers(0, 8))
        try:
            run_model(bytes(mutant), ZEROS, runtime=runtime, limits=Limits(timeout_s=20))
            ran += 1
        except BadInput as error:
            ran += "refuses" in error.message
        except InternalError:
            ran += 1


@pytest.mark.parametrize(
    ("runtime", "package"),
    [(Runtime.TFLITE_MICRO, "tflite_micro"), (Runtime.LITERT_XNNPACK, "ai_edge_litert")],
)
def test_a_runtime_that_does_not_load_says_what_to_install(
    build_model: Build,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    runtime: Runtime,
    package: str,
) -> None:
    (tmp_path / f"{package}.py").write_text("raise ImportError('no such wheel')\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    with pytest.raises(ToolMissing, match="cannot be loaded: no such wheel") as caught:
        run_model(build_model(), ZEROS, runtime=runtime)
    assert caught.value.hint == "pip install 'edgeser[runtimes]'"


def test_a_runtime_that_is_not_there_is_told_from_one_that_does_not_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = {name for name in sys.modules if name.startswith("tflite_micro.")}  # by other tests
    for name in loaded:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    with pytest.raises(ToolMissing, match="TFLite-Micro is not installed") as caught:
        import_library(Runtime.TFLITE_MICRO)
    assert caught.value.hint == "pip install 'edgeser[runtimes]'"


def test_no_runtime_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue.util, "find_spec", lambda name: None)
    assert installed_runtimes() == ()
    assert catalogue.runtime_version(Runtime.TFLITE_MICRO) == ""


def test_the_older_litert_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "tflite_runtime"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "interpreter.py").write_text("Interpreter = 'the older one'\n")
    monkeypatch.syspath_prepend(tmp_path)
    real = catalogue.util.find_spec
    monkeypatch.setattr(
        catalogue.util, "find_spec", lambda name: None if name == "ai_edge_litert" else real(name)
    )
    assert import_library(Runtime.LITERT_XNNPACK).Interpreter == "the older one"
    packages = {info.runtime: info.package for info in installed_runtimes()}
    assert packages[Runtime.LITERT_XNNPACK] == "tflite-runtime"
