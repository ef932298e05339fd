"""QUANTIZE and DEQUANTIZE: between float and int8 at inputs and outputs, and between integers.

What a kernel of 8 bits cannot read or write (uint8, int16, int32) stands at inputs and outputs too.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.fixed_point import INT32_MAX, INT32_MIN, multiply
from firmware_bridge.compiler.kernel_call import Constant, Field, KernelCall
from firmware_bridge.compiler.lower.unary import lookup_call
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
from firmware_bridge.compiler.unary_tables import rescale_table
from quantize.tflite.model import Layer, Quantisation, Tensor
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


def lower_quantize(layer: Layer) -> KernelCall:
    """Lower QUANTIZE of integers (8 bits to 8 bits by a table), or of the model's float32 input.

    Raises
    ------
    BadInput
        When types or quantisation do not fit, or floats stand elsewhere than at the input.
    """
    source = input_tensor(layer, 0)
    target = layer.outputs[0]
    if (source.dtype, target.dtype) in _TABLES:
        one, other = (quantisation_of(layer, tensor) for tensor in (source, target))
        ratio = one.scale / other.scale
        types = (source.dtype, target.dtype)
        return lookup_call(
            layer, lambda: rescale_table(one, other, real=ratio, types=types), types=types
        )
    if (source.dtype, target.dtype) in _RESCALES:
        return _rescale(layer, source, target)
    target = output_tensor(layer)
    check_dtype(layer, source, "input 0", DType.FLOAT32)
    if source.index not in layer.graph.inputs:
        refuse(layer, "its float input is not the model's input", hint=_FLOAT_HINT)
    other = quantisation_of(layer, target)
    fields: dict[str, Field] = {"scale": float(other.scale), "zero_point": other.zero_point}
    return _call(layer, "i8_quantise", DType.FLOAT32, fields, ())


def _rescale(layer: Layer, source: Tensor, target: Tensor) -> KernelCall:
    """Lower QUANTIZE of integers of more than 8 bits on one side."""
    one, other = (quantisation_of(layer, tensor) for tensor in (source, target))
    multiplier, shift = multiplier_of(layer, one.scale / other.scale)
    ends = np.array(integer_range(source.dtype), np.int64) - one.zero_point
    if max(abs(int(end)) for end in ends) << max(shift, 0) > INT32_MAX:
        refuse(layer, "its output's scale is too small beside its input's")
    results = multiply(ends, multiplier, shift) + other.zero_point
    if results.min() < INT32_MIN or results.max() > INT32_MAX:
        refuse(layer, "its output's zero point leads beyond 32 bits")
    fields: dict[str, Field] = {
        "input_zero_point": one.zero_point,
        "multiplier": multiplier,
        "shift": shift,
        "output_zero_point": other.zero_point,
    }
    function = _RESCALES[source.dtype, target.dtype]
    call = _call(layer, function, source.dtype, fields, ())
    return replace(call, header="i8_rescale.h", struct="i8_rescale")


def lower_dequantize(layer: Layer) -> KernelCall:
    """Lower DEQUANTIZE of int8 to the model's float32 output, by a table of all values.

    Raises
    ------
    BadInput
        When types or quantisation do not fit, or floats stand elsewhere than at the output.
    """
    source = computed_input(layer)
    target = output_tensor(layer, dtype=DType.FLOAT32)
    if target.index not in layer.graph.outputs:
        refuse(layer, "its float output is not the model's output", hint=_FLOAT_HINT)
    values = dequantised(quantisation_of(layer, source))
    if not np.isfinite(values).all():
        scale = quantisation_of(layer, source).scale
        refuse(layer, f"its scale, {scale:g}, leads beyond float32")
    return table_call(layer, source.index, values)


def dequantised(quantisation: Quantisation) -> NDArray[np.float32]:
    """Return the floats that int8 values -128 to 127 stand for, ``[256]``."""
    with np.errstate(over="ignore"):
        centred = np.arange(-128, 128, dtype=np.int64) - quantisation.zero_point
        return (quantisation.scale * centred).astype(np.float32)


def table_call(layer: Layer, source: int, values: NDArray[np.float32]) -> KernelCall:
    """Return the call that puts out a float32 for each int8 of a tensor, ``[256]`` from -128 on."""
    # The kernel takes the input's bits as unsigned: first 0 to 127, then -128 to -1.
    constants = (Constant("values", np.roll(values, 128)),)
    read = layer.with_inputs(source)
    return _call(read, "i8_dequantise", DType.INT8, {"values": "values"}, constants)


def _call(
    layer: Layer,
    function: str,
    source_type: DType,
    fields: dict[str, Field],
    constants: tuple[Constant, ...],
) -> KernelCall:
    source = computed_input(layer, dtype=source_type)
    target = layer.outputs[0]
    if source.elements != target.elements:
        refuse(layer, f"it makes {list(target.shape)} of {list(source.shape)}")
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=function,
        header="i8_quantise.h",
        struct=function,
        fields={"elements": source.elements, **fields},
        constants=constants,
        inputs=layer.operator.inputs,
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
