"""Measure a compiled model on an Edge TPU, and hold its output to int8 on the CPU."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.edgetpu import device_worker
from quantize.edgetpu.difference import OutputDifference, Tolerances, compare_outputs
from quantize.edgetpu.hardware import Backend, EdgeTpu
from quantize.edgetpu.package import read_compiled
from quantize.foundation.child import ChildResult, call_in_child
from quantize.foundation.errors import BadInput, InternalError
from quantize.foundation.measurement import Evidence, Measurement
from quantize.runtimes import Runtime, random_samples, run_outputs
from quantize.tflite import read_model
from quantize.tflite.model import Tensor

SCHEMA = "edgeser.bench-edgetpu/1"
_SAMPLES = 32
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTpuBench:
    """What was measured on an Edge TPU.

    Parameters
    ----------
    model, device, backend
        What ran where, and through which software.
    milliseconds
        float64, every timed inference in order; transfers are in them, the first one is not.
    first_ms
        The first inference, which sends the parameters.
    temperature
        After the runs, degrees Celsius; ``None`` where it cannot be read.
    difference
        Against the CPU; ``None`` where no uncompiled model was given.
    """

    model: str
    device: str
    backend: Backend
    milliseconds: NDArray[np.float64]
    first_ms: Measurement
    temperature: Measurement | None
    difference: OutputDifference | None

    def percentile(self, percent: float) -> Measurement:
        """Return a percentile of the times in ms, by linear interpolation."""
        value = float(np.percentile(self.milliseconds, percent))
        return Measurement(value, "ms", Evidence.MEASURED, self.first_ms.source)

    @property
    def passed(self) -> bool:
        """Whether the output is within its tolerances; true where it was not compared."""
        return self.difference is None or self.difference.passed

    def to_json(self) -> dict[str, Any]:
        """Return everything as a JSON object of schema ``edgeser.bench-edgetpu/1``."""
        difference = self.difference
        return {
            "schema": SCHEMA,
            "model": self.model,
            "device": self.device,
            "backend": self.backend.value,
            "passed": self.passed,
            "latency_ms": {f"p{p}": self.percentile(p).to_json() for p in (50, 90, 99)},
            "samples_ms": self.milliseconds.tolist(),
            "first_inference_ms": self.first_ms.to_json(),
            "temperature": None if self.temperature is None else self.temperature.to_json(),
            "against_cpu": None if difference is None else difference.to_json(),
        }


def bench_on_edge_tpu(
    data: bytes,
    *,
    device: EdgeTpu,
    backend: Backend,
    name: str,
    against: bytes | None = None,
    tolerances: Tolerances | None = None,
    warmup: int = 20,
    runs: int = 200,
) -> EdgeTpuBench:
    """Time a compiled model, and compare its output with the model that it was compiled from.

    Parameters
    ----------
    data
        A compiled .tflite with one input.
    device, backend
        From `quantize.edgetpu.hardware`.
    name
        What messages call the model.
    against
        The uncompiled .tflite; TFLite-Micro runs it on the CPU. ``None`` not to compare.
    tolerances
        What the comparison is held to.
    warmup, runs
        Inferences that are not timed, and that are.

    Raises
    ------
    BadInput
        When the model is not compiled, or the two models do not fit.
    ToolMissing
        When the Edge TPU does not open.
    InternalError
        When the child crashed or ran out of time.
    """
    inputs = _samples(_only_input(data, name))
    result = _run(data, inputs, backend, name, warmup=warmup, runs=runs)
    where = f"Edge TPU on {device.attachment.value} ({device.node}) through {backend.value}"
    degrees = device.temperature_celsius()
    return EdgeTpuBench(
        model=name,
        device=where,
        backend=backend,
        milliseconds=result.arrays["ns"].astype(np.float64) / 1e6,
        first_ms=Measurement(result.values["first_ns"] / 1e6, "ms", Evidence.MEASURED, where),
        temperature=None
        if degrees is None
        else Measurement(degrees, "degC", Evidence.MEASURED, where),
        difference=None
        if against is None
        else _compare(_outputs(result), against, inputs, tolerances),
    )


def compare_on_edge_tpu(
    data: bytes,
    against: bytes,
    inputs: NDArray[Any],
    *,
    backend: Backend,
    name: str,
    tolerances: Tolerances | None = None,
) -> OutputDifference:
    """Compare a compiled model on an Edge TPU with the model that it was compiled from.

    Parameters
    ----------
    data, against
        The compiled .tflite with one input, and the uncompiled one, which TFLite-Micro runs.
    inputs
        ``[n, ...]``, of the input's type and shape but for its batch axis.
    backend
        From `quantize.edgetpu.hardware`.
    name
        What messages call the compiled model.
    tolerances
        What the comparison is held to.

    Raises
    ------
    BadInput
        When the model is not compiled, or model, inputs and the other model do not fit.
    ToolMissing
        When the Edge TPU does not open.
    InternalError
        When the child crashed or ran out of time.
    """
    source = _only_input(data, name)
    if (
        inputs.dtype != source.dtype.numpy
        or inputs.shape[1:] != source.shape[1:]
        or not len(inputs)
    ):
        raise BadInput(
            f"the inputs are {inputs.dtype} {list(inputs.shape)}, {name} takes "
            f"{source.dtype.label} {list(source.shape)}",
            hint="compile the model that the inputs are for",
        )
    result = _run(data, inputs, backend, name, warmup=0, runs=1)
    return _compare(_outputs(result), against, inputs, tolerances)


def runtime_version(library: str) -> int | None:
    """Return the version of the runtime in libedgetpu, ``None`` where it does not say.

    Compiled files name the oldest version that they need.
    """
    try:
        result = call_in_child(
            device_worker.runtime_version,
            {},
            {"library": library},
            what="asking libedgetpu for its version",
            timeout_s=30.0,
        )
    except InternalError:
        return None
    match = re.search(r"RuntimeVersion\((\d{1,6})\)", str(result.values["said"]))
    return int(match.group(1)) if match else None


def _run(
    data: bytes, inputs: NDArray[Any], backend: Backend, name: str, *, warmup: int, runs: int
) -> ChildResult:
    return call_in_child(
        device_worker.run,
        {"model": np.frombuffer(data, np.uint8), "inputs": inputs},
        {"backend": backend.value, "warmup": warmup, "runs": runs},
        what=f"running {name} on the Edge TPU",
        timeout_s=_TIMEOUT_S,
    )


def _only_input(data: bytes, name: str) -> Tensor:
    model = read_model(data, name=name)
    read_compiled(model)
    if len(model.main.inputs) != 1:
        raise BadInput(
            f"{name} has {len(model.main.inputs)} inputs", hint="give a model with one input"
        )
    return model.main.input_tensors[0]


def _samples(source: Tensor) -> NDArray[Any]:
    """Return reproducible inputs of every value that the type has, without the batch axis."""
    kind = source.dtype.numpy
    if kind is None or kind.itemsize != 1:
        raise BadInput(
            f"the model's input is {source.dtype.label}", hint="compile an int8 or uint8 model"
        )
    return random_samples(source, _SAMPLES)


def _outputs(result: ChildResult) -> list[NDArray[Any]]:
    """Return all outputs, in the model's order."""
    count = sum(name.startswith("outputs") for name in result.arrays)
    return [result.arrays[f"outputs{number}"] for number in range(count)]


def _compare(
    outputs: list[NDArray[Any]],
    against: bytes,
    inputs: NDArray[Any],
    tolerances: Tolerances | None,
) -> OutputDifference:
    expected = run_outputs(
        against, inputs, runtime=Runtime.TFLITE_MICRO, name="the uncompiled model"
    )
    return compare_outputs(
        _side_by_side(outputs),
        _side_by_side(expected),
        tolerances=tolerances,
        classes=expected[0][0].size,
    )


def _side_by_side(outputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return ``[n, values]``: each sample's outputs, one after another."""
    return np.concatenate([values.reshape(len(values), -1) for values in outputs], axis=1)
