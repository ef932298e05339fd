"""Build a compiled model with the host's C compiler, and run it in a child process."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.alias import model_headers
from firmware_bridge.compiler.compile import CompiledModel
from firmware_bridge.compiler.kernel_sources import KERNELS, kernel_sources
from firmware_bridge.compiler.values import tensor_bytes
from quantize.foundation.errors import BadInput, InternalError, ToolMissing
from quantize.foundation.files import write_atomically
from quantize.foundation.processes import run
from quantize.tflite.model import Tensor

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror")
SANITISERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g1")
_HERE = Path(__file__).resolve().parent
DRIVER = _HERE / "host_driver.c"
"""What reads inputs and writes outputs around a model's C."""
AROUND = (DRIVER, _HERE / "host_driver.h", _HERE / "host_model.c")
"""All that is built around a model's C."""
PROGRAM = "model"
"""Name of the program that is built."""
_COMPILERS = ("cc", "gcc", "clang")
_COMPILER_TIMEOUT_S = 120.0
Inputs = NDArray[Any] | Sequence[NDArray[Any]]
"""Of a model's one input ``[n, *shape]``, or of each of several."""


@dataclass(frozen=True, slots=True, eq=False)
class HostModel:
    """A model built for the host.

    Parameters
    ----------
    compiled
        What was built.
    executable
        The program, which stays where it was built.
    timeout_s
        Seconds that one call may take.
    """

    compiled: CompiledModel
    executable: Path
    timeout_s: float = 300.0

    def outputs(self, inputs: Inputs, *, sequence: bool = False) -> NDArray[Any]:
        """Return the model's (first) output, ``[n, *shape]``, for inputs ``[n, *input shape]``.

        Shapes may lack or have their batch axis of 1: only the number of bytes must fit. A model
        that keeps state begins anew with each input, in a `sequence` with the first one only.

        Raises
        ------
        BadInput
            When the inputs do not fit the model.
        InternalError
            When the program fails, crashes or takes too long.
        """
        return self.all_outputs(inputs, sequence=sequence)[0]

    def all_outputs(self, inputs: Inputs, *, sequence: bool = False) -> tuple[NDArray[Any], ...]:
        """Return each of the model's outputs, ``[n, *shape]``, in their order; as `outputs`."""
        sizes = self.compiled.output_bytes
        data = self._run("outputs", inputs, sum(sizes), sequence)
        return _parted(data, self.compiled.outputs, sizes)

    def layers(self, inputs: Inputs, *, sequence: bool = False) -> tuple[NDArray[Any], ...]:
        """Return each operator's (first) output, ``[n, *shape]``; as `outputs`."""
        graph = self.compiled.graph
        tensors = [graph.tensors[call.outputs[0]] for call in self.compiled.calls]
        sizes = [tensor_bytes(tensor) for tensor in tensors]
        data = self._run("layers", inputs, sum(sizes), sequence)
        return _parted(data, tensors, sizes)

    def arenas(self, inputs: Inputs, *, sequence: bool = False) -> NDArray[np.uint8]:
        """Return the arena after each operator, uint8 ``[n, operators, arena bytes]``.

        It is filled with 0xA5 before each run, then gets the input. The rest as `outputs`.
        """
        operators, size = len(self.compiled.calls), self.compiled.arena_bytes
        data = self._run("arenas", inputs, operators * size, sequence)
        return data.reshape(-1, operators, size)

    def _run(
        self, what: str, inputs: Inputs, result_bytes: int, sequence: bool
    ) -> NDArray[np.uint8]:
        given = _as_bytes(self.compiled, inputs)
        command: list[str | Path] = [self.executable, what, *(["sequence"] if sequence else [])]
        try:
            done = run(command, given=given.tobytes(), timeout_s=self.timeout_s)
        except subprocess.TimeoutExpired as error:
            raise InternalError(
                f"{self.compiled.name} took longer than {self.timeout_s:g} s on the host"
            ) from error
        if done.returncode != 0 or len(done.stdout) != len(given) * result_bytes:
            said = done.stderr.decode("utf-8", "replace").strip()[:2000]
            raise InternalError(
                f"{self.compiled.name} failed on the host with status {done.returncode}: {said}"
            )
        return np.frombuffer(done.stdout, np.uint8).reshape(len(given), result_bytes)


def _as_bytes(compiled: CompiledModel, inputs: Inputs) -> NDArray[np.uint8]:
    """Return what the program takes of inputs: uint8 ``[n, bytes of all inputs]``."""
    several = [inputs] if isinstance(inputs, np.ndarray) else inputs
    if len(several) != len(compiled.inputs) or len({len(values) for values in several}) != 1:
        raise BadInput(
            f"{compiled.name} has {len(compiled.inputs)} inputs, and {len(several)} are given, of "
            f"{', '.join(str(len(values)) for values in several)} samples"
        )
    for values, wanted in zip(several, compiled.inputs, strict=True):
        if values.dtype != wanted.dtype.numpy or values[:1].nbytes != tensor_bytes(wanted):
            raise BadInput(
                f"inputs are {values.dtype} {list(values.shape)}, where {compiled.name} takes "
                f"{wanted.dtype.label} {list(wanted.shape)} each"
            )
    parts = [
        np.ascontiguousarray(v).reshape(len(v), -1).view(np.uint8).reshape(len(v), -1)
        for v in several
    ]
    return np.concatenate(parts, axis=1)


