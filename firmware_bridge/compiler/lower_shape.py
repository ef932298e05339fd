"""RESHAPE, SQUEEZE and EXPAND_DIMS: another shape for the same bytes, which costs nothing."""

from __future__ import annotations

from firmware_bridge.compiler.operands import check_dtype, input_tensor, refuse
from firmware_bridge.compiler.records import KernelCall
from quantize.tflite.model import Operator, Subgraph


def lower_view(operator: Operator, graph: Subgraph) -> KernelCall:
    """Lower an operator whose output is its input's bytes under another shape.

    Raises
    ------
    BadInput
        When the shapes hold different numbers of elements, the types differ, the input is a
        constant, or the shape is only known at run time.
    """
    source = input_tensor(operator, graph, 0)
    target = graph.tensors[operator.outputs[0]]
    check_dtype(operator, graph, target, "its output", source.dtype)
    if source.is_constant:
        refuse(operator, graph, "its input is a constant", hint="fold it when converting")
    if source.elements != target.elements:
        shapes = f"{list(source.shape)} to {list(target.shape)}"
        refuse(operator, graph, f"its shapes hold different numbers of elements: {shapes}")
    for index in operator.inputs[1:]:
        if index >= 0 and not graph.tensors[index].is_constant:
            refuse(operator, graph, "its shape is computed at run time")
    return KernelCall(
        operator=operator.index,
        name=operator.name,
        function=None,
        header="",
        struct="",
        fields={},
        constants=(),
        inputs=operator.inputs[:1],
        outputs=operator.outputs,
        scratch_bytes=0,
        macs=0,
    )


def lower_known_shape(operator: Operator, graph: Subgraph) -> KernelCall:
    """Refuse a SHAPE that was not folded: only the shapes that others use are known beforehand.

    Raises
    ------
    BadInput
        Always.
    """
    refuse(operator, graph, "its result is put out, or is not int32")
