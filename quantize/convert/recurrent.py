"""LSTM, GRU and RNN of an ONNX graph, step by step: a device runs no loops.

Formulas and the order of gates are those of ONNX's operators. A sequence has a fixed length and a
batch of 1, and states begin at zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.onnx_values import shapes_of
from quantize.convert.replacements import MOST_JOINED
from quantize.foundation.errors import CheckFailed

RECURRENT = {"LSTM": ("Sigmoid", "Tanh", "Tanh"), "GRU": ("Sigmoid", "Tanh"), "RNN": ("Tanh",)}
"""Operators, with their activations of one direction."""
MOST_STEPS = 128
"""More make code of thousands of operators."""
_HINT = (
    "use its usual form: fixed length, no clipping, no peepholes, a state that begins at zero; or "
    "convolutions"
)


def without_recurrence(model: Any, label: Callable[[Any], str]) -> None:
    """Replace the recurrent nodes of an ONNX model in place, whose constants are folded.

    Parameters
    ----------
    model
        An ``onnx.ModelProto`` with the shapes of its tensors.
    label
        Names a node for people.

    Raises
    ------
    CheckFailed
        When one of them is of an unusual form, or has more than `MOST_STEPS` steps.
    """
    from onnx import numpy_helper

    graph = model.graph
    if not any(node.op_type in RECURRENT for node in graph.node):
        return
    weights = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
    shapes = shapes_of(graph)
    used = {name for node in graph.node for name in node.input}
    used |= {each.name for each in graph.output}
    nodes: list[Any] = []
    for node in graph.node:
        if node.op_type not in RECURRENT:
            nodes.append(node)
            continue
        layer = _Layer.of(node, weights, shapes.get(node.input[0], ()), label(node))
        steps = _Steps(node.name or node.output[0])
        _write(layer, steps, [name if name in used else "" for name in node.output])
        nodes += steps.nodes
        graph.initializer.extend(steps.constants)
    del graph.node[:]
    graph.node.extend(nodes)


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """A recurrent node, in numbers; weights have the direction as their first axis."""

    kind: str
    source: str
    steps: int
    inner: NDArray[np.float32]
    recurrent: NDArray[np.float32]
    bias: NDArray[np.float32]
    backwards: tuple[bool, ...]
    reset_after: bool
    bend: str
    batch_first: bool

    @classmethod
    def of(
        cls,
        node: Any,
        weights: Mapping[str, NDArray[Any]],
        shape: Sequence[int],
        label: str,
    ) -> _Layer:
        """Read a node, or refuse it by its label."""
        from onnx import helper

        said = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        direction = said.get("direction", b"forward").decode()
        backwards = {"forward": (False,), "reverse": (True,)}.get(direction, (False, True))
        bends = tuple(each.decode() for each in said.get("activations", ()))
        bend = "Relu" if node.op_type == "RNN" and set(bends) == {"Relu"} else "Tanh"
        usual = RECURRENT[node.op_type] if bend == "Tanh" else ("Relu",)
        batch_first = bool(said.get("layout", 0))
        steps = shape[1 if batch_first else 0] if len(shape) == 3 else 0
        given = [*node.input, *[""] * 8][:8]
        trained, others = given[1:3], given[5:8]
        reason = ""
        if not all(name in weights for name in trained):
            reason = "has weights that are computed"
        elif (
            bends not in ((), usual * len(backwards))
            or said.get("clip")
            or any(
                said.get(name) for name in ("input_forget", "activation_alpha", "activation_beta")
            )
        ):
            reason = "has activations of another form"
        elif given[4] or others[2]:
            reason = "has sequences of several lengths" if given[4] else "has peepholes"
        elif any(name and (name not in weights or weights[name].any()) for name in others[:2]):
            reason = "begins with a state that is not zero"
        elif not 0 < steps <= MOST_STEPS:
            reason = f"has {steps or 'an unknown number of'} steps, 1 to {MOST_STEPS} are unrolled"
        if reason:
            raise CheckFailed(f"{label}: the recurrent layer {reason}", hint=_HINT)
        inner, recurrent = (np.asarray(weights[name], np.float32) for name in trained)
        sizes = len(inner), 2 * inner.shape[1]
        bias = np.asarray(weights.get(given[3], np.zeros(sizes)), np.float32)
        after = bool(said.get("linear_before_reset", 0))
        return cls(
            node.op_type, given[0], steps, inner, recurrent, bias, backwards, after, bend,
            batch_first,
        )  # fmt: skip

    @property
    def size(self) -> int:
        """How many values its state has."""
        return int(self.recurrent.shape[-1])


@dataclass(slots=True, eq=False)
class _Steps:
    """Nodes that are written one after another; each gives a tensor by its name."""

    name: str
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, values: Any, kind: type = np.float32) -> str:
        from onnx import numpy_helper

        name = f"{self.name}/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def add(self, kind: str, *inputs: str, gives: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = f"{self.name}/{kind}_{len(self.nodes)}"
        made = gives or name
        self.nodes.append(helper.make_node(kind, inputs, [made], name=name, **attributes))
        return made

    def part(self, source: str, begin: int, end: int, axis: int) -> str:
        places = [self.constant([value], np.int64) for value in (begin, end, axis)]
        return self.add("Slice", source, *places)

    def dense(self, source: str, weights: NDArray[Any], bias: NDArray[Any]) -> str:
        names = [self.constant(weights)] + ([self.constant(bias)] if bias.any() else [])
        return self.add("Gemm", source, *names, transB=1)

    def shaped(self, source: str, shape: Sequence[int], gives: str = "") -> str:
        return self.add("Reshape", source, self.constant(shape, np.int64), gives=gives)


def _write(layer: _Layer, steps: _Steps, outputs: Sequence[str]) -> None:
    """Write a layer's nodes: what it gives at each step, and its last states, if they are used."""
    every, last, cell = [*outputs, "", "", ""][:3]
    rows = steps.shaped(layer.source, (layer.steps, layer.inner.shape[-1]))
    ways = [_way(layer, place, rows, steps) for place in range(len(layer.backwards))]
    count, size = len(ways), layer.size
    if every:
        joined = [_joined(steps, way.in_time, axis=0) for way in ways]
        shape = (layer.steps, count, 1, size)
        shape = (1, layer.steps, count, size) if layer.batch_first else shape
        steps.shaped(_joined(steps, joined, axis=1), shape, gives=every)
    ended = (1, count, size) if layer.batch_first else (count, 1, size)
    if last:
        steps.shaped(_joined(steps, [way.last for way in ways], axis=1), ended, gives=last)
    if cell:
        steps.shaped(_joined(steps, [way.cell for way in ways], axis=1), ended, gives=cell)