def build_host_model(
    compiled: CompiledModel,
    directory: Path,
    *,
    objects: Path | None = None,
    sanitise: bool = False,
    vectorise: bool = False,
) -> HostModel:
    """Write a model's C to `directory` and build it there, with warnings as errors.

    Parameters
    ----------
    compiled
        The model.
    directory
        Where the model's headers, its source and the program go; made if it is not there.
    objects
        Where compiled kernels are kept, to be shared between models; `directory` by default.
    sanitise
        Whether to build with AddressSanitizer and UndefinedBehaviorSanitizer.
    vectorise
        Whether to build for this very processor, with all of its vector instructions; the outputs
        are the same, but the program may not run elsewhere.

    Raises
    ------
    ToolMissing
        When there is no C compiler.
    InternalError
        When the compiler refuses the code.
    """
    compiler = host_compiler()
    directory.mkdir(parents=True, exist_ok=True)
    source = directory / f"{compiled.prefix}.c"
    for name, text in (
        *model_headers(compiled.prefix, compiled.header).items(),
        (source.name, compiled.source),
    ):
        write_atomically(directory / name, text.encode(), sync=False)
    flags = ["-Og" if sanitise else "-O2", *WARNINGS, *(SANITISERS if sanitise else ())]
    if vectorise:
        flags += ["-O3", *native_flags(compiler)]
    command = [compiler, *flags, "-I", str(KERNELS / "include"), "-iquote", str(_HERE)]
    kept = _kept_objects(compiled, objects or directory, command)
    program = directory / PROGRAM
    own = ["-iquote", str(directory), f'-DMODEL_SOURCE="{source.name}"', str(AROUND[-1])]
    _compile([*command, *own, *map(str, kept), "-o", str(program)])
    return HostModel(compiled, program)


def host_compiler() -> str:
    """Return the host's C compiler.

    Raises
    ------
    ToolMissing
        When there is none.
    """
    for name in _COMPILERS:
        if found := shutil.which(name):
            return found
    raise ToolMissing("there is no C compiler", hint="apt-get install gcc libc6-dev")


def native_flags(compiler: str) -> tuple[str, ...]:
    """Return the flags that let a compiler use all that this processor can; none if it knows none.

    Where it refuses ``-march=native``, as on some ARM, ``-mcpu=native`` is tried.
    """
    for flag in ("-march=native", "-mcpu=native"):
        if target_macros(compiler, (flag,)):
            return (flag,)
    return ()


def target_macros(compiler: str, flags: Sequence[str]) -> bytes:
    """Return what a compiler predefines: its version and the processor's instructions.

    Empty where it refuses the flags.
    """
    command = [compiler, *flags, "-dM", "-E", "-x", "c", os.devnull]
    done = run(command, timeout_s=_COMPILER_TIMEOUT_S)
    return done.stdout if done.returncode == 0 else b""


def _kept_objects(compiled: CompiledModel, folder: Path, command: Sequence[str]) -> list[Path]:
    """Compile the driver and the kernels that are not there yet.

    An object is named for all it is made of.
    """
    folder.mkdir(parents=True, exist_ok=True)
    read = (*AROUND, *sorted((KERNELS / "include").glob("*.h")))
    headers = b"".join(path.read_bytes() for path in read)
    kernels = [path for path in kernel_sources(compiled.source) if path.suffix == ".c"]
    objects = []
    for path in (DRIVER, *kernels):
        text = " ".join(command).encode() + headers + path.read_bytes()
        target = folder / f"{path.stem}-{hashlib.sha256(text).hexdigest()[:16]}.o"
        if not target.exists():
            partial = target.with_suffix(".partial")
            _compile([*command, "-c", str(path), "-o", str(partial)])
            partial.replace(target)
        objects.append(target)
    return objects


def _compile(command: Sequence[str]) -> None:
    done = run(command, timeout_s=_COMPILER_TIMEOUT_S)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[:2000]
        raise InternalError(f"the C compiler refuses the model's code: {said}")


def _parted(
    data: NDArray[np.uint8], tensors: Sequence[Tensor], sizes: Sequence[int]
) -> tuple[NDArray[Any], ...]:
    """Cut the bytes of each input, ``[n, bytes]``, into tensors that lie one after another."""
    parts = np.split(data, np.cumsum(sizes)[:-1], axis=1)
    return tuple(_shaped(part, tensor) for part, tensor in zip(parts, tensors, strict=True))


def _shaped(data: NDArray[np.uint8], tensor: Tensor) -> NDArray[Any]:
    contiguous = np.ascontiguousarray(data)
    return contiguous.view(np.dtype(tensor.dtype.numpy)).reshape(len(data), *tensor.shape)
