"""An exported program is made harmless and static before PyTorch reads it."""

from __future__ import annotations

import copy
import io
import json
import pickle
import zipfile
from typing import Any

import pytest

from quantize.convert.network_parts import SourceTensor
from quantize.convert.pt2_archive import harmless_archive, static_program
from quantize.foundation.errors import BadInput, CheckFailed

BATCH = {"as_expr": {"expr_str": "Symbol('s77', positive=True, integer=True)", "hint": None}}
LIMIT = 1 << 20
TUPLE = '[1, {"type": "builtins.tuple", "context": "null", "children_spec": []}]'


def size(*lengths: Any) -> list[Any]:
    return [{"as_int": each} if isinstance(each, int) else each for each in lengths]


def tensor(*lengths: Any) -> dict[str, Any]:
    return {
        "dtype": 7, "sizes": size(*lengths), "strides": size(*[1] * len(lengths)),
        "storage_offset": {"as_int": 0},
    }  # fmt: skip


def node(target: str, inputs: list[Any], made: dict[str, Any]) -> dict[str, Any]:
    return {
        "target": target,
        "inputs": [{"name": "x", "arg": each, "kind": 1} for each in inputs],
        "outputs": [made],
        "metadata": {"stack_trace": "File ...", "nn_module_stack": "a,,N;b,head.flat,m.Flat"},
    }


def program() -> dict[str, Any]:
    """x [batch, 6, 4] flattened by the batch's own size."""
    whole = {
        "as_expr": {"expr_str": f"Mul(Integer(24), {BATCH['as_expr']['expr_str']})", "hint": None}
    }
    graph = {
        "inputs": [{"as_tensor": {"name": "x"}}],
        "outputs": [{"as_tensor": {"name": "view"}}],
        "nodes": [
            node("torch.ops.aten.sym_size.int", [{"as_int": 0}], {"as_sym_int": {"as_name": "b"}}),
            node(
                "torch.ops.aten.view.default",
                [{"as_sym_ints": [{"as_name": "b"}, {"as_int": 24}]}],
                {"as_tensor": {"name": "view"}},
            ),
        ],
        "tensor_values": {
            "x": tensor(BATCH, 6, 4), "view": tensor(BATCH, 24), "all": tensor(whole)
        },
        "sym_int_values": {"b": BATCH},
        "sym_bool_values": {}, "sym_float_values": {}, "custom_obj_values": {},
    }  # fmt: skip
    signature = {"input_specs": [{"user_input": {"arg": {"as_tensor": {"name": "x"}}}}]}
    calls = [{"fqn": "", "signature": {"in_spec": TUPLE, "out_spec": TUPLE}}]
    module = {"graph": graph, "signature": signature, "module_call_graph": calls}
    return {
        "graph_module": module,
        "range_constraints": {"s77": {}},
        "guards_code": ["__import__('os').abort()"],
    }


def archive(model: dict[str, Any], **more: bytes) -> bytes:
    out = io.BytesIO()
    empty = json.dumps({"config": {}}).encode()
    members = {
        "archive_format": b"pt2", "models/model.json": json.dumps(model).encode(),
        "data/sample_inputs/model.pt": pickle.dumps(object()),
        "data/weights/model_weights_config.json": empty,
        "data/constants/model_constants_config.json": empty, "extra/note": b"x", **more,
    }  # fmt: skip
    with zipfile.ZipFile(out, "w") as written:
        for name, content in members.items():
            written.writestr(f"net/{name}", content)
    return out.getvalue()


def config(path: str, pickled: bool) -> bytes:
    entry = {"path_name": path, "use_pickle": pickled}
    return json.dumps({"config": {"head.weight": entry}}).encode()


def refused(model: dict[str, Any], **more: bytes) -> str:
    with pytest.raises((BadInput, CheckFailed)) as caught:
        harmless_archive(archive(model, **more), limit_bytes=LIMIT)
    return str(caught.value)


