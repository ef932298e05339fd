"""`edgeser bench`: latency and memory of a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import compiled_option, corpus_option
from edgeser.cli.output import Output, common_options

if TYPE_CHECKING:
    from edgeser.benchmark.records import BenchReport, BudgetCheck, DeviceReport

_BYTES = click.IntRange(1)
_ABOVE_0 = click.FloatRange(0, min_open=True)


@click.command("bench")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--device",
    metavar="WHERE",
    default="host",
    show_default=True,
    help="host; emulator: firmware on an emulated Cortex-M7; edgetpu: a compiled model on an Edge "
    "TPU; or a board's address, such as serial:/dev/ttyACM0.",
)
@click.option("--runs", type=click.IntRange(200, 100_000), default=200, show_default=True)
@click.option("--warmup", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option(
    "--max-memory", "memory_bytes", type=_BYTES, help="Budget: host, bytes of model and arena."
)
@click.option(
    "--max-latency",
    "latency_ms",
    type=_ABOVE_0,
    help="Budget: ms of one inference, at p90, or predicted for the emulator.",
)
@click.option("--max-flash", "flash_bytes", type=_BYTES, help="Budget: bytes of the firmware.")
@click.option("--max-ram", "ram_bytes", type=_BYTES, help="Budget: bytes of the firmware.")
@click.option(
    "--clock-mhz",
    type=_ABOVE_0,
    help="Of the core that the emulator's time is predicted for; 800 when left out.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="edgetpu: the uncompiled model, to compare outputs with.",
)
@compiled_option
@corpus_option
@common_options
def command(
    model: Path,
    device: str,
    runs: int,
    warmup: int,
    against: Path | None,
    compiled: Path | None,
    corpus: str | None,
    output: Output,
    **limits: Any,
) -> int:
    """Measure MODEL: any int8 .tflite, a bundle, or the folder of a run.

    Exit code 1 when a budget is broken, or a device does not give what the host gives.
    """
    if compiled is not None and device in ("host", "emulator", "edgetpu"):
        raise click.UsageError("--compiled is for boards; give --device their address")
    if device == "edgetpu":
        from edgeser.cli.bench_edgetpu import bench_edge_tpu

        return bench_edge_tpu(model, against=against, runs=runs, warmup=warmup, output=output)
    if against is not None:
        raise click.UsageError("--against is for --device edgetpu")
    from edgeser.benchmark.budget import Budget
    from edgeser.cli.model_file import bundle_if_any, model_bytes
    from edgeser.cli.places import build_cache, run_folder_of

    bundle = bundle_if_any(model)
    base = bundle.trained.recipe.budget if bundle else Budget()
    budget = replace(base, **{name: limit for name, limit in limits.items() if limit is not None})
    source, folder = bundle or model_bytes(model), run_folder_of(model) if bundle else None
    if device == "host":
        from edgeser.pipeline.bench import bench

        return _show_host(
            bench(
                source,
                name=str(model),
                folder=folder,
                budget=budget,
                runs=runs,
                warmup=warmup,
                reporter=output,
            ),
            output,
        )
    from edgeser.pipeline.device_bench import bench_on_device
    from edgeser.pipeline.firmware import DeviceChoice

    return _show_device(
        bench_on_device(
            source,
            device=DeviceChoice(device, model_bytes(compiled) if compiled else None, build_cache()),
            name=model.stem,
            corpus=corpus,
            folder=folder,
            budget=budget,
            reporter=output,
        ),
        output,
    )


def _show_host(report: BenchReport, output: Output) -> int:
    from edgeser.report import json_format
    from edgeser.report.terminal import bench_tables

    if output.json:
        output.result(json_format.bench_json(report))
    else:
        output.show(bench_tables(report))
    _name_broken(report.budgets, output)
    return 0 if report.passed else 1


def _show_device(report: DeviceReport, output: Output) -> int:
    from edgeser.report import json_format
    from edgeser.report.terminal import device_tables

    if output.json:
        output.result(json_format.device_json(report))
    else:
        output.show(device_tables(report))
    _name_broken(report.budgets, output)
    if report.parity is not None and not report.parity.passed:
        output.problem(f"the device differs from the host: {report.parity.describe()}")
    return 0 if report.passed else 1


def _name_broken(checks: tuple[BudgetCheck, ...], output: Output) -> None:
    from edgeser.benchmark.budget import describe

    for check in checks:
        if not check.passed:
            output.problem(f"budget broken: {describe(check)}")
