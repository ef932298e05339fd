"""Run a model on a batch of inputs, for its output or for all its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput, InternalError
from quantize.foundation.foreign import printable
from quantize.runtimes import worker
from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.request import (
    DEFAULT_LIMITS,
    MAX_RESULT_BYTES,
    Inputs,
    Limits,
    Request,
    call,
    check_inputs,
    check_threads,
    read_request,
    sample_shape,
)
from quantize.tflite.model import Subgraph, Tensor


def run_model(
    model_bytes: bytes,
    inputs: Inputs,
    *,
    runtime: Runtime,
    num_threads: int = 1,
    output: int = 0,
    sequence: bool = False,
    name: str = "the model",
    limits: Limits = DEFAULT_LIMITS,
) -> NDArray[Any]:
    """Run a model on each sample, in one child process for all of them.

    Parameters
    ----------
    model_bytes
        A .tflite file.
    inputs
        ``[n, ...]`` in the input's dtype, where ``...`` is the input's shape without its leading
        batch axis of 1 (the whole shape when there is none); of several inputs one such for each.
    runtime
        Where to run it.
    num_threads
        Threads of the runtime; TFLite-Micro has one.
    output
        Which of the model's outputs to return.
    sequence
        Whether the samples are steps of one sequence, so that variables keep their values from one
        to the next; else they are reset before each.
    name
        What messages call the model.
    limits
        What the child may use.

    Returns
    -------
    NDArray
        ``[n, ...]`` in the output's dtype, without the leading batch axis of 1.

    Raises
    ------
    BadInput
        When the model is not valid, the runtime refuses it, or `inputs` do not fit it.
    ToolMissing
        When the runtime is not installed.
    InternalError
        When the child crashed, or ran out of time or memory.
    """
    request = read_request(model_bytes, name)
    tensors = request.model.main.output_tensors
    several = check_inputs(request, inputs)
    check_threads(runtime, num_threads)
    if not 0 <= output < len(tensors):
        raise BadInput(f"{name} has {len(tensors)} outputs, and no number {output}")
    how = {"num_threads": num_threads, "sequence": sequence}
    (values,) = _run(request, several, [output], runtime, how, limits)
    return values


def run_outputs(
    model_bytes: bytes,
    inputs: Inputs,
    *,
    runtime: Runtime,
    num_threads: int = 1,
    sequence: bool = False,
    name: str = "the model",
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[NDArray[Any], ...]:
    """Run a model on each sample and return all of its outputs, in the model's order.

    Parameters, errors and each of the arrays are those of `run_model`.
    """
    request = read_request(model_bytes, name)
    several = check_inputs(request, inputs)
    check_threads(runtime, num_threads)
    every = range(len(request.model.main.outputs))
    how = {"num_threads": num_threads, "sequence": sequence}
    return _run(request, several, every, runtime, how, limits)


def _run(
    request: Request,
    inputs: Sequence[NDArray[Any]],
    wanted: Sequence[int],
    runtime: Runtime,
    how: Mapping[str, Any],
    limits: Limits,
) -> tuple[NDArray[Any], ...]:
    """Return some of the outputs, of inputs that were checked."""
    tensors = tuple(request.model.main.output_tensors[position] for position in wanted)
    samples = len(inputs[0])
    _check_result_size(request, tensors, samples)
    result = call(
        worker.run,
        request,
        _by_position(inputs),
        {**how, "outputs": list(wanted)},
        runtime=runtime,
        runs=samples,
        limits=limits,
    )
    return tuple(
        _without_batch(result.arrays[str(position)], tensor, samples)
        for position, tensor in zip(wanted, tensors, strict=True)
    )


def _by_position(inputs: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {f"input{position}": values for position, values in enumerate(inputs)}


def layer_outputs(
    model_bytes: bytes,
    inputs: Inputs,
    *,
    runtime: Runtime = Runtime.LITERT_REFERENCE,
    dequantise: bool = False,
    sequence: bool = False,
    name: str = "the model",
    limits: Limits = DEFAULT_LIMITS,
) -> dict[str, NDArray[Any]]:
    """Return what every layer makes of each sample, to find where two models part ways.

    Parameters
    ----------
    model_bytes, inputs, sequence, name, limits
        As for `run_model`.
    runtime
        Any but `Runtime.LITERT_XNNPACK`, which keeps no intermediate tensors.
    dequantise
        Whether to return float32 ``scale * (integer - zero_point)`` for quantised tensors.

    Returns
    -------
    dict
        Tensor name to ``[n, ...]``, in the order in which the layers run; ``name#index`` where
        several tensors share a name. Batch axes of 1 are dropped as in `run_model`.

    Raises
    ------
    BadInput, ToolMissing, InternalError
        As `run_model`.
    """
    if runtime is Runtime.LITERT_XNNPACK:
        raise BadInput(
            f"{runtime.label} keeps no intermediate tensors",
            hint="look at the layers in another runtime",
        )
    request = read_request(model_bytes, name)
    several = check_inputs(request, inputs)
    samples = len(several[0])
    tensors = _computed_tensors(request.model.main)
    _check_result_size(request, tensors, samples)
    wanted = [tensor.index for tensor in tensors]
    result = call(
        worker.run_layers,
        request,
        _by_position(several),
        {"num_threads": 1, "sequence": sequence, "tensors": wanted},
        runtime=runtime,
        runs=samples,
        limits=limits,
    )
    layers = {}
    for label, tensor in zip(_unique_names(tensors), tensors, strict=True):
        values = _without_batch(result.arrays[str(tensor.index)], tensor, samples)
        layers[label] = _dequantised(values, tensor) if dequantise else values
    return layers


def _computed_tensors(subgraph: Subgraph) -> tuple[Tensor, ...]:
    """Return the tensors that operators write, in the order in which they are written."""
    indices = dict.fromkeys(i for operator in subgraph.operators for i in operator.outputs)
    return tuple(subgraph.tensors[i] for i in indices if subgraph.tensors[i].dtype.numpy)


def _unique_names(tensors: tuple[Tensor, ...]) -> list[str]:
    names = [tensor.name for tensor in tensors]
    return [
        f"{name}#{tensor.index}" if names.count(name) > 1 or not name else name
        for name, tensor in zip(names, tensors, strict=True)
    ]


def _dequantised(values: NDArray[Any], tensor: Tensor) -> NDArray[Any]:
    quantisation = tensor.quantisation
    if quantisation is None:
        return values
    if quantisation.per_axis:
        raise BadInput(
            f"tensor '{printable(tensor.name)}' is computed, yet quantised along an axis",
            hint="only constants may be quantised so",
        )
    centred = values.astype(np.float64) - quantisation.zero_point
    return (centred * quantisation.scale).astype(np.float32)


def _check_result_size(request: Request, tensors: tuple[Tensor, ...], samples: int) -> None:
    wanted = samples * sum(tensor.byte_size or 0 for tensor in tensors)
    if wanted > MAX_RESULT_BYTES:
        raise BadInput(
            f"{samples} samples of {request.name} give {wanted} bytes, more than the limit of "
            f"{MAX_RESULT_BYTES}",
            hint="run it on fewer samples at a time",
        )


def _without_batch(values: NDArray[Any], tensor: Tensor, samples: int) -> NDArray[Any]:
    shape = (samples, *sample_shape(tensor))
    if values.size != np.prod(shape, dtype=np.int64):
        name = printable(tensor.name)
        raise InternalError(
            f"tensor '{name}' came back as {list(values.shape)}, not {list(shape)}",
            hint="the model changes shapes as it runs, which is not supported",
        )
    return values.reshape(shape)
