"""PyTorch's exported program (.pt2) made harmless and static, before PyTorch sees a byte of it.

``torch.export.load`` unpickles: the sample inputs, constants, weights that say so; and it has
expressions of shapes and guards run as Python. What is handed on here is a new archive of what a
network needs alone: the graph, with a batch of 1 in place of a dynamic one, and raw weights.
"""

from __future__ import annotations

import ast
import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from quantize.convert.network_parts import FLOAT32_HINT, SourceTensor, fixed_shape
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.foreign import printable
from quantize.foundation.zips import ZIP_ERRORS, open_zip

Json = dict[str, Any]

_SAVE = "save it with torch.export.save(torch.export.export(model.eval(), inputs), 'model.pt2')"
_LIMIT_JSON_BYTES = 64 << 20
_MODEL = "models/model.json"
_SAMPLES = "data/sample_inputs/model.pt"
_CONFIGS = {
    "data/weights/": "data/weights/model_weights_config.json",
    "data/constants/": "data/constants/model_constants_config.json",
}
_AS_THEY_ARE = ("archive_format", "archive_version", "byteorder", ".data/version")
_FLOAT32 = 7
_INTEGERS = (4, 5)
_OPERATORS = ("torch.ops.aten.", "_operator.")
_CHECKS = ("torch.ops.aten._assert", "torch.ops.aten.sym_constrain_range")
_CONTAINERS = (None, "builtins.tuple", "builtins.list", "builtins.dict")
_STACK = "nn_module_stack"


def harmless_archive(data: bytes, *, limit_bytes: int) -> tuple[bytes, tuple[SourceTensor, ...]]:
    """Return an archive without pickles, code and symbols, and what the network takes.

    Parameters
    ----------
    data
        A .pt2 file.
    limit_bytes
        Of all members together, unpacked.

    Raises
    ------
    BadInput
        When it is none, holds Python objects or compiled code, or an axis besides the batch is
        dynamic.
    CheckFailed
        When it calls what is no operator of PyTorch's own: its layer is named.
    """
    try:
        with open_zip(io.BytesIO(data)) as archive:
            return _rewritten(_Members(archive, limit_bytes))
    except ZIP_ERRORS as error:
        raise BadInput(f"not a readable .pt2: {printable(str(error))}", hint=_SAVE) from error
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, RecursionError) as error:
        reason = printable(f"{type(error).__name__}: {error}")
        raise BadInput(f"not an exported program: {reason}", hint=_SAVE) from error


class _Members:
    """The members of an archive, named without the folder that they lie in."""

    def __init__(self, archive: zipfile.ZipFile, limit_bytes: int) -> None:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > limit_bytes:
            raise BadInput(
                f"the .pt2 claims more than {limit_bytes:,} bytes",
                hint="check that this is the file you meant",
            )
        self._archive = archive
        self.folder = entries[0].filename.partition("/")[0] if entries else ""
        self._by_name = {entry.filename.partition("/")[2]: entry for entry in entries}
        self.names = tuple(self._by_name)

    def read(self, name: str) -> bytes:
        if name not in self._by_name:
            raise BadInput(f"not an exported program: it has no {printable(name)}", hint=_SAVE)
        return self._archive.read(self._by_name[name])

    def json(self, name: str) -> Json:
        if name in self._by_name and self._by_name[name].file_size > _LIMIT_JSON_BYTES:
            raise BadInput(f"its {name} is larger than {_LIMIT_JSON_BYTES:,} bytes", hint=_SAVE)
        value = json.loads(self.read(name))
        if not isinstance(value, dict):
            raise TypeError(f"{name} is no object")
        return value


def _rewritten(members: _Members) -> tuple[bytes, tuple[SourceTensor, ...]]:
    programs = [name for name in members.names if name.startswith("models/")]
    if programs != [_MODEL]:
        raise BadInput(
            f"the .pt2 holds {len(programs)} programs, none or others than 'model'", hint=_SAVE
        )
    if any(name.startswith("data/aotinductor/") for name in members.names):
        raise BadInput("the .pt2 holds compiled code, which is not run here", hint=_SAVE)
    program, inputs = static_program(members.json(_MODEL))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as written:

        def write(name: str, content: bytes) -> None:
            written.writestr(f"{members.folder}/{name}", content)

        for name in _AS_THEY_ARE:
            if name in members.names:
                write(name, members.read(name))
        write(_MODEL, json.dumps(program).encode())
        write(_SAMPLES, b"")  # read as: there are none
        for folder, config in _CONFIGS.items():
            payload = members.json(config)
            write(config, json.dumps(payload).encode())
            for path in _raw_payloads(payload, folder):
                write(folder + path, members.read(folder + path))
    return out.getvalue(), inputs


