"""Operators whose results are known when compiling: SHAPE, and what is computed from shapes.

Converters write a RESHAPE to a shape that they did not work out as SHAPE, STRIDED_SLICE and PACK
before it. All shapes are known here, so these leave constants, and no code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.operands import refuse
from quantize.tflite.model import Layer, Operator, Subgraph, Tensor
from quantize.tflite.options import ConcatenationOptions, PackOptions, StridedSliceOptions
from quantize.tflite.schema import Activation, DType

_MOST_AXES = 8
_Value = NDArray[Any]
_Rule = Callable[[Operator, Sequence[Tensor]], "_Value | None"]


def folded(graph: Subgraph) -> tuple[Subgraph, frozenset[int]]:
    """Return the graph with the results that are known now as constants, and who gave them.

    Operators keep their places; the second is the indices of those that need not run. What the
    model puts out is left to be computed.

    Raises
    ------
    BadInput
        When a result is not of the shape or the type that the file says.
    """
    tensors = list(graph.tensors)
    done = set()
    for operator in graph.operators:
        rule = None if operator.code.is_custom else _RULES.get(operator.name)
        if rule is None or len(operator.outputs) != 1 or min(operator.inputs, default=-1) < 0:
            continue
        target = tensors[operator.outputs[0]]
        value = rule(operator, tensors)
        if value is None or target.index in graph.outputs:
            continue
        if value.shape != target.shape or value.dtype != target.dtype.numpy:
            refuse(
                Layer(graph, operator),
                f"it gives {value.dtype} {list(value.shape)}, and its output says "
                f"{target.dtype.label} {list(target.shape)}",
            )
        tensors[target.index] = replace(target, data=value)
        done.add(operator.index)
    return (replace(graph, tensors=tuple(tensors)) if done else graph), frozenset(done)


def _shape(operator: Operator, tensors: Sequence[Tensor]) -> _Value | None:
    if tensors[operator.outputs[0]].dtype is not DType.INT32:
        return None
    return np.asarray(tensors[operator.inputs[0]].shape, np.int32)


def _known(operator: Operator, tensors: Sequence[Tensor]) -> list[_Value] | None:
    """Return all inputs, where they are constant int32 of few axes."""
    values = []
    for index in operator.inputs:
        data = tensors[index].data
        if data is None or tensors[index].dtype is not DType.INT32 or data.size > _MOST_AXES:
            return None
        values.append(np.asarray(data, np.int32))
    return values


def _pack(operator: Operator, tensors: Sequence[Tensor]) -> _Value | None:
    values, options = _known(operator, tensors), operator.options
    if values is None or not isinstance(options, PackOptions):
        return None
    rank = values[0].ndim
    same = all(value.shape == values[0].shape for value in values)
    if not same or not -rank - 1 <= options.axis <= rank or len(values) > _MOST_AXES:
        return None
    return np.stack(values, axis=options.axis)


def _concatenation(operator: Operator, tensors: Sequence[Tensor]) -> _Value | None:
    values, options = _known(operator, tensors), operator.options
    if values is None or not isinstance(options, ConcatenationOptions):
        return None
    if options.activation is not Activation.NONE or options.axis not in (0, -1):
        return None
    if any(value.ndim != 1 for value in values) or len(values) > _MOST_AXES:
        return None
    return np.concatenate(values)


def _strided_slice(operator: Operator, tensors: Sequence[Tensor]) -> _Value | None:
    """Slice a row of lengths."""
    values, options = _known(operator, tensors), operator.options
    if values is None or len(values) != 4 or not isinstance(options, StridedSliceOptions):
        return None
    data, *bounds = values
    if data.ndim != 1 or any(bound.shape != (1,) for bound in bounds) or options.offset:
        return None
    if options.ellipsis_mask or options.new_axis_mask or bounds[2][0] == 0:
        return None
    begin, end, stride = (int(bound[0]) for bound in bounds)
    if options.shrink_axis_mask & 1:
        place = begin + data.size if begin < 0 else begin
        return np.asarray(data[place]) if 0 <= place < data.size else None
    first = None if options.begin_mask & 1 else begin
    last = None if options.end_mask & 1 else end
    picked = data[slice(first, last, stride)]
    return picked if picked.size else None


_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        "CONCATENATION": _concatenation,
        "PACK": _pack,
        "SHAPE": _shape,
        "STRIDED_SLICE": _strided_slice,
    }
)
"""Each returns ``None`` where the result is not known, or not defined."""
