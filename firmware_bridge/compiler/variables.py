"""Resource variables made plain: each becomes a tensor that keeps its value.

In a .tflite a variable is known by its name: VAR_HANDLE makes a handle of that name, READ_VARIABLE
and ASSIGN_VARIABLE take the handle, and a subgraph that CALL_ONCE runs before the first inference
assigns first values. What is lowered has none of that: the handle's tensor is the variable itself,
READ_VARIABLE reads it and ASSIGN_VARIABLE writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.operands import input_tensor, options_of, refuse
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.tflite.model import Layer, Model, Operator, Subgraph, Tensor
from quantize.tflite.options import CallOnceOptions, VarHandleOptions
from quantize.tflite.schema import DType

DECLARATIONS = frozenset({"CALL_ONCE", "VAR_HANDLE"})
"""Operators that compute nothing once variables are resolved."""
_ACCESSES = ("READ_VARIABLE", "ASSIGN_VARIABLE")
_TYPES = frozenset({DType.INT8, DType.UINT8, DType.INT16, DType.INT32})
_CONVERT_HINT = "convert the model again: converters give variables one shape and a first value"
_Name = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """A graph whose variables are tensors.

    Parameters
    ----------
    graph
        The main subgraph; of a model without resource variables as it was.
    first_values
        What the initialisation assigns, uint8 ``[bytes]`` by the variable's tensor.
    resources
        The tensors that were resource variables.
    initialisers
        Indices of the subgraphs that are run once.
    """

    graph: Subgraph
    first_values: Mapping[int, NDArray[np.uint8]]
    resources: frozenset[int]
    initialisers: frozenset[int]


@dataclass(slots=True)
class _Variables:
    """What is known of the variables while the operators are gone through."""

    handles: dict[int, _Name] = field(default_factory=dict)
    tensors: dict[_Name, int] = field(default_factory=dict)
    kinds: dict[_Name, Tensor] = field(default_factory=dict)
    first: dict[_Name, NDArray[np.uint8]] = field(default_factory=dict)
    assigned: set[_Name] = field(default_factory=set)
    initialisers: set[int] = field(default_factory=set)
    accessed: bool = False


def resolve_variables(model: Model) -> Resolved:
    """Make tensors of the variables of a model's main subgraph.

    Raises
    ------
    BadInput
        When a variable has no name, two shapes or types, or one that is not kept here; is read
        before anything is assigned to it; or is given its first value by anything but constants.
        When CALL_ONCE runs a subgraph that is not there, runs another, or comes too late. Operator,
        layer and reason are named.
    """
    graph, known = model.main, _Variables()
    if not {operator.name for operator in graph.operators} & {*DECLARATIONS, *_ACCESSES}:
        return Resolved(graph, {}, frozenset(), frozenset())
    operators = []
    for layer in graph.layers:
        if layer.name == "VAR_HANDLE":
            _handle(known, layer)
        elif layer.name == "CALL_ONCE":
            _initialise(known, model, layer)
        elif not known.handles.keys().isdisjoint(layer.operator.inputs) and not _accesses(layer):
            refuse(layer, "it takes a variable's handle, and not what it holds")
        operators.append(_accessed(known, layer) if _accesses(layer) else layer.operator)
    _check_borders(known, model)
    tensors = list(graph.tensors)
    for name, index in known.tensors.items():
        if name in known.kinds:
            tensors[index] = _variable(graph.tensors[index], name, known.kinds[name])
    return Resolved(
        replace(graph, tensors=tuple(tensors), operators=tuple(operators)),
        {
            known.tensors[name]: value
            for name, value in known.first.items()
            if name in known.tensors
        },
        frozenset(known.tensors.values()),
        frozenset(known.initialisers),
    )


def _accesses(layer: Layer) -> bool:
    return layer.name in _ACCESSES


def _check_borders(known: _Variables, model: Model) -> None:
    for index in (*model.main.inputs, *model.main.outputs):
        if index in known.handles:
            raise BadInput(
                f"{printable(model.source)} takes or gives a variable's handle, tensor {index}",
                hint="convert the model with tensors alone for inputs and outputs",
            )


def _handle(known: _Variables, layer: Layer) -> None:
    name = _name(layer)
    other = next((c for c, shared in known.tensors if shared == name[1] and c != name[0]), None)
    if other is not None:
        refuse(
            layer,
            f"two variables are called '{printable(name[1])}', in containers "
            f"'{printable(other)}' and '{printable(name[0])}', which runtimes do not tell apart",
            hint="give variables names of their own",
        )
    (index,) = layer.operator.outputs
    known.handles[index] = name
    known.tensors.setdefault(name, index)


def _name(layer: Layer) -> _Name:
    options = options_of(layer, VarHandleOptions)
    if len(layer.operator.outputs) != 1 or layer.outputs[0].dtype is not DType.RESOURCE:
        refuse(layer, "it does not make one handle")
    if not options.shared_name:
        refuse(layer, "its variable has no name", hint=_CONVERT_HINT)
    return options.container, options.shared_name


def _accessed(known: _Variables, layer: Layer) -> Operator:
    """Return a READ_VARIABLE or ASSIGN_VARIABLE that has the variable's tensor for its handle."""
    reads = layer.name == "READ_VARIABLE"
    name, kind = _access(known.handles, layer)
    if reads and name not in known.assigned:
        refuse(
            layer,
            f"it reads variable '{printable(name[1])}' before anything is assigned to it",
            hint=_CONVERT_HINT,
        )
    _check_kind(known, name, kind, layer)
    known.accessed = True
    known.assigned.add(name)
    variable = known.tensors[name]
    if reads:
        return replace(layer.operator, inputs=(variable,))
    return replace(layer.operator, inputs=layer.operator.inputs[1:], outputs=(variable,))


