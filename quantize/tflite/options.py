"""The typed options of operators, and how each is read from its table.

Operators that are not listed here keep ``None``: they are readable, but not understood.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from quantize.tflite.flatbuffer import FlatbufferError, Table
from quantize.tflite.schema import Activation, Padding


@dataclass(frozen=True, slots=True)
class Conv2DOptions:
    """CONV_2D: ``[n, h, w, c]`` by filters ``[out, kh, kw, c]``."""

    padding: Padding
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class DepthwiseConv2DOptions:
    """DEPTHWISE_CONV_2D: ``[n, h, w, c]`` by filters ``[1, kh, kw, c * depth_multiplier]``."""

    padding: Padding
    stride_h: int
    stride_w: int
    depth_multiplier: int
    dilation_h: int
    dilation_w: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class TransposeConvOptions:
    """TRANSPOSE_CONV: output shape, filters ``[out, kh, kw, in]``, input, bias."""

    padding: Padding
    stride_h: int
    stride_w: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class Pool2DOptions:
    """AVERAGE_POOL_2D, MAX_POOL_2D and L2_POOL_2D."""

    padding: Padding
    stride_h: int
    stride_w: int
    filter_h: int
    filter_w: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class SvdfOptions:
    """SVDF: `rank` filters a unit, over the last inputs that its state remembers."""

    rank: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class FullyConnectedOptions:
    """FULLY_CONNECTED: input by weights ``[out, in]``."""

    activation: Activation
    weights_format: int
    """0: plain rows; 1: shuffled in blocks of 4 by 16."""
    keep_num_dims: bool
    asymmetric_quantize_inputs: bool


@dataclass(frozen=True, slots=True)
class ArithmeticOptions:
    """ADD, SUB, MUL and DIV, with NumPy's broadcasting."""

    activation: Activation


@dataclass(frozen=True, slots=True)
class ReducerOptions:
    """MEAN, SUM and the other reductions over the axes in the second input."""

    keep_dims: bool


@dataclass(frozen=True, slots=True)
class SoftmaxOptions:
    """SOFTMAX over the last axis of `beta` times the input."""

    beta: float


@dataclass(frozen=True, slots=True)
class ConcatenationOptions:
    """CONCATENATION along `axis`; negative counts from the end."""

    axis: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """SPLIT and SPLIT_V into `num_splits` parts."""

    num_splits: int


@dataclass(frozen=True, slots=True)
class PackOptions:
    """PACK and UNPACK of `count` tensors along a new or vanishing `axis`."""

    count: int
    axis: int


@dataclass(frozen=True, slots=True)
class ReshapeOptions:
    """RESHAPE; where there is a second input, that holds the shape and this one is ignored."""

    new_shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SqueezeOptions:
    """SQUEEZE of the given axes, of all axes of length 1 where none is given."""

    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StridedSliceOptions:
    """STRIDED_SLICE; bit i of a mask speaks of axis i of begin, end and strides."""

    begin_mask: int
    end_mask: int
    ellipsis_mask: int
    new_axis_mask: int
    shrink_axis_mask: int
    offset: bool


@dataclass(frozen=True, slots=True)
class ResizeOptions:
    """RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR."""

    align_corners: bool
    half_pixel_centers: bool


@dataclass(frozen=True, slots=True)
class GatherOptions:
    """GATHER along `axis`; the first `batch_dims` axes of both inputs go together."""

    axis: int
    batch_dims: int


@dataclass(frozen=True, slots=True)
class MirrorPadOptions:
    """MIRROR_PAD; `symmetric` repeats the values at the edge, else the mirror lies on them."""

    symmetric: bool


@dataclass(frozen=True, slots=True)
class L2NormOptions:
    """L2_NORMALIZATION over the last axis."""

    activation: Activation


@dataclass(frozen=True, slots=True)
class BlockOptions:
    """DEPTH_TO_SPACE and SPACE_TO_DEPTH with blocks of `size` by `size`."""

    size: int


@dataclass(frozen=True, slots=True)
class LeakyReluOptions:
    """LEAKY_RELU with slope `alpha` below zero."""

    alpha: float


@dataclass(frozen=True, slots=True)
class BatchMatMulOptions:
    """BATCH_MATMUL; an adjoint operand is transposed in its last two axes."""

    adjoint_x: bool
    adjoint_y: bool


@dataclass(frozen=True, slots=True)
class CumsumOptions:
    """CUMSUM; exclusive sums leave an element's own value out, reversed ones begin at the end."""

    exclusive: bool
    reverse: bool


