"""`edgeser inspect`: what is inside a .tflite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.output import Output, common_options
from quantize.foundation.foreign import printable

if TYPE_CHECKING:
    from quantize.tflite.inspect import ModelInspection, TensorSummary


@click.command("inspect")
@click.argument("model", type=click.Path(path_type=Path))
@common_options
def command(model: Path, output: Output) -> None:
    """Show operators with versions, tensors, quantisation, MACs, parameters and sizes of MODEL.

    MODEL is a .tflite file, a bundle or the folder of a run. A file compiled for the Edge TPU also
    shows what the compiler put into it, and whether the Coral Dev Board Micro can run it.
    """
    from edgeser.cli.model_file import model_bytes
    from quantize.edgetpu import is_compiled, read_compiled
    from quantize.edgetpu.describe import compiled_json
    from quantize.tflite import inspect_model, read_model

    found = read_model(model_bytes(model), name=str(model))
    compiled = read_compiled(found) if is_compiled(found) else None
    inspection = inspect_model(found)
    if output.json:
        added = {} if compiled is None else {"edgetpu": compiled_json(compiled)}
        output.result(inspection.to_json() | added)
        return
    _show(inspection, output)
    if compiled is not None:
        from edgeser.report.compiled import compiled_tables

        output.show(compiled_tables(compiled))


def _show(inspection: ModelInspection, output: Output) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("#", "operator", "v"):
        table.add_column(column, no_wrap=True)
    table.add_column("output", overflow="fold")
    table.add_column("MACs", justify="right", no_wrap=True)
    table.add_column("param. bytes", justify="right", no_wrap=True)
    for operator in inspection.operators:
        table.add_row(
            str(operator.index),
            printable(operator.name),
            str(operator.version),
            "; ".join(_tensor(tensor) for tensor in operator.outputs),
            "" if operator.macs is None else f"{operator.macs:,}",
            f"{operator.parameter_bytes:,}" if operator.parameter_bytes else "",
        )
    output.show(table)
    for title, tensors in (("input", inspection.inputs), ("output", inspection.outputs)):
        for tensor in tensors:
            output.show(f"{title}: {printable(tensor.name)}: {_tensor(tensor)}")
    output.show(
        f"{inspection.file_bytes:,} bytes; {inspection.parameters:,} parameters in "
        f"{inspection.parameter_bytes:,} bytes; {inspection.macs:,} MACs"
    )
    if inspection.uncounted:
        output.show(f"MACs not counted for: {', '.join(map(printable, inspection.uncounted))}")
    if inspection.fully_int8:
        output.show("fully int8: yes")
    else:
        layers = ", ".join(sorted({printable(offender.layer) for offender in inspection.offenders}))
        output.show(f"fully int8: no ({layers})")


def _tensor(tensor: TensorSummary) -> str:
    shape = "x".join(map(str, tensor.shape)) or "scalar"
    text = f"{tensor.dtype} {shape}"
    if tensor.scale is not None:
        text += f" scale {tensor.scale:.6g} zero {tensor.zero_point}"
    return text
