"""Holds compiled models to TFLite-Micro's bytes, and draws what to hold them with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from operator_models import ModelBuilder, micro_outputs

from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.compiler.host_build import HostModel, build_host_model
from firmware_bridge.compiler.values import tensor_bytes

few = settings(max_examples=4, suppress_health_check=list(HealthCheck))
"""Each example builds a model of several cases in C, and loads it into TFLite-Micro."""
_Case = TypeVar("_Case")


@dataclass(frozen=True)
class Quantised:
    """A scale that float32 holds, and a zero point."""

    scale: float
    zero_point: int


scales = st.floats(-10, 1).map(lambda exponent: float(np.float32(2.0**exponent)))
zero_points = st.one_of(st.integers(-128, 127), st.sampled_from([-128, 0, 127]))
quantisations = st.builds(Quantised, scales, zero_points)
seeds = st.integers(0, 2**32 - 1)


def several(case: st.SearchStrategy[_Case]) -> st.SearchStrategy[list[_Case]]:
    """Draw the cases of one model."""
    return st.lists(case, min_size=4, max_size=8)


class CaseBuilder(ModelBuilder):
    """A model of independent cases: its input is cut into their operands, their results joined.

    Slices and reshapes only move bytes, so operands may be quantised as one likes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._source = self.tensor((1, 1), scale=1.0)
        self.length = 0
        self._results: list[tuple[int, int]] = []
        self._joined = False

    def operand(self, shape: Sequence[int], kind: Quantised) -> int:
        """Cut a tensor off the input."""
        size = int(np.prod(shape))
        cut = self.tensor((1, size), scale=1.0)
        bounds = ((0, self.length), (1, self.length + size), (1, 1))
        inputs = (self._source, *(self.integers(*bound) for bound in bounds))
        self.operator("STRIDED_SLICE", inputs, (cut,), "StridedSlice")
        self.length += size
        return self._reshaped(cut, tuple(shape), kind)

    def output(self, shape: Sequence[int], kind: Quantised) -> int:
        """Add the tensor that a case's operator is to write."""
        tensor = self.tensor(tuple(shape), scale=kind.scale, zero_point=kind.zero_point)
        self._results.append((tensor, int(np.prod(shape))))
        return tensor

    def finish(self) -> bytes:
        """Join the results and return the file's bytes."""
        self._tensors[self._source].shape = np.asarray((1, self.length), np.int32)
        plain = Quantised(1.0, 0)
        parts = [(self._reshaped(tensor, (1, size), plain), size) for tensor, size in self._results]
        while len(parts) > 1 or not self._joined:
            parts = [self._join(parts[i : i + 10]) for i in range(0, len(parts), 10)]
        return self.build((self._source,), (parts[0][0],))

    def _join(self, parts: list[tuple[int, int]]) -> tuple[int, int]:
        """Join tensors, each with its length; TFLite-Micro joins ten at most."""
        self._joined = True
        total = sum(size for _, size in parts)
        joined = self.tensor((1, total), scale=1.0)
        tensors = tuple(tensor for tensor, _ in parts)
        self.operator("CONCATENATION", tensors, (joined,), "Concatenation", axis=1)
        return joined, total

    def _reshaped(self, tensor: int, shape: tuple[int, ...], kind: Quantised) -> int:
        result = self.tensor(shape, scale=kind.scale, zero_point=kind.zero_point)
        self.operator("RESHAPE", (tensor, self.integers(*shape)), (result,), "Reshape")
        return result


class Exactness:
    """Builds models under sanitizers in `folder` and compares them with the oracle."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def build(self, compiled: CompiledModel, *, sanitise: bool = True) -> HostModel:
        """Build a model; the next one takes its place."""
        objects = self._folder / "objects"
        return build_host_model(compiled, self._folder, objects=objects, sanitise=sanitise)

    def check(self, model: bytes, inputs: NDArray[Any]) -> CompiledModel:
        """Compare the outputs of all inputs ``[n, *input shape]``."""
        compiled = compile_model(model, "drawn")
        actual = self.build(compiled).outputs(inputs)
        np.testing.assert_array_equal(actual, micro_outputs(model, inputs), strict=True)
        return compiled

    def check_cases(
        self, cases: Sequence[_Case], add: Callable[[CaseBuilder, _Case], None], seed: int
    ) -> CompiledModel:
        """Compare what `add` makes of each case, all in one model, on random and extreme inputs."""
        builder = CaseBuilder()
        for case in cases:
            add(builder, case)
        return self.check(builder.finish(), random_inputs(seed, (1, builder.length)))


def random_inputs(seed: int, shape: Sequence[int], *, count: int = 6) -> NDArray[np.int8]:
    """Return random samples, and those that are as small and as large as can be."""
    random = np.random.default_rng(seed)
    samples = random.integers(-128, 128, (count, *shape), dtype=np.int8)
    edges = np.stack([np.full(shape, value, np.int8) for value in (-128, 127)])
    return np.concatenate([samples, edges])


def written_by(compiled: CompiledModel, position: int) -> NDArray[np.bool_]:
    """Return which bytes of the arena an operator may write."""
    call, plan = compiled.calls[position], compiled.plan
    allowed = np.zeros(compiled.arena_bytes, np.bool_)
    if call.function is None:
        return allowed
    for tensor in set(call.outputs) & plan.tensor_offsets.keys():  # variables lie elsewhere
        start = plan.tensor_offsets[tensor]
        allowed[start : start + tensor_bytes(compiled.graph.tensors[tensor])] = True
    if call.scratch_bytes:
        start = plan.scratch_offsets[call.operator]
        allowed[start : start + call.scratch_bytes] = True
    return allowed


def check_writes(compiled: CompiledModel, arenas: NDArray[np.uint8]) -> None:
    """Compare the arena before and after each operator."""
    for before, after, position in zip(
        arenas[:, :-1].swapaxes(0, 1),
        arenas[:, 1:].swapaxes(0, 1),
        range(1, len(compiled.calls)),
        strict=True,
    ):
        changed = (before != after).any(axis=0)
        assert not (changed & ~written_by(compiled, position)).any(), compiled.operators[position]
