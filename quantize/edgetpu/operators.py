"""Which operators compiler 16 maps to the Edge TPU, in which versions, and which it chokes on.

A version of an operator stands for a feature. For fully integer models each operator has one that
int8 needs (TensorFlow's versioning code says which); newer converters write higher ones for
features that the compiler, of 2021, has never heard of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class MappableOperator:
    """One operator that can run on the Edge TPU.

    Parameters
    ----------
    versions
        Lowest and highest version that is known, or by its meaning expected, to map.
    refused_from
        From this version on the compiler refuses the whole file; ``None`` where no report says so.
    runtime
        The oldest Edge TPU runtime that has it; 10 stands for all.
    """

    versions: tuple[int, int] = (1, 1)
    refused_from: int | None = None
    runtime: int = 10


_INT8 = MappableOperator((1, 2))
MAPPABLE: Mapping[str, MappableOperator] = MappingProxyType(
    {
        "ADD": _INT8,
        "AVERAGE_POOL_2D": _INT8,
        "CONCATENATION": _INT8,
        "CONV_2D": MappableOperator((1, 3), refused_from=5),
        "DEPTHWISE_CONV_2D": MappableOperator((1, 3)),
        "EXPAND_DIMS": MappableOperator((1, 1), runtime=13),
        "FULLY_CONNECTED": MappableOperator((1, 4), refused_from=5),
        "L2_NORMALIZATION": _INT8,
        "LOGISTIC": _INT8,
        "MAXIMUM": _INT8,
        "MAX_POOL_2D": _INT8,
        "MEAN": _INT8,
        "MINIMUM": _INT8,
        "MUL": _INT8,
        "PACK": MappableOperator((1, 2), runtime=13),
        "PAD": _INT8,
        "PRELU": MappableOperator((1, 1), runtime=13),
        "QUANTIZE": MappableOperator((1, 2), refused_from=3, runtime=13),
        "REDUCE_MAX": MappableOperator((1, 2), runtime=14),
        "REDUCE_MIN": MappableOperator((1, 2), runtime=14),
        "RELU": _INT8,
        "RELU6": _INT8,
        "RELU_N1_TO_1": _INT8,
        "RESHAPE": MappableOperator(),
        "RESIZE_BILINEAR": MappableOperator((1, 3)),
        "RESIZE_NEAREST_NEIGHBOR": MappableOperator((1, 3)),
        "RSQRT": MappableOperator((1, 2), runtime=14),
        "SLICE": _INT8,
        "SOFTMAX": _INT8,
        "SPACE_TO_DEPTH": _INT8,
        "SPLIT": _INT8,
        "SQUARED_DIFFERENCE": MappableOperator((1, 2), runtime=14),
        "SQUEEZE": MappableOperator(),
        "STRIDED_SLICE": _INT8,
        "SUB": _INT8,
        "SUM": MappableOperator((1, 2), runtime=13),
        "TANH": _INT8,
        "TRANSPOSE": MappableOperator((1, 2), runtime=14),
        "TRANSPOSE_CONV": MappableOperator((1, 3), refused_from=4, runtime=13),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": MappableOperator((1, 3), runtime=14),
    }
)
"""By name: the operators of the vendor's list of supported operations."""

REFUSED_FROM: Mapping[str, int] = MappingProxyType(
    {"EXP": 2, "REVERSE_V2": 3}
    | {name: o.refused_from for name, o in MAPPABLE.items() if o.refused_from is not None}
)
"""By name: the version from which on the compiler refuses the whole file, as users report."""

FIRST_UNKNOWN_BUILTIN = 150
"""GELU: the first builtin code that the compiler is reported not to know; it refuses the file."""

REPLACEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "BATCH_MATMUL": "use a 1x1 CONV_2D or FULLY_CONNECTED with constant weights",
        "DEPTH_TO_SPACE": "use TRANSPOSE_CONV, or RESIZE_NEAREST_NEIGHBOR and a CONV_2D",
        "DEQUANTIZE": "keep the model int8 throughout, outputs too",
        "DIV": "multiply by a constant instead",
        "ELU": "use RELU6",
        "EXP": "use LOGISTIC or SOFTMAX, or leave it to the host",
        "GATHER": "use SLICE or STRIDED_SLICE, or choose on the host",
        "GELU": "use RELU6",
        "HARD_SWISH": "use RELU6, or x * LOGISTIC(x)",
        "LEAKY_RELU": "use PRELU with one alpha a channel, or RELU6",
        "SPACE_TO_BATCH_ND": "use convolutions without dilation, or pool instead",
        "BATCH_TO_SPACE_ND": "use convolutions without dilation, or pool instead",
        "SQRT": "leave it to the host, or train without it",
        "ARG_MAX": "give the logits out and take the largest on the host",
    }
)
"""What to use instead of an operator that never maps."""