def _access(handles: Mapping[int, _Name], layer: Layer) -> tuple[_Name, Tensor]:
    """Return which variable an operator reads or assigns to, and the tensor that it holds then."""
    reads = layer.name == "READ_VARIABLE"
    if (len(layer.operator.inputs), len(layer.operator.outputs)) != ((1, 1) if reads else (2, 0)):
        what = f"{len(layer.operator.inputs)} inputs and {len(layer.operator.outputs)} outputs"
        refuse(layer, f"it has {what}")
    handle = input_tensor(layer, 0)
    if handle.index not in handles:
        refuse(layer, "its first input is no variable's handle")
    kind = layer.outputs[0] if reads else input_tensor(layer, 1)
    return handles[handle.index], kind


def _check_kind(known: _Variables, name: _Name, kind: Tensor, layer: Layer) -> None:
    if kind.dtype not in _TYPES:
        refuse(layer, f"its variable is {kind.dtype.label}, which is not kept here")
    first = known.kinds.setdefault(name, kind)
    if (first.dtype, first.shape) != (kind.dtype, kind.shape):
        refuse(
            layer,
            f"variable '{printable(name[1])}' is {kind.dtype.label} {list(kind.shape)} here, and "
            f"{first.dtype.label} {list(first.shape)} elsewhere",
            hint=_CONVERT_HINT,
        )


def _variable(handle: Tensor, name: _Name, kind: Tensor) -> Tensor:
    return replace(
        kind,
        index=handle.index,
        name=name[1],
        is_variable=True,
        buffer=handle.buffer,
        data=None,
    )


def _initialise(known: _Variables, model: Model, layer: Layer) -> None:
    """Run what CALL_ONCE runs: assignments of constants to variables, and nothing else."""
    if known.accessed:
        refuse(layer, "it runs after variables were used; it must come first")
    number = options_of(layer, CallOnceOptions).subgraph
    if not 0 <= number < len(model.subgraphs):
        refuse(layer, f"it runs subgraph {number} of {len(model.subgraphs)}")
    if number == layer.graph.index:
        refuse(layer, "it runs the subgraph that it stands in")
    once = model.subgraphs[number]
    if once.inputs or once.outputs:
        refuse(layer, f"subgraph {number}, which it runs, has inputs or outputs")
    known.initialisers.add(number)
    handles: dict[int, _Name] = {}
    for step in once.layers:
        kind = "" if step.is_custom else step.name
        if kind == "VAR_HANDLE":
            name = _name(step)
            handles[step.operator.outputs[0]] = name
        elif kind == "ASSIGN_VARIABLE":
            name, value = _access(handles, step)
            if value.data is None:
                refuse(step, "it assigns no constant before the first inference")
            _check_kind(known, name, value, step)
            known.first[name] = np.frombuffer(value.data.tobytes(), np.uint8)
            known.assigned.add(name)
        else:
            refuse(
                step,
                "before the first inference only constants are assigned to variables",
                hint="give variables constant first values",
            )
