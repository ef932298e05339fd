"""How long an invocation takes on this host, and how much memory the process needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement
from quantize.runtimes import worker
from quantize.runtimes.catalogue import Runtime, runtime_version
from quantize.runtimes.request import (
    DEFAULT_LIMITS,
    Limits,
    call,
    check_sample,
    check_threads,
    read_request,
)

MAX_RUNS = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class InvocationTimes:
    """Wall-clock times of single invocations, in a process of their own.

    Parameters
    ----------
    runtime
        Where the model ran.
    milliseconds
        float64 ``[runs]``, in the order in which they were measured; filling the input is not
        in them.
    load
        Time to load the model and allocate its tensors, in ms.
    peak_rss
        Highest resident set of that process, in bytes: interpreter and libraries included.
    model_rss
        How much of it came after the libraries were there: the model, its tensors, the runtime's
        caches.
    """

    runtime: Runtime
    milliseconds: NDArray[np.float64]
    load: Measurement
    peak_rss: Measurement
    model_rss: Measurement

    def percentile(self, percent: float) -> Measurement:
        """Return a percentile of the times in ms, by linear interpolation."""
        value = float(np.percentile(self.milliseconds, percent))
        return Measurement(value, "ms", Evidence.MEASURED, self.load.source)


def time_invocations(
    model_bytes: bytes,
    sample: NDArray[Any] | Sequence[NDArray[Any]],
    *,
    runtime: Runtime,
    warmup: int = 20,
    runs: int = 200,
    num_threads: int = 1,
    name: str = "the model",
    limits: Limits = DEFAULT_LIMITS,
) -> InvocationTimes:
    """Invoke a model `warmup` times unmeasured and `runs` times measured, on one sample.

    Parameters
    ----------
    model_bytes
        A .tflite file.
    sample
        For each input its value ``[...]`` in the input's dtype; of one input the array itself.
    runtime, num_threads
        Where to run it, and on how many threads.
    warmup, runs
        Invocations; at least 0 and 1.
    name, limits
        As for `quantize.runtimes.run.run_model`.

    Raises
    ------
    BadInput
        When the model is not valid, the runtime refuses it, or `sample` does not fit it.
    ToolMissing
        When the runtime is not installed.
    InternalError
        When the child crashed, or ran out of time or memory.
    """
    if warmup < 0 or runs < 1 or warmup + runs > MAX_RUNS:
        raise BadInput(
            f"{warmup} warm-up and {runs} measured runs", hint=f"take 1 to {MAX_RUNS} runs"
        )
    request = read_request(model_bytes, name)
    inputs = (sample,) if isinstance(sample, np.ndarray) else tuple(sample)
    check_sample(request, inputs)
    check_threads(runtime, num_threads)
    result = call(
        worker.time_runs,
        request,
        {f"input{position}": values for position, values in enumerate(inputs)},
        {"num_threads": num_threads, "warmup": warmup, "runs": runs},
        runtime=runtime,
        runs=warmup + runs,
        limits=limits,
    )
    threads = f"{num_threads} thread{'s' if num_threads > 1 else ''}"
    source = f"{runtime.label}, {runtime_version(runtime)}, {threads}, this host"
    values = result.values
    return InvocationTimes(
        runtime=runtime,
        milliseconds=result.arrays["ns"].astype(np.float64) / 1e6,
        load=Measurement(values["load_ns"] / 1e6, "ms", Evidence.MEASURED, source),
        peak_rss=Measurement(values["peak_rss"], "bytes", Evidence.MEASURED, source),
        model_rss=Measurement(
            values["peak_rss"] - values["rss_before_load"], "bytes", Evidence.MEASURED, source
        ),
    )
