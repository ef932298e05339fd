"""The typed options of operators.

Operators that have none here keep ``None``: they are readable, but not understood.
"""

from __future__ import annotations

from dataclasses import dataclass

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
