"""Which lowering each operator has, and what a model must be to be lowered at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.float_islands import float_islands, lower_island
from firmware_bridge.compiler.fold import folded
from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lower.batches import lower_batches
from firmware_bridge.compiler.lower.conv import lower_conv_2d
from firmware_bridge.compiler.lower.depthwise import lower_depthwise_conv_2d
from firmware_bridge.compiler.lower.div import lower_div
from firmware_bridge.compiler.lower.elementwise import lower_add, lower_mul
from firmware_bridge.compiler.lower.fully_connected import lower_fully_connected
from firmware_bridge.compiler.lower.l2_normalise import lower_l2_normalization
from firmware_bridge.compiler.lower.lstm import lower_lstm
from firmware_bridge.compiler.lower.matmul import lower_batch_matmul
from firmware_bridge.compiler.lower.mean import lower_mean
from firmware_bridge.compiler.lower.most import lower_arg_most, lower_reduce_most
from firmware_bridge.compiler.lower.move import (
    lower_concatenation,
    lower_pack,
    lower_pad,
    lower_split,
    lower_split_v,
    lower_strided_slice,
    lower_transpose,
)
from firmware_bridge.compiler.lower.pairs import (
    lower_extremum,
    lower_prelu,
    lower_squared_difference,
)
from firmware_bridge.compiler.lower.pool import lower_average_pool_2d, lower_max_pool_2d
from firmware_bridge.compiler.lower.quantise import lower_dequantize, lower_quantize
from firmware_bridge.compiler.lower.resize import (
    lower_resize_bilinear,
    lower_resize_nearest_neighbor,
)
from firmware_bridge.compiler.lower.shape import lower_known_shape, lower_view
from firmware_bridge.compiler.lower.slice import (
    lower_broadcast_to,
    lower_reverse,
    lower_slice,
    lower_unpack,
)
from firmware_bridge.compiler.lower.softmax import lower_log_softmax, lower_softmax
from firmware_bridge.compiler.lower.space import (
    lower_depth_to_space,
    lower_gather,
    lower_gather_nd,
    lower_mirror_pad,
    lower_space_to_depth,
)
from firmware_bridge.compiler.lower.sums import lower_add_n, lower_cumsum
from firmware_bridge.compiler.lower.svdf import lower_svdf
from firmware_bridge.compiler.lower.transpose_conv import lower_transpose_conv
from firmware_bridge.compiler.lower.truth import lower_cast, lower_comparison, lower_select_v2
from firmware_bridge.compiler.lower.unary import lower_unary
from firmware_bridge.compiler.lower.variable import lower_assign, lower_read
from firmware_bridge.compiler.operands import refuse
from firmware_bridge.compiler.state import separate
from firmware_bridge.compiler.variables import DECLARATIONS, Resolved, resolve_variables
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.tflite.model import Layer, Model, Subgraph, Tensor
from quantize.tflite.redundancy import disagreements
from quantize.tflite.scales import scale_problem
from quantize.tflite.schema import DType
from quantize.tflite.verify import is_settled

Lowering = Callable[[Layer], KernelCall]
LOWERINGS: Mapping[str, Lowering] = MappingProxyType(
    {
        "ABS": lower_unary,
        "ADD": lower_add,
        "ADD_N": lower_add_n,
        "ARG_MAX": lower_arg_most,
        "ARG_MIN": lower_arg_most,
        "ASSIGN_VARIABLE": lower_assign,
        "AVERAGE_POOL_2D": lower_average_pool_2d,
        "BATCH_MATMUL": lower_batch_matmul,
        "BATCH_TO_SPACE_ND": lower_batches,
        "BROADCAST_TO": lower_broadcast_to,
        "CAST": lower_cast,
        "CONCATENATION": lower_concatenation,
        "CONV_2D": lower_conv_2d,
        "CUMSUM": lower_cumsum,
        "DEPTHWISE_CONV_2D": lower_depthwise_conv_2d,
        "DEPTH_TO_SPACE": lower_depth_to_space,
        "DEQUANTIZE": lower_dequantize,
        "DIV": lower_div,
        "ELU": lower_unary,
        "EQUAL": lower_comparison,
        "EXPAND_DIMS": lower_view,
        "FULLY_CONNECTED": lower_fully_connected,
        "GATHER": lower_gather,
        "GATHER_ND": lower_gather_nd,
        "GREATER": lower_comparison,
        "GREATER_EQUAL": lower_comparison,
        "HARD_SWISH": lower_unary,
        "L2_NORMALIZATION": lower_l2_normalization,
        "LEAKY_RELU": lower_unary,
        "LESS": lower_comparison,
        "LESS_EQUAL": lower_comparison,
        "LOGISTIC": lower_unary,
        "LOG_SOFTMAX": lower_log_softmax,
        "MAXIMUM": lower_extremum,
        "MAX_POOL_2D": lower_max_pool_2d,
        "MEAN": lower_mean,
        "MINIMUM": lower_extremum,
        "MIRROR_PAD": lower_mirror_pad,
        "MUL": lower_mul,
        "NOT_EQUAL": lower_comparison,
        "PACK": lower_pack,
        "PAD": lower_pad,
        "PADV2": lower_pad,
        "PRELU": lower_prelu,
        "QUANTIZE": lower_quantize,
        "READ_VARIABLE": lower_read,
        "REDUCE_MAX": lower_reduce_most,
        "REDUCE_MIN": lower_reduce_most,
        "RELU": lower_unary,
        "RELU6": lower_unary,
        "RESHAPE": lower_view,
        "RESIZE_BILINEAR": lower_resize_bilinear,
        "RESIZE_NEAREST_NEIGHBOR": lower_resize_nearest_neighbor,
        "REVERSE_V2": lower_reverse,
        "RSQRT": lower_unary,
        "SELECT_V2": lower_select_v2,
        "SHAPE": lower_known_shape,
        "SLICE": lower_slice,
        "SOFTMAX": lower_softmax,
        "SPACE_TO_BATCH_ND": lower_batches,
        "SPACE_TO_DEPTH": lower_space_to_depth,
        "SPLIT": lower_split,
        "SPLIT_V": lower_split_v,
        "SQUARED_DIFFERENCE": lower_squared_difference,
        "SQUEEZE": lower_view,
        "STRIDED_SLICE": lower_strided_slice,
        "SUB": lower_add,
        "SUM": lower_mean,
        "SVDF": lower_svdf,
        "TANH": lower_unary,
        "TRANSPOSE": lower_transpose,
        "TRANSPOSE_CONV": lower_transpose_conv,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": lower_lstm,
        "UNPACK": lower_unpack,
    }
)
"""By the builtin operator's name."""
_MICRO_HINT = "run this model in TFLite-Micro, or change it"
_CONVERT_HINT = "convert the model to full int8, with int8 input and output"
_MOST_MACS = (1 << 32) - 1
MOST_OUTPUTS = 16
"""Inputs and outputs; what the device's banner has room to tell of."""
_INPUT_TYPES = frozenset({DType.INT8, DType.UINT8, DType.INT16, DType.FLOAT32})
_OUTPUT_TYPES = _INPUT_TYPES | {DType.INT32}


