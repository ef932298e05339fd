"""What a benchmark found, as records that every renderer reads."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The 50th, 90th and 99th percentile of one figure, all of one unit."""

    p50: Measurement
    p90: Measurement
    p99: Measurement


@dataclass(frozen=True, slots=True)
class BudgetCheck:
    """One limit, and what it was held to.

    Parameters
    ----------
    name
        What is limited: ``"memory"``, ``"latency"``.
    limit
        The most it may be, in the unit of `value`.
    value
        The figure that the limit is for.
    passed
        Whether ``value <= limit``.
    """

    name: str
    limit: float
    value: Measurement
    passed: bool


@dataclass(frozen=True, slots=True)
class BenchReport:
    """The cost of one int8 model on one runtime.

    Parameters
    ----------
    model
        The model's file name.
    runtime
        Runtime, version and device, in words.
    latency_ms
        One single-thread inference, milliseconds.
    samples_ms
        Every timed inference in the order it was run, milliseconds.
    throughput_per_s
        Inferences per second, back to back.
    flash_bytes
        The model file, bytes.
    arena_bytes, arena_persistent_bytes, arena_non_persistent_bytes
        Of TFLite-Micro's arena, bytes; ``None`` where the runtime has none.
    peak_rss_bytes
        Of the process that ran the model, bytes.
    features_ms_per_audio_s
        Milliseconds to compute the features of one second of audio; ``None`` for a model whose
        frontend is not known.
    end_to_end_ms
        From samples to label, milliseconds; ``None`` likewise.
    budgets
        The limits it was held to.
    """

    model: str
    runtime: str
    latency_ms: Percentiles
    samples_ms: tuple[float, ...]
    throughput_per_s: Measurement
    flash_bytes: Measurement
    arena_bytes: Measurement | None = None
    arena_persistent_bytes: Measurement | None = None
    arena_non_persistent_bytes: Measurement | None = None
    peak_rss_bytes: Measurement | None = None
    features_ms_per_audio_s: Measurement | None = None
    end_to_end_ms: Percentiles | None = None
    budgets: tuple[BudgetCheck, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every budget holds."""
        return all(check.passed for check in self.budgets)
