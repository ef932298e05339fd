"""What a benchmark could not measure, and what it timed, is said in every form."""

from __future__ import annotations

import dataclasses

from rich.console import Console

from edgeser.report.bench import bench_markdown, bench_tables
from edgeser.report.contents import ReportContents
from edgeser.report.html import render_html


def test_a_missing_arena_is_explained_everywhere(whole: ReportContents) -> None:
    assert whole.bench is not None
    bench = dataclasses.replace(
        whole.bench,
        figures=dataclasses.replace(
            whole.bench.figures,
            arena_bytes=None,
            arena_persistent_bytes=None,
            arena_non_persistent_bytes=None,
        ),
        no_arena="TFLite-Micro crashed at operator 3",
        timed="subgraph 0 of 2",
    )
    console = Console(width=200)
    with console.capture() as shown:
        console.print(bench_tables(bench))
    page = render_html(dataclasses.replace(whole, bench=bench))
    for text in (shown.get(), bench_markdown(bench), page):
        assert "no arena figure: TFLite-Micro crashed at operator 3" in text
        assert "timed: subgraph 0 of 2" in text
        assert "a scale is 0" in text


def test_the_runtime_is_said_once(whole: ReportContents) -> None:
    assert whole.bench is not None
    bench = dataclasses.replace(
        whole.bench,
        target=dataclasses.replace(whole.bench.target, description=whole.bench.inference.source),
    )
    console = Console(width=200)
    with console.capture() as shown:
        console.print(bench_tables(bench))
    assert shown.get().count(bench.target.description) == 1
    assert f"runtime: {bench.target.description}" in shown.get()
