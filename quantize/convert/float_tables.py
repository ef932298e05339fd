"""Operators that stay in float between int8 and int8: functions of one value each.

TFLite-Micro has them in float alone. Between DEQUANTIZE and QUANTIZE each is a function of one int8
value: a device needs no float for it, but a table of 256 values, which the firmware's compiler
makes (`firmware_bridge.compiler.float_islands`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from quantize.convert.quantiser import Quantise, changed_quantiser
from quantize.convert.verify import BOUNDARY, check_one_subgraph, float_layers_of, layer_label
from quantize.foundation.errors import CheckFailed
from quantize.tflite import Model, read_model
from quantize.tflite.model import Layer

TABLE_OPERATORS = frozenset(
    {"CEIL", "COS", "ELU", "EXP", "FLOOR", "LOG", "NEG", "ROUND", "SIN", "SQRT", "SQUARE"}
)
WITHIN_TABLE = "within_a_table"
"""The name of a sum or a maximum with a constant that is left in float with what it is for."""
_WITH_CONSTANT = frozenset({"ADD", "MAXIMUM"})
_HINT = (
    "replace it by operators that docs/operators.md lists, such as convolution, pooling, ReLU6, "
    "sigmoid, tanh, softmax, add and multiply"
)


@contextmanager
def tables_in_float() -> Iterator[None]:
    """Let TensorFlow's converter leave `TABLE_OPERATORS` in float, in this process.

    And what is named `WITHIN_TABLE`. It would quantise some of them to int8 kernels that
    TFLite-Micro lacks.
    """

    def step(quantise: Quantise, calibrated: bytes) -> Any:
        tensors = read_model(calibrated, name="the calibrated graph").main.tensors
        return quantise(
            calibrated,
            denylisted_ops=sorted(TABLE_OPERATORS),
            denylisted_nodes=[each.name for each in tensors if WITHIN_TABLE in each.name],
        )

    with changed_quantiser(step):
        yield


def check_integer_or_tables(model: Model, layer_names: Mapping[str, str]) -> tuple[str, ...]:
    """Refuse a model with a float operator that no table of 256 values can stand for.

    Returns
    -------
    The layers that are left in float as tables, named for people.

    Raises
    ------
    CheckFailed
        Naming a layer; when there are several subgraphs.
    """
    check_one_subgraph(model)
    left = float_layers_of(model)
    wrong = [layer for layer in left if not _is_table(layer)]
    if wrong:
        raise CheckFailed(
            f"not fully int8: {layer_label(wrong[0], layer_names)} would run in float", hint=_HINT
        )
    return tuple(layer_label(each, layer_names) for each in left if each.name not in BOUNDARY)


def _is_table(layer: Layer) -> bool:
    if layer.name in BOUNDARY:
        return True
    constants = [tensor for tensor in layer.inputs if tensor.is_constant]
    if layer.is_custom or len(layer.inputs) - len(constants) != 1:
        return False
    if layer.name in _WITH_CONSTANT:
        return [tensor.elements for tensor in constants] == [1]
    return layer.name in TABLE_OPERATORS
