"""`edgeser bench --device edgetpu`: a compiled model on an Edge TPU that is really there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.cli.output import Output

if TYPE_CHECKING:
    from quantize.edgetpu.device import EdgeTpuBench

_OK, _FAILED = 0, 1


def bench_edge_tpu(
    model: Path, *, against: Path | None, runs: int, warmup: int, output: Output
) -> int:
    """Measure, show what was found, and return the exit code that fits.

    `against` is the uncompiled model: the difference of their outputs is shown too.
    """
    from edgeser.cli.model_file import model_bytes
    from quantize.edgetpu.device import bench_on_edge_tpu
    from quantize.edgetpu.hardware import find_edge_tpus, pick_backend, pick_edge_tpu

    data = model_bytes(model)
    plain = None if against is None else model_bytes(against)
    device = pick_edge_tpu(find_edge_tpus())
    backend = pick_backend()
    output.stage(f"Measuring on the Edge TPU at {device.node}")
    report = bench_on_edge_tpu(
        data,
        device=device,
        backend=backend,
        name=str(model),
        against=plain,
        warmup=warmup,
        runs=runs,
    )
    if output.json:
        output.result(report.to_json())
    else:
        output.show(_summary(report))
    if not report.passed and report.difference is not None:
        found = report.difference
        output.problem(
            f"the Edge TPU differs from the CPU by up to {found.max_lsb} steps, "
            f"{found.flips} of {found.samples} labels flip"
        )
    return _OK if report.passed else _FAILED


def _summary(report: EdgeTpuBench) -> str:
    times = ", ".join(f"p{p} {report.percentile(p).value:.2f}" for p in (50, 90, 99))
    lines = [
        f"{report.model}: {times} ms, measured on {report.device}",
        f"first inference, with the parameters: {report.first_ms.value:.2f} ms",
    ]
    if report.temperature is not None:
        lines.append(f"temperature: {report.temperature.value:.1f} degrees Celsius")
    if report.difference is not None:
        found = report.difference
        steps = ", ".join(f"{step:+d}: {count}" for step, count in sorted(found.histogram.items()))
        lines.append(
            f"against int8 on the CPU, {found.samples} random inputs: up to {found.max_lsb} steps "
            f"({steps}); {found.flips} labels flip"
        )
    return "\n".join(lines)
