"""`edgeser bench`: latency and memory of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import (
    ModelPath,
    board_of,
    board_option,
    compiled_option,
    corpus_option,
)
from edgeser.cli.output import Output, common_options
from edgeser.cli.results import ResultFiles, name_broken, result_options
from edgeser.cli.suits import BENCH, Device, device_kind, is_given, option_of, refuse_unsuited

if TYPE_CHECKING:
    from edgeser.benchmark.budget import Limits
    from edgeser.benchmark.records import BenchReport, DeviceReport
    from edgeser.bundle import Bundle
    from firmware_bridge.boards import Board

_BYTES = click.IntRange(1)
ALL_BOARDS = "all"
_ABOVE_0 = click.FloatRange(0, min_open=True)


@click.command("bench")
@click.argument("model", type=ModelPath())
@click.option(
    "--device",
    metavar="WHERE",
    default="host",
    show_default=True,
    help="host; emulator: firmware on an emulated board; edgetpu: a compiled model on an Edge "
    "TPU; or a board's address, such as serial:/dev/ttyACM0.",
)
@click.option(
    "--runs",
    type=click.IntRange(200, 100_000),
    default=200,
    show_default=True,
    help="host and edgetpu: inferences that are timed.",
)
@click.option(
    "--warmup",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="host and edgetpu: inferences before them.",
)
@click.option(
    "--max-latency",
    "latency_ms",
    type=_ABOVE_0,
    help="Budget: ms of one inference, at p90; predicted for the emulator. A run's own: "
    "[budget] latency_ms, 23 unless its recipe says otherwise.",
)
@click.option(
    "--max-memory",
    "memory_bytes",
    type=_BYTES,
    help="host: budget, bytes of model and arena. A run's own: [budget] memory_bytes, 1,800,000.",
)
@click.option(
    "--max-flash",
    "flash_bytes",
    type=_BYTES,
    help="emulator: budget, bytes of flash. A run's own: [budget] flash_bytes, 512,000; of another "
    "model the board's 4 MiB.",
)
@click.option(
    "--max-ram",
    "ram_bytes",
    type=_BYTES,
    help="emulator: budget, bytes of RAM. A run's own: [budget] ram_bytes, 256,000; of another "
    "model the board's 4 MiB.",
)
@click.option(
    "--clock-mhz",
    type=_ABOVE_0,
    help="emulator: of the core that time is predicted for. A run's own: [budget] clock_mhz, 800; "
    "of another model 800.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="edgetpu: the uncompiled model, to compare outputs with.",
)
@board_option(
    "emulator: which board it emulates, as docs/boards.md lists them; mps2-an500, a Cortex-M7, "
    "when left out. all: every one, in one table."
)
@compiled_option
@corpus_option
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write what --json prints into this file: a baseline for compare-bench.",
)
@result_options
@common_options
def command(
    model: Path,
    device: str,
    runs: int,
    warmup: int,
    against: Path | None,
    compiled: Path | None,
    corpora: tuple[str, ...],
    output: Output,
    **rest: Any,
) -> int:
    """Measure MODEL: any int8 .tflite, a bundle, or the folder of a run.

    Exit code 1 when a budget is broken, or a device does not give what the host gives. A bundle or
    run has the budget of its recipe; any other model none but those given here and the memory of
    the board.
    """
    kind = device_kind(device, compiled=compiled is not None)
    refuse_unsuited(BENCH, kind)
    files = ResultFiles(rest.pop("junit"), rest.pop("markdown"), rest.pop("save"))
    board = rest.pop("board")
    if kind is Device.EDGE_TPU:
        from edgeser.cli.bench_edgetpu import bench_edge_tpu

        return bench_edge_tpu(
            model,
            against=against,
            runs=runs,
            warmup=warmup,
            latency_ms=rest["latency_ms"],
            files=files,
            output=output,
        )
    from edgeser.cli.model_file import bundle_if_any, model_bytes
    from edgeser.cli.places import build_cache, run_folder_of

    bundle = bundle_if_any(model)
    if bundle is None and is_given("corpora"):
        raise click.UsageError("--corpus is for bundles and runs, whose firmware takes audio")
    limits = _limits(bundle, rest)
    source, folder = bundle or model_bytes(model), run_folder_of(model) if bundle else None
    if kind is Device.HOST:
        from edgeser.pipeline.bench import bench

        on_host = bench(
            source,
            name=str(model),
            folder=folder,
            limits=limits,
            runs=runs,
            warmup=warmup,
            reporter=output,
        )
        return _show_host(on_host, files, output)
    if board == ALL_BOARDS:
        from edgeser.cli.bench_boards import bench_boards

        return bench_boards(
            source,
            name=model.stem,
            corpora=corpora,
            folder=folder,
            limits=limits,
            files=files,
            output=output,
        )
    from edgeser.pipeline.device_bench import bench_on_device
    from edgeser.pipeline.firmware import DeviceChoice

    chosen = board_of(board)
    _refuse_time_of(chosen)
    for_edge_tpu = model_bytes(compiled) if compiled else None
    with files.also_when_it_fails("edgeser.device"):
        on_device = bench_on_device(
            source,
            device=DeviceChoice(device, for_edge_tpu, build_cache(), board=chosen),
            name=model.stem,
            corpora=corpora,
            folder=folder,
            limits=limits,
            reporter=output,
        )
    return _show_device(on_device, files, output)


def _refuse_time_of(board: Board) -> None:
    """Refuse what is about time on a board whose time is not predicted."""
    if board.cycles is not None:
        return
    for name in ("latency_ms", "clock_mhz"):
        if is_given(name):
            raise click.UsageError(
                f"{option_of(name)} is for boards whose time is predicted, and of the cycles of a "
                f"{board.cpu} nothing is known: leave it out"
            )


def _limits(bundle: Bundle | None, given: dict[str, Any]) -> Limits:
    from edgeser.benchmark.budget import NO_LIMITS

    return (bundle.trained.recipe.budget.limits if bundle else NO_LIMITS).with_given(**given)


def _show_host(report: BenchReport, files: ResultFiles, output: Output) -> int:
    from edgeser.report import json_format, junit, markdown
    from edgeser.report.terminal import bench_tables

    with files.writing(
        junit=lambda: junit.bench_junit(report),
        markdown=lambda: markdown.bench_markdown(report),
        saved=lambda: json_format.bench_json(report),
    ):
        if output.json:
            output.result(json_format.bench_json(report))
        else:
            output.show(bench_tables(report))
        name_broken(report.budgets, output)
        return 0 if report.passed else 1


def _show_device(report: DeviceReport, files: ResultFiles, output: Output) -> int:
    from edgeser.report import json_format, junit, markdown
    from edgeser.report.terminal import device_tables

    with files.writing(
        junit=lambda: junit.device_junit(report),
        markdown=lambda: markdown.device_markdown(report),
        saved=lambda: json_format.device_json(report),
    ):
        if output.json:
            output.result(json_format.device_json(report))
        else:
            output.show(device_tables(report))
        name_broken(report.budgets, output)
        if report.parity is not None and not report.parity.passed:
            output.problem(f"the device differs from the host: {report.parity.describe()}")
        return 0 if report.passed else 1
