"""One model on several targets, side by side: as a table for a terminal, and as Markdown."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from edgeser.benchmark.bench_report import Benchmark, BenchResult
from edgeser.report.figures import figure, printable
from edgeser.report.markdown_text import markdown_table, plain
from edgeser.report.titled import titled_table
from quantize.foundation.measurement import Measurement

_UNIT = "instructions"
_HEAD = ("board", "core", "inference", "a frame", "flash", "RAM", "exact")
_EXACT = {True: "yes", False: "NO", None: "not run"}


def boards_table(benchmark: Benchmark) -> Group:
    """Return what it costs on each board, and whether it is exact there."""
    table = titled_table(_title(benchmark), collapse_padding=True, pad_edge=False, show_edge=False)
    for name in _HEAD:
        left = name in ("board", "core", "exact")
        table.add_column(name, justify="left" if left else "right", no_wrap=True)
    for result in benchmark.results:
        style = "" if not result.problem else "bold red" if result.report else "yellow"
        table.add_row(*_cells(result), style=style)
    parts: list[RenderableType] = [table]
    parts += [Text(printable(line)) for line in _problems(benchmark)]
    parts.append(Text(_sentence(benchmark)))
    return Group(*parts)


def boards_markdown(benchmark: Benchmark) -> str:
    """Return the table."""
    parts = [
        f"## {plain(_title(benchmark))}",
        markdown_table(_HEAD, [_cells(result) for result in benchmark.results]),
        *(plain(line) for line in _problems(benchmark)),
        _sentence(benchmark),
    ]
    return "\n\n".join(parts) + "\n"


def _title(benchmark: Benchmark) -> str:
    return f"{benchmark.model} on every emulated board"


def _problems(benchmark: Benchmark) -> list[str]:
    """Return what went wrong where, each thing once: a compiler is missing for many boards."""
    where: dict[str, list[str]] = {}
    for result in benchmark.results:
        if result.problem:
            where.setdefault(result.problem, []).append(result.target.name)
    return [f"{', '.join(names)}: {problem}" for problem, names in where.items()]


def _exact(result: BenchResult) -> bool | None:
    """Return whether every value is the host's; `None` where nothing was compared."""
    parity = None if result.report is None else result.report.parity
    return None if parity is None else parity.passed


def _cells(result: BenchResult) -> tuple[str, ...]:
    report = result.report
    costs: tuple[Measurement | None, ...] = (None,) * 4
    if report is not None:
        found = report.figures
        costs = (report.inference, report.frame, found.flash_bytes, found.ram_bytes)
    cells = ("" if cost is None else figure(cost).removesuffix(f" {_UNIT}") for cost in costs)
    core = result.target.core.replace("plus", "+")
    return (result.target.name, core, *cells, _EXACT[_exact(result)])


def _sentence(benchmark: Benchmark) -> str:
    exact = sum(_exact(result) is True for result in benchmark.results)
    idle = sum(_exact(result) is None for result in benchmark.results)
    unrun = f", {idle} not run" if idle else ""
    return (
        f"exact on {exact} of {len(benchmark.results)} boards{unrun}. "
        "Inference, and a frame of features where there is a frontend: instructions, emulated. "
        "Flash and RAM: what the linker placed."
    )