@dataclass(frozen=True, slots=True, eq=False)
class Lowered:
    """A model as kernel calls.

    Parameters
    ----------
    graph
        The main subgraph, its resource variables as tensors: what the calls' indices are of.
    calls
        Its operators in order, but those that only declare variables, or whose results are known.
    first_values
        What variables hold before the first inference, where the model says, uint8 ``[bytes]``.
    resources
        The tensors that were resource variables.
    """

    graph: Subgraph
    calls: tuple[KernelCall, ...]
    first_values: Mapping[int, NDArray[np.uint8]]
    resources: frozenset[int]


def lower_model(model: Model) -> Lowered:
    """Lower every operator of a model, in order, but those whose results are known now.

    Raises
    ------
    BadInput
        When the model has several subgraphs that are run, variables that are not used as they must
        be, or shapes that are known only at run time, or an operator cannot be lowered: by its
        name, layer and reason.
    """
    resolved = resolve_variables(model)
    graph = _only_subgraph(model, resolved)
    _check_tensors(model, graph)
    working = _working(graph)
    islands = float_islands(graph)
    tabled = islands.ends.keys() | islands.inner
    unknown = [
        layer
        for layer in working
        if (layer.is_custom or layer.name not in LOWERINGS) and layer.index not in tabled
    ]
    if unknown:
        kinds = ", ".join(sorted({printable(layer.name) for layer in unknown}))
        refuse(
            unknown[0],
            f"the firmware has no kernel for {kinds}",
            hint=f"it has {', '.join(LOWERINGS)}",
        )
    for layer in working:
        if problem := scale_problem(layer):
            refuse(layer, problem, hint="convert the model again: no runtime prepares it")
    graph, known = folded(graph)
    working = _working(graph)
    left = [layer for layer in working if layer.index not in known | islands.inner]
    calls = tuple(
        lower_island(layer, islands.ends[layer.index])
        if layer.index in islands.ends
        else LOWERINGS[layer.name](layer)
        for layer in left
    )
    _check_agreement(working)
    for layer, call in zip(left, calls, strict=True):
        if call.macs > _MOST_MACS:
            refuse(layer, f"it takes {call.macs} multiplications, beyond a uint32")
    return Lowered(graph, separate(graph, calls), resolved.first_values, resolved.resources)


