"""Run Google's Edge TPU compiler, which is closed and unmaintained, and believe only its output.

Its exit code proves nothing: it says that it succeeded for graphs that it left on the CPU. A model
counts as compiled when every operator is mapped, in one part, and the file that was written can be
read and has the model's inputs and outputs.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quantize.edgetpu.compiled_model import CompiledModel
from quantize.edgetpu.compiler_log import CompilerLog, parse_log, parse_version
from quantize.edgetpu.failures import Diagnosis, explain_status
from quantize.edgetpu.package import is_compiled, read_compiled
from quantize.foundation import launch
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.foundation.files import open_regular, read_bounded
from quantize.foundation.processes import running
from quantize.foundation.temporary import temporary_folder
from quantize.tflite import read_model
from quantize.tflite.model import Layer, Model, Subgraph, Tensor

PROGRAM = "edgetpu_compiler"
VARIABLE = "EDGETPU_COMPILER"
"""The environment variable that names the compiler; the command line hands it in."""
WHERE_TO_GET_IT = (
    "get edgetpu_compiler from Google's Coral pages (x86-64 Linux only) and put it on PATH, or "
    "give --compiler"
)
TIMEOUT_S = 240.0
"""The compiler stops itself after 180 seconds; this is for when it does not."""
_VERSION_TIMEOUT_S = 30.0
MEMORY_BYTES = 8 << 30
_LARGEST_FILE_BYTES = 256 << 20
_LOG_BYTES = 4 << 20
_INPUT_NAME = "model.tflite"
_OUTPUT_NAME = "model_edgetpu.tflite"
_LOG_NAME = "model_edgetpu.log"


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler that answered."""

    path: Path
    version: str


@dataclass(frozen=True, slots=True, eq=False)
class Compilation:
    """What one run of the compiler gave.

    Parameters
    ----------
    compiler
        Who ran.
    log
        What it said.
    exit_code
        As the operating system has it; negative for a signal, ``None`` for a time-out.
    seconds
        Wall-clock time.
    output
        The bytes that it wrote; ``None`` where there are none.
    compiled
        What is in them; ``None`` where they cannot be read.
    problems
        Why it is no success, one line each; empty for a success.
    """

    compiler: Compiler
    log: CompilerLog
    exit_code: int | None
    seconds: float
    output: bytes | None
    compiled: CompiledModel | None
    problems: tuple[str, ...]

    @property
    def succeeded(self) -> bool:
        """Whether every operator was mapped, and the file is there and readable."""
        return not self.problems


def find_compiler(
    *, given: str | os.PathLike[str] | None, environment: Mapping[str, str]
) -> Compiler:
    """Find the compiler and ask for its version.

    Parameters
    ----------
    given
        From the command line or the recipe; goes before the environment.
    environment
        The process's environment variables: `VARIABLE`, then PATH.

    Raises
    ------
    BadInput
        When what is named is there, and is no program: a folder, a FIFO, a device.
    ToolMissing
        When there is none, or what is there does not answer as the compiler does.
    """
    wanted = given or environment.get(VARIABLE)
    path = Path(wanted) if wanted else _on_path(environment)
    if path is None:
        raise ToolMissing("the Edge TPU compiler is not installed", hint=WHERE_TO_GET_IT)
    if path.exists() and not path.is_file():
        raise BadInput(
            f"cannot run {path} as the Edge TPU compiler: it is not a regular file",
            hint="give the path of edgetpu_compiler",
        )
    if not path.is_file():
        raise ToolMissing(f"there is no Edge TPU compiler at {path}", hint=WHERE_TO_GET_IT)
    with temporary_folder("compiler") as folder:
        ran = _run([str(path.resolve()), "--version"], folder, _VERSION_TIMEOUT_S)
    version = parse_version(ran.text)
    if not version:
        said = " ".join(ran.text.split())[:120] or "nothing"
        raise ToolMissing(
            f"{path} does not answer as Google's Edge TPU compiler does; it said: {said}",
            hint=WHERE_TO_GET_IT,
        )
    return Compiler(path.resolve(), version)


def compile_model(
    data: bytes,
    *,
    compiler: Compiler,
    name: str,
    timeout_s: float = TIMEOUT_S,
    memory_bytes: int = MEMORY_BYTES,
) -> Compilation:
    """Compile a model for the Edge TPU.

    Parameters
    ----------
    data
        The uncompiled .tflite.
    compiler
        From `find_compiler`.
    name
        What messages call the model.
    timeout_s
        Wall-clock seconds after which the compiler and its children are killed.
    memory_bytes
        Limit on the address space of each of its processes.

    Returns
    -------
    Compilation
        Look at `succeeded`; a failed compilation is a result, not an error.
    """
    model = read_model(data, name=name)
    with temporary_folder("compiler") as work:
        (work / _INPUT_NAME).write_bytes(data)
        command = [str(compiler.path), *compiler_arguments(_INPUT_NAME)]
        started = time.monotonic()
        ran = _run(command, work, timeout_s, memory_bytes)
        seconds = time.monotonic() - started
        written = work / _OUTPUT_NAME
        output = (
            read_bounded(written, limit_bytes=_LARGEST_FILE_BYTES) if written.exists() else None
        )
        log = parse_log(ran.text)
        if not log.operators:
            log = parse_log(f"{ran.text}\n{_read_log(work / _LOG_NAME)}")
    compiled, unreadable = _read_output(output, model)
    problems = (*_run_problems(ran, log, model.main, timeout_s), *_log_problems(log), *unreadable)
    return Compilation(
        compiler=compiler,
        log=log,
        exit_code=ran.exit_code,
        seconds=seconds,
        output=output,
        compiled=compiled,
        problems=tuple(dict.fromkeys(problems)),
    )


