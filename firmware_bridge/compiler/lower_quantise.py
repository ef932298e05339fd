"""QUANTIZE and DEQUANTIZE: between float and int8 at inputs and outputs, and between integers.

What a kernel of 8 bits cannot read or write (uint8, int16, int32) stands at inputs and outputs too.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from firmware_bridge.compiler.fixed_point import INT32_MAX, INT32_MIN, multiply
from firmware_bridge.compiler.lower_unary import lookup_call
from firmware_bridge.compiler.operands import (
    check_dtype,
    computed_input,
    input_tensor,
    integer_range,
    multiplier_of,
    output_tensor,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.records import Constant, Field, KernelCall
from firmware_bridge.compiler.unary_tables import rescale_table
from quantize.tflite.model import Operator, Subgraph, Tensor
from quantize.tflite.schema import DType

_TABLES = frozenset(
    {(DType.INT8, DType.INT8), (DType.INT8, DType.UINT8), (DType.UINT8, DType.INT8)}
)
_RESCALES = MappingProxyType(
    {
        (DType.INT8, DType.INT16): "i8_rescale_8_to_16",
        (DType.INT8, DType.INT32): "i8_rescale_8_to_32",
        (DType.INT16, DType.INT8): "i8_rescale_16_to_8",
        (DType.INT16, DType.INT16): "i8_rescale_16_to_16",
        (DType.INT16, DType.INT32): "i8_rescale_16_to_32",
    }
)
"""Kernels for the pairs of types that TFLite-Micro has beside those of 8 bits."""
_FLOAT_HINT = "convert the model to full int8: floats may stand only at its input and output"


def lower_quantize(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower QUANTIZE of integers (8 bits to 8 bits by a table), or of the model's float32 input.

    Raises
    ------
    BadInput
        When types or quantisation do not fit, or floats stand elsewhere than at the input.
    """
    source = input_tensor(operator, graph, 0)
    target = graph.tensors[operator.outputs[0]]
    if (source.dtype, target.dtype) in _TABLES:
        one, other = (quantisation_of(operator, graph, tensor) for tensor in (source, target))
        ratio = one.scale / other.scale
        types = (source.dtype, target.dtype)
        return lookup_call(
            operator, graph, lambda: rescale_table(one, other, real=ratio, types=types), types=types
        )
    if (source.dtype, target.dtype) in _RESCALES:
        return _rescale(operator, graph, source, target)
    target = output_tensor(operator, graph)
    check_dtype(operator, graph, source, "input 0", DType.FLOAT32)
    if source.index not in graph.inputs:
        refuse(operator, graph, "its float input is not the model's input", hint=_FLOAT_HINT)
    other = quantisation_of(operator, graph, target)
    fields: dict[str, Field] = {"scale": float(other.scale), "zero_point": other.zero_point}
    return _call(operator, graph, "i8_quantise", DType.FLOAT32, fields, ())


def _rescale(operator: Operator, graph: Subgraph, source: Tensor, target: Tensor) -> KernelCall:
    """Lower QUANTIZE of integers of more than 8 bits on one side."""
    one, other = (quantisation_of(operator, graph, tensor) for tensor in (source, target))
    multiplier, shift = multiplier_of(operator, graph, one.scale / other.scale)
    ends = np.array(integer_range(source.dtype), np.int64) - one.zero_point
    if max(abs(int(end)) for end in ends) << max(shift, 0) > INT32_MAX:
        refuse(operator, graph, "its output's scale is too small beside its input's")
    results = multiply(ends, multiplier, shift) + other.zero_point
    if results.min() < INT32_MIN or results.max() > INT32_MAX:
        refuse(operator, graph, "its output's zero point leads beyond 32 bits")
    fields: dict[str, Field] = {
        "input_zero_point": one.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "output_zero_point": other.zero_point,
    }
    function = _RESCALES[source.dtype, target.dtype]
    call = _call(operator, graph, function, source.dtype, fields, ())
    return replace(call, header="i8_rescale.h", struct="i8_rescale")


def lower_dequantize(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower DEQUANTIZE of int8 to the model's float32 output, by a table of all values.

    Raises
    ------
    BadInput
        When types or quantisation do not fit, or floats stand elsewhere than at the output.
    """
    source = computed_input(operator, graph)
    target = output_tensor(operator, graph, dtype=DType.FLOAT32)
    if target.index not in graph.outputs:
        refuse(operator, graph, "its float output is not the model's output", hint=_FLOAT_HINT)
    quantisation = quantisation_of(operator, graph, source)
    bits = np.arange(256, dtype=np.uint8).view(np.int8).astype(np.int64)
    values = quantisation.scale * (bits - quantisation.zero_point)
    if np.abs(values).max() > np.finfo(np.float32).max:
        refuse(operator, graph, f"its scale, {quantisation.scale:g}, leads beyond float32")
    constants = (Constant("values", values.astype(np.float32)),)
    return _call(operator, graph, "i8_dequantise", DType.INT8, {"values": "values"}, constants)


def _call(
    operator: Operator,
    graph: Subgraph,
    function: str,
    source_type: DType,
    fields: dict[str, Field],
    constants: tuple[Constant, ...],
) -> KernelCall:
    source = computed_input(operator, graph, dtype=source_type)
    target = graph.tensors[operator.outputs[0]]
    if source.elements != target.elements:
        refuse(operator, graph, f"it makes {list(target.shape)} of {list(source.shape)}")
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function=function,
        header="i8_quantise.h",
        struct=function,
        fields={"elements": source.elements, **fields},
        constants=constants,
        inputs=operator.inputs,
        outputs=operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
