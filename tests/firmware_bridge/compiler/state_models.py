"""Models that keep state, built by hand, and what TFLite-Micro makes of a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.tflite.schema import DType
from tests.firmware_bridge.kernels.operator_models import ModelBuilder, schema


class StateBuilder(ModelBuilder):
    """A model whose further subgraphs, each begun by `subgraph`, are run by CALL_ONCE."""

    @contextmanager
    def subgraph(self) -> Iterator[int]:
        """Add what is added meanwhile to a further subgraph; give its number."""
        kept = self._tensors, self._operators
        self._tensors, self._operators = [], []
        graph = schema().SubGraphT()
        graph.name = f"once_{len(self._further)}"
        graph.inputs = graph.outputs = np.zeros(0, np.int32)
        self._further.append(graph)
        try:
            yield len(self._further)
        finally:
            graph.tensors, graph.operators = self._tensors, self._operators
            self._tensors, self._operators = kept

    def handle(self, name: str, *, container: str = "") -> int:
        """Add a handle of a variable."""
        handle = self.tensor((), dtype=DType.RESOURCE)
        names = {"sharedName": name, "container": container}
        self.operator("VAR_HANDLE", (), (handle,), "VarHandle", **names)
        return handle

    def call_once(self, subgraph: int) -> None:
        """Run a further subgraph once."""
        self.operator("CALL_ONCE", (), (), "CallOnce", initSubgraphIndex=subgraph)

    def read(self, handle: int, like: int) -> int:
        """Read a variable into a new tensor that is like another."""
        found = self._tensors[like]
        tensor = self.tensor(
            tuple(found.shape),
            scale=found.quantization.scale,
            zero_point=found.quantization.zeroPoint,
        )
        self.operator("READ_VARIABLE", (handle,), (tensor,), "ReadVariable")
        return tensor

    def assign(self, handle: int, value: int) -> None:
        """Assign a tensor to a variable."""
        self.operator("ASSIGN_VARIABLE", (handle, value), (), "AssignVariable")


def with_first_values(
    builder: StateBuilder, first: dict[str, NDArray[np.int8]], *, scale: float, zero_point: int = 0
) -> dict[str, int]:
    """Begin a model with variables that a subgraph of its own gives first values; give handles."""
    with builder.subgraph() as number:
        for name, values in first.items():
            value = builder.tensor(values.shape, scale=scale, zero_point=zero_point, data=values)
            builder.assign(builder.handle(name), value)
    builder.call_once(number)
    return {name: builder.handle(name) for name in first}


class MicroSequence:
    """TFLite-Micro on a sequence, in this process: for models that the test itself built."""

    def __init__(self, model: bytes, *, outputs: int = 1) -> None:
        self._model, self._outputs = model, outputs
        self.begin()

    def begin(self) -> None:
        """Begin with a new interpreter."""
        from tflite_micro.python.tflite_micro import runtime

        self._interpreter = runtime.Interpreter.from_bytes(self._model, arena_size=1 << 20)

    def reset(self) -> None:
        """Call TFLite-Micro's own reset."""
        self._interpreter.reset()

    def run(self, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """Return each output, ``[n, ...]``, of one input after another."""
        found: list[list[NDArray[Any]]] = [[] for _ in range(self._outputs)]
        for sample in inputs:
            self._interpreter.set_input(sample, 0)
            self._interpreter.invoke()
            for number, values in enumerate(found):
                values.append(np.array(self._interpreter.get_output(number)))
        return [np.stack(values) for values in found]
