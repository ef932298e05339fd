"""A SavedModel is a program: what would run on loading, or touch files, is refused by name."""

from __future__ import annotations

from types import SimpleNamespace as Made
from typing import Any

import pytest

from quantize.convert.saved_model import check_graph
from quantize.foundation.errors import BadInput, CheckFailed

TEXT, FLOAT = 7, 1


class Value(Made):
    """An attribute: a type, or a function."""

    def HasField(self, name: str) -> bool:  # noqa: N802  protobuf's name
        return name == "func" and self.func is not None


def attribute(kind: int = 0, function: str = "") -> Value:
    func = Made(name=function) if function else None
    return Value(type=kind, func=func, list=Made(type=[], func=[]))


def node(operator: str, **attributes: Value) -> Made:
    return Made(name=f"net/{operator.lower()}", op=operator, attr=attributes)


def function(name: str, *nodes: Made) -> Made:
    return Made(signature=Made(name=name), node_def=list(nodes))


def definition(operator: str) -> Any:
    """As TensorFlow defines some operators."""
    stateful = operator in {
        "ReadVariableOp",
        "StatefulPartitionedCall",
        "EagerPyFunc",
        "RandomUniform",
    }
    known = {"MatMul": FLOAT, "ReadFile": TEXT, "SaveV2": TEXT, "Placeholder": 0, "Const": 0}
    if not stateful and operator not in known:
        return None
    return Made(is_stateful=stateful, input_arg=[Made(type=known.get(operator, 0))], output_arg=[])


def holds(kind: str, **more: Any) -> Made:
    return Made(
        **{"WhichOneof": lambda _: kind, "saveable_objects": {}, "registered_saver": "", **more}
    )


def graph(
    *nodes: Made, kinds: tuple[Made, ...] = (), signatures: tuple[str, ...] = ("serving_default",)
) -> Made:
    """A network whose one known function calls another, which holds the nodes; and a saver."""
    call = node("StatefulPartitionedCall", f=attribute(function="inner"))
    library = [
        function("serve", call), function("inner", node("MatMul", T=attribute(FLOAT)), *nodes),
        function("traced_save", node("SaveV2", dtypes=attribute(TEXT))),
    ]  # fmt: skip
    return Made(
        object_graph_def=Made(
            nodes=[holds("user_object"), holds("variable"), *kinds], concrete_functions=["serve"]
        ),
        signature_def=dict.fromkeys(signatures),
        graph_def=Made(library=Made(function=library)),
    )


def test_a_network_passes_though_its_saver_handles_files() -> None:
    check_graph(graph(node("ReadVariableOp")), definition, text_type=TEXT)


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (node("ReadFile"), "layer net/readfile: the operator ReadFile handles texts"),
        (node("EagerPyFunc"), "EagerPyFunc reaches outside of the network"),
        (node("Const", dtype=attribute(TEXT)), "Const handles texts"),
        (node("AcmeOdd"), "AcmeOdd is not TensorFlow's own"),
        (
            node("StatefulPartitionedCall", f=attribute(function="traced_save")),
            "SaveV2 handles texts",
        ),
    ],
)
def test_what_is_not_arithmetic_is_refused_wherever_it_is_called_from(odd: Made, said: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        check_graph(graph(odd), definition, text_type=TEXT)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (holds("resource"), "a table or another resource, which would run code on loading"),
        (holds("asset"), "a file, which would"),
        (holds("variable", saveable_objects={"x": 1}), "a saver of its own"),
        (holds("variable", registered_saver="mine"), "a saver of its own"),
    ],
)
def test_what_runs_on_loading_is_refused(kinds: Made, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_graph(graph(kinds=(kinds,)), definition, text_type=TEXT)
    assert said in caught.value.message


def test_a_signature_and_objects_must_be_there() -> None:
    with pytest.raises(BadInput, match="no signature serving_default, but first, predict "):
        check_graph(graph(signatures=("predict", "first", "__saved")), definition, text_type=TEXT)
    bare = graph()
    bare.object_graph_def.nodes = []
    with pytest.raises(BadInput, match="not of TensorFlow 2"):
        check_graph(bare, definition, text_type=TEXT)