def _joined(steps: _Steps, tensors: Sequence[str], *, axis: int) -> str:
    """Join tensors, no more than `MOST_JOINED` by one operator."""
    while len(tensors) > 1:
        parts = [tensors[i : i + MOST_JOINED] for i in range(0, len(tensors), MOST_JOINED)]
        tensors = [
            steps.add("Concat", *part, axis=axis) if len(part) > 1 else part[0] for part in parts
        ]
    return tensors[0]


@dataclass(frozen=True, slots=True)
class _Way:
    """Names of what one direction gives: its states in the order of time, the last, the cell."""

    in_time: Sequence[str]
    last: str
    cell: str


def _way(layer: _Layer, place: int, rows: str, steps: _Steps) -> _Way:
    """Write one direction of a layer."""
    size = layer.size
    bias, recurrent = np.split(layer.bias[place], 2)
    # One bias for both products, but for what a GRU multiplies by its reset gate.
    apart = np.zeros_like(recurrent)
    if layer.kind == "GRU" and layer.reset_after:
        apart[2 * size :] = recurrent[2 * size :]
    inner = steps.dense(rows, layer.inner[place], bias + recurrent - apart)
    cell = _CELLS[layer.kind](layer, layer.recurrent[place], apart, steps)
    states: list[str] = []
    kept = ""
    order = range(layer.steps)
    for step in reversed(order) if layer.backwards[place] else order:
        given = steps.part(inner, step, step + 1, 0)
        state, kept = cell(given, states[-1] if states else "", kept)
        states.append(state)
    in_time = states[::-1] if layer.backwards[place] else states
    return _Way(in_time, states[-1], kept)


Cell = Callable[[str, str, str], tuple[str, str]]


def _lstm(layer: _Layer, weights: NDArray[Any], bias: NDArray[Any], steps: _Steps) -> Cell:
    """Return a step of an LSTM: gates are input, output, forget, cell."""
    size = layer.size

    def step(given: str, state: str, cell: str) -> tuple[str, str]:
        if state:
            given = steps.add("Add", given, steps.dense(state, weights, bias))
        parts = [steps.part(given, size * i, size * (i + 1), 1) for i in range(4)]
        enter, leave, forget = (steps.add("Sigmoid", part) for part in parts[:3])
        fresh = steps.add("Mul", enter, steps.add("Tanh", parts[3]))
        kept = steps.add("Add", steps.add("Mul", forget, cell), fresh) if cell else fresh
        return steps.add("Mul", leave, steps.add("Tanh", kept)), kept

    return step


def _gru(layer: _Layer, weights: NDArray[Any], bias: NDArray[Any], steps: _Steps) -> Cell:
    """Return a step of a GRU: gates are update, reset, new."""
    size = layer.size
    two = 2 * size

    def step(given: str, state: str, _: str) -> tuple[str, str]:
        gates, fresh = steps.part(given, 0, two, 1), steps.part(given, two, 3 * size, 1)
        if state:
            gates = steps.add("Add", gates, steps.dense(state, weights[:two], bias[:two]))
        gates = steps.add("Sigmoid", gates)
        update, reset = steps.part(gates, 0, size, 1), steps.part(gates, size, two, 1)
        if state and layer.reset_after:
            from_state = steps.dense(state, weights[two:], bias[two:])
            fresh = steps.add("Add", fresh, steps.add("Mul", reset, from_state))
        elif state:
            remembered = steps.add("Mul", reset, state)
            fresh = steps.add("Add", fresh, steps.dense(remembered, weights[two:], bias[two:]))
        elif bias[two:].any():
            constant = steps.constant(bias[np.newaxis, two:])
            fresh = steps.add("Add", fresh, steps.add("Mul", reset, constant))
        fresh = steps.add("Tanh", fresh)
        if not state:
            return steps.add("Sub", fresh, steps.add("Mul", update, fresh)), ""
        held = steps.add("Mul", update, steps.add("Sub", state, fresh))
        return steps.add("Add", fresh, held), ""

    return step


def _rnn(layer: _Layer, weights: NDArray[Any], bias: NDArray[Any], steps: _Steps) -> Cell:
    """Return a step of a plain recurrent layer."""

    def step(given: str, state: str, _: str) -> tuple[str, str]:
        if state:
            given = steps.add("Add", given, steps.dense(state, weights, bias))
        return steps.add(layer.bend, given), ""

    return step


_CELLS = {"LSTM": _lstm, "GRU": _gru, "RNN": _rnn}
