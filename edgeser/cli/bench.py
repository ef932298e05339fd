"""`edgeser bench`: latency and memory of a model."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.output import Output, common_options


@click.command("bench")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--device", type=click.Choice(["host"]), default="host", show_default=True, help="Where to run."
)
@click.option("--runs", type=click.IntRange(200, 100_000), default=200, show_default=True)
@click.option("--warmup", type=click.IntRange(1, 10_000), default=20, show_default=True)
@click.option("--max-memory", type=click.IntRange(1), help="Budget, bytes of model and arena.")
@click.option("--max-latency", type=click.FloatRange(0, min_open=True), help="Budget, ms at p90.")
@common_options
def command(
    model: Path,
    device: str,
    runs: int,
    warmup: int,
    max_memory: int | None,
    max_latency: float | None,
    output: Output,
) -> int:
    """Measure MODEL: any int8 .tflite, a bundle, or the folder of a run.

    Exit code 1 when a budget is broken.
    """
    del device
    from edgeser.benchmark.budget import Budget, describe
    from edgeser.cli.places import bundle_if_any, model_bytes, run_folder_of
    from edgeser.pipeline.bench import bench
    from edgeser.report import json_format
    from edgeser.report.terminal import bench_tables

    bundle = bundle_if_any(model)
    base = bundle.trained.recipe.budget if bundle else Budget()
    budget = Budget(max_memory or base.memory_bytes, max_latency or base.latency_ms)
    report = bench(
        bundle or model_bytes(model),
        name=str(model),
        folder=run_folder_of(model) if bundle else None,
        budget=budget,
        runs=runs,
        warmup=warmup,
        reporter=output,
    )
    if output.json:
        output.result(json_format.bench_json(report))
    else:
        output.show(bench_tables(report))
    for check in report.budgets:
        if not check.passed:
            output.problem(f"budget broken: {describe(check)}")
    return 0 if all(check.passed for check in report.budgets) else 1
