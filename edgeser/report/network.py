"""A network that is not ours, exported: what the device takes and gives, int8 against float."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from edgeser.evaluation.network_parity import NetworkParity, OutputParity, grid_of
from edgeser.report.figures import number, printable
from edgeser.report.markdown_text import joined, markdown_table, plain
from edgeser.report.titled import titled_table
from quantize.convert.network import ConvertedNetwork
from quantize.tflite import read_model

INT8_NAME, FLOAT_NAME = "model-int8.tflite", "model-float.tflite"


def lookup_name(place: int) -> str:
    """Return the file of the int8 rows that an input is looked up in, by its place."""
    return f"lookup{place}.npy"


_HEAD = ("", "name", "in the network", "on the device", "scale", "zero point")
_COMPARED = ("output", "values", "signal to noise", "largest difference", "in steps", "flips")


@dataclass(frozen=True, slots=True, eq=False)
class ExportedNetwork:
    """What was exported, and where.

    Parameters
    ----------
    directory
        The folder: both models, the labels where there are some, ``report.json``, ``report.md``.
    source
        The network's file name.
    network
        What was converted.
    parity
        The int8 model held to the network.
    calibration
        What was calibrated on, in words.
    labels
        Of the first output's values; none where none were given.
    """

    directory: Path
    source: str
    network: ConvertedNetwork
    parity: NetworkParity
    calibration: str
    labels: tuple[str, ...]


def network_markdown(done: ExportedNetwork) -> str:
    """Return the report for people, Markdown."""
    network, parity = done.network, done.parity
    size = f"{len(network.int8_tflite):,}"
    parts = [
        f"# {plain(done.source)} in int8",
        f"{INT8_NAME}: {size} bytes, SHA-256 `{network.sha256}`; calibrated on "
        f"{plain(done.calibration)}.",
        "## What the device takes and gives",
        "In this order. int8 = round(value / scale) + zero point, held to -128 and 127; "
        "value = scale * (int8 - zero point).",
        markdown_table(_HEAD, _tensor_rows(done)),
        *[f"- {plain(line)}" for line in _lookup_lines(done)],
        "## int8 against float",
        f"On {plain(parity.source)}: {parity.samples} samples, TFLite-Micro against "
        f"{network.framework} itself.",
        markdown_table(_COMPARED, [_row(each) for each in parity.outputs]),
        *[f"- {plain(line)}" for line in _flip_lines(done)],
        "**passed**" if parity.passed else "**failed**",
        *[f"- {plain(line)}" for line in parity.failures],
    ]
    return joined(parts)


def network_tables(done: ExportedNetwork) -> Group:
    """Return the same for a terminal."""
    grids = titled_table(f"{done.source} on the device", collapse_padding=True, show_edge=False)
    for title in _HEAD:  # a scale that is cut short is a wrong one
        grids.add_column(title, no_wrap=title in ("", "scale"), overflow="fold")
    for row in _tensor_rows(done):
        grids.add_row(*map(printable, row))
    compared = titled_table(f"int8 against float: {done.parity.source}")
    for title in _COMPARED:
        compared.add_column(title, overflow="fold")
    for each in done.parity.outputs:
        compared.add_row(*map(printable, _row(each)))
    parts: list[RenderableType] = [grids, compared]
    parts += [Text(printable(line)) for line in (*_lookup_lines(done), *_flip_lines(done))]
    return Group(*parts)


def _tensor_rows(done: ExportedNetwork) -> list[tuple[str, ...]]:
    graph = read_model(done.network.int8_tflite, name="the int8 model").main
    rows: list[tuple[str, ...]] = []
    for kind, tensors, ours in (
        ("input", done.network.inputs, graph.input_tensors),
        ("output", done.network.outputs, graph.output_tensors),
    ):
        for place, (each, tensor) in enumerate(zip(tensors, ours, strict=True)):
            scale, zero_point = grid_of(tensor)
            moved = f"{_lengths(each.shape)}{' channels last' if each.is_moved else ''}"
            row = (f"{kind} {place}", each.source.name, _lengths(each.source.shape), moved)
            rows.append((*row, f"{scale:.9g}", str(zero_point)))
    return rows


def _lookup_lines(done: ExportedNetwork) -> list[str]:
    """Say what is looked up outside of the model, and where."""
    return [
        f"{each.source.name}: for each integer that the network takes, the row of "
        f"{lookup_name(place)} that it is the place of, {each.source.table.shape[0]:,} rows of "
        f"{each.source.table.shape[1]} int8"
        for place, each in enumerate(done.network.inputs)
        if each.source.table is not None
    ]


def _lengths(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))


def _row(output: OutputParity) -> tuple[str, ...]:
    return (
        output.name,
        f"{output.values:,}",
        _ratio(output),
        f"{output.max_error.value:.3g}",
        f"{output.max_lsb.value:.1f}",
        "-" if output.flips is None else number(output.flips.value, "ratio"),
    )


def _ratio(output: OutputParity) -> str:
    if output.whole:
        return "-"
    return "exact" if output.sqnr is None else number(output.sqnr.value, "dB")


def _flip_lines(done: ExportedNetwork) -> list[str]:
    """Say which values took the place of which as the largest."""
    lines = []
    for place, output in enumerate(done.parity.outputs):
        labels = done.labels if place == 0 else ()
        for before, after, count in output.flipped:
            names = [labels[i] if 0 <= i < len(labels) else f"value {i}" for i in (before, after)]
            lines.append(f"{output.name}: {names[0]} became {names[1]}, {count} times")
        if output.ties:
            lines.append(
                f"{output.name}: {output.ties} of {done.parity.samples} samples have several "
                "largest values in int8, closer in float than its steps"
            )
    return lines