@dataclass(frozen=True, slots=True)
class LstmOptions:
    """UNIDIRECTIONAL_SEQUENCE_LSTM."""

    activation: Activation
    cell_clip: float
    projection_clip: float
    time_major: bool


@dataclass(frozen=True, slots=True)
class CallOnceOptions:
    """CALL_ONCE of `subgraph`, before the first invocation only."""

    subgraph: int


@dataclass(frozen=True, slots=True)
class VarHandleOptions:
    """VAR_HANDLE: two of the same names are one variable."""

    container: str
    shared_name: str


OperatorOptions = (
    Conv2DOptions
    | DepthwiseConv2DOptions
    | TransposeConvOptions
    | Pool2DOptions
    | SvdfOptions
    | FullyConnectedOptions
    | ArithmeticOptions
    | ReducerOptions
    | SoftmaxOptions
    | ConcatenationOptions
    | SplitOptions
    | PackOptions
    | ReshapeOptions
    | SqueezeOptions
    | StridedSliceOptions
    | ResizeOptions
    | GatherOptions
    | MirrorPadOptions
    | L2NormOptions
    | BlockOptions
    | LeakyReluOptions
    | BatchMatMulOptions
    | CumsumOptions
    | LstmOptions
    | CallOnceOptions
    | VarHandleOptions
)
_Choice = TypeVar("_Choice", Padding, Activation)
_Parser = Callable[["_Fields"], OperatorOptions]


@dataclass(frozen=True, slots=True)
class _Fields:
    """An options table, or the schema's defaults where the operator has none."""

    table: Table | None

    def int32(self, index: int, default: int = 0) -> int:
        return default if self.table is None else self.table.int32(index, default)

    def boolean(self, index: int, default: bool = False) -> bool:
        return default if self.table is None else self.table.boolean(index, default)

    def float32(self, index: int) -> float:
        return 0.0 if self.table is None else self.table.float32(index)

    def integers(self, index: int) -> tuple[int, ...]:
        return () if self.table is None else self.table.integers(index)

    def int8(self, index: int) -> int:
        return 0 if self.table is None else self.table.int8(index)

    def string(self, index: int) -> str:
        return "" if self.table is None else self.table.string(index)

    def padding(self, index: int) -> Padding:
        return _choose(Padding, self.int8(index), self.table)

    def activation(self, index: int) -> Activation:
        return _choose(Activation, self.int8(index), self.table)


def _choose(kind: type[_Choice], code: int, table: Table | None) -> _Choice:
    try:
        return kind(code)
    except ValueError as error:
        position = 0 if table is None else table.position
        raise FlatbufferError(str(error), position) from error


def _conv_2d(f: _Fields) -> Conv2DOptions:
    return Conv2DOptions(
        padding=f.padding(0),
        stride_w=f.int32(1),
        stride_h=f.int32(2),
        activation=f.activation(3),
        dilation_w=f.int32(4, 1),
        dilation_h=f.int32(5, 1),
    )


def _depthwise_conv_2d(f: _Fields) -> DepthwiseConv2DOptions:
    return DepthwiseConv2DOptions(
        padding=f.padding(0),
        stride_w=f.int32(1),
        stride_h=f.int32(2),
        depth_multiplier=f.int32(3),
        activation=f.activation(4),
        dilation_w=f.int32(5, 1),
        dilation_h=f.int32(6, 1),
    )


def _transpose_conv(f: _Fields) -> TransposeConvOptions:
    return TransposeConvOptions(
        padding=f.padding(0), stride_w=f.int32(1), stride_h=f.int32(2), activation=f.activation(3)
    )


def _pool_2d(f: _Fields) -> Pool2DOptions:
    return Pool2DOptions(
        padding=f.padding(0),
        stride_w=f.int32(1),
        stride_h=f.int32(2),
        filter_w=f.int32(3),
        filter_h=f.int32(4),
        activation=f.activation(5),
    )


def _fully_connected(f: _Fields) -> FullyConnectedOptions:
    return FullyConnectedOptions(
        activation=f.activation(0),
        weights_format=f.int8(1),
        keep_num_dims=f.boolean(2),
        asymmetric_quantize_inputs=f.boolean(3),
    )


def _strided_slice(f: _Fields) -> StridedSliceOptions:
    return StridedSliceOptions(
        begin_mask=f.int32(0),
        end_mask=f.int32(1),
        ellipsis_mask=f.int32(2),
        new_axis_mask=f.int32(3),
        shrink_axis_mask=f.int32(4),
        offset=f.boolean(5),
    )


