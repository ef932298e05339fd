"""What a model costs on this host, measured: latency, memory, features, end to end."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import BenchReport, BudgetCheck, Figures
from edgeser.benchmark.budget import NO_LIMITS, Limits, check
from edgeser.benchmark.target import TargetFacts
from edgeser.progress import SILENT, Reporter
from firmware_bridge.frontend import FrontendConfig, compute_features, quantise_features
from quantize.foundation.errors import BadInput, EdgeserError, ToolMissing
from quantize.foundation.extras import extra
from quantize.foundation.measurement import Evidence, Measurement
from quantize.runtimes import (
    ArenaUsage,
    InvocationTimes,
    Runtime,
    arena_usage,
    installed_runtimes,
    random_samples,
    time_invocations,
)
from quantize.tflite import read_model

HOST = "host"
"""What this computer is called as a target."""
_FEATURE_RUNS = 50
_HOST_ORDER = (Runtime.LITERT_XNNPACK, Runtime.LITERT_BUILTIN, Runtime.TFLITE_MICRO)


def bench_model(
    data: bytes,
    *,
    name: str = "the model",
    frontend: FrontendConfig | None = None,
    frames: int = 0,
    limits: Limits = NO_LIMITS,
    runs: int = 200,
    warmup: int = 20,
    reporter: Reporter = SILENT,
) -> BenchReport:
    """Measure an int8 .tflite on one thread of this host.

    Parameters
    ----------
    data, name
        The model's bytes, and what messages call it.
    frontend, frames
        Of the model's features and window; without them features are not measured.
    limits
        Limits to check.
    runs, warmup
        Inferences measured, and before them unmeasured.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When the model is damaged, or no runtime takes it.
    ToolMissing
        When no runtime is installed.
    """
    model = read_model(data, name=name)
    times = _time(
        data,
        [random_samples(tensor, 1)[0] for tensor in model.main.input_tensors],
        name=name,
        warmup=warmup,
        runs=runs,
        reporter=reporter,
    )
    latency = percentiles(times.milliseconds, times.load.source)
    arena, no_arena = _arena(data, name, reporter)
    size = Measurement(len(data), "bytes", Evidence.MEASURED, f"file size of {name}")
    features, (p50, p90, p99) = _features(frontend, frames, times, reporter)
    return BenchReport(
        model=name,
        target=TargetFacts(HOST, HOST, times.load.source),
        figures=Figures(
            inference_p50_ms=latency[0],
            inference_p90_ms=latency[1],
            inference_p99_ms=latency[2],
            inferences_per_s=_throughput(times),
            features_ms_per_audio_s=features,
            end_to_end_p50_ms=p50,
            end_to_end_p90_ms=p90,
            end_to_end_p99_ms=p99,
            model_bytes=size,
            arena_bytes=arena.total if arena else None,
            arena_persistent_bytes=arena.persistent if arena else None,
            arena_non_persistent_bytes=arena.non_persistent if arena else None,
            peak_rss_bytes=times.peak_rss,
        ),
        samples_ms=tuple(float(value) for value in times.milliseconds),
        budgets=_checks(limits, size, arena, latency[1]),
        timed=model.main_label,
        no_arena=no_arena,
        oddities=model.oddities,
    )


def _arena(data: bytes, name: str, reporter: Reporter) -> tuple[ArenaUsage | None, str]:
    """Return the arena that TFLite-Micro uses; else `None`, and why it cannot run the model."""
    try:
        return arena_usage(data, name=name), ""
    except EdgeserError as error:
        reporter.note(f"no arena size: {error}")
        return None, error.message


def speech_like_signal(seconds: float, sample_rate: int) -> NDArray[np.int16]:
    """Return noise under a syllable-like envelope, int16 mono: something to time features on."""
    rng = np.random.default_rng(0)
    instants = np.arange(round(seconds * sample_rate)) / sample_rate
    envelope = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * instants)
    return np.asarray(np.rint(rng.standard_normal(len(instants)) * envelope * 3000), np.int16)


def _time(
    data: bytes,
    sample: Sequence[NDArray[np.generic]],
    *,
    name: str,
    warmup: int,
    runs: int,
    reporter: Reporter,
) -> InvocationTimes:
    """Time the model in the fastest runtime that takes it."""
    installed = {info.runtime for info in installed_runtimes()}
    candidates = [runtime for runtime in _HOST_ORDER if runtime in installed]
    if not candidates:
        raise ToolMissing(
            "no runtime for .tflite models is installed",
            hint=f"{extra('runtimes').install}, or --device emulator",
        )
    for runtime in candidates:
        reporter.stage(f"Timing {runs} inferences in {runtime.label}")
        try:
            return time_invocations(
                data, sample, runtime=runtime, warmup=warmup, runs=runs, name=name
            )
        except BadInput as error:
            if runtime is candidates[-1]:
                raise
            reporter.note(str(error))
    raise AssertionError  # the last candidate returns or raises


def _throughput(times: InvocationTimes) -> Measurement:
    per_second = 1000 * len(times.milliseconds) / float(times.milliseconds.sum())
    return _measured(per_second, "1/s", times.load.source)


def _features(
    config: FrontendConfig | None, frames: int, times: InvocationTimes, reporter: Reporter
) -> tuple[Measurement | None, tuple[Measurement | None, ...]]:
    """Time the features of one window; end to end is that and an inference, sample by sample."""
    if config is None:
        return None, (None, None, None)
    reporter.stage("Timing features")
    seconds = config.samples_of(frames) / config.sample_rate
    signal = speech_like_signal(seconds, config.sample_rate)
    spent = _times_ms(lambda: quantise_features(compute_features(signal, config), config))
    source = f"frontend in C, one thread, this host, a window of {seconds:.2f} s"
    per_second = _measured(float(np.median(spent)) / seconds, "ms", source)
    together = times.milliseconds + np.resize(spent, len(times.milliseconds))
    label = f"features and inference of one window; {times.load.source}"
    return per_second, percentiles(together, label)


def _times_ms(call: Callable[[], object]) -> NDArray[np.float64]:
    call()
    spent = []
    for _ in range(_FEATURE_RUNS):
        start = time.perf_counter_ns()
        call()
        spent.append((time.perf_counter_ns() - start) / 1e6)
    return np.array(spent)


def _checks(
    limits: Limits, size: Measurement, arena: ArenaUsage | None, latency: Measurement
) -> tuple[BudgetCheck, ...]:
    if arena is None:
        memory = _measured(size.value, "bytes", "model file alone: its arena is not known")
    else:
        source = "model file and TFLite-Micro arena on a 64-bit host"
        memory = _measured(size.value + arena.total.value, "bytes", source)
    return (
        *check("memory", limits.memory_bytes, memory),
        *check("latency", limits.latency_ms, latency),
    )


def percentiles(
    milliseconds: NDArray[np.float64], source: str
) -> tuple[Measurement, Measurement, Measurement]:
    """Return the 50th, 90th and 99th percentile of times in ms, by linear interpolation."""
    p50, p90, p99 = (float(value) for value in np.percentile(milliseconds, (50, 90, 99)))
    return _measured(p50, "ms", source), _measured(p90, "ms", source), _measured(p99, "ms", source)


def _measured(value: float, unit: str, source: str) -> Measurement:
    return Measurement(value, unit, Evidence.MEASURED, source)
