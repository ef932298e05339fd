"""Measure a compiled model on an Edge TPU, and take its outputs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.edgetpu import device_worker
from quantize.edgetpu.hardware import Backend, EdgeTpu
from quantize.edgetpu.package import read_compiled
from quantize.foundation.child import ChildResult, call_in_child
from quantize.foundation.errors import BadInput, InternalError
from quantize.foundation.measurement import Evidence, Measurement
from quantize.runtimes import random_samples
from quantize.tflite import read_model
from quantize.tflite.model import Tensor

_SAMPLES = 32
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTpuTimes:
    """What was measured on an Edge TPU.

    Parameters
    ----------
    milliseconds
        float64, every timed inference in order; transfers are in them, the first one is not.
    first_ms
        The first inference, which sends the parameters.
    temperature
        After the runs, degrees Celsius; ``None`` where it cannot be read.
    """

    milliseconds: NDArray[np.float64]
    first_ms: Measurement
    temperature: Measurement | None


def time_on_edge_tpu(
    data: bytes,
    *,
    device: EdgeTpu,
    backend: Backend,
    name: str,
    warmup: int = 20,
    runs: int = 200,
) -> EdgeTpuTimes:
    """Time a compiled model.

    Parameters
    ----------
    data
        A compiled .tflite with one input.
    device, backend
        From `quantize.edgetpu.hardware`.
    name
        What messages call the model.
    warmup, runs
        Inferences that are not timed, and that are.

    Raises
    ------
    BadInput
        When the model is not compiled.
    ToolMissing
        When the Edge TPU does not open.
    InternalError
        When the child crashed or ran out of time.
    """
    inputs = samples_for(data, name)
    result = _run(data, inputs, backend, name, warmup=warmup, runs=runs)
    where = described(device, backend)
    degrees = device.temperature_celsius()
    return EdgeTpuTimes(
        milliseconds=result.arrays["ns"].astype(np.float64) / 1e6,
        first_ms=Measurement(result.values["first_ns"] / 1e6, "ms", Evidence.MEASURED, where),
        temperature=None
        if degrees is None
        else Measurement(degrees, "degC", Evidence.MEASURED, where),
    )


def described(device: EdgeTpu, backend: Backend) -> str:
    """Return which Edge TPU it is, and through what it is asked, in words."""
    return f"Edge TPU on {device.attachment.value} ({device.node}) through {backend.value}"


def outputs_of_edge_tpu(
    data: bytes, inputs: NDArray[Any], *, backend: Backend, name: str
) -> NDArray[Any]:
    """Return what a compiled model gives: ``[n, values]``, each sample's outputs in their order.

    Parameters
    ----------
    data
        The compiled .tflite with one input.
    inputs
        ``[n, ...]``, of the input's type and shape but for its batch axis.
    backend
        From `quantize.edgetpu.hardware`.
    name
        What messages call the model.

    Raises
    ------
    BadInput
        When the model is not compiled, or the inputs are not its own.
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
    count = sum(key.startswith("outputs") for key in result.arrays)
    outputs = [result.arrays[f"outputs{number}"] for number in range(count)]
    return np.concatenate([values.reshape(len(values), -1) for values in outputs], axis=1)


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


def samples_for(data: bytes, name: str) -> NDArray[Any]:
    """Return reproducible inputs of a compiled model, of every value that their type has.

    Raises
    ------
    BadInput
        When it is not compiled, or takes something else than one input of single bytes.
    """
    source = _only_input(data, name)
    kind = source.dtype.numpy
    if kind is None or kind.itemsize != 1:
        raise BadInput(
            f"the model's input is {source.dtype.label}", hint="compile an int8 or uint8 model"
        )
    return random_samples(source, _SAMPLES)
