"""The made-up report's benchmarks, on this computer and on a device. No figure is a result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.records import (
    BenchReport,
    BudgetCheck,
    DeviceParity,
    DeviceReport,
    MemoryPart,
    OperatorCost,
    Percentiles,
)
from quantize.foundation.measurement import Evidence, Measurement
from quantize.layer_error import LayerError
from quantize.tflite.remarks import Oddity

SOURCE = "a made-up example, not a result"


def measured(value: float, unit: str) -> Measurement:
    return Measurement(value, unit, Evidence.MEASURED, SOURCE)


def percentiles(samples: NDArray[np.float64]) -> Percentiles:
    p50, p90, p99 = (measured(float(v), "ms") for v in np.percentile(samples, (50, 90, 99)))
    return Percentiles(p50, p90, p99)


def bench() -> BenchReport:
    rng = np.random.default_rng(4)
    samples = 3.1 + rng.gamma(2.0, 0.12, 400) + 2.0 * (rng.random(400) < 0.01)
    memory = measured(291_304 + 148_480, "bytes")
    latency = percentiles(samples)
    return BenchReport(
        model="example.tflite",
        runtime="LiteRT with XNNPACK, one thread, this host",
        latency_ms=latency,
        samples_ms=tuple(float(v) for v in samples),
        throughput_per_s=measured(296.0, "1/s"),
        flash_bytes=measured(291_304, "bytes"),
        arena_bytes=measured(148_480, "bytes"),
        arena_persistent_bytes=measured(38_912, "bytes"),
        arena_non_persistent_bytes=measured(109_568, "bytes"),
        peak_rss_bytes=measured(61_440_000, "bytes"),
        features_ms_per_audio_s=measured(1.94, "ms"),
        end_to_end_ms=percentiles(samples + 5.9),
        budgets=(
            BudgetCheck("memory", 1_800_000, memory, True),
            BudgetCheck("latency", 23.0, latency.p90, True),
        ),
        oddities=(Oddity("tensor 3 (conv/w)", "a scale is 0"),),
    )


def emulated(value: float, unit: str = "instructions") -> Measurement:
    return Measurement(value, unit, Evidence.EMULATED, SOURCE)


def predicted_ms(instructions: float) -> Measurement:
    middle, low, high = (instructions * factor / 800e3 for factor in (0.8, 0.6, 1.1))
    return Measurement(
        middle, "ms", Evidence.PREDICTED, SOURCE, interval=(low, high), interval_kind="band"
    )


def device(layers: Sequence[LayerError]) -> DeviceReport:
    rng = np.random.default_rng(6)
    operators = []
    for index, layer in enumerate(layers):
        kind = layer.operator if index % 3 else "DEPTHWISE_CONV_2D"
        macs = 0 if kind == "RESHAPE" else int(rng.integers(20_000, 900_000))
        operators.append(OperatorCost(index, kind, layer.name, macs, emulated(1.7 * macs + 900)))
    inference = emulated(sum(operator.cost.value for operator in operators) + 2_000)
    macs = sum(operator.macs for operator in operators)
    time_ms = predicted_ms(inference.value)
    flash, ram = emulated(212_480, "bytes"), emulated(148_000, "bytes")
    return DeviceReport(
        model="example",
        device="an example board, emulated",
        inference=inference,
        inference_ms=time_ms,
        per_mac=emulated(inference.value / macs, "instructions/MAC"),
        features=emulated(61_250.0),
        features_largest=emulated(63_400.0),
        features_ms=predicted_ms(61_250.0),
        operators=tuple(operators),
        flash=flash,
        ram=ram,
        memory=(
            MemoryPart("code and constants", "flash", emulated(61_480, "bytes")),
            MemoryPart("model", "flash", emulated(151_000, "bytes")),
            MemoryPart("arena", "ram", emulated(96_000, "bytes")),
            MemoryPart("frontend", "ram", emulated(44_000, "bytes")),
            MemoryPart("stack", "ram", emulated(8_000, "bytes")),
        ),
        sections=(
            MemoryPart(".text", "flash", emulated(212_480, "bytes")),
            MemoryPart(".bss", "ram", emulated(140_000, "bytes")),
            MemoryPart(".stack", "ram", emulated(8_000, "bytes")),
        ),
        scratch=emulated(1_280, "bytes"),
        stack_used=emulated(1_912, "bytes"),
        budgets=(
            BudgetCheck("inference", 23.0, time_ms, True),
            BudgetCheck("flash", 512_000, flash, True),
            BudgetCheck("RAM", 256_000, ram, True),
        ),
        parity=DeviceParity(100, SOURCE, 4_512_000, 0, 600, 0, ""),
    )
