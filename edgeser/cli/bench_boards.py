"""`edgeser bench --board all`: one model on every emulated board."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from edgeser.cli.suits import is_given, option_of

if TYPE_CHECKING:
    from edgeser.benchmark.budget import Limits
    from edgeser.bundle import Bundle
    from edgeser.cli.output import Output
    from edgeser.cli.results import ResultFiles
    from edgeser.pipeline.folder import RunFolder


def bench_boards(
    source: Bundle | bytes,
    *,
    name: str,
    corpora: Sequence[str],
    folder: RunFolder | None,
    limits: Limits,
    files: ResultFiles,
    output: Output,
) -> int:
    """Run a model on every board, show the table, and return the exit code."""
    from edgeser.cli.places import build_cache
    from edgeser.pipeline.boards_bench import bench_on_boards
    from edgeser.pipeline.firmware import DeviceChoice
    from edgeser.report import boards

    for option in ("latency_ms", "clock_mhz"):
        if is_given(option):
            raise click.UsageError(f"{option_of(option)} is for one board: leave out --board all")
    report = bench_on_boards(
        source,
        device=DeviceChoice(builds=build_cache()),
        name=name,
        corpora=corpora,
        folder=folder,
        limits=limits,
        reporter=output,
    )
    with files.writing(
        junit=lambda: boards.boards_junit(report),
        markdown=lambda: boards.boards_markdown(report),
        saved=lambda: boards.boards_json(report),
    ):
        if output.json:
            output.result(boards.boards_json(report))
        else:
            output.show(boards.boards_table(report))
        for result in report.results:
            if result.report is not None and result.problem:
                output.problem(f"{result.board}: {result.problem}")
        return report.exit_code
