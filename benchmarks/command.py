"""How quickly commands answer, warm, against an empty Python process: --help, lint, inspect."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

_RUNS = 15
_MODEL_RUNS = 5
_HELP_MS, _MODEL_MS = 200, 500
_LAYERS, _WIDTH = 400, 100


def _milliseconds(arguments: list[str], runs: int) -> float:
    """Return the median wall-clock time of a Python process, after one unmeasured run."""
    command = [sys.executable, *arguments]
    subprocess.run(command, check=True, capture_output=True)
    spent = []
    for _ in range(runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def _edgeser(*arguments: object) -> list[str]:
    return ["-c", f"from edgeser.cli import main; main({[str(a) for a in arguments]})"]


def _tensor(name: str, shape: list[int], buffer: int = 0) -> Any:
    tensor = schema.TensorT()
    tensor.name, tensor.shape, tensor.buffer = name, shape, buffer
    tensor.type = schema.TensorType.INT8
    tensor.quantization = schema.QuantizationParametersT()
    tensor.quantization.scale, tensor.quantization.zeroPoint = [0.01], [0]
    return tensor


def _large_model() -> bytes:
    """Return 4 MB of .tflite: many small layers, since every one of them is looked at."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    model.buffers = [schema.BufferT()]
    rng = np.random.default_rng(0)
    graph.tensors = [_tensor(f"value{layer}", [1, _WIDTH]) for layer in range(_LAYERS + 1)]
    graph.operators = []
    for layer in range(_LAYERS):
        buffer = schema.BufferT()
        buffer.data = rng.integers(0, 256, _WIDTH * _WIDTH).astype(np.uint8)
        model.buffers.append(buffer)
        graph.tensors.append(_tensor(f"weights{layer}", [_WIDTH, _WIDTH], len(model.buffers) - 1))
        operator = schema.OperatorT()
        operator.inputs, operator.outputs = [layer, len(graph.tensors) - 1, -1], [layer + 1]
        operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        operator.builtinOptions = schema.FullyConnectedOptionsT()
        graph.operators.append(operator)
    graph.inputs, graph.outputs = [0], [_LAYERS]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _report(what: str, spent: float, empty: float, most: int) -> None:
    print(
        f"{what}: {spent:.0f} ms, {spent / empty:.1f} x an empty Python process; "
        f"target {most} ms: {'met' if spent <= most else 'MISSED'}"
    )


def main() -> None:
    """Print the medians and their ratios."""
    empty = _milliseconds(["-c", "pass"], _RUNS)
    _report("edgeser --help", _milliseconds(_edgeser("--help"), _RUNS), empty, _HELP_MS)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.tflite"
        model.write_bytes(_large_model())
        for verb in ("lint", "inspect"):
            spent = _milliseconds(_edgeser(verb, model), _MODEL_RUNS)
            size = model.stat().st_size / 1e6
            _report(f"edgeser {verb}, {_LAYERS} layers, {size:.1f} MB", spent, empty, _MODEL_MS)
    print(f"  ({empty:.0f} ms; medians of {_RUNS} and {_MODEL_RUNS} runs, measured on this host)")


if __name__ == "__main__":
    main()
