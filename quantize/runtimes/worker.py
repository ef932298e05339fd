"""What runs in the child processes; the parent side has checked model and arrays already."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.engines import (
    Engine,
    LiteRtEngine,
    MicroEngine,
    import_library,
    native_stderr,
    refusals,
)

Arrays = dict[str, NDArray[Any]]
Options = dict[str, Any]


def run(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Run the model on each sample; return the outputs ``options["outputs"]``, each stacked.

    `arrays` has ``model`` (uint8) and ``input0`` ``[n, ...]`` and so on; `options` says
    ``runtime``, ``name``, ``num_threads``, ``arena_bytes``, ``input_shapes``, whether the samples
    are a ``sequence``, and whether a ``reset`` or a ``reload`` begins anew where they are none.
    """
    runtime = Runtime(options["runtime"])
    with refusals(runtime, options["name"]):
        kept: dict[int, list[NDArray[Any]]] = {position: [] for position in options["outputs"]}
        for engine in _invocations(arrays, options):
            for position, values in kept.items():
                values.append(engine.output(position))
    return {str(position): np.stack(values) for position, values in kept.items()}, {}


def run_layers(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Run the model on each sample; return the tensors ``options["tensors"]``, each stacked."""
    runtime = Runtime(options["runtime"])
    with refusals(runtime, options["name"]):
        kept: dict[int, list[NDArray[Any]]] = {index: [] for index in options["tensors"]}
        for engine in _invocations(arrays, options, preserve=True):
            for index, values in kept.items():
                values.append(engine.tensor(index))
    return {str(index): np.stack(values) for index, values in kept.items()}, {}


def time_runs(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Time invocations of one sample; return them in ns, with memory in bytes and load in ns."""
    runtime = Runtime(options["runtime"])
    with refusals(runtime, options["name"]):
        import_library(runtime)
        before = _resident_bytes("VmRSS")
        started = time.perf_counter_ns()
        engine = _load(arrays, options)
        load_ns = time.perf_counter_ns() - started
        sample = [
            np.ascontiguousarray(arrays[f"input{position}"]).reshape(shape)
            for position, shape in enumerate(options["input_shapes"])
        ]
        times = np.empty(options["warmup"] + options["runs"], np.int64)
        gc.disable()
        for index in range(times.size):
            for position, values in enumerate(sample):
                engine.set_input(position, values)
            started = time.perf_counter_ns()
            engine.invoke()
            times[index] = time.perf_counter_ns() - started
    memory = {"peak_rss": _resident_bytes("VmHWM"), "rss_before_load": before}
    return {"ns": times[options["warmup"] :]}, {"load_ns": load_ns, **memory}


def report_arena(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Load the model into TFLite-Micro, run it on zeros, and return what it says of its arena."""
    with refusals(Runtime.TFLITE_MICRO, options["name"]):
        engine = MicroEngine(
            arrays["model"].tobytes(), arena_bytes=options["arena_bytes"], preserve=False
        )
        for position, (shape, dtype) in enumerate(options["inputs"]):
            engine.set_input(position, np.zeros(shape, np.dtype(dtype)))
        engine.invoke()
    with native_stderr() as lines:
        engine.print_allocations()
    return {}, {"lines": lines}


def prepare(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Prepare the model in LiteRT's reference kernels; ``said`` is why it cannot be."""
    del options
    runtime = Runtime.LITERT_REFERENCE
    try:
        LiteRtEngine(arrays["model"].tobytes(), runtime, num_threads=1, preserve=False)
    except (RuntimeError, ValueError) as error:
        return {}, {"prepared": False, "said": str(error)}
    return {}, {"prepared": True}


def try_once(arrays: Arrays, options: Options) -> tuple[Arrays, Options]:
    """Load the model and run it on zeros, to see whether the runtime lives through it."""
    with refusals(Runtime(options["runtime"]), options["name"]):
        engine = _load(arrays, options)
        for position, (shape, dtype) in enumerate(options["inputs"]):
            engine.set_input(position, np.zeros(shape, np.dtype(dtype)))
        engine.invoke()
    return {}, {}


def _load(arrays: Arrays, options: Options, *, preserve: bool = False) -> Engine:
    model = arrays["model"].tobytes()
    runtime = Runtime(options["runtime"])
    if runtime is Runtime.TFLITE_MICRO:
        return MicroEngine(model, arena_bytes=options["arena_bytes"], preserve=preserve)
    return LiteRtEngine(model, runtime, num_threads=options["num_threads"], preserve=preserve)


def _invocations(arrays: Arrays, options: Options, *, preserve: bool = False) -> Iterator[Engine]:
    """Run the model on one sample after another; give the engine after each."""
    engine = _load(arrays, options, preserve=preserve)
    anew = not options["sequence"]
    for number in range(len(arrays["input0"])):
        if number and anew and options["reload"]:
            engine = _load(arrays, options, preserve=preserve)
        elif anew and options["reset"]:
            engine.reset()
        for position, shape in enumerate(options["input_shapes"]):
            sample = np.ascontiguousarray(arrays[f"input{position}"][number])
            engine.set_input(position, sample.reshape(shape))
        engine.invoke()
        yield engine


def _resident_bytes(field: str) -> int:
    """Return `VmRSS` (now) or `VmHWM` (highest) of this process.

    `getrusage` would not do: its maximum is inherited from the parent across exec.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise BadInput("this system does not say how much memory a process uses", hint="use Linux")