def test_a_dynamic_batch_becomes_one_and_nothing_symbolic_is_left() -> None:
    static, inputs = static_program(program())
    assert inputs == (SourceTensor("x", (1, 6, 4)),)
    graph = static["graph_module"]["graph"]
    assert [each["target"] for each in graph["nodes"]] == ["torch.ops.aten.view.default"]
    assert graph["nodes"][0]["inputs"][0]["arg"] == {"as_ints": [1, 24]}
    assert graph["tensor_values"]["all"]["sizes"] == [{"as_int": 24}]
    assert "expr_str" not in json.dumps(static)
    assert static["guards_code"] == []
    assert static["range_constraints"] == {}


def test_what_is_handed_on_has_no_pickle_no_extra_and_no_trace_of_paths() -> None:
    weights = config("weight_0", pickled=False)
    data = archive(
        program(),
        **{"data/weights/model_weights_config.json": weights, "data/weights/weight_0": b"w"},
    )
    clean, _ = harmless_archive(data, limit_bytes=LIMIT)
    with zipfile.ZipFile(io.BytesIO(clean)) as found:
        members = {name: found.read(name) for name in found.namelist()}
    assert members["net/data/sample_inputs/model.pt"] == b""
    assert members["net/data/weights/weight_0"] == b"w"
    assert "net/extra/note" not in members
    assert b"stack_trace" not in members["net/models/model.json"]
    assert b"head.flat" in members["net/models/model.json"]


@pytest.mark.parametrize("folder", ["weights", "constants"])
@pytest.mark.parametrize(
    ("path", "pickled"),
    [("weight_0", True), ("custom_obj_0", False), ("opaque_obj_0", False), ("weight_/../x", False)],
)
def test_python_objects_are_refused(folder: str, path: str, pickled: bool) -> None:
    name = f"data/{folder}/model_{folder}_config.json"
    assert "head.weight as a Python object" in refused(program(), **{name: config(path, pickled)})


def test_an_expression_is_computed_and_never_run() -> None:
    for odd in ("exit()", "__import__('os').abort()", "Pow(Integer(9), Integer(99999999))",
                "Symbol('s99', integer=True)", "1 +", "(" * 5000):  # fmt: skip
        model = program()
        values = model["graph_module"]["graph"]["tensor_values"]
        values["view"]["sizes"][0] = {"as_expr": {"expr_str": odd}}
        assert refused(model)


def test_what_is_no_operator_of_pytorch_is_named_with_its_layer() -> None:
    model = program()
    model["graph_module"]["graph"]["nodes"][1]["target"] = "torch.ops.acme.odd.default"
    assert "layer head.flat: torch.ops.acme.odd.default is no operator" in refused(model)


def test_a_dynamic_time_axis_is_named() -> None:
    model = program()
    sizes = model["graph_module"]["graph"]["tensor_values"]["x"]["sizes"]
    sizes[2] = {"as_expr": {"expr_str": "Symbol('s13', integer=True)"}}
    assert "input x has a dynamic axis 2 ('s13')" in refused(model)


def test_containers_that_would_be_imported_are_refused() -> None:
    model = program()
    spec = TUPLE.replace("builtins.tuple", "collections.defaultdict")
    model["graph_module"]["module_call_graph"][0]["signature"]["out_spec"] = spec
    assert "collections.defaultdict" in refused(model)


def test_compiled_code_other_programs_and_bombs_are_refused() -> None:
    assert "compiled code" in refused(program(), **{"data/aotinductor/model/x.so": b"\x7fELF"})
    assert "2 programs" in refused(program(), **{"models/other.json": b"{}"})
    assert "claims more than" in refused(program(), bomb=bytes(2 << 20))


def test_what_is_damaged_is_refused_in_one_line() -> None:
    whole = archive(program())
    for data in (b"", b"PK\x03\x04", whole[:200], whole[:-30], pickle.dumps({})):
        with pytest.raises(BadInput):
            harmless_archive(data, limit_bytes=LIMIT)
    for key in ("graph_module", "guards_code"):
        model = copy.deepcopy(program())
        model[key] = 7
        if key == "graph_module":
            assert "not an exported program" in refused(model)
