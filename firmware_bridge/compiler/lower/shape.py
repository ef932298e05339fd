"""RESHAPE, SQUEEZE and EXPAND_DIMS: another shape for the same bytes, which costs nothing."""

from __future__ import annotations

from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.operands import check_dtype, input_tensor, refuse
from quantize.tflite.model import Layer


def lower_view(layer: Layer) -> KernelCall:
    """Lower an operator whose output is its input's bytes under another shape.

    Raises
    ------
    BadInput
        When the shapes hold different numbers of elements, the types differ, the input is a
        constant, or the shape is only known at run time.
    """
    source = input_tensor(layer, 0)
    target = layer.outputs[0]
    check_dtype(layer, target, "its output", source.dtype)
    if source.is_constant:
        refuse(layer, "its input is a constant", hint="fold it when converting")
    if source.elements != target.elements:
        shapes = f"{list(source.shape)} to {list(target.shape)}"
        refuse(layer, f"its shapes hold different numbers of elements: {shapes}")
    for place in range(1, len(layer.operator.inputs)):
        shape = layer.input(place)
        if shape is not None and not shape.is_constant:
            refuse(layer, "its shape is computed at run time")
    return KernelCall(
        operator=layer.index,
        name=layer.name,
        function=None,
        header="",
        struct="",
        fields={},
        constants=(),
        inputs=layer.operator.inputs[:1],
        outputs=layer.operator.outputs,
        scratch_bytes=0,
        macs=0,
    )


def lower_known_shape(layer: Layer) -> KernelCall:
    """Refuse a SHAPE that was not folded: only the shapes that others use are known beforehand.

    Raises
    ------
    BadInput
        Always.
    """
    refuse(layer, "its result is put out, or is not int32")