def _raw_payloads(payload: Json, folder: str) -> Iterator[str]:
    """Yield the files of tensors, each once; refuse what PyTorch would unpickle."""
    seen = set()
    for name, entry in payload["config"].items():
        path = str(entry["path_name"])
        pickled = entry["use_pickle"] is not False or not path.startswith(("weight_", "tensor_"))
        if pickled or "/" in path:
            raise BadInput(
                f"the .pt2 holds {printable(name)} as a Python object, which is not unpickled",
                hint="export a network of plain tensors, without custom objects or subclasses",
            )
        if path not in seen:
            seen.add(path)
            yield path


def static_program(program: Json) -> tuple[Json, tuple[SourceTensor, ...]]:
    """Return a program's JSON with a batch of 1 and without symbols, guards and traces.

    Parameters
    ----------
    program
        ``models/model.json`` of a .pt2.

    Returns
    -------
    The program; and its inputs, of which a dynamic batch is 1.
    """
    module = program["graph_module"]
    graph, signature = module["graph"], module["signature"]
    inputs, batches = _user_inputs(graph, signature)
    symbols = _Symbols(batches, graph)
    graph["nodes"] = [_static_node(node, symbols) for node in graph["nodes"] if _computes(node)]
    for tensor in graph["tensor_values"].values():
        for key in ("sizes", "strides"):
            tensor[key] = [{"as_int": symbols.value(each)} for each in tensor[key]]
        tensor["storage_offset"] = {"as_int": symbols.value(tensor["storage_offset"])}
    if graph["custom_obj_values"] or any("custom_obj" in each for each in signature["input_specs"]):
        raise BadInput("the network holds custom objects, which are not unpickled", hint=_SAVE)
    for kind in ("sym_int_values", "sym_bool_values", "sym_float_values"):
        graph[kind] = {}
    program["range_constraints"] = {}
    program["guards_code"] = []
    for call in module["module_call_graph"]:
        for spec in ("in_spec", "out_spec") if call["signature"] else ():
            _check_tree(json.loads(call["signature"][spec]))
    return program, inputs


def _check_tree(spec: Any) -> None:
    """Refuse containers that PyTorch would import a module for."""
    if isinstance(spec, list):
        for each in spec:
            _check_tree(each)
    elif isinstance(spec, dict):
        if spec["type"] not in _CONTAINERS:
            raise BadInput(
                f"the network takes or gives a {printable(str(spec['type']))}",
                hint="export it with tensors, tuples, lists and dictionaries alone",
            )
        _check_tree(spec["children_spec"])


def _user_inputs(graph: Json, signature: Json) -> tuple[tuple[SourceTensor, ...], set[str]]:
    """Return what the network takes, and the symbols that stand for a batch."""
    inputs, batches = [], set()
    for spec in signature["input_specs"]:
        given = spec.get("user_input")
        if given is None:
            continue
        name = given["arg"].get("as_tensor", {}).get("name")
        if name is None:
            raise BadInput(
                "the network takes a number or a text beside its tensors",
                hint="export it with that as a constant",
            )
        tensor = graph["tensor_values"][name]
        sizes = [_symbol_or_size(each) for each in tensor["sizes"]]
        if tensor["dtype"] not in (_FLOAT32, *_INTEGERS):
            raise BadInput(
                f"input {printable(name)} is neither float32 nor of integers",
                hint=FLOAT32_HINT,
            )
        if sizes and isinstance(sizes[0], str):
            batches.add(sizes[0])
        whole = tensor["dtype"] in _INTEGERS
        inputs.append(SourceTensor(name, fixed_shape(name, sizes), whole=whole))
    return tuple(inputs), batches


def _symbol_or_size(size: Json) -> int | str:
    if "as_int" in size:
        return int(size["as_int"])
    call = _parsed(str(size["as_expr"]["expr_str"]))
    name = _symbol_name(call)
    return "an expression" if name is None else name


