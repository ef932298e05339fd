"""`edgeser bench` and `parity` with `--device edgetpu`: one that is really there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.cli.output import Output
from edgeser.cli.results import ResultFiles, name_broken

if TYPE_CHECKING:
    from quantize.edgetpu.difference import OutputDifference, Tolerances

_OK, _FAILED = 0, 1


def bench_edge_tpu(
    model: Path,
    *,
    against: Path | None,
    runs: int,
    warmup: int,
    latency_ms: float | None,
    files: ResultFiles,
    output: Output,
) -> int:
    """Measure, show what was found, and return the exit code that fits.

    `against` is the uncompiled model: the difference of their outputs is shown too. `latency_ms` is
    a budget for the 90th percentile.
    """
    from edgeser.benchmark.budget import check
    from edgeser.cli.model_file import model_bytes
    from edgeser.report import edge_tpu, json_format
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
    budgets = check("latency", latency_ms, report.percentile(90))
    held = all(budget.passed for budget in budgets)
    about = {"passed": report.passed and held, "budgets": json_format.budgets_json(budgets)}
    with files.writing(
        junit=lambda: edge_tpu.bench_junit(report, budgets),
        markdown=lambda: edge_tpu.bench_markdown(report, budgets),
        saved=lambda: report.to_json() | about,
    ):
        if output.json:
            output.result(report.to_json() | about)
        else:
            output.show(edge_tpu.bench_text(report))
        name_broken(budgets, output)
        broken = any(not budget.passed for budget in budgets)
        return max(_FAILED if broken else _OK, _verdict(report.difference, output))


def parity_on_edge_tpu(
    bundle: Path,
    compiled: Path,
    *,
    clips: int,
    corpora: tuple[str, ...],
    max_flips: float | None,
    files: ResultFiles,
    output: Output,
) -> int:
    """Compare on clips of the test speakers, show what was found, and return the exit code."""
    from edgeser.cli.model_file import model_bytes
    from edgeser.cli.places import open_bundle, run_folder_of
    from edgeser.pipeline.edgetpu_parity import SCHEMA, check_on_edge_tpu
    from edgeser.report import edge_tpu
    from quantize.edgetpu.hardware import find_edge_tpus, pick_backend, pick_edge_tpu
    from quantize.foundation.files import open_regular

    for path in (bundle, compiled):  # a device that is missing hides nothing of what is there
        if path.exists() and not path.is_dir():
            open_regular(path).close()
    device = pick_edge_tpu(find_edge_tpus())
    found = check_on_edge_tpu(
        open_bundle(bundle),
        model_bytes(compiled),
        backend=pick_backend(),
        clips=clips,
        corpora=corpora,
        folder=run_folder_of(bundle),
        tolerances=tolerances_with(max_flips),
        reporter=output,
    )
    with files.writing(
        junit=lambda: edge_tpu.parity_junit(found), markdown=lambda: edge_tpu.parity_markdown(found)
    ):
        if output.json:
            about = {"schema": SCHEMA, "device": str(device.node), "passed": found.passed}
            output.result(about | {"against_cpu": found.to_json()})
        else:
            output.show(f"test clips: {found.describe()}")
        return _verdict(found, output)


def tolerances_with(max_flips: float | None) -> Tolerances:
    """Return what an Edge TPU's outputs are held to, with the share of labels that was given."""
    from quantize.edgetpu.difference import Tolerances

    return Tolerances() if max_flips is None else Tolerances(max_flips=max_flips)


def _verdict(found: OutputDifference | None, output: Output) -> int:
    if found is None or found.passed:
        return _OK
    output.problem(f"the Edge TPU differs: {found.describe()}")
    return _FAILED
