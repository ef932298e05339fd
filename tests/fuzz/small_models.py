"""Small sound models, a few operators each, so that mutants reach every lowering."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "firmware_bridge" / "kernels"))
from operator_models import ModelBuilder  # found through the path above

from quantize.tflite.schema import DType

SCALE = 0.1
IMAGE = (1, 4, 4, 4)


def small_models() -> list[bytes]:
    """Return the models' bytes."""
    return [pairs(), functions(), moves(), slices(), picks(), shapes(), borders(), floats()]


def _image(builder: ModelBuilder, shape: tuple[int, ...] = IMAGE) -> int:
    return builder.tensor(shape, scale=SCALE)


def pairs() -> bytes:
    builder = ModelBuilder()
    x = last = _image(builder)
    factors = builder.tensor((1, 1, 4), scale=SCALE, data=np.arange(4, dtype=np.int8)[None, None])
    for name, options in (
        ("MINIMUM", "MaximumMinimum"),
        ("MAXIMUM", "MaximumMinimum"),
        ("PRELU", ""),
        ("SQUARED_DIFFERENCE", "SquaredDifference"),
    ):
        made = _image(builder)
        builder.operator(name, (last, factors), (made,), options)
        last = made
    return builder.build((x,), (last,))


def functions() -> bytes:
    builder = ModelBuilder()
    x = _image(builder)
    low = builder.tensor(IMAGE, scale=SCALE, zero_point=-128)
    root, result = _image(builder), builder.tensor(IMAGE, scale=1 / 16, zero_point=127)
    builder.operator("ABS", (x,), (low,), "Abs")
    builder.operator("RSQRT", (low,), (root,))
    builder.operator("LOG_SOFTMAX", (root,), (result,), "LogSoftmax")
    return builder.build((x,), (result,))


def moves() -> bytes:
    builder = ModelBuilder()
    x, wide, deep = _image(builder), _image(builder, (1, 8, 8, 1)), _image(builder)
    builder.operator("DEPTH_TO_SPACE", (x,), (wide,), "DepthToSpace", blockSize=2)
    builder.operator("SPACE_TO_DEPTH", (wide,), (deep,), "SpaceToDepth", blockSize=2)
    large, picked = _image(builder, (1, 5, 7, 4)), _image(builder, (1, 2, 7, 4))
    size = builder.integers(5, 7)
    builder.operator("RESIZE_BILINEAR", (deep, size), (large,), "ResizeBilinear", version=3)
    builder.operator("GATHER", (large, builder.integers(4, 0)), (picked,), "Gather", axis=1)
    parts = tuple(_image(builder, (1, 2, n, 4)) for n in (3, 4))
    inputs = (picked, builder.integers(3, 4), builder.integers(2))
    builder.operator("SPLIT_V", inputs, parts, "SplitV", numSplits=2, version=2)
    packed = _image(builder, (2, 1, 2, 3, 4))
    builder.operator("PACK", (parts[0], parts[0]), (packed,), "Pack", valuesCount=2)
    return builder.build((x,), (packed, parts[1]))


