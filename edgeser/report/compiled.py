"""What is inside a compiled Edge TPU model, for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeser.report.figures import printable
from edgeser.report.titled import plain_table
from quantize.edgetpu.compiled_model import CompiledModel, Executable, Layer, Package
from quantize.edgetpu.micro import micro_obstacles


def compiled_tables(compiled: CompiledModel) -> Group:
    """Return packages, executables, layers, and what the Coral Dev Board Micro makes of it."""
    parts: list[RenderableType] = []
    for package in compiled.packages:
        parts += [_heading(package), _executables(package.executables), _layers(package)]
    parts.append(Text("\n".join(printable(line) for line in _facts(compiled))))
    return Group(*parts)


def _heading(package: Package) -> Text:
    compiler = f", compiler {package.compiler}" if package.compiler else ""
    return Text(
        printable(
            f"Edge TPU package of operator {package.operator}: runtime "
            f"{package.min_runtime_version} at least{compiler}"
        )
    )


def _executables(executables: tuple[Executable, ...]) -> Table:
    table = plain_table()
    table.add_column("executable", no_wrap=True)
    table.add_column("chip")
    for column in ("instr.", "param.", "narrow/tile", "cycles"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("DMA hints")
    for e in executables:
        table.add_row(
            e.kind.label,
            Text(printable(e.chip)),
            f"{e.instruction_bytes:,} B",
            f"{e.parameter_bytes:,} B",
            f"{e.narrow_memory_bytes_per_tile:,} B",
            "" if e.estimated_cycles is None else f"{e.estimated_cycles:,}",
            f"{len(e.hints)}, {'' if e.deterministic else 'not '}deterministic",
        )
    return table


def _layers(package: Package) -> Text:
    run = package.inference
    if run is None:
        return Text("no executable infers")
    lines = [f"input: {_layer(layer)}" for layer in run.inputs]
    lines += [f"output: {_layer(layer)}" for layer in run.outputs]
    return Text("\n".join(printable(line) for line in lines))


def _layer(layer: Layer) -> str:
    name = layer.name.split(";")[0]
    return (
        f"{name}: {layer.data_type} {layer.y}x{layer.x}x{layer.z} scale {layer.scale:.6g} zero "
        f"{layer.zero_point}, {layer.transferred_bytes:,} bytes"
    )


def _facts(compiled: CompiledModel) -> Iterator[str]:
    yield (
        f"{compiled.cached_bytes:,} bytes of parameters cached, {compiled.streamed_bytes:,} "
        f"streamed; {compiled.instruction_bytes:,} bytes of instructions for each inference"
    )
    count = len(compiled.cpu_operators)
    yield f"operators on the CPU: {count or 'none'}"
    yield from (f"  {label}" for label in compiled.cpu_operators)
    obstacles = micro_obstacles(compiled)
    yield f"Coral Dev Board Micro: {'cannot run it' if obstacles else 'can run it'}"
    yield from (f"  {obstacle}" for obstacle in obstacles)
