"""What values of an ONNX graph come of."""

from __future__ import annotations

from onnx import TensorProto, helper

from quantize.convert.onnx_values import makers_of, origins, shapes_of


def test_shapes_are_those_that_are_noted() -> None:
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [1, 8]), ("y", [1, "rows"]))
    ]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", values[:1], values[1:])
    assert shapes_of(graph) == {"x": [1, 8], "y": [1, 0]}


def test_every_value_is_looked_at_once_however_many_ways_lead_to_it() -> None:
    depth = 3000  # 2**3000 ways, and more than Python calls deep
    nodes = [helper.make_node("Relu", ["x"], ["v0"])]
    nodes += [
        helper.make_node("Concat", [f"v{n}", f"v{n}", "weight"], [f"v{n + 1}"], axis=1)
        for n in range(depth)
    ]
    graph = helper.make_graph(nodes, "g", [], [])
    found = list(origins([f"v{depth}"], makers_of(graph), through={"Concat"}))
    assert [None if node is None else node.op_type for node in found] == [None, "Relu"]
