"""Run a function in a child process, so that native code which crashes cannot take us along.

Only JSON and plain NumPy arrays cross the border, as an .npz that is read without pickle.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.ending import end_without_collecting
from quantize.foundation.errors import (
    BadInput,
    CheckFailed,
    EdgeserError,
    InternalError,
    ToolMissing,
)
from quantize.foundation.extras import as_tool_missing
from quantize.foundation.launch import end_with_parent
from quantize.foundation.processes import run

Arrays = Mapping[str, NDArray[Any]]
_OPTIONS_KEY = "__options__"
_ERRORS: dict[str, type[EdgeserError]] = {
    "BadInput": BadInput,
    "CheckFailed": CheckFailed,
    "ToolMissing": ToolMissing,
    "InternalError": InternalError,
}


class ChildFunction(Protocol):
    """What can run in a child: arrays and JSON in, arrays and JSON out."""

    def __call__(
        self, arrays: dict[str, NDArray[Any]], options: dict[str, Any]
    ) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Do the work; raise an `EdgeserError` to have it raised in the parent."""
        ...


@dataclass(frozen=True, slots=True)
class ChildResult:
    """What came back: arrays, a JSON object, and what the child wrote to its stderr (fd 2)."""

    arrays: dict[str, NDArray[Any]]
    values: dict[str, Any]
    stderr: str


class ChildCrashed(InternalError):
    """Native code crashed in a child process.

    Parameters
    ----------
    message, hint
        As in every error.
    stderr
        What the child had written to its standard error by then.
    """

    def __init__(self, message: str, *, hint: str = "", stderr: str = "") -> None:
        super().__init__(message, hint=hint)
        self.stderr = stderr


def call_in_child(
    function: Callable[..., Any],
    arrays: Arrays,
    options: Mapping[str, Any],
    *,
    what: str,
    timeout_s: float = 120.0,
    memory_bytes: int = 8 << 30,
) -> ChildResult:
    """Call a module-level `function(arrays, options)` in a fresh Python process.

    Parameters
    ----------
    function
        A `ChildFunction` that can be imported by its module and name.
    arrays, options
        Its arguments; `options` must be JSON.
    what
        What is being done, for the error's text: ``"running model.tflite in TFLite-Micro"``.
    timeout_s
        Wall-clock seconds after which the child is killed.
    memory_bytes
        Limit on the child's address space.

    Raises
    ------
    EdgeserError
        What the function itself raised, by type.
    ChildCrashed
        When the child died by a signal.
    InternalError
        When it ran out of time or memory, or answered nonsense.
    """
    command = [sys.executable, "-m", "quantize.foundation.child"]
    command += [function.__module__, function.__qualname__, str(memory_bytes)]
    try:
        done = run(command, given=_pack(arrays, options), timeout_s=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise InternalError(
            f"{what} took longer than {timeout_s:g} s and was stopped",
            hint="the host may be busy or short of memory, or the model broken or too large for it",
        ) from error
    stderr = done.stderr.decode("utf-8", "replace")
    if done.returncode < 0:
        raise ChildCrashed(
            f"{what} crashed with {signal.Signals(-done.returncode).name} in its child process",
            hint="the model is broken, or the runtime has a bug",
            stderr=stderr,
        )
    if done.returncode != 0:
        last = stderr.strip().splitlines()[-1] if stderr.strip() else "no message"
        raise InternalError(f"{what} failed in its child process: {last}")
    try:
        result_arrays, values = _unpack(done.stdout)
    except (ValueError, KeyError, OSError) as error:
        raise InternalError(f"{what} gave an unreadable answer: {error}") from error
    if "error" in values:
        kind = _ERRORS.get(str(values["error"]), InternalError)
        raise kind(str(values["message"]), hint=str(values["hint"]))
    return ChildResult(result_arrays, values, stderr)


def _pack(arrays: Arrays, options: Mapping[str, Any]) -> bytes:
    buffer = io.BytesIO()
    encoded = np.frombuffer(json.dumps(dict(options)).encode(), dtype=np.uint8)
    members: dict[str, Any] = {_OPTIONS_KEY: encoded, **arrays}
    np.savez(buffer, **members)
    return buffer.getvalue()


def _unpack(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    options = json.loads(arrays.pop(_OPTIONS_KEY).tobytes())
    if not isinstance(options, dict):
        raise ValueError("the options are not a JSON object")
    return arrays, options


def _refusal(error: EdgeserError) -> bytes:
    kind = type(error).__name__
    return _pack({}, {"error": kind, "message": error.message, "hint": error.hint})


def _serve() -> None:
    """Child side: read a call from stdin, answer on stdout; nothing else may use stdout."""
    module, name, memory_bytes = sys.argv[1:4]
    end_with_parent()
    end_without_collecting()
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_bytes), int(memory_bytes)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer = os.dup(1)
    os.dup2(2, 1)
    arrays, options = _unpack(sys.stdin.buffer.read())
    try:
        function: ChildFunction = getattr(importlib.import_module(module), name)
        packed = _pack(*function(arrays, options))
    except EdgeserError as error:
        packed = _refusal(error)
    except ModuleNotFoundError as error:
        missing = as_tool_missing(error)
        if missing is None:
            raise
        packed = _refusal(missing)
    except MemoryError:
        packed = _pack({}, {"error": "InternalError", "message": "out of memory", "hint": ""})
    with os.fdopen(answer, "wb") as out:
        out.write(packed)


if __name__ == "__main__":
    _serve()