def _working(graph: Subgraph) -> list[Layer]:
    """Return the layers that compute something: all but those that only declare variables."""
    return [layer for layer in graph.layers if layer.is_custom or layer.name not in DECLARATIONS]


def _check_agreement(layers: Sequence[Layer]) -> None:
    """Refuse what runtimes differ on: there is no one result for the firmware to give."""
    for layer in layers:
        problem = next(disagreements(layer), "") if is_settled(layer) else ""
        if problem:
            refuse(layer, problem, hint="convert the model again, so that they agree")


def _only_subgraph(model: Model, resolved: Resolved) -> Subgraph:
    """Return the subgraph that is run for each inference; those that are run once do not count."""
    name = printable(model.source)
    count = len(model.subgraphs) - len(resolved.initialisers)
    if count != 1:
        raise BadInput(
            f"{name} has {count} subgraphs, and firmware is written for one", hint=_MICRO_HINT
        )
    graph = resolved.graph
    if not 1 <= len(graph.inputs) <= MOST_OUTPUTS:
        raise BadInput(
            f"{name} has {len(graph.inputs)} inputs, firmware is written for 1 to {MOST_OUTPUTS}",
            hint=_MICRO_HINT,
        )
    if all(operator.name in DECLARATIONS for operator in graph.operators):
        raise BadInput(f"{name} has no operators", hint=_MICRO_HINT)
    _check_outputs(name, graph)
    return graph


def _check_outputs(name: str, graph: Subgraph) -> None:
    """Refuse outputs that nothing computes, and too many."""
    made = {index for operator in graph.operators for index in operator.outputs}
    if not 1 <= len(graph.outputs) <= MOST_OUTPUTS:
        raise BadInput(
            f"{name} has {len(graph.outputs)} outputs, firmware is written for 1 to {MOST_OUTPUTS}",
            hint=_MICRO_HINT,
        )
    if not made.issuperset(graph.outputs):
        raise BadInput(f"no operator of {name} computes its output", hint=_MICRO_HINT)


def _check_tensors(model: Model, graph: Subgraph) -> None:
    name = printable(model.source)
    borders = [("input", tensor, _INPUT_TYPES) for tensor in graph.input_tensors]
    borders += [("output", tensor, _OUTPUT_TYPES) for tensor in graph.output_tensors]
    for what, tensor, types in borders:
        if tensor.is_variable:
            raise BadInput(
                f"the {what} of {name} is a variable, which keeps its value: {_label(tensor)}",
                hint=_MICRO_HINT,
            )
        if tensor.dtype not in types:
            raise BadInput(
                f"{name} has an {what} of type {tensor.dtype.label}, not int8", hint=_CONVERT_HINT
            )
    for tensor in graph.tensors:
        # A batch that is given at run time is 1 on a device; converters write it as -1.
        if -1 in tensor.shape_signature[1:]:
            raise BadInput(
                f"{name} has a tensor whose shape is known only at run time: {_label(tensor)}",
                hint="fix the shapes when converting",
            )


def _label(tensor: Tensor) -> str:
    return f"tensor {tensor.index} ({printable(tensor.name)})"
