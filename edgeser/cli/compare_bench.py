"""`edgeser compare-bench`: a benchmark held against a baseline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from edgeser.cli.output import Output, common_options
from edgeser.cli.results import ResultFiles, result_options

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)
_HELP = {
    "instructions": "Of one inference, on an emulated core.",
    "frame": "Of the features of one frame, the worst case.",
    "latency": "Of one inference: p90 on a host or an Edge TPU, the mean on a board.",
    "flash": "All of the firmware's code and constants.",
    "ram": "All of the firmware's static memory and its stack.",
    "arena": "The model's tensors.",
    "stack": "The deepest stack seen.",
}


def _limit_options(function: F) -> F:
    """Add --max-flash and the like, and --max for any other figure."""
    function = click.option(
        "--max",
        "others",
        multiple=True,
        metavar="FIGURE=LIMIT",
        help="Of any other figure, by its name in the JSON: scratch_bytes=+0%. May be repeated.",
    )(function)
    for name, text in reversed(_HELP.items()):
        option = click.option(
            f"--max-{name}", f"max_{name}", multiple=True, metavar="LIMIT", help=text
        )
        function = option(function)
    return function


@click.command("compare-bench")
@click.argument("baseline", type=_FILE)
@click.argument("new", type=_FILE)
@_limit_options
@result_options
@common_options
def command(
    baseline: Path,
    new: Path,
    others: tuple[str, ...],
    junit: Path | None,
    markdown: Path | None,
    output: Output,
    **limits: tuple[str, ...],
) -> int:
    """Hold NEW against BASELINE, both written by `edgeser bench --save`.

    A LIMIT is what a figure may grow by, +2% or +4kB, or the most that it may be, 300kB; an option
    may be repeated. Limits are exact: instructions are counted on an emulated core, and one per
    cent is one per cent.
    Another model, compiler or runtime is told; figures of different boards are not compared.

    Exit code 1 when a limit does not hold or its figure is not there, or when a target of the
    baseline is missing.
    """
    from edgeser.benchmark.comparison import compare_benchmarks
    from edgeser.benchmark.growth import growth_limit
    from edgeser.pipeline.saved_benchmark import read_benchmark
    from edgeser.report import bench_comparison as formats
    from edgeser.report.schemas.bench_comparison import comparison_json

    named = [(name.removeprefix("max_"), text) for name, texts in limits.items() for text in texts]
    held = [growth_limit(name, text) for name, text in [*named, *map(_split, others)]]
    files = ResultFiles(junit, markdown)
    found = compare_benchmarks(read_benchmark(baseline), read_benchmark(new), held)
    with files.writing(
        junit=lambda: formats.comparison_junit(found),
        markdown=lambda: formats.comparison_markdown(found),
    ):
        if output.json:
            output.result(comparison_json(found))
        else:
            output.show(formats.comparison_tables(found))
        for failure in found.failures:
            output.problem(f"benchmark: {failure}")
        return 0 if found.passed else 1


def _split(text: str) -> tuple[str, str]:
    name, equals, limit = text.partition("=")
    if not (name and equals and limit):
        raise click.UsageError("--max takes FIGURE=LIMIT, such as scratch_bytes=+0%")
    return name, limit
