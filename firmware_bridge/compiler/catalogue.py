"""What the operators that become C are of, for people: docs/operators.md is written from it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INT8 = "int8"
INT4 = "int4 (kept as int8: the same flash)"
TO_BOOL = "int8 to bool, within the model"
BETWEEN = "float32 between DEQUANTIZE of int8 and QUANTIZE, or the model's output"
"""Of functions that become a table: see `firmware_bridge.compiler.float_islands`."""
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "ARG_MAX": "int8 to int32",
        "ARG_MIN": "int8 to int32",
        "ASSIGN_VARIABLE": "int8, uint8, int16, int32",
        "CALL_ONCE": "a subgraph that gives constants to variables",
        "CAST": "int8 or bool to either",
        "CONCATENATION": "int8; int32 of known shapes",
        "CONV_2D": f"int8, weights int8 or {INT4} by channel or whole, bias int32",
        "DEPTHWISE_CONV_2D": f"int8, weights int8 or {INT4} by channel or whole, bias int32",
        "DEQUANTIZE": "int8 to the model's float32 output",
        "DIV": "int8, by a constant of one element",
        "EQUAL": TO_BOOL,
        "EXPAND_DIMS": "any",
        "FULLY_CONNECTED": f"int8, weights int8 by channel or whole or {INT4} whole, bias int32",
        "GATHER": "int8, with constant indices",
        "GATHER_ND": "int8, with constant indices",
        "GREATER": TO_BOOL,
        "GREATER_EQUAL": TO_BOOL,
        "LESS": TO_BOOL,
        "LESS_EQUAL": TO_BOOL,
        "NOT_EQUAL": TO_BOOL,
        "PACK": "int8; int32 of known shapes",
        "QUANTIZE": (
            "the model's float32 input to int8; uint8 to int8; int8 to int8, uint8, int16, int32; "
            "int16 to int8, int16, int32"
        ),
        "READ_VARIABLE": "int8, uint8, int16, int32",
        "RESHAPE": "any",
        "SELECT_V2": "int8, by bool",
        "SHAPE": "of any, to int32",
        "SOFTMAX": "int8 to int8 or int16",
        "SQUEEZE": "any",
        "STRIDED_SLICE": "int8; int32 of known shapes",
        "TRANSPOSE_CONV": "int8, weights int8 by channel or whole, bias int32",
        "SVDF": "int8, weights int8, state and weights in time int8 or int16, bias int32",
        "UNIDIRECTIONAL_SEQUENCE_LSTM": "int8, weights int8, cell state int16, bias int32",
        "VAR_HANDLE": "a variable's name",
    }
)
"""Of inputs and outputs, where that is not int8 alone."""
WITHOUT_CODE: Mapping[str, str] = MappingProxyType(
    {
        "CALL_ONCE": "first values of the state",
        "EXPAND_DIMS": "the same bytes",
        "READ_VARIABLE": "the state itself, or a copy",
        "RESHAPE": "the same bytes",
        "SHAPE": "known when compiling",
        "SQUEEZE": "the same bytes",
        "VAR_HANDLE": "known when compiling",
    }
)
"""Operators that no kernel runs for, and what they become."""
_NO_KERNEL = "TFLite-Micro has no kernel for it"
NOT_COMPILED: Mapping[str, str] = MappingProxyType(
    {
        "CONV_3D": _NO_KERNEL,
        "GELU": _NO_KERNEL,
        "LOCAL_RESPONSE_NORMALIZATION": _NO_KERNEL,
        "POW": _NO_KERNEL,
        "REDUCE_PROD": _NO_KERNEL,
        "SELECT": _NO_KERNEL,
        "SIGN": _NO_KERNEL,
        "TILE": _NO_KERNEL,
        "TOPK_V2": _NO_KERNEL,
    }
)
"""Operators that are often asked for, and why they are not compiled."""
