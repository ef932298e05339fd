"""`edgeser estimate`: what a model would cost on the Edge TPU, before there is one."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.options import ModelPath
from edgeser.cli.output import Output, common_options
from edgeser.cli.suits import refuse_beside


@click.command("estimate")
@click.argument("model", type=ModelPath(), required=False)
@click.option("--target", type=click.Choice(["edgetpu"]), default="edgetpu", show_default=True)
@click.option(
    "--link",
    type=click.Choice(["usb3", "usb2", "micro"]),
    default="usb3",
    show_default=True,
    help="How the Edge TPU is reached; micro: the Coral Dev Board Micro.",
)
@click.option("--fit", is_flag=True, help="Print what the prediction is worth, as Markdown.")
@common_options
def command(model: Path | None, target: str, link: str, fit: bool, output: Output) -> None:
    """Predict mapping, bytes and latency of MODEL on the Edge TPU.

    MODEL is a .tflite file, compiled or not, a bundle or the folder of a run. Nothing is measured:
    every figure is predicted, with its range. Exit code 1 when nothing would run on the Edge TPU.
    """
    del target
    from edgeser.report.estimate import estimate_tables, fit_page

    refuse_beside("fit", why="stands alone")
    if fit:
        output.show(fit_page().rstrip("\n"))
        return
    if model is None:
        raise click.UsageError("Missing argument 'MODEL'.")

    from edgeser.cli.model_file import model_bytes, read_and_tell, reading_json
    from edgeser.pretrained import name_of
    from edgeser.report.schemas.estimate import estimate_json
    from quantize.edgetpu.estimate import estimate
    from quantize.edgetpu.latency import Link
    from quantize.edgetpu.lint import lint_file
    from quantize.edgetpu.package import is_compiled

    data = model_bytes(model)
    read = read_and_tell(data, name=name_of(model), output=output)
    lint = None if is_compiled(read) else lint_file(data, read)
    found = estimate(read, link=Link(link), lint=lint)
    if output.json:
        output.result(estimate_json(found) | reading_json(read))
    else:
        output.show(estimate_tables(found))
