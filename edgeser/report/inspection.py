"""What is inside a .tflite, for people: each subgraph by itself, then the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from quantize.foundation.foreign import printable
from quantize.tflite.inspect import GraphSummary, ModelInspection, TensorSummary
from quantize.tflite.remarks import Oddity, in_groups

if TYPE_CHECKING:
    from rich.table import Table

_SHOWN_OFFENDERS = 8
_SHOWN_ODDITIES = 12
_LONGEST_LINE = 2000


def operator_table(graph: GraphSummary, *, numbered: bool) -> Table:
    """Return the operators of a subgraph; their numbers carry the subgraph's where `numbered`."""
    from rich.text import Text

    from edgeser.report.titled import plain_table

    table = plain_table()
    for column in ("#", "operator", "v"):
        table.add_column(column, no_wrap=True)
    table.add_column("output", overflow="fold")
    table.add_column("MACs", justify="right", no_wrap=True)
    table.add_column("param. bytes", justify="right", no_wrap=True)
    for operator in graph.operators:
        table.add_row(
            f"{graph.index}.{operator.index}" if numbered else str(operator.index),
            Text(printable(operator.name)),
            str(operator.version),
            "; ".join(tensor_text(tensor) for tensor in operator.outputs),
            "" if operator.macs is None else f"{operator.macs:,}",
            f"{operator.parameter_bytes:,}" if operator.parameter_bytes else "",
        )
    return table


def border_lines(graph: GraphSummary) -> Iterator[str]:
    """Yield a line for each input and output of a subgraph."""
    for title, tensors in (("input", graph.inputs), ("output", graph.outputs)):
        for tensor in tensors:
            yield f"{title}: {printable(tensor.name)}: {tensor_text(tensor)}"


def whole_lines(found: ModelInspection) -> Iterator[str]:
    """Yield what is said of the model as a whole: sizes, work, int8, what is odd or not read."""
    yield (
        f"{found.file_bytes:,} bytes; {found.parameters:,} parameters in "
        f"{found.parameter_bytes:,} bytes; {found.macs:,} MACs"
    )
    if found.uncounted:
        yield f"MACs not counted for: {', '.join(printable(name) for name in found.uncounted)}"
    for tensor in found.kept:
        what = f"{printable(tensor.name)}: {tensor_text(tensor)}"
        yield f"kept from one inference to the next: {what}"
    if found.fully_int8:
        yield "fully int8: yes"
    else:
        shown = [_one_line(str(offender)) for offender in found.offenders[:_SHOWN_OFFENDERS]]
        more = len(found.offenders) - len(shown)
        yield f"fully int8: no ({'; '.join(shown)}{f'; and {more} more' if more else ''})"
    yield from odd_lines(found.oddities)
    for unread in found.unread:
        what = "not read by edgeser" if unread.sound else "cannot be used"
        yield f"{what}: {_one_line(f'{unread}; {unread.advice}')}"


def odd_lines(oddities: Iterable[Oddity]) -> list[str]:
    """Return a line for each thing that is odd, the first few of many."""
    lines = [f"odd: {_one_line(line)}" for line in in_groups(oddities)]
    more = len(lines) - _SHOWN_ODDITIES
    return lines[:_SHOWN_ODDITIES] + ([f"odd: {more} more things"] if more > 0 else [])


def tensor_text(tensor: TensorSummary) -> str:
    """Return type, shape and quantisation of a tensor."""
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    text = f"{tensor.dtype} {shape}"
    if tensor.scale is not None:
        text += f" scale {tensor.scale:.6g} zero {tensor.zero_point}"
    return text


def _one_line(text: str) -> str:
    return printable(text, limit=_LONGEST_LINE)
