"""`edgeser bench`: latency and memory of a model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.device_option import device_kind, target_of
from edgeser.cli.model_file import bundle_if_any, model_bytes
from edgeser.cli.options import (
    ModelPath,
    board_of,
    board_option,
    compiled_option,
    corpus_option,
)
from edgeser.cli.output import Output, common_options
from edgeser.cli.results import ResultFiles, name_broken, result_options
from edgeser.cli.suits import is_given, option_of, options_of, refuse_unsuited
from edgeser.pretrained import name_of
from edgeser.targets import EDGE_TPU, HOST

if TYPE_CHECKING:
    from edgeser.benchmark.bench_report import Benchmark
    from edgeser.benchmark.budget import Limits
    from edgeser.bundle import Bundle
    from edgeser.targets.target import TargetKind
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
    refuse_unsuited(options_of("bench"), kind)
    files = ResultFiles(rest.pop("junit"), rest.pop("markdown"), rest.pop("save"))
    boards = _boards(rest.pop("board"))
    bundle, source = _model(model, kind)
    folder = None
    if bundle is not None:
        from edgeser.cli.places import run_folder_of

        folder = run_folder_of(model)
    plain = None if against is None else model_bytes(against)
    targets = [target_of(device, compiled=compiled, board=board) for board in boards]
    common: dict[str, Any] = {
        "name": name_of(model) if kind in (HOST, EDGE_TPU) else model.stem,
        "corpora": corpora,
        "folder": folder,
        "limits": _limits(bundle, rest),
        "reporter": output,
    }
    from edgeser.benchmark.bench_report import Benchmark
    from edgeser.pipeline.bench import bench, bench_each

    if len(targets) > 1:
        return _show(bench_each(source, targets, **common), files, output)
    timing: dict[str, Any] = {"runs": runs, "warmup": warmup, "against": plain}
    with files.also_when_it_fails("edgeser.bench"):
        report = bench(source, target=targets[0], **common, **timing)
    return _show(Benchmark.of(report), files, output)


def _boards(name: str | None) -> Sequence[Board | None]:
    """Return which boards are emulated, one after another; what is about time may not suit them."""
    if name is None:
        return (None,)
    if name == ALL_BOARDS:
        from firmware_bridge.boards import EMULATED_BOARDS

        for option in ("latency_ms", "clock_mhz"):
            if is_given(option):
                raise click.UsageError(
                    f"{option_of(option)} is for one board: leave out --board all"
                )
        return EMULATED_BOARDS
    board = board_of(name)
    _refuse_time_of(board)
    return (board,)


def _model(path: Path, kind: TargetKind) -> tuple[Bundle | None, Bundle | bytes]:
    """Return the bundle, where it is one, and what is measured: for an Edge TPU the file as it is.

    Raises
    ------
    click.UsageError
        When audio is given for what takes none.
    """
    bundle = None if kind is EDGE_TPU else bundle_if_any(path)
    if bundle is None and is_given("corpora"):
        raise click.UsageError("--corpus is for bundles and runs, whose firmware takes audio")
    return bundle, bundle or model_bytes(path)


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


def _show(benchmark: Benchmark, files: ResultFiles, output: Output) -> int:
    """Show what was found, on one target or on several, and return the exit code that fits."""
    from edgeser.report import bench, boards
    from edgeser.report.schemas.bench import bench_json

    (report, *others) = [result.report for result in benchmark.results]
    alone = None if others else report

    def markdown() -> str:
        return bench.bench_markdown(alone) if alone else boards.boards_markdown(benchmark)

    with files.writing(
        junit=lambda: bench.bench_junit(benchmark),
        markdown=markdown,
        saved=lambda: bench_json(benchmark),
    ):
        if output.json:
            output.result(bench_json(benchmark))
        else:
            output.show(bench.bench_tables(alone) if alone else boards.boards_table(benchmark))
        if alone is None:
            for result in benchmark.results:
                if result.report is not None and result.problem:
                    output.problem(f"{result.target.name}: {result.problem}")
            return benchmark.exit_code
        name_broken(alone.budgets, output)
        if alone.parity is not None and not alone.parity.passed:
            what = "Edge TPU" if alone.target.kind == EDGE_TPU.word else "device"
            output.problem(f"the {what} differs from the host: {alone.parity.describe()}")
        return benchmark.exit_code
