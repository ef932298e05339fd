"""How the options of each operator are read from their table in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from quantize.tflite.flatbuffer import FlatbufferError, Table
from quantize.tflite.options import (
    ArithmeticOptions,
    BatchMatMulOptions,
    BlockOptions,
    CallOnceOptions,
    ConcatenationOptions,
    Conv2DOptions,
    CumsumOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    GatherOptions,
    L2NormOptions,
    LeakyReluOptions,
    LstmOptions,
    MirrorPadOptions,
    OperatorOptions,
    PackOptions,
    Pool2DOptions,
    ReducerOptions,
    ReshapeOptions,
    ResizeOptions,
    SoftmaxOptions,
    SplitOptions,
    SqueezeOptions,
    StridedSliceOptions,
    SvdfOptions,
    TransposeConvOptions,
    VarHandleOptions,
)
from quantize.tflite.schema import Activation, Padding

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
