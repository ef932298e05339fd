"""QUANTIZE and DEQUANTIZE: between float and int8 at the border, from one int8 scale to another."""

from __future__ import annotations

import numpy as np

from firmware_bridge.compiler.lower_unary import lookup_call
from firmware_bridge.compiler.operands import (
    check_dtype,
    computed_input,
    input_tensor,
    output_tensor,
    quantisation_of,
    refuse,
)
from firmware_bridge.compiler.records import Constant, Field, KernelCall
from firmware_bridge.compiler.unary_tables import rescale_table
from quantize.tflite.model import Operator, Subgraph
from quantize.tflite.schema import DType

_FLOAT_HINT = "convert the model to full int8: floats may stand only at its input and output"


def lower_quantize(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower QUANTIZE of int8 (a table), or of the model's float32 input.

    Raises
    ------
    BadInput
        When types or quantisation do not fit, or floats stand elsewhere than at the input.
    """
    source, target = input_tensor(operator, graph, 0), output_tensor(operator, graph)
    other = quantisation_of(operator, graph, target)
    if source.dtype is DType.INT8:
        one = quantisation_of(operator, graph, source)
        ratio = one.scale / other.scale
        return lookup_call(operator, graph, lambda: rescale_table(one, other, real=ratio))
    check_dtype(operator, graph, source, "input 0", DType.FLOAT32)
    if source.index not in graph.inputs:
        refuse(operator, graph, "its float input is not the model's input", hint=_FLOAT_HINT)
    fields: dict[str, Field] = {"scale": float(other.scale), "zero_point": other.zero_point}
    return _call(operator, graph, "i8_quantise", DType.FLOAT32, fields, ())


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
        header="i8_border.h",
        struct=function,
        fields={"elements": source.elements, **fields},
        constants=constants,
        inputs=operator.inputs,
        outputs=operator.outputs,
        scratch_bytes=0,
        macs=0,
    )
