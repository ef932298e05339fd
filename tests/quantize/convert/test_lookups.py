"""What a network looks up by integers is cut off: the rows are the model's input."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from quantize.convert.lookups import cut_lookups, looked_up
from quantize.convert.network_parts import SourceTensor, match_data
from quantize.foundation.errors import BadInput

TABLE = np.random.default_rng(5).normal(size=(7, 3)).astype(np.float32)


def network(*before: onnx.NodeProto, places: str = "ids", also: str = "") -> onnx.GraphProto:
    """Rows by int64 [batch, 4], summed."""
    nodes = [*before, helper.make_node("Gather", ["table", places], ["rows"], axis=0)]
    nodes += [helper.make_node("ReduceMean", ["rows"], ["y"], axes=[1], keepdims=0)]
    nodes += [helper.make_node("Cast", [also], ["z"], to=TensorProto.FLOAT)] if also else []
    return helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("ids", TensorProto.INT64, ("batch", 4))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(TABLE, "table")],
    )  # fmt: skip


def test_the_rows_are_the_input_and_the_table_is_returned() -> None:
    cast = helper.make_node("Cast", ["ids"], ["as32"], to=TensorProto.INT32)
    for graph in (network(), network(cast, places="as32")):
        tables = cut_lookups(graph)
        assert np.array_equal(tables["ids"], TABLE)
        (given,) = graph.input
        dims = given.type.tensor_type.shape.dim
        assert given.type.tensor_type.elem_type == TensorProto.FLOAT
        assert [dims[0].dim_param, dims[1].dim_value, dims[2].dim_value] == ["batch", 4, 3]
        assert [node.op_type for node in graph.node] == ["ReduceMean"]
        assert list(graph.node[0].input) == ["ids"]


def test_what_else_is_done_with_the_integers_keeps_them() -> None:
    graph = network(also="ids")
    assert cut_lookups(graph) == {}
    assert graph.input[0].type.tensor_type.elem_type == TensorProto.INT64


def test_samples_of_places_become_rows() -> None:
    source = SourceTensor("ids", (1, 4, 3), TABLE)
    places = np.asarray([[0, 6, 1, 1], [2, 3, 4, 5]])
    for given in (places, places.astype(np.float32), places[:, np.newaxis]):
        (rows,) = match_data({"any": given}, (source,), where="the data")
        assert np.array_equal(rows, TABLE[places])


@pytest.mark.parametrize("wrong", [7, -1, 0.5])
def test_places_that_the_table_has_no_row_for_are_refused(wrong: float) -> None:
    with pytest.raises(BadInput, match=r"the data has ids from .* no places 0 to 6"):
        looked_up(np.asarray([[1, wrong]]), TABLE, name="ids", where="the data")