def compiler_arguments(model: str) -> list[str]:
    """Return the arguments to compile `model` in the working folder, with the operators listed."""
    return ["-s", model]


@dataclass(frozen=True, slots=True)
class _Ran:
    exit_code: int | None
    text: str


def _on_path(environment: Mapping[str, str]) -> Path | None:
    found = shutil.which(PROGRAM, path=environment.get("PATH", ""))
    return Path(found) if found else None


def _run(
    command: Sequence[str], folder: Path, timeout_s: float, memory_bytes: int = MEMORY_BYTES
) -> _Ran:
    """Run a program in `folder` with limits; its output goes to a file that has a limit too."""
    limits = [str(memory_bytes), str(_LARGEST_FILE_BYTES)]
    launcher = [sys.executable, "-I", launch.__file__, *limits, *command]
    said = folder / "output.txt"
    exit_code: int | None
    with (
        said.open("wb") as output,
        running(launcher, cwd=folder, stdout=output, stderr=subprocess.STDOUT) as child,
    ):
        try:
            exit_code = child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            exit_code = None
    return _Ran(exit_code, _read_log(said))


def _read_log(path: Path) -> str:
    """Return the first part of a file that the compiler wrote; empty where there is none."""
    if not path.exists():
        return ""
    with open_regular(path) as handle:
        return handle.read(_LOG_BYTES).decode("utf-8", "replace")


def _run_problems(ran: _Ran, log: CompilerLog, graph: Subgraph, timeout_s: float) -> Iterator[str]:
    for diagnosis in log.diagnoses:
        layer = _layer_of(diagnosis, graph)
        where = f" It is {layer}." if layer else ""
        yield f"{diagnosis}{where} Fix: {diagnosis.failure.fix}."
    if ran.exit_code is None:
        yield f"the compiler did not end within {timeout_s:g} s and was stopped"
    elif ran.exit_code < 0:
        yield f"the compiler was ended by {signal.Signals(-ran.exit_code).name}"
    elif ran.exit_code:
        yield f"the compiler ended with exit code {ran.exit_code}"


def _layer_of(diagnosis: Diagnosis, graph: Subgraph) -> str:
    """Return the layer that a log means by an operator's number, where number and name fit."""
    number = diagnosis.operator
    if number is None or number >= len(graph.operators):
        return ""
    layer = Layer(graph, graph.operators[number])
    return layer.label if layer.name == diagnosis.name else ""


def _log_problems(log: CompilerLog) -> Iterator[str]:
    for entry in log.unmapped:
        meaning = explain_status(entry.status)
        yield (
            f"{entry.count} {entry.name} left on the CPU: {entry.status}"
            + (f" ({meaning})" if meaning else "")
        )
    if log.on_cpu:
        yield f"the compiler left {log.on_cpu} operators on the CPU"
    if not log.operators:
        yield "the compiler did not say where the operators run"
    if log.operations is not None and log.operators and log.mapped < log.operations:
        yield f"{log.mapped} of {log.operations} operators are mapped"
    if log.subgraphs is None:
        yield "the compiler did not say how many parts run on the Edge TPU"
    elif log.subgraphs != 1:
        yield f"{log.subgraphs} parts run on the Edge TPU, where 1 is right"


def _read_output(
    output: bytes | None, model: Model
) -> tuple[CompiledModel | None, tuple[str, ...]]:
    """Read what was written; return it, and what is wrong with it."""
    if output is None:
        return None, ("the compiler wrote no file",)
    try:
        written = read_model(output, name="the compiled file")
        if not is_compiled(written):
            return None, ("the compiled file holds nothing for the Edge TPU",)
        compiled = read_compiled(written)
    except BadInput as error:
        return None, (f"the compiled file cannot be read: {error.message}",)
    problems = []
    if compiled.cpu_operators:
        problems.append(f"the compiled file leaves {len(compiled.cpu_operators)} operators outside")
    if len(compiled.packages) != 1:
        problems.append(f"the compiled file has {len(compiled.packages)} parts for the Edge TPU")
    for what in ("input_tensors", "output_tensors"):
        before, after = getattr(model.main, what), getattr(written.main, what)
        if [_signature(t) for t in before] != [_signature(t) for t in after]:
            problems.append(f"the compiled file has other {what.partition('_')[0]}s than the model")
    return compiled, tuple(problems)


def _signature(tensor: Tensor) -> tuple[object, ...]:
    return tensor.dtype, tensor.shape
