"""ONNX files made to harm: text that is none, functions that call themselves or stand for 2^30."""

from __future__ import annotations

import onnx
import pytest
from onnx import helper

from quantize.convert.onnx_file import parse_onnx
from quantize.foundation.errors import BadInput
from tests.quantize.convert.test_onnx_network import graph_of


def calling(*called: list[str]) -> onnx.ModelProto:
    """A graph that calls the last of functions F0, F1 ..., each made of the given operators."""
    model = graph_of(helper.make_node(f"F{len(called) - 1}", ["x"], ["z"], domain="own"))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    for place, kinds in enumerate(called):
        nodes = [
            helper.make_node(
                kind,
                [f"v{step}"],
                [f"v{step + 1}"],
                domain="own" if kind.startswith("F") else "",
            )
            for step, kind in enumerate(kinds)
        ]
        last = f"v{len(kinds)}"
        model.functions.append(
            helper.make_function("own", f"F{place}", ["v0"], [last], nodes, opsets)
        )
    return model


def refusal(data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        parse_onnx(data)
    assert caught.value.hint
    return caught.value.message


def test_functions_are_written_out() -> None:
    model = parse_onnx(calling(["Relu", "Relu"], ["F0", "F0"], ["F1", "F0"]).SerializeToString())
    assert not model.functions
    assert [node.op_type for node in model.graph.node] == ["Relu"] * 6 + ["MatMul"]


def test_functions_that_stand_for_too_much_are_refused_at_once() -> None:
    doubled = [["Relu"], *([f"F{place}", f"F{place}"] for place in range(30))]
    assert "more than 100,000 nodes" in refusal(calling(*doubled).SerializeToString())


@pytest.mark.parametrize("called", [[["F0"]], [["F1"], ["F0"]], [["Relu", "F2"], ["F0"], ["F1"]]])
def test_functions_that_call_themselves_are_refused(called: list[list[str]]) -> None:
    assert "calls itself" in refusal(calling(*called).SerializeToString())


@pytest.mark.parametrize("name", [b"/head/MatMul", b"MatMul", b"x", b"w"])
def test_text_that_is_no_utf_8_is_refused(name: bytes) -> None:
    length = len(name).to_bytes(1, "little")
    broken = b"\xff" * len(name)
    data = graph_of().SerializeToString().replace(length + name, length + broken)
    assert "no UTF-8" in refusal(data)


def test_what_is_no_onnx_is_refused() -> None:
    assert "no ONNX" in refusal(b"\xff" * 40)
