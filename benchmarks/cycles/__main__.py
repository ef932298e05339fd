"""``python -m benchmarks.cycles``: predicted cycles of one inference, by kind of operator.

Without a MODEL: the keyword and the anomaly model of ``EDGESER_MLPERF_TINY`` and ``pretrained``.
Its README says what is modelled, and what that was found to be worth.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from benchmarks.cycles.published import PUBLISHED, Row
from benchmarks.cycles.run import Charges, Executed, by_kind, cycles, execute, pipeline_cycles
from edgeser.bundle import Bundle, load_bundle
from edgeser.pretrained import pretrained_path
from firmware_bridge.boards import MPS2_AN386, MPS2_AN500, Board
from quantize.foundation.errors import EdgeserError

_CORES = {"cortex-m7": MPS2_AN500, "cortex-m4": MPS2_AN386}
_FILES = ("kws_ref_model.tflite", "ad01_int8.tflite")
_PENALTY = {"cortex-m7": 8.0, "cortex-m4": 0.0}
_TAKEN = {"cortex-m7": 0.0, "cortex-m4": 2.0}


@click.command(help=__doc__)
@click.argument("models", metavar="[MODEL.tflite|BUNDLE|pretrained]...", nargs=-1)
@click.option("--core", type=click.Choice(sorted(_CORES)), default="cortex-m7", show_default=True)
@click.option(
    "--mispredicted", type=float, help="Cycles for a branch that was foretold wrongly: 8; M4 none."
)
@click.option("--load-wait", type=float, default=0.0, help="Cycles that each load waits.")
@click.option("--flash-wait", type=float, default=0.0, help="The same for 8 bytes of code.")
@click.option("--as-llvm", is_flag=True, help="By LLVM's model alone, nothing of it corrected.")
@click.option(
    "--cmsis-nn",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Its folder: the model's layers by CMSIS-NN 4's kernels, too.",
)
def main(
    models: tuple[str, ...],
    core: str,
    mispredicted: float | None,
    load_wait: float,
    flash_wait: float,
    as_llvm: bool,
    cmsis_nn: Path | None,
) -> None:
    """Print a table for each model."""
    charges = Charges(
        mispredicted=_PENALTY[core] if mispredicted is None else mispredicted,
        taken=_TAKEN[core],
        load_wait=load_wait,
        flash_wait=flash_wait,
    )
    try:
        for name in models or _usual():
            _show(name, _CORES[core], charges, cmsis_nn, as_llvm=as_llvm)
    except (EdgeserError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _usual() -> tuple[str, ...]:
    given = os.environ.get("EDGESER_MLPERF_TINY")
    files = [str(Path(given) / name) for name in _FILES] if given else []
    return (*files, "pretrained")


def _model(name: str) -> Bundle | bytes:
    bundle = pretrained_path(name)
    if bundle is not None:
        return load_bundle(bundle)
    return Path(name).read_bytes() if name.endswith(".tflite") else load_bundle(Path(name))


def _show(
    name: str, board: Board, charges: Charges, cmsis_nn: Path | None, *, as_llvm: bool
) -> None:
    stem = Path(name).stem
    ours = _executed(name, board, None)
    total = _table(f"{stem} by edgeser", ours, board, charges, as_llvm=as_llvm)
    rows = list(PUBLISHED.get((board.cpu, stem), ()))
    if cmsis_nn is not None:
        theirs = _executed(name, board, cmsis_nn)
        what = f"{stem} by CMSIS-NN in the same program"
        peer = _table(what, theirs, board, charges, as_llvm=as_llvm)
        same = "as edgeser's" if theirs.output == ours.output else "NOT edgeser's"
        click.echo(f"  its output: {same}; {peer / total:.2f} x the cycles, both predicted")
        for row in rows:
            if row.is_cmsis_nn:
                error = f"{100 * (peer / row.cycles - 1):+.0f} %"
                click.echo(f"  error of the prediction: {error}, against {row.source}")
    for row in rows:
        click.echo(_published(row, total))
    click.echo()


def _published(row: Row, total: float) -> str:
    return (
        f"  {row.name:34} {row.cycles / 1e6:8.3f} M cycles, measured by others ({row.source}); "
        f"{row.cycles / total:.2f} x ours, predicted"
    )


def _executed(name: str, board: Board, cmsis_nn: Path | None) -> Executed:
    with tempfile.TemporaryDirectory() as folder:
        return execute(_model(name), Path(name).stem, Path(folder), board, cmsis_nn)


def _table(
    what: str, executed: Executed, board: Board, charges: Charges, *, as_llvm: bool
) -> float:
    costs = pipeline_cycles(executed, board.cpu, as_llvm=as_llvm)
    click.echo(f"{what}, {board.cpu}, one inference; instructions emulated, cycles predicted:")
    total = 0.0
    for kind, part in by_kind(executed).items():
        spent = cycles(part, costs, executed.code, charges)
        total += spent
        click.echo(
            f"  {kind:34} {part.instructions:11,} instructions {spent:13,.0f} cycles"
            f" {spent / part.instructions:6.2f} each, {part.mispredicted:,} foretold wrongly"
        )
    click.echo(
        f"  {'all':34} {executed.instructions:11,} instructions {total:13,.0f} cycles"
        f" {total / executed.instructions:6.2f} each"
    )
    return total


if __name__ == "__main__":
    main()