def _lstm(f: _Fields) -> LstmOptions:
    return LstmOptions(
        activation=f.activation(0),
        cell_clip=f.float32(1),
        projection_clip=f.float32(2),
        time_major=f.boolean(3),
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    """An options table's code in the schema's union, and its parser."""

    union_code: int
    parse: _Parser = field(repr=False)


def _entries() -> Mapping[str, _Entry]:
    pool = _Entry(5, _pool_2d)
    reducer = _Entry(27, lambda f: ReducerOptions(keep_dims=f.boolean(0)))
    table = {
        "CONV_2D": _Entry(1, _conv_2d),
        "DEPTHWISE_CONV_2D": _Entry(2, _depthwise_conv_2d),
        "TRANSPOSE_CONV": _Entry(49, _transpose_conv),
        "SVDF": _Entry(6, lambda f: SvdfOptions(f.int32(0), f.activation(1))),
        "FULLY_CONNECTED": _Entry(8, _fully_connected),
        "ADD": _Entry(11, lambda f: ArithmeticOptions(f.activation(0))),
        "SUB": _Entry(28, lambda f: ArithmeticOptions(f.activation(0))),
        "MUL": _Entry(21, lambda f: ArithmeticOptions(f.activation(0))),
        "DIV": _Entry(29, lambda f: ArithmeticOptions(f.activation(0))),
        "SOFTMAX": _Entry(9, lambda f: SoftmaxOptions(f.float32(0))),
        "CONCATENATION": _Entry(10, lambda f: ConcatenationOptions(f.int32(0), f.activation(1))),
        "SPLIT": _Entry(35, lambda f: SplitOptions(f.int32(0))),
        "SPLIT_V": _Entry(79, lambda f: SplitOptions(f.int32(0))),
        "PACK": _Entry(59, lambda f: PackOptions(f.int32(0), f.int32(1))),
        "UNPACK": _Entry(64, lambda f: PackOptions(f.int32(0), f.int32(1))),
        "RESHAPE": _Entry(17, lambda f: ReshapeOptions(f.integers(0))),
        "SQUEEZE": _Entry(30, lambda f: SqueezeOptions(f.integers(0))),
        "STRIDED_SLICE": _Entry(32, _strided_slice),
        "RESIZE_NEAREST_NEIGHBOR": _Entry(74, lambda f: ResizeOptions(f.boolean(0), f.boolean(1))),
        # Its first two fields, a size, were moved to an input long ago.
        "RESIZE_BILINEAR": _Entry(15, lambda f: ResizeOptions(f.boolean(2), f.boolean(3))),
        "GATHER": _Entry(23, lambda f: GatherOptions(f.int32(0), f.int32(1))),
        "MIRROR_PAD": _Entry(77, lambda f: MirrorPadOptions(f.int8(0) != 0)),
        "L2_NORMALIZATION": _Entry(12, lambda f: L2NormOptions(f.activation(0))),
        "DEPTH_TO_SPACE": _Entry(94, lambda f: BlockOptions(f.int32(0))),
        "SPACE_TO_DEPTH": _Entry(19, lambda f: BlockOptions(f.int32(0))),
        "LEAKY_RELU": _Entry(75, lambda f: LeakyReluOptions(f.float32(0))),
        "BATCH_MATMUL": _Entry(101, lambda f: BatchMatMulOptions(f.boolean(0), f.boolean(1))),
        "CUMSUM": _Entry(102, lambda f: CumsumOptions(f.boolean(0), f.boolean(1))),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _Entry(71, _lstm),
        "CALL_ONCE": _Entry(103, lambda f: CallOnceOptions(f.int32(0))),
        "VAR_HANDLE": _Entry(111, lambda f: VarHandleOptions(f.string(0), f.string(1))),
    }
    table |= dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), pool)
    reductions = ("MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY")
    table |= dict.fromkeys((*reductions, "REDUCE_ALL"), reducer)
    return MappingProxyType(table)


_ENTRIES = _entries()


def has_options_of(name: str, union_code: int) -> bool:
    """Say whether a table of kind `union_code` is one that `parse_options` reads for `name`."""
    entry = _ENTRIES.get(name)
    return entry is None or union_code in {0, entry.union_code}


def parse_options(name: str, union_code: int, table: Table | None) -> OperatorOptions | None:
    """Read the options of the operator `name`.

    Parameters
    ----------
    name
        The builtin operator's name.
    union_code
        What kind of table the file says that `table` is; 0 for none. See `has_options_of`.
    table
        The options table; ``None`` where the operator has none, and the schema's defaults hold.

    Raises
    ------
    FlatbufferError
        When the table is not sound, or holds an unknown padding or activation.
    """
    entry = _ENTRIES.get(name)
    if entry is None:
        return None
    return entry.parse(_Fields(table if union_code else None))
