"""Compile a fully-int8 .tflite model into C."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from firmware_bridge.compiler.arena import ArenaPlan, plan_arena
from firmware_bridge.compiler.emit import Sources, header_text, source_text
from firmware_bridge.compiler.kernel_call import KernelCall
from firmware_bridge.compiler.lowering import lower_model
from firmware_bridge.compiler.names import DEFAULT, check_prefix, model_name
from firmware_bridge.compiler.state import StatePlan, plan_state
from firmware_bridge.compiler.values import tensor_bytes
from quantize.tflite.model import Layer, Subgraph, Tensor
from quantize.tflite.reader import read_model


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """What one operator costs.

    Parameters
    ----------
    index, name, label
        Its place, its kind, and both with its layer's name, for people.
    kernel
        The function that runs it; ``""`` for a view.
    macs
        Multiply-accumulates of one inference.
    constant_bytes
        Its arrays in flash, without its layer struct.
    scratch_bytes
        What it needs of the arena besides its inputs and outputs.
    output_bytes
        Size of its (first) output.
    """

    index: int
    name: str
    label: str
    kernel: str
    macs: int
    constant_bytes: int
    scratch_bytes: int
    output_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class CompiledModel:
    """A model as C.

    Parameters
    ----------
    name
        What the firmware calls it: ``PREFIX_NAME``.
    prefix
        A C identifier, before every name that others can see: ``prefix_run``; in capitals before
        the macros. It names the files too.
    sha256
        Of the .tflite file, 64 hex digits.
    header, source
        Texts of ``prefix.h`` and ``prefix.c``.
    graph
        The subgraph that was compiled.
    calls
        Its operators as kernel calls, in order.
    plan
        The arena's plan.
    state
        The plan of what it keeps from one inference to the next.
    operators
        What each of them costs.
    """

    name: str
    prefix: str
    sha256: str
    header: str
    source: str
    graph: Subgraph
    calls: tuple[KernelCall, ...]
    plan: ArenaPlan
    state: StatePlan
    operators: tuple[OperatorRow, ...]

    @property
    def input(self) -> Tensor:
        """The model's input; of several the first."""
        return self.graph.input_tensors[0]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The model's inputs, in their order."""
        return self.graph.input_tensors

    @property
    def input_bytes(self) -> tuple[int, ...]:
        """Size of each input."""
        return tuple(tensor_bytes(tensor) for tensor in self.inputs)

    @property
    def output(self) -> Tensor:
        """The model's output; of several the first."""
        return self.graph.output_tensors[0]

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The model's outputs, in their order."""
        return self.graph.output_tensors

    @property
    def output_bytes(self) -> tuple[int, ...]:
        """Size of each output."""
        return tuple(tensor_bytes(tensor) for tensor in self.outputs)

    @property
    def arena_bytes(self) -> int:
        """Memory that it runs in: ``PREFIX_ARENA_BYTES``."""
        return self.plan.arena_bytes

    @property
    def state_bytes(self) -> int:
        """Memory that it keeps: ``PREFIX_STATE_BYTES``; 0 in a model that keeps nothing."""
        return self.state.state_bytes

    @property
    def constant_bytes(self) -> int:
        """Bytes of all constant arrays."""
        return sum(row.constant_bytes for row in self.operators)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one inference."""
        return sum(row.macs for row in self.operators)


def compile_model(data: bytes, name: str, *, prefix: str = DEFAULT) -> CompiledModel:
    """Compile a .tflite model; the same bytes and name give the same texts.

    Parameters
    ----------
    data
        The file's bytes.
    name
        ``PREFIX_NAME``; what is not a letter, digit, ``_``, ``-`` or ``.`` becomes ``_``, and
        what is beyond 31 characters is cut.
    prefix
        Before the names of the C; two models of one program need two.

    Raises
    ------
    BadInput
        When the file is not a valid .tflite model, or cannot be compiled; the message names the
        operator, its layer and the reason. When the prefix is no identifier for C and C++.
    """
    check_prefix(prefix)
    model = read_model(data, name=name)
    lowered = lower_model(model)
    graph, calls = lowered.graph, lowered.calls
    sizes = {
        index: tensor_bytes(graph.tensors[index])
        for call in calls
        for index in (*call.inputs, *call.outputs, *graph.inputs)
    }
    first, *others = graph.outputs
    state = plan_state(graph, calls, lowered.first_values, lowered.resources)
    plan = plan_arena(
        calls,
        sizes,
        input_tensor=graph.inputs[0],
        output_tensor=first,
        other_outputs=others,
        other_inputs=graph.inputs[1:],
        elsewhere=state.tensor_offsets,
    )
    sha256 = hashlib.sha256(data).hexdigest()
    sources = Sources(model_name(name), prefix, sha256, graph, calls, plan, state)
    return CompiledModel(
        name=sources.name,
        prefix=sources.prefix,
        sha256=sha256,
        header=header_text(sources),
        source=source_text(sources),
        graph=graph,
        calls=calls,
        plan=plan,
        state=state,
        operators=tuple(_row(graph, call) for call in calls),
    )


def _row(graph: Subgraph, call: KernelCall) -> OperatorRow:
    return OperatorRow(
        index=call.operator,
        name=call.name,
        label=Layer(graph, graph.operators[call.operator]).label,
        kernel=call.function or "",
        macs=call.macs,
        constant_bytes=sum(constant.values.nbytes for constant in call.constants),
        scratch_bytes=call.scratch_bytes,
        output_bytes=tensor_bytes(graph.tensors[call.outputs[0]]),
    )
