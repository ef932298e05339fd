"""`edgeser bench` and `parity` with `--device edgetpu`: one that is really there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.cli.output import Output

if TYPE_CHECKING:
    from quantize.edgetpu.device import EdgeTpuBench
    from quantize.edgetpu.difference import OutputDifference

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
    return _verdict(report.difference, output)


def parity_on_edge_tpu(
    bundle: Path, compiled: Path, *, clips: int, corpus: str | None, output: Output
) -> int:
    """Compare on clips of the test speakers, show what was found, and return the exit code."""
    from edgeser.cli.model_file import model_bytes
    from edgeser.cli.places import open_bundle, run_folder_of
    from edgeser.pipeline.edgetpu_parity import SCHEMA, check_on_edge_tpu
    from quantize.edgetpu.hardware import find_edge_tpus, pick_backend, pick_edge_tpu

    device = pick_edge_tpu(find_edge_tpus())
    found = check_on_edge_tpu(
        open_bundle(bundle),
        model_bytes(compiled),
        backend=pick_backend(),
        clips=clips,
        corpus=corpus,
        folder=run_folder_of(bundle),
        reporter=output,
    )
    if output.json:
        about = {"schema": SCHEMA, "device": str(device.node), "passed": found.passed}
        output.result(about | {"against_cpu": found.to_json()})
    else:
        output.show(f"test clips: {found.describe()}")
    return _verdict(found, output)


def _verdict(found: OutputDifference | None, output: Output) -> int:
    if found is None or found.passed:
        return _OK
    output.problem(f"the Edge TPU differs: {found.describe()}")
    return _FAILED


def _summary(report: EdgeTpuBench) -> str:
    times = ", ".join(f"p{p} {report.percentile(p).value:.2f}" for p in (50, 90, 99))
    lines = [
        f"{report.model}: {times} ms, measured on {report.device}",
        f"first inference, with the parameters: {report.first_ms.value:.2f} ms",
    ]
    if report.temperature is not None:
        lines.append(f"temperature: {report.temperature.value:.1f} degrees Celsius")
    if report.difference is not None:
        lines.append(f"random inputs: {report.difference.describe()}")
    return "\n".join(lines)