def slices() -> bytes:
    builder = ModelBuilder()
    x, part, turned = _image(builder), _image(builder, (1, 2, 4, 4)), _image(builder, (1, 2, 4, 4))
    bounds = (builder.integers(0, 1, 0, 0), builder.integers(1, 2, -1, 4))
    builder.operator("SLICE", (x, *bounds), (part,), "Slice")
    builder.operator("REVERSE_V2", (part, builder.integers(1, 2)), (turned,), "ReverseV2")
    wide, cut = _image(builder, (1, 4, 6, 4)), _image(builder, (4, 2, 3, 4))
    whole, one, two = _image(builder, (1, 4, 6, 4)), *(_image(builder, (1, 6, 4)) for _ in "ab")
    widths, none = builder.integers(0, 0, 1, 1, 1, 1, 0, 0), builder.integers(0, 0, 0, 0)
    builder.operator("MIRROR_PAD", (turned, widths), (wide,), "MirrorPad", mode=0)
    sizes = builder.integers(2, 2)
    builder.operator("SPACE_TO_BATCH_ND", (wide, sizes, none), (cut,), "SpaceToBatchND")
    builder.operator("BATCH_TO_SPACE_ND", (cut, sizes, none), (whole,), "BatchToSpaceND")
    rows = (one, two, *(_image(builder, (1, 6, 4)) for _ in "cd"))
    builder.operator("UNPACK", (whole,), rows, "Unpack", num=4, axis=1)
    total, lengths = _image(builder, (1, 6, 4)), builder.tensor((1, 6, 4), scale=1 / 128)
    builder.operator("SUB", rows[:2], (total,), "Sub")
    builder.operator("L2_NORMALIZATION", (total,), (lengths,), "L2Norm")
    repeated = builder.tensor((2, 6, 4), scale=1 / 128)
    shape = builder.integers(2, 6, 4)
    builder.operator("BROADCAST_TO", (lengths, shape), (repeated,), "BroadcastTo", version=2)
    return builder.build((x,), (repeated,))


def floats() -> bytes:
    builder = ModelBuilder()
    x, y = _image(builder, (1, 8)), _image(builder, (1, 8))
    last = builder.tensor((1, 8), dtype=DType.FLOAT32)
    builder.operator("DEQUANTIZE", (x,), (last,), "Dequantize")
    for name in ("NEG", "ELU"):
        made = builder.tensor((1, 8), dtype=DType.FLOAT32)
        builder.operator(name, (last,), (made,))
        last = made
    builder.operator("QUANTIZE", (last,), (y,), "Quantize")
    return builder.build((x,), (y,))


def picks() -> bytes:
    builder = ModelBuilder()
    x, most = _image(builder), _image(builder, (1, 4, 4))
    place = builder.tensor((1, 4), dtype=DType.INT32)
    axes = builder.integers(1)
    builder.operator("REDUCE_MAX", (x, axes), (most,), "Reducer", version=2)
    builder.operator("ARG_MAX", (most, builder.integers(2)), (place,), "ArgMax", outputType=2)
    return builder.build((x,), (place,))


def shapes() -> bytes:
    builder = ModelBuilder()
    x, lengths = _image(builder), builder.tensor((4,), dtype=DType.INT32)
    builder.operator("SHAPE", (x,), (lengths,), "Shape", outType=DType.INT32.code)
    first = builder.tensor((), dtype=DType.INT32)
    bounds = (builder.integers(0), builder.integers(1), builder.integers(1))
    builder.operator(
        "STRIDED_SLICE", (lengths, *bounds), (first,), "StridedSlice", shrinkAxisMask=1
    )
    rest = builder.tensor((), dtype=DType.INT32, data=np.asarray(64, np.int32))
    wanted, flat = builder.tensor((2,), dtype=DType.INT32), _image(builder, (1, 64))
    builder.operator("PACK", (first, rest), (wanted,), "Pack", valuesCount=2)
    builder.operator("RESHAPE", (x, wanted), (flat,), "Reshape")
    return builder.build((x,), (flat,))


def borders() -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, 8), dtype=DType.UINT8, scale=SCALE, zero_point=128)
    inside, shares = (
        _image(builder, (1, 8)),
        builder.tensor((1, 8), dtype=DType.INT16, scale=2.0**-16, zero_point=-32768),
    )
    y = builder.tensor((1, 8), dtype=DType.INT32, scale=2.0**-16, zero_point=-32768)
    builder.operator("QUANTIZE", (x,), (inside,), "Quantize")
    builder.operator("SOFTMAX", (inside,), (shares,), "Softmax", beta=1.0)
    builder.operator("QUANTIZE", (shares,), (y,), "Quantize")
    return builder.build((x,), (y,))
