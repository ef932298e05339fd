"""The made-up report's benchmarks, on this computer and on a device. No figure is a result."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import (
    BenchReport,
    BudgetCheck,
    Figures,
    MemoryPart,
    OperatorCost,
)
from edgeser.benchmark.target import TargetFacts
from edgeser.benchmark.target_parity import TargetParity
from quantize.edgetpu.difference import OutputDifference
from quantize.foundation.measurement import Evidence, Measurement
from quantize.layer_error import LayerError
from quantize.tflite.remarks import Oddity

SOURCE = "a made-up example, not a result"


def measured(value: float, unit: str) -> Measurement:
    return Measurement(value, unit, Evidence.MEASURED, SOURCE)


def percentiles(samples: NDArray[np.float64]) -> tuple[Measurement, ...]:
    return tuple(measured(float(v), "ms") for v in np.percentile(samples, (50, 90, 99)))


def bench() -> BenchReport:
    rng = np.random.default_rng(4)
    samples = 3.1 + rng.gamma(2.0, 0.12, 400) + 2.0 * (rng.random(400) < 0.01)
    memory = measured(291_304 + 148_480, "bytes")
    p50, p90, p99 = percentiles(samples)
    whole = percentiles(samples + 5.9)
    return BenchReport(
        model="example.tflite",
        target=TargetFacts("host", "host", "LiteRT with XNNPACK, one thread, this host"),
        figures=Figures(
            inference_p50_ms=p50,
            inference_p90_ms=p90,
            inference_p99_ms=p99,
            inferences_per_s=measured(296.0, "1/s"),
            model_bytes=measured(291_304, "bytes"),
            arena_bytes=measured(148_480, "bytes"),
            arena_persistent_bytes=measured(38_912, "bytes"),
            arena_non_persistent_bytes=measured(109_568, "bytes"),
            peak_rss_bytes=measured(61_440_000, "bytes"),
            features_ms_per_audio_s=measured(1.94, "ms"),
            end_to_end_p50_ms=whole[0],
            end_to_end_p90_ms=whole[1],
            end_to_end_p99_ms=whole[2],
        ),
        samples_ms=tuple(float(v) for v in samples),
        budgets=(
            BudgetCheck("memory", 1_800_000, memory, True),
            BudgetCheck("latency", 23.0, p90, True),
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


def device(layers: Sequence[LayerError]) -> BenchReport:
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
    return BenchReport(
        model="example",
        target=TargetFacts("emulator", "example-board", "an example board, emulated", "cortex-m7"),
        figures=Figures(
            inference_instructions=inference,
            inference_ms=time_ms,
            instructions_per_mac=emulated(inference.value / macs, "instructions/MAC"),
            frame_instructions=emulated(61_250.0),
            worst_frame_instructions=emulated(63_400.0),
            frame_ms=predicted_ms(61_250.0),
            flash_bytes=flash,
            ram_bytes=ram,
            scratch_bytes=emulated(1_280, "bytes"),
            stack_used_bytes=emulated(1_912, "bytes"),
        ),
        operators=tuple(operators),
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
        budgets=(
            BudgetCheck("inference", 23.0, time_ms, True),
            BudgetCheck("flash", 512_000, flash, True),
            BudgetCheck("RAM", 256_000, ram, True),
        ),
        parity=TargetParity(100, SOURCE, 4_512_000, 0, 600, 0, "", decisions=120),
    )


def edge_tpu(difference: OutputDifference | None = None) -> BenchReport:
    """Return what an Edge TPU gives, beside a difference from the host."""
    parity = None
    if difference is not None:
        parity = TargetParity(difference.samples, "random inputs", 0, 0, 0, 0, "", difference)
    return BenchReport(
        model="example_edgetpu",
        target=TargetFacts("edgetpu", "/dev/apex_0", "an example Edge TPU"),
        figures=Figures(
            inference_p50_ms=measured(1.5, "ms"),
            inference_p90_ms=measured(1.9, "ms"),
            inference_p99_ms=measured(1.99, "ms"),
            first_inference_ms=measured(3.0, "ms"),
            temperature_degc=measured(41.0, "degC"),
        ),
        samples_ms=(1.5, 1.9),
        parity=parity,
    )


def board() -> BenchReport:
    """Return what a real board gives: time, and nothing of the whole firmware's memory."""
    return BenchReport(
        model="example",
        target=TargetFacts("serial", "serial:/dev/ttyACM0", "an example board"),
        figures=Figures(
            inference_ms=measured(3.0, "ms"),
            frame_ms=measured(0.1, "ms"),
            worst_frame_ms=measured(0.2, "ms"),
        ),
    )
