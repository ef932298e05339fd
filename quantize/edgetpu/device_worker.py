"""Run a compiled model on an Edge TPU, in a child process: its native code may crash."""

from __future__ import annotations

import ctypes
import importlib
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.edgetpu.hardware import LIBRARY, Backend
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.runtimes.catalogue import LITERT_MODULES, litert_module

Arrays = dict[str, NDArray[Any]]
Options = dict[str, Any]


def run(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Load a model, time inferences, and return the outputs of each input.

    `arrays` has ``model`` (uint8) and ``inputs`` ``[n, ...]`` with the batch axis; `options` says
    ``backend``, ``warmup`` and ``runs``. Returned are ``outputs0``
    ``[n, ...]`` and so on, ``ns`` ``[runs]`` and, in ns, ``load_ns`` and ``first_ns``: the first
    inference loads the parameters.
    """
    started = time.perf_counter_ns()
    interpreter = _open(arrays["model"].tobytes(), Backend(options["backend"]))
    loaded = time.perf_counter_ns() - started
    source = interpreter.get_input_details()[0]["index"]
    targets = [each["index"] for each in interpreter.get_output_details()]
    inputs = arrays["inputs"]
    first = _invoke(interpreter, source, inputs[0])
    for _ in range(options["warmup"]):
        _invoke(interpreter, source, inputs[0])
    times = [_invoke(interpreter, source, inputs[0]) for _ in range(options["runs"])]
    outputs: list[list[NDArray[Any]]] = [[] for _ in targets]
    for sample in inputs:
        _invoke(interpreter, source, sample)
        for kept, target in zip(outputs, targets, strict=True):
            kept.append(np.array(interpreter.get_tensor(target)))
    found = {f"outputs{number}": np.stack(kept) for number, kept in enumerate(outputs)}
    return (
        {**found, "ns": np.array(times, np.int64)},
        {"load_ns": loaded, "first_ns": first},
    )


def runtime_version(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Ask the library ``options["library"]`` which version of the Edge TPU's runtime it is."""
    del arrays
    library = ctypes.CDLL(options["library"])
    library.edgetpu_version.restype = ctypes.c_char_p
    said = library.edgetpu_version() or b""
    return {}, {"said": said.decode("utf-8", "replace")}


def _invoke(interpreter: Any, source: int, sample: NDArray[Any]) -> int:
    # The input is filled each time: a delegate may flip signed bytes where they lie.
    interpreter.set_tensor(source, sample[np.newaxis])
    started = time.perf_counter_ns()
    interpreter.invoke()
    return time.perf_counter_ns() - started


def _open(model: bytes, backend: Backend) -> Any:
    try:
        if backend is Backend.PYCORAL:
            library = importlib.import_module("pycoral.utils.edgetpu")
            interpreter = library.make_interpreter(model)
        else:
            name = litert_module() or LITERT_MODULES[0]
            library = importlib.import_module(f"{name}.interpreter")
            delegate = library.load_delegate(LIBRARY)
            interpreter = library.Interpreter(
                model_content=model, experimental_delegates=[delegate]
            )
    except (ImportError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ToolMissing(
            f"the Edge TPU does not open through {backend.value}: {reason}",
            hint="'edgeser doctor' says what is missing; is another program using it?",
        ) from error
    try:
        interpreter.allocate_tensors()
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise BadInput(
            f"the Edge TPU's runtime refuses the model: {reason}",
            hint="it may be too old for the model; 'edgeser inspect' says which one it needs",
        ) from error
    return interpreter
