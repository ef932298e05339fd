"""One model on every emulated board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edgeser.benchmark.boards import BoardResult, BoardsReport
from edgeser.benchmark.budget import Limits
from edgeser.bundle import Bundle
from edgeser.pipeline.device_bench import bench_on_device
from edgeser.pipeline.firmware import EMULATED, DeviceChoice, compiled_model
from edgeser.pipeline.folder import RunFolder
from edgeser.progress import SILENT, Reporter
from firmware_bridge.boards import EMULATED_BOARDS, Board
from firmware_bridge.link.errors import DeviceError
from quantize.foundation.errors import CheckFailed, ToolMissing


def bench_on_boards(
    model: Bundle | bytes,
    *,
    boards: Sequence[Board] = EMULATED_BOARDS,
    device: DeviceChoice = EMULATED,
    name: str = "the model",
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    limits: Limits | None = None,
    reporter: Reporter = SILENT,
) -> BoardsReport:
    """Run a model on boards, one after another; one that cannot is told, and costs only itself.

    Parameters
    ----------
    boards
        Which.
    device
        Where their programs are kept; its board is left aside.
    model, name, corpora, folder, limits, reporter
        As for `bench_on_device`.

    Raises
    ------
    BadInput
        When no firmware can run the model: operator, layer and reason are named.
    """
    compiled = compiled_model(model, name=name)
    results = []
    for board in boards:
        try:
            report = bench_on_device(
                model,
                device=replace(device, board=board),
                name=name,
                corpora=corpora,
                folder=folder,
                limits=limits,
                reporter=reporter,
            )
            results.append(BoardResult(board.name, board.cpu, report))
        except (ToolMissing, CheckFailed, DeviceError) as error:
            reporter.note(f"{board.name}: {error}")
            results.append(BoardResult(board.name, board.cpu, None, error))
    return BoardsReport(compiled.name, tuple(results))
