"""Floats between DEQUANTIZE and QUANTIZE: functions of one int8 value, which a table holds.

Converters leave an operator in floats where TensorFlow Lite has no int8 kernel for it, such as ELU,
NEG, SIN or SQUARE, and put DEQUANTIZE before and QUANTIZE behind it. As long as each float depends
on one int8 value alone, all that the device needs is a table of 256 outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.quantise import dequantised, table_call
from firmware_bridge.compiler.lower.unary import lookup_call
from firmware_bridge.compiler.operands import quantisation_of, refuse
from firmware_bridge.compiler.unary_tables import quantised_table
from quantize.tflite.model import Layer, Subgraph
from quantize.tflite.options import ArithmeticOptions
from quantize.tflite.schema import Activation, DType

Floats = NDArray[np.float32]
_Wide = NDArray[np.float64]


def _nearest(function: Callable[[_Wide], _Wide]) -> Callable[[Floats], Floats]:
    """Return a function of libm as the float that is nearest to its result."""
    return lambda values: function(values.astype(np.float64)).astype(np.float32)


_elu = _nearest(lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x))
FUNCTIONS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "ABS": np.abs,
        "CEIL": np.ceil,
        "COS": _nearest(np.cos),
        "ELU": _elu,
        "EXP": _nearest(np.exp),
        "FLOOR": np.floor,
        "LOG": _nearest(np.log),
        "NEG": np.negative,
        "ROUND": np.rint,
        "RSQRT": lambda values: np.reciprocal(np.sqrt(values)),
        "SIN": _nearest(np.sin),
        "SQRT": np.sqrt,
        "SQUARE": np.square,
    }
)
"""What TFLite-Micro computes of floats one by one, by the operator's name."""
WITH_CONSTANT: Mapping[str, Callable[[np.float32, Floats], Floats]] = MappingProxyType(
    {"ADD": np.add, "MAXIMUM": np.maximum}
)
"""And of floats and one constant."""


@dataclass(frozen=True, slots=True, eq=False)
class Island:
    """Floats that are functions of one int8 tensor.

    Parameters
    ----------
    source
        That tensor's index.
    values
        float32 ``[256]``: what they are for its values -128 to 127.
    """

    source: int
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Islands:
    """Where the floats of a graph lie that need only a table.

    Parameters
    ----------
    ends
        What is written as a table, by operator: QUANTIZE, or a function whose result is put out.
    inner
        The operators between, which need not run.
    """

    ends: Mapping[int, Island]
    inner: frozenset[int]


def float_islands(graph: Subgraph) -> Islands:
    """Find the floats that are made of int8 by DEQUANTIZE, and what becomes of them."""
    known: dict[int, Island] = {}
    ends: dict[int, Island] = {}
    inner = set()
    for layer in graph.layers:
        if layer.is_custom or len(layer.operator.outputs) != 1 or not layer.operator.inputs:
            continue
        source, target = layer.operator.inputs[0], layer.operator.outputs[0]
        if layer.name == "QUANTIZE" and source in known:
            ends[layer.index] = known[source]
            continue
        made = _made(layer, known)
        if made is None:
            continue
        known[target] = made
        if target not in graph.outputs:
            inner.add(layer.index)
        elif layer.name != "DEQUANTIZE":
            ends[layer.index] = made
    return Islands(MappingProxyType(ends), frozenset(inner - _needed(graph, known, ends)))


def _made(layer: Layer, known: Mapping[int, Island]) -> Island | None:
    """Return what an operator makes of int8, or of floats that are known."""
    source, target = layer.input(0), layer.output
    joined = _with_constant(layer)
    if joined is not None:
        source = layer.input(joined.place)
    if source is None or target is None or target.dtype is not DType.FLOAT32:
        return None
    if source.elements != target.elements or source.is_constant:
        return None
    if layer.name == "DEQUANTIZE":
        whole = source.whole
        if source.dtype is not DType.INT8 or whole is None:
            return None
        return Island(source.index, dequantised(whole))
    function = FUNCTIONS.get(layer.name) if joined is None else joined.function
    before = known.get(source.index)
    if function is None or before is None:
        return None
    with np.errstate(all="ignore"):
        return Island(before.source, function(before.values))


@dataclass(frozen=True, slots=True, eq=False)
class _Joined:
    """Which input is no constant, and what is done with it."""

    place: int
    function: Callable[[Floats], Floats]


def _with_constant(layer: Layer) -> _Joined | None:
    """Return what a sum or a maximum with a float constant is; `None` of others."""
    join = WITH_CONSTANT.get(layer.name)
    options = layer.operator.options
    fused = isinstance(options, ArithmeticOptions) and options.activation is not Activation.NONE
    if join is None or fused or len(layer.operator.inputs) != 2:
        return None
    for place in (0, 1):
        constant = layer.input(1 - place)
        if constant is None or constant.data is None or constant.dtype is not DType.FLOAT32:
            continue
        if constant.elements == 1:
            value = np.float32(constant.data.reshape(-1)[0])
            return _Joined(place, partial(join, value))
    return None


def _needed(
    graph: Subgraph, known: Mapping[int, Island], ends: Mapping[int, Island]
) -> frozenset[int]:
    """Return the operators whose floats others read too: these are refused by their names."""
    makers = {operator.outputs[0]: operator for operator in graph.operators if operator.outputs}
    return frozenset(
        makers[index].index
        for operator in graph.operators
        for index in operator.inputs
        if index in known
        and operator.index not in ends
        and not (operator.outputs and operator.outputs[0] in known)
    )


def lower_island(layer: Layer, island: Island) -> KernelCall:
    """Lower the end of an island: a table of int8, or of the model's float32 output.

    Raises
    ------
    BadInput
        When a value has no result, or types do not fit.
    """
    target = layer.outputs[0]
    if not np.isfinite(island.values).all():
        refuse(
            layer,
            "its floats are not defined for all values of the int8 tensor that they are made of",
            hint="let the function be of values that it is defined for, as max(x, 0.001)",
        )
    if target.dtype is DType.FLOAT32:
        return table_call(layer, island.source, island.values)
    other = quantisation_of(layer, target)
    return lookup_call(layer, lambda: quantised_table(island.values, other), source=island.source)
