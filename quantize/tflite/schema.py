"""The vocabulary of .tflite files: element types, paddings, activations, operator names.

The numbers are those of the TensorFlow Lite schema, version 3, which only ever grows.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np


class DType(Enum):
    """An element type: its code in the schema and its width in bits (0: not of fixed width)."""

    FLOAT32 = (0, 32)
    FLOAT16 = (1, 16)
    INT32 = (2, 32)
    UINT8 = (3, 8)
    INT64 = (4, 64)
    STRING = (5, 0)
    BOOL = (6, 8)
    INT16 = (7, 16)
    COMPLEX64 = (8, 64)
    INT8 = (9, 8)
    FLOAT64 = (10, 64)
    COMPLEX128 = (11, 128)
    UINT64 = (12, 64)
    RESOURCE = (13, 0)
    VARIANT = (14, 0)
    UINT32 = (15, 32)
    UINT16 = (16, 16)
    INT4 = (17, 4)
    BFLOAT16 = (18, 16)
    INT2 = (19, 2)
    UINT4 = (20, 4)
    FLOAT8_E4M3FN = (21, 8)
    FLOAT8_E5M2 = (22, 8)
    UNKNOWN = (-1, 0)
    """Whatever a later schema adds."""

    @property
    def code(self) -> int:
        """Its number in the schema."""
        return self.value[0]

    @property
    def bits(self) -> int:
        """Bits an element, 0 where elements have no fixed width."""
        return self.value[1]

    @property
    def label(self) -> str:
        """Its name as written in reports: ``"int8"``."""
        return self.name.lower()

    @property
    def is_float(self) -> bool:
        """Whether it is a real or complex floating-point type."""
        return "FLOAT" in self.name or self.name.startswith("COMPLEX")

    @property
    def is_eight_bit(self) -> bool:
        """Whether it is one of the integer types that 8-bit quantisation is for."""
        return self in (DType.INT8, DType.UINT8)

    @property
    def numpy(self) -> np.dtype[Any] | None:
        """The NumPy type of its elements, ``None`` where NumPy has none of that layout."""
        return _NUMPY.get(self)

    def byte_size(self, elements: int) -> int | None:
        """Return the bytes that `elements` take, packed; ``None`` without a fixed width."""
        return None if self.bits == 0 else (elements * self.bits + 7) // 8


_NUMPY: dict[DType, np.dtype[Any]] = {
    DType.FLOAT32: np.dtype("<f4"),
    DType.FLOAT16: np.dtype("<f2"),
    DType.FLOAT64: np.dtype("<f8"),
    DType.COMPLEX64: np.dtype("<c8"),
    DType.COMPLEX128: np.dtype("<c16"),
    DType.BOOL: np.dtype(np.bool_),
    DType.INT8: np.dtype(np.int8),
    DType.INT16: np.dtype("<i2"),
    DType.INT32: np.dtype("<i4"),
    DType.INT64: np.dtype("<i8"),
    DType.UINT8: np.dtype(np.uint8),
    DType.UINT16: np.dtype("<u2"),
    DType.UINT32: np.dtype("<u4"),
    DType.UINT64: np.dtype("<u8"),
}
DTYPES: dict[int, DType] = {dtype.code: dtype for dtype in DType if dtype is not DType.UNKNOWN}
"""The known types by their numbers in the schema."""


class Padding(Enum):
    """How a window meets the border."""

    SAME = 0
    VALID = 1


class Activation(Enum):
    """An activation fused into an operator."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5


CUSTOM = 32
"""The builtin code of custom operators, which carry a name of their own."""

_NAMES_BY_CODE = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
    EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
    LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1
    RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM
    CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND
    SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
    BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM
    CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE
    SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW
    ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK
    REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR
    LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS
    WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
    NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
    BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG
    REAL COMPLEX_ABS HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL
    CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL
    BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD
    UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR
    RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE STABLEHLO_MULTIPLY
    STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
    STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL
    STABLEHLO_REDUCE STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL
    STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER
    STABLEHLO_REMAINDER STABLEHLO_RSQRT STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH
    STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT STABLEHLO_DYNAMIC_SLICE
    STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
    STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE
    DILATE STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT
    STABLEHLO_CBRT STABLEHLO_CASE
"""
OPERATOR_NAMES: tuple[str, ...] = tuple(_NAMES_BY_CODE.split())
"""The builtin operators' names, by builtin code."""


def operator_name(builtin: int) -> str:
    """Return the name of a builtin code; codes newer than this table get ``BUILTIN_<code>``."""
    if 0 <= builtin < len(OPERATOR_NAMES):
        return OPERATOR_NAMES[builtin]
    return f"BUILTIN_{builtin}"
