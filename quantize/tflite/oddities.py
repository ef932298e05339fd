"""What is odd in a model and yet can be used: said, and then read."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from quantize.foundation.foreign import printable
from quantize.tflite.model import Model, Signature, Subgraph, Tensor
from quantize.tflite.redundancy import field_oddities
from quantize.tflite.remarks import Oddity
from quantize.tflite.unread import unusable_scale
from quantize.tflite.verify import (
    QUANTISED,
    is_open,
    is_settled,
    quantisation_problems,
    used_tensors,
)

_SMALLEST_NORMAL = float(np.finfo(np.float32).tiny)


def find_oddities(model: Model) -> Iterator[Oddity]:
    """Yield what is odd in a model without damage, in the order of the file."""
    for signature in model.signatures:
        yield from _signature(model, signature)
    for subgraph in model.subgraphs:
        if not subgraph.operators:
            yield Oddity(f"subgraph {subgraph.index}", "it has no operators")
        used = used_tensors(subgraph)
        for tensor in subgraph.tensors:
            where = subgraph.tensor_label(tensor.index)
            said = _used(tensor) if tensor.index in used else _unused(tensor)
            yield from (Oddity(where, what) for what in said)
        yield from _borders(subgraph)
        for layer in subgraph.layers:
            if is_settled(layer):
                yield from (Oddity(layer.label, what) for what in field_oddities(layer))


def _signature(model: Model, signature: Signature) -> Iterator[Oddity]:
    where, subgraph = f"signature {printable(signature.key)!r}", signature.subgraph
    if subgraph >= len(model.subgraphs):
        yield Oddity(where, f"it is of subgraph {subgraph} of {len(model.subgraphs)}")
        return
    count = len(model.subgraphs[subgraph].tensors)
    for _, index in (*signature.inputs, *signature.outputs):
        if index >= count:
            yield Oddity(where, f"it names tensor {index} of {count}")


def _used(tensor: Tensor) -> Iterator[str]:
    signature = tensor.shape_signature
    if signature and len(signature) != len(tensor.shape):
        yield "its shape and shape signature differ in rank; the shape is taken"
    elif any(a not in (b, -1) for a, b in zip(signature, tensor.shape, strict=False)):
        yield f"its shape signature is {list(signature)}; its shape {list(tensor.shape)} is taken"
    quantisation = tensor.quantisation
    if quantisation is None or tensor.dtype not in QUANTISED:
        return
    scales = quantisation.scales
    if scales.size == 1 and not 0 <= quantisation.axis < max(1, len(tensor.shape)):
        yield (
            f"it has one scale, yet a quantised dimension of {quantisation.axis}, which is none of "
            "its axes: TFLite-Micro does not look at it, LiteRT refuses to load it"
        )
    if (scales == 0).any():
        yield "a scale is 0: all values under it count as 0"
    if ((scales > 0) & (scales < _SMALLEST_NORMAL)).any():
        yield "a scale is denormal: calibration saw nothing there, and XNNPACK refuses it"


def _unused(tensor: Tensor) -> Iterator[str]:
    problem = next(quantisation_problems(tensor), "") or unusable_scale(tensor)
    if problem:
        yield f"{problem}; nothing uses it"


def _borders(subgraph: Subgraph) -> Iterator[Oddity]:
    for tensor in subgraph.input_tensors:
        if is_open(tensor):
            yield Oddity(
                subgraph.tensor_label(tensor.index),
                f"an axis of unknown length ({list(tensor.shape_signature)}): all figures are for "
                f"{list(tensor.shape)}",
            )
    for what, tensors in (("inputs", subgraph.input_tensors), ("outputs", subgraph.output_tensors)):
        names = [tensor.name for tensor in tensors if tensor.name]
        if len(set(names)) < len(names):
            yield Oddity(
                f"{subgraph.prefix}{what}", "several have one name: they are told by their number"
            )
