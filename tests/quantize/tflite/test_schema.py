from __future__ import annotations

from typing import Any

from quantize.tflite.schema import DTYPES, OPERATOR_NAMES, Activation, DType, Padding, operator_name


def _codes(kind: Any) -> dict[str, int]:
    return {name: code for name, code in vars(kind).items() if not name.startswith("_")}


def test_names_and_codes_are_the_runtimes_own(schema: Any) -> None:
    operators = _codes(schema.BuiltinOperator)
    assert {name: operators[name] for name in OPERATOR_NAMES} == {
        name: code for code, name in enumerate(OPERATOR_NAMES)
    }
    types = {dtype.name: dtype.code for dtype in DTYPES.values()}
    assert types.items() <= _codes(schema.TensorType).items()
    assert {p.name: p.value for p in Padding} == _codes(schema.Padding)
    assert {a.name: a.value for a in Activation} == _codes(schema.ActivationFunctionType)


def test_newer_operators_keep_their_number() -> None:
    assert operator_name(3) == "CONV_2D"
    assert operator_name(5000) == "BUILTIN_5000"


def test_sizes_are_packed() -> None:
    assert DType.INT4.byte_size(5) == 3
    assert DType.INT8.byte_size(5) == 5
    assert DType.STRING.byte_size(5) is None
    assert DType.BFLOAT16.is_float
    assert not DType.INT16.is_float
