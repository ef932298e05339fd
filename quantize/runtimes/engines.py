"""The runtimes behind one small interface; imported in child processes only."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput, ToolMissing
from quantize.foundation.foreign import printable
from quantize.runtimes.catalogue import INSTALL_HINT, LITERT_MODULES, Runtime, litert_module
from quantize.runtimes.words import separated

_MESSAGE_BYTES = 64 << 10
_REASON_LENGTH = 500


class Engine(Protocol):
    """A model loaded into a runtime."""

    def set_input(self, position: int, value: NDArray[Any]) -> None:
        """Fill input `position`; to be done before every invocation."""

    def invoke(self) -> None:
        """Run the model once."""

    def output(self, position: int) -> NDArray[Any]:
        """Return a copy of output `position`."""
        ...

    def tensor(self, index: int) -> NDArray[Any]:
        """Return a copy of any tensor, where the engine was told to preserve them."""
        ...

    def reset(self) -> None:
        """Give variables their first values again."""


class MicroEngine:
    """TFLite-Micro by the `tflite_micro` wheel.

    Parameters
    ----------
    model
        The file's bytes.
    arena_bytes
        Size of the arena; what is not touched costs no memory.
    preserve
        Whether every tensor keeps its value until the next invocation.
    """

    def __init__(self, model: bytes, *, arena_bytes: int, preserve: bool) -> None:
        library = import_library(Runtime.TFLITE_MICRO)
        configs = library.InterpreterConfig
        self._interpreter = library.Interpreter.from_bytes(
            model,
            arena_size=arena_bytes,
            intrepreter_config=(
                configs.kPreserveAllTensors if preserve else configs.kAllocationRecording
            ),
        )

    def set_input(self, position: int, value: NDArray[Any]) -> None:
        """Fill input `position`."""
        self._interpreter.set_input(value, position)

    def invoke(self) -> None:
        """Run the model once."""
        self._interpreter.invoke()

    def output(self, position: int) -> NDArray[Any]:
        """Return a copy of output `position`."""
        return np.array(self._interpreter.get_output(position))

    def tensor(self, index: int) -> NDArray[Any]:
        """Return a copy of tensor `index` of the main subgraph."""
        return np.array(self._interpreter.GetTensor(index, 0)["tensor_data"])

    def reset(self) -> None:
        """Give variables their first values again."""
        self._interpreter.reset()

    def print_allocations(self) -> None:
        """Have the arena's use written to file descriptor 2."""
        self._interpreter.print_allocations()


class LiteRtEngine:
    """LiteRT by `ai_edge_litert`, or by the older `tflite_runtime`.

    Parameters
    ----------
    model
        The file's bytes.
    runtime
        Which kernels to use.
    num_threads
        Threads of the interpreter.
    preserve
        Whether every tensor keeps its value until the next invocation.
    """

    def __init__(self, model: bytes, runtime: Runtime, *, num_threads: int, preserve: bool) -> None:
        library = import_library(runtime)
        resolvers = library.OpResolverType
        resolver = {
            Runtime.LITERT_XNNPACK: resolvers.BUILTIN,
            Runtime.LITERT_BUILTIN: resolvers.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            Runtime.LITERT_REFERENCE: resolvers.BUILTIN_REF,
        }[runtime]
        self._interpreter = library.Interpreter(
            model_content=model,
            num_threads=num_threads,
            experimental_op_resolver_type=resolver,
            experimental_preserve_all_tensors=preserve,
        )
        self._interpreter.allocate_tensors()
        self._inputs = [entry["index"] for entry in self._interpreter.get_input_details()]
        self._outputs = [entry["index"] for entry in self._interpreter.get_output_details()]

    def set_input(self, position: int, value: NDArray[Any]) -> None:
        """Fill input `position`."""
        self._interpreter.set_tensor(self._inputs[position], value)

    def invoke(self) -> None:
        """Run the model once."""
        self._interpreter.invoke()

    def output(self, position: int) -> NDArray[Any]:
        """Return a copy of output `position`."""
        return np.array(self._interpreter.get_tensor(self._outputs[position]))

    def tensor(self, index: int) -> NDArray[Any]:
        """Return a copy of tensor `index` of the main subgraph."""
        return np.array(self._interpreter.get_tensor(index))

    def reset(self) -> None:
        """Give variables their first values again."""
        self._interpreter.reset_all_variables()


@contextmanager
def native_stderr() -> Iterator[list[str]]:
    """Collect what native code writes to file descriptor 2, as lines, once the block has ended."""
    lines: list[str] = []
    kept = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            text = file.read(_MESSAGE_BYTES).decode("utf-8", "replace")
            lines.extend(line.strip() for line in text.splitlines() if line.strip())


@contextmanager
def refusals(runtime: Runtime, name: str) -> Iterator[None]:
    """Turn a runtime's refusal of a model into `BadInput` with its own words."""
    lines: list[str] = []
    try:
        with native_stderr() as lines:
            yield
    except (RuntimeError, ValueError) as error:
        reason = separated(str(error))
        said = [line for line in lines if not line.startswith(("INFO", "WARNING"))]
        if said:
            reason = f"{reason}; it said: {said[0]}"
        # A model's own names may stand in it.
        raise BadInput(
            f"{runtime.label} refuses {name}: {printable(reason, limit=_REASON_LENGTH)}",
            hint="the operators, types or versions that it has must be those of the model",
        ) from error


def import_library(runtime: Runtime) -> Any:
    """Import and return the module that holds a runtime's `Interpreter`.

    Raises
    ------
    ToolMissing
        When it is not installed, or its native code does not load.
    """
    module = "tflite_micro.python.tflite_micro.runtime"
    if runtime.is_litert:
        module = f"{litert_module() or LITERT_MODULES[0]}.interpreter"
    try:
        return importlib.import_module(module)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and module.startswith(f"{error.name}.")
        why = "is not installed" if absent else f"cannot be loaded: {error}"
        raise ToolMissing(f"{runtime.label} {why}", hint=INSTALL_HINT) from error
