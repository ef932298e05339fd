"""`edgeser inspect`: what is inside a .tflite."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.output import Output, common_options


@click.command("inspect")
@click.argument("model", type=click.Path(path_type=Path))
@common_options
def command(model: Path, output: Output) -> None:
    """Show operators with versions, tensors, quantisation, MACs, parameters and sizes of MODEL.

    MODEL is a .tflite file, a bundle or the folder of a run.
    """
    from edgeser.cli.places import model_bytes
    from edgeser.report.terminal import inspection_tables
    from quantize.tflite import inspect_model, read_model

    inspection = inspect_model(read_model(model_bytes(model), name=str(model)))
    if output.json:
        output.result(inspection.to_json())
    else:
        output.show(inspection_tables(inspection))
