"""Check a model and its inputs before native code sees either, and call the child."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.child import ChildResult
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.crash import OnRuntime, call_on_model
from quantize.tflite.inspect import inspect_model
from quantize.tflite.model import Model, Tensor
from quantize.tflite.reader import read_model

_ARENA_BYTES = 64 << 20
_ARENA_ALIGNMENT = 4096
_TIMEOUT_S = 60.0
_SLOWEST_MACS_PER_S = 5e6
_SLOWEST_SAMPLE_S = 0.2
MAX_RESULT_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use.

    Parameters
    ----------
    timeout_s
        Wall-clock seconds; ``None`` for a time, worked out from the model, that no sound one needs.
    memory_bytes
        Address space, most of which no model touches.
    """

    timeout_s: float | None = None
    memory_bytes: int = 8 << 30


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A verified model with what a child must know to run it.

    Parameters
    ----------
    data
        The file's bytes.
    model
        The same, read and verified.
    name
        What messages call it.
    """

    data: bytes
    model: Model
    name: str

    @property
    def has_resources(self) -> bool:
        """Whether it keeps variables that no runtime's reset gives their first values again."""
        graphs = self.model.subgraphs
        return any(o.name == "VAR_HANDLE" for graph in graphs for o in graph.operators)

    @property
    def arena_bytes(self) -> int:
        """An arena that TFLite-Micro is sure to fit into: every tensor twice, and a lot."""
        tensors = self.model.main.tensors
        wanted = _ARENA_BYTES + 2 * sum(t.byte_size or 0 for t in tensors if not t.is_constant)
        # Its end must be aligned, or the tail's use varies by a few bytes from one size to another.
        return -(-wanted // _ARENA_ALIGNMENT) * _ARENA_ALIGNMENT

    def timeout_s(self, limits: Limits, runs: int) -> float:
        """Return the limit for `runs` invocations: the given one, or a very generous one."""
        if limits.timeout_s is not None:
            return limits.timeout_s
        each = inspect_model(self.model).macs / _SLOWEST_MACS_PER_S + _SLOWEST_SAMPLE_S
        return _TIMEOUT_S + runs * each


def read_request(data: bytes, name: str) -> Request:
    """Read and verify a model that is about to be run.

    Raises
    ------
    BadInput
        When the bytes are no valid model.
    """
    return Request(data, read_model(data, name=name), name)


Inputs = NDArray[Any] | Sequence[NDArray[Any]]
"""Samples of a model's one input ``[n, ...]``, or of each of several."""


def check_inputs(request: Request, inputs: Inputs) -> tuple[NDArray[Any], ...]:
    """Return samples ``[n, ...]`` of each of the model's inputs, n >= 1, if they fit it.

    Raises
    ------
    BadInput
        When they do not.
    """
    several = (inputs,) if isinstance(inputs, np.ndarray) else tuple(inputs)
    tensors = request.model.main.input_tensors
    if len(several) != len(tensors):
        raise BadInput(
            f"{request.name} has {len(tensors)} inputs, and {len(several)} are given",
            hint="give an array of samples for each of the model's inputs",
        )
    for tensor, values in zip(tensors, several, strict=True):
        _check_input(request, tensor, values)
    if len({len(values) for values in several}) > 1:
        counts = ", ".join(str(len(values)) for values in several)
        raise BadInput(f"the inputs of {request.name} have {counts} samples, not as many each")
    return several


def _check_input(request: Request, tensor: Tensor, inputs: NDArray[Any]) -> None:
    wanted = tensor.dtype
    if wanted.numpy is None or inputs.dtype != wanted.numpy:
        raise BadInput(
            f"{request.name} takes {wanted.label}, and the inputs are {inputs.dtype}",
            hint="quantise the inputs with the scale and zero point of the model's input",
        )
    shape = sample_shape(tensor)
    if inputs.shape[1:] != shape or inputs.ndim != len(shape) + 1 or len(inputs) == 0:
        raise BadInput(
            f"{request.name} takes samples of shape {list(shape)}, and the inputs have shape "
            f"{list(inputs.shape)}",
            hint="stack at least one sample along a new first axis",
        )
    if np.issubdtype(inputs.dtype, np.inexact) and not np.isfinite(inputs).all():
        raise BadInput("the inputs hold a NaN or an infinity", hint="look at how they were made")


def check_sample(request: Request, sample: Sequence[NDArray[Any]]) -> None:
    """Raise `BadInput` unless there is an array for each input of the model, and each fits."""
    tensors = request.model.main.input_tensors
    if len(sample) == len(tensors) == 1:
        check_inputs(request, sample[0][np.newaxis])
        return
    if len(sample) != len(tensors):
        raise BadInput(f"{request.name} has {len(tensors)} inputs, and {len(sample)} are given")
    for tensor, values in zip(tensors, sample, strict=True):
        wanted = tensor.dtype.numpy
        if wanted is None or values.dtype != wanted or values.size != tensor.elements:
            raise BadInput(
                f"{request.name} has an input of {tensor.dtype.label} {list(tensor.shape)}, and "
                f"{values.dtype} {list(values.shape)} is given",
                hint="an input that is neither integers nor floats cannot be filled here",
            )


def sample_shape(tensor: Tensor) -> tuple[int, ...]:
    """Return a tensor's shape without its leading batch axis, where that has length 1."""
    return tensor.shape[1:] if tensor.shape[:1] == (1,) else tensor.shape


def random_samples(tensor: Tensor, count: int, *, seed: int = 0) -> NDArray[Any]:
    """Return reproducible inputs in a tensor's own type, ``[count, *sample_shape(tensor)]``.

    Integers take every value of their type, floats are normally distributed; wide integers without
    a scale, which are shapes and indices, are 0.

    Raises
    ------
    BadInput
        When the tensor's type has no values that could be drawn, such as strings.
    """
    if tensor.dtype.numpy is None:
        raise BadInput(
            f"input '{printable(tensor.name)}' is {tensor.dtype.label}, which cannot be filled",
            hint="convert the model with an input of numbers",
        )
    rng = np.random.default_rng(seed)
    shape, dtype = (count, *sample_shape(tensor)), np.dtype(tensor.dtype.numpy)
    if dtype.kind in "iu" and dtype.itemsize > 2 and tensor.quantisation is None:
        return np.zeros(shape, dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    return rng.standard_normal(shape).astype(dtype)


def check_threads(runtime: Runtime, num_threads: int) -> None:
    """Raise `BadInput` unless the runtime can use that many threads."""
    if num_threads < 1 or (runtime is Runtime.TFLITE_MICRO and num_threads != 1):
        most = "one thread" if runtime is Runtime.TFLITE_MICRO else "at least one thread"
        raise BadInput(
            f"{runtime.label} runs on {most}, not {num_threads}", hint="change the thread count"
        )


def call(
    function: Callable[..., Any],
    request: Request,
    arrays: Mapping[str, NDArray[Any]],
    options: Mapping[str, Any],
    *,
    runtime: Runtime,
    runs: int,
    limits: Limits,
) -> ChildResult:
    """Call a function of `quantize.runtimes.worker` in a child.

    Parameters
    ----------
    arrays
        What the function needs beside the model.
    options
        What the function needs beside the model's own data.
    runs
        How many invocations that is, for the time limit.
    limits
        What the child may use.
    """
    return call_on_model(
        function,
        arrays,
        {
            "name": request.name,
            "runtime": runtime.value,
            "arena_bytes": request.arena_bytes,
            "input_shapes": [list(tensor.shape) for tensor in request.model.main.input_tensors],
            "reset": any(tensor.is_variable for tensor in request.model.main.tensors),
            "reload": request.has_resources,
            **options,
        },
        on=OnRuntime(request.data, request.model, runtime),
        what=f"running {request.name} in {runtime.label}",
        timeout_s=request.timeout_s(limits, runs),
        memory_bytes=limits.memory_bytes,
    )