def _computes(node: Json) -> bool:
    """Whether a node is of the network, and not a check or the size of something."""
    if any(str(node["target"]).startswith(check) for check in _CHECKS):
        return False
    sizes = ("as_sym_int", "as_sym_bool", "as_sym_float", "as_int")
    made = node["outputs"]
    return not (made and all(any(key in each for key in sizes) for each in made))


def _static_node(node: Json, symbols: _Symbols) -> Json:
    target = str(node["target"])
    stack = node.get("metadata", {}).get(_STACK, "")
    if not target.startswith(_OPERATORS):
        layer = layer_of_stack(stack) or str(node.get("name", ""))
        raise CheckFailed(
            f"layer {printable(layer)}: {printable(target)} is no operator that can be converted",
            hint="export without control flow and custom operators",
        )
    node["inputs"] = [{**each, "arg": symbols.static(each["arg"])} for each in node["inputs"]]
    node["metadata"] = {_STACK: stack} if stack else {}
    return node


def layer_of_stack(stack: str) -> str:
    """Return the path of the innermost module of a node's stack.

    >>> layer_of_stack("L__self__,,m.Net;L__self__stem,stem,m.Stem;L__self__stem.0,stem.0,m.Conv")
    'stem.0'
    """
    innermost = stack.rpartition(";")[2].split(",")
    return innermost[1] if len(innermost) > 2 else ""


class _Symbols:
    """What symbols of shapes stand for, where every batch is 1; computed, never run as code."""

    def __init__(self, batches: set[str], graph: Json) -> None:
        self._values = dict.fromkeys(batches, 1)
        self._named: Mapping[str, Json] = graph["sym_int_values"]

    def value(self, size: Json) -> int:
        """Return a size as a number."""
        if "as_int" in size:
            return int(size["as_int"])
        return self._computed(_parsed(str(size["as_expr"]["expr_str"])))

    def static(self, argument: Json) -> Json:
        """Return an operator's argument with numbers for what was named."""
        if "as_sym_int" in argument:
            return {"as_int": self._of(argument["as_sym_int"])}
        if "as_sym_ints" in argument:
            return {"as_ints": [self._of(each) for each in argument["as_sym_ints"]]}
        odd = [key for key in argument if key.startswith(("as_sym_", "as_graph", "as_custom"))]
        if odd:
            raise BadInput(
                f"an operator takes {printable(odd[0])}, which depends on what is given",
                hint="export it with fixed shapes and without control flow",
            )
        return argument

    def _of(self, each: Json) -> int:
        if "as_int" in each:
            return int(each["as_int"])
        return self.value(self._named[each["as_name"]])

    def _computed(self, node: ast.expr) -> int:
        if (name := _symbol_name(node)) is not None:
            if name in self._values:
                return self._values[name]
        elif isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._computed(node.operand)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            values = [self._computed(argument) for argument in node.args]
            if (found := _called(node.func.id, values)) is not None:
                return found
        raise BadInput(
            f"a shape depends on {printable(ast.unparse(node))}, which is not the batch",
            hint="export it with fixed shapes; only the batch may be dynamic",
        )


def _called(function: str, values: list[int]) -> int | None:
    """Return what one of SymPy's functions gives, of those that shapes have."""
    if function == "Integer" and len(values) == 1:
        return values[0]
    if function == "Add":
        return sum(values)
    if function in {"Min", "Max"} and values:
        return min(values) if function == "Min" else max(values)
    if function == "Mul":
        return math.prod(values)
    if function in {"FloorDiv", "Mod", "PythonMod"} and len(values) == 2 and values[1]:
        return values[0] // values[1] if function == "FloorDiv" else values[0] % values[1]
    return None


def _parsed(expression: str) -> ast.expr:
    if len(expression) > 4096:
        raise ValueError("an expression of a shape is too long")
    try:
        return ast.parse(expression, mode="eval").body
    except SyntaxError as error:
        raise ValueError("an expression of a shape is none") from error


def _symbol_name(node: ast.expr) -> str | None:
    """Return the name in ``Symbol('s77', positive=True, integer=True)``."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Symbol"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Constant)
    ):
        return str(node.args[0].value)
    return None
