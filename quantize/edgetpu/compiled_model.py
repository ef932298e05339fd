"""A compiled model as frozen records: what the compiler put into a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

CUSTOM_OPERATOR = "edgetpu-custom-op"
"""The name of the custom operator that holds what runs on the Edge TPU."""


class ExecutableType(Enum):
    """What an executable is for."""

    STAND_ALONE = 0
    """All that an inference needs; its parameters are sent for each."""
    PARAMETER_CACHING = 1
    """Loads parameters into the chip's memory, once; the next ones find them there."""
    EXECUTION_ONLY = 2
    """An inference; its own parameters, if any, are those that did not fit and are streamed."""

    @property
    def label(self) -> str:
        """Its name as written in reports: ``"parameter-caching"``."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Layer:
    """An input or output of an executable.

    Parameters
    ----------
    name
        The tensor's name in the model.
    y, x, z
        Its axes; 1 where it has none.
    size_bytes
        Bytes that are transferred, padding included, for one execution.
    data_type
        ``"unsigned-8"``, ``"signed-8"``, ...; how the chip takes it. An int8 model has signed-8.
    scale, zero_point
        Its quantisation, as the chip sees it.
    executions
        How often it is transferred an inference.
    """

    name: str
    y: int
    x: int
    z: int
    size_bytes: int
    data_type: str
    scale: float
    zero_point: int
    executions: int

    @property
    def transferred_bytes(self) -> int:
        """Bytes that cross the link for it in one inference."""
        return self.size_bytes * self.executions


@dataclass(frozen=True, slots=True)
class DmaHint:
    """One transfer or event that the compiler foresaw, in order.

    Parameters
    ----------
    kind
        ``"instructions"``, ``"parameters"``, ``"input"``, ``"output"``, ``"scratch"``,
        ``"interrupt"`` or ``"fence"``.
    layer
        The input's or output's name; empty otherwise.
    size_bytes
        Bytes transferred; 0 where nothing is.
    """

    kind: str
    layer: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Executable:
    """One program for the chip.

    Parameters
    ----------
    kind
        What it is for.
    name, chip
        As the file has them; the one chip so far is ``"beagle"``.
    batch, scratch_bytes
        Inputs handled at once; memory on the host that it needs.
    instruction_chunks
        Bytes of each instruction stream.
    parameter_bytes
        Bytes of weights, biases and tables, padding included.
    inputs, outputs
        Its layers.
    hints
        The transfers that the compiler foresaw.
    deterministic
        Whether `hints` are all transfers there will be.
    narrow_memory_bytes_per_tile
        The most of each tile's narrow memory that it uses.
    estimated_cycles
        The compiler's estimate; ``None`` where the file has none, as newer ones do not.
    caching_token
        Executables with the same token share what is cached.
    """

    kind: ExecutableType
    name: str
    chip: str
    batch: int
    scratch_bytes: int
    instruction_chunks: tuple[int, ...]
    parameter_bytes: int
    inputs: tuple[Layer, ...]
    outputs: tuple[Layer, ...]
    hints: tuple[DmaHint, ...]
    deterministic: bool
    narrow_memory_bytes_per_tile: int
    estimated_cycles: int | None
    caching_token: int

    @property
    def instruction_bytes(self) -> int:
        """Bytes of all its instruction streams."""
        return sum(self.instruction_chunks)


@dataclass(frozen=True, slots=True)
class Package:
    """What one `edgetpu-custom-op` of a model holds.

    Parameters
    ----------
    operator
        The operator's place in the main subgraph.
    min_runtime_version
        The oldest runtime that can load it: 13, 14, ...
    compiler
        The compiler's build, ``"cl/343520747"``; may be without a number.
    executables
        As in the file.
    output_names
        Names of the operator's outputs, in the operator's order.
    """

    operator: int
    min_runtime_version: int
    compiler: str
    executables: tuple[Executable, ...]
    output_names: tuple[str, ...]

    @property
    def inference(self) -> Executable | None:
        """The executable that is run for each inference; the last such one, as runtimes take it."""
        runs = [e for e in self.executables if e.kind is not ExecutableType.PARAMETER_CACHING]
        return runs[-1] if runs else None

    @property
    def caching(self) -> Executable | None:
        """The executable that loads parameters once, ``None`` where none does."""
        loads = [e for e in self.executables if e.kind is ExecutableType.PARAMETER_CACHING]
        return loads[-1] if loads else None

    @property
    def cached_bytes(self) -> int:
        """Parameters that stay on the chip."""
        return 0 if self.caching is None else self.caching.parameter_bytes

    @property
    def streamed_bytes(self) -> int:
        """Parameters that are sent for each inference."""
        return 0 if self.inference is None else self.inference.parameter_bytes

    @property
    def instruction_bytes(self) -> int:
        """Instructions that are sent for each inference."""
        return 0 if self.inference is None else self.inference.instruction_bytes

    @property
    def input_bytes(self) -> int:
        """Activations that are sent for each inference."""
        layers = () if self.inference is None else self.inference.inputs
        return sum(layer.transferred_bytes for layer in layers)

    @property
    def output_bytes(self) -> int:
        """Activations that come back for each inference."""
        layers = () if self.inference is None else self.inference.outputs
        return sum(layer.transferred_bytes for layer in layers)


@dataclass(frozen=True, slots=True)
class CompiledModel:
    """All of a compiled file that concerns the Edge TPU.

    Parameters
    ----------
    source, file_bytes
        The file.
    inputs
        The number of the model's own inputs.
    packages
        One for each `edgetpu-custom-op`; the compiler makes one.
    cpu_operators
        Labels of the operators that were left on the CPU, in order.
    """

    source: str
    file_bytes: int
    inputs: int
    packages: tuple[Package, ...]
    cpu_operators: tuple[str, ...]

    @property
    def cached_bytes(self) -> int:
        """Parameters that stay on the chip, of all packages."""
        return sum(package.cached_bytes for package in self.packages)

    @property
    def streamed_bytes(self) -> int:
        """Parameters that are sent for each inference, of all packages."""
        return sum(package.streamed_bytes for package in self.packages)

    @property
    def instruction_bytes(self) -> int:
        """Instructions that are sent for each inference, of all packages."""
        return sum(package.instruction_bytes for package in self.packages)
