"""`edgeser inspect`: what is inside a .tflite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.options import ModelPath
from edgeser.cli.output import Output, common_options

if TYPE_CHECKING:
    from quantize.tflite.inspect import ModelInspection


@click.command("inspect")
@click.argument("model", type=ModelPath(), required=False)
@click.option(
    "--operators",
    is_flag=True,
    help="Print the operators that firmware is written for as Markdown, and do nothing else.",
)
@common_options
def command(model: Path | None, operators: bool, output: Output) -> None:
    """Show operators with versions, tensors, quantisation, MACs, parameters and sizes of MODEL.

    MODEL is a .tflite file, a bundle or the folder of a run. A file compiled for the Edge TPU also
    shows what the compiler put into it, and whether the Coral Dev Board Micro can run it. A model
    that is whole, yet that no other command takes, is shown too, with the reason.
    """
    if operators:
        from edgeser.report.operators import operators_page

        if model is not None or output.json:
            raise click.UsageError("--operators stands alone")
        output.show(operators_page().rstrip("\n"))
        return
    if model is None:
        raise click.UsageError("Missing argument 'MODEL'.")
    from edgeser.cli.model_file import model_bytes
    from edgeser.report.schemas.compiled import compiled_json
    from edgeser.report.schemas.inspection import inspection_json
    from quantize.edgetpu import is_compiled, read_compiled
    from quantize.tflite import examine_model, inspect_model

    found = examine_model(model_bytes(model), name=str(model))
    compiled = read_compiled(found) if is_compiled(found) and not found.unread else None
    inspection = inspect_model(found)
    if output.json:
        added = {} if compiled is None else {"edgetpu": compiled_json(compiled)}
        output.result(inspection_json(inspection) | added)
        return
    _show(inspection, output)
    if compiled is not None:
        from edgeser.report.compiled import compiled_tables

        output.show(compiled_tables(compiled))


def _show(inspection: ModelInspection, output: Output) -> None:
    from edgeser.report.inspection import border_lines, operator_table, whole_lines
    from quantize.foundation.foreign import printable

    several = len(inspection.graphs) > 1
    for graph in inspection.graphs:
        if several:
            output.show(f"{printable(graph.label)}:")
        output.show(operator_table(graph, numbered=several))
        for line in border_lines(graph):
            output.show(line)
        if several:
            output.show(f"{len(graph.operators)} operators, {graph.macs:,} MACs\n")
    for line in whole_lines(inspection):
        output.show(line)
