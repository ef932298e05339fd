"""A benchmark's figures agree with each other, carry their evidence, and budgets can break."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgeser.benchmark.bench_report import BenchReport
from edgeser.benchmark.budget import Budget, Limits, describe
from edgeser.benchmark.host import bench_model, speech_like_signal
from firmware_bridge.frontend import (
    FrontendConfig,
    compute_features,
    normalisation_from_statistics,
)
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence


@pytest.fixture(scope="module")
def model(shared: Path) -> bytes:
    return (shared / "mlperf_tiny" / "kws_ref_model.tflite").read_bytes()


@pytest.fixture(scope="module")
def frontend() -> FrontendConfig:
    config = FrontendConfig(hop_ms=20)
    means, deviations = np.full((1, 40), 300.0), np.full((1, 40), 90.0)
    return replace(config, normalisation=normalisation_from_statistics(means, deviations))


@pytest.fixture(scope="module")
def report(model: bytes, frontend: FrontendConfig) -> BenchReport:
    return bench_model(
        model, name="kws", frontend=frontend, frames=49, limits=Budget().limits, runs=200, warmup=5
    )


def test_percentiles_and_throughput_are_those_of_the_samples(report: BenchReport) -> None:
    samples = np.array(report.samples_ms)
    assert len(samples) == 200
    found = report.figures
    percentiles = (found.inference_p50_ms, found.inference_p90_ms, found.inference_p99_ms)
    for percent, figure in zip((50, 90, 99), percentiles, strict=True):
        assert figure is not None
        assert figure.value == pytest.approx(np.percentile(samples, percent))
        assert figure.unit == "ms"
    assert found.inferences_per_s is not None
    assert found.inferences_per_s.value == pytest.approx(1000 / samples.mean())


def test_every_figure_is_measured_and_says_on_what(report: BenchReport) -> None:
    figures = dict(report.figures.known())
    assert {"inferences_per_s", "model_bytes", "arena_bytes", "peak_rss_bytes"} <= figures.keys()
    assert len(figures) == 13
    for figure in figures.values():
        assert figure.evidence is Evidence.MEASURED
        assert figure.source
    assert "1 thread" in report.target.description


def test_memory_is_the_file_and_the_arena(report: BenchReport, model: bytes) -> None:
    size, arena = report.figures.model_bytes, report.figures.arena_bytes
    assert size is not None and arena is not None
    assert size.value == len(model)
    memory, latency = report.budgets
    assert memory.value.value == len(model) + arena.value
    assert latency.value == report.figures.inference_p90_ms
    assert report.passed


def test_end_to_end_is_features_and_inference(report: BenchReport) -> None:
    found = report.figures
    assert found.features_ms_per_audio_s is not None
    assert found.end_to_end_p50_ms is not None
    window_s = (48 * 20 + 30) / 1000
    features_ms = found.features_ms_per_audio_s.value * window_s
    together = found.end_to_end_p50_ms.value
    assert together > report.inference.value
    assert together == pytest.approx(report.inference.value + features_ms, rel=0.5)


def test_the_timed_signal_is_one_window_of_features(frontend: FrontendConfig) -> None:
    signal = speech_like_signal(0.99, 16_000)
    assert (signal.dtype, len(compute_features(signal, frontend).amplitude)) == (np.int16, 49)
    assert 500 < np.abs(signal).mean() < 5000


def test_budgets_break(model: bytes) -> None:
    report = bench_model(model, limits=Limits(memory_bytes=1000, latency_ms=1e-6), warmup=1)
    assert not report.passed
    assert [check.passed for check in report.budgets] == [False, False]
    assert describe(report.budgets[0]).endswith("bytes, the limit 1,000")
    assert report.figures.features_ms_per_audio_s is None
    assert report.figures.end_to_end_p50_ms is None


@pytest.mark.parametrize(("memory", "latency"), [(0, 1.0), (1, 0.0), (-1, 1.0), (1, -1.0)])
def test_budgets_of_nothing_are_refused(memory: int, latency: float) -> None:
    with pytest.raises(BadInput, match="limits must be above 0"):
        Budget(memory, latency)


@pytest.mark.parametrize("length", [0, 7, 100, 20_000])
def test_a_damaged_model_is_named(model: bytes, length: int) -> None:
    with pytest.raises(BadInput, match="mine"):
        bench_model(model[:length], name="mine", limits=Budget().limits)


def test_a_model_whose_arena_is_not_known_is_measured_all_the_same(
    model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(data: bytes, *, name: str) -> None:
        raise BadInput(f"TFLite-Micro does not take {name}", hint="")

    monkeypatch.setattr("edgeser.benchmark.host.arena_usage", refuse)
    found = bench_model(model, name="kws", limits=Budget().limits, runs=200, warmup=1)
    assert found.figures.arena_bytes is None
    memory = next(check for check in found.budgets if check.name == "memory")
    assert memory.value.value == len(model)
    assert "arena is not known" in memory.value.source
