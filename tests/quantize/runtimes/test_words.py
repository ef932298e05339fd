"""LiteRT's messages come run together; people read them apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from quantize.runtimes.prepare import prepare
from quantize.runtimes.words import separated
from quantize.tflite import read_model

AXIS = "quantized_dimension must be in range [0, 1). Was 3."
TENSOR = "Tensor {} has invalid quantization parameters."
FLEX = "Regular TensorFlow ops are not supported by this interpreter. Make sure you invoke it."


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("", ""),
        ("Didn't find op for builtin opcode 'X'.", "Didn't find op for builtin opcode 'X'"),
        (AXIS + TENSOR.format(33), f"{AXIS[:-1]}; {TENSOR.format(33)[:-1]}"),
        (
            "".join(AXIS + TENSOR.format(index) for index in (33, 36, 40)),
            f"{AXIS[:-1]} (and 2 more like it); {TENSOR.format(33)[:-1]} (and 2 more like it)",
        ),
        (
            "tflite/kernels/conv.cc:378 a == kB was not true.Node number 0 (CONV_2D) failed.",
            "tflite/kernels/conv.cc:378 a == kB was not true; Node number 0 (CONV_2D) failed",
        ),
        (
            "activations.cc:560 output->params.scale not near 1.f / 256 (0.0918 != 0.0039)Node "
            "number 3 (SOFTMAX) failed to prepare.",
            "activations.cc:560 output->params.scale not near 1.f / 256 (0.0918 != 0.0039); Node "
            "number 3 (SOFTMAX) failed to prepare",
        ),
        (f"{FLEX}Node number 0 (Flex) failed.", f"{FLEX[:-1]}; Node number 0 (Flex) failed"),
        ("one\ntwo\n\n", "one; two"),
        ("Tensor is null.tflite/kernels/pad.cc odd", "Tensor is null; tflite/kernels/pad.cc odd"),
    ],
)
def test_messages_are_read_apart(said: str, read: str) -> None:
    assert separated(said) == read


def test_a_tensor_that_is_refused_is_told_with_its_operator(shared: Path) -> None:
    path = shared / "cases" / "models" / "person_detect.tflite"
    refusal = prepare(path.read_bytes(), read_model(path)).refusal
    assert refusal is not None
    assert refusal.operator == 0  # its bias is tensor 33
    assert refusal.message == (
        "quantized_dimension must be in range [0, 1). Was 3 (and 13 more like it); Tensor 33 has "
        "invalid quantization parameters (and 13 more like it)"
    )
