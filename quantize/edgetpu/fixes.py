"""What to do about a broken rule: its own advice, or better one for what broke it here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from quantize.edgetpu.checks import misfit
from quantize.edgetpu.operators import REPLACEMENTS
from quantize.edgetpu.rules import Rule
from quantize.tflite.model import Layer, Model, Tensor
from quantize.tflite.schema import DType

NEVER_MAPS = frozenset({"unknown-builtin", "control-flow", "supported-operator"})
"""Rules about operators that no version or shape would bring onto the chip."""
_FOUR_BIT = frozenset({DType.INT2, DType.INT4, DType.UINT4})
_INTEGER = frozenset({DType.INT32, DType.INT64, DType.UINT32, DType.UINT64})


def fix_for(rule: Rule, layer: Layer) -> str:
    """Return what to do about a rule that an operator breaks."""
    special = _FIXES.get(rule.id)
    return (special(layer) if special else "") or rule.fix


def fix_for_model(rule: Rule, model: Model) -> str:
    """Return what to do about a rule that a model breaks as a whole."""
    if rule.id == "control-flow" and len(model.subgraphs) > 1:
        return (
            "where its graphs are signatures, export one of them alone "
            "(TFLiteConverter.from_saved_model(..., signature_keys=[...])); where they are "
            "branches or loops, unroll them, or choose on the host"
        )
    return rule.fix


def _operator_that_never_maps(layer: Layer) -> str:
    if layer.name in REPLACEMENTS:
        return REPLACEMENTS[layer.name]
    if layer.name.startswith("Flex"):
        return (
            "it is an operator of TensorFlow itself: convert without SELECT_TF_OPS, and replace "
            "what then has no form"
        )
    if layer.index == layer.graph.operators[-1].index:
        return (
            "it is the last operator already, and runs on the CPU after the Edge TPU: leave it "
            "there, or cut it off and compute it on the host"
        )
    return ""


def _type_that_does_not_fit(layer: Layer) -> str:
    tensor = misfit(layer)
    return "" if tensor is None else _advice_for_type(tensor)


def _advice_for_type(tensor: Tensor) -> str:
    if tensor.dtype is DType.INT16:
        return (
            "the model has 16-bit activations (16x8): convert it with "
            "supported_ops = [TFLITE_BUILTINS_INT8], not the 16x8 set"
        )
    if tensor.dtype in _FOUR_BIT:
        return "its weights are packed below 8 bits: quantise weights to int8"
    if tensor.dtype in _INTEGER:
        return (
            "it computes with shapes or indices: fix the input's shape before conversion, so that "
            "they become constants, or compute them on the host"
        )
    if tensor.dtype is DType.STRING:
        return "texts stay on the host: cut the model behind what reads them"
    if tensor.dtype is DType.BOOL:
        return "comparisons stay on the CPU: compute with int8 factors of 0 and 1, or on the host"
    if tensor.quantisation is None and not tensor.dtype.is_float:
        return (
            "the tensor has no scale: convert the float model with a representative data set, so "
            "that every 8-bit tensor gets one"
        )
    return ""


_FIXES: Mapping[str, Callable[[Layer], str]] = MappingProxyType(
    {
        "unknown-builtin": _operator_that_never_maps,
        "supported-operator": _operator_that_never_maps,
        "control-flow": _operator_that_never_maps,
        "eight-bit": _type_that_does_not_fit,
    }
)
