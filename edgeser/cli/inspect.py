"""`edgeser inspect`: what is inside a .tflite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.options import ModelPath
from edgeser.cli.output import Output, common_options
from edgeser.cli.suits import is_given, option_of
from quantize.foundation.files import require_writable, write_atomically

if TYPE_CHECKING:
    from quantize.tflite import Model
    from quantize.tflite.inspect import ModelInspection

_FILE = click.Path(path_type=Path, dir_okay=False)
_OF_OVERLAY = ("all", "instructions", "bytes", "sqnr", "placement")


@click.command("inspect")
@click.argument("model", type=ModelPath(), required=False)
@click.option(
    "--operators",
    is_flag=True,
    help="Print the operators that firmware is written for as Markdown, and do nothing else.",
)
@click.option(
    "--overlay",
    type=_FILE,
    help="Also write what is known of each operator as node data for Model Explorer.",
)
@click.option(
    "--overlay-of",
    type=click.Choice(_OF_OVERLAY),
    default="all",
    show_default=True,
    help="What its nodes show: all of it as a text, or one thing as numbers to sort and colour by.",
)
@click.option(
    "--bench",
    type=_FILE,
    help="With --overlay: where each operator's instructions are, as `bench --save` wrote them.",
)
@click.option(
    "--parity",
    type=_FILE,
    help="With --overlay: where each layer's noise is, as `parity --json` printed it.",
)
@common_options
def command(
    model: Path | None,
    operators: bool,
    overlay: Path | None,
    overlay_of: str,
    bench: Path | None,
    parity: Path | None,
    output: Output,
) -> None:
    """Show operators with versions, tensors, quantisation, MACs, parameters and sizes of MODEL.

    MODEL is a .tflite file, a bundle or the folder of a run. A file compiled for the Edge TPU also
    shows what the compiler put into it, and whether the Coral Dev Board Micro can run it. A model
    that is whole, yet that no other command takes, is shown too, with the reason.
    """
    if operators:
        from edgeser.report.reference.operators import operators_page

        if model is not None or output.json:
            raise click.UsageError("--operators stands alone")
        output.show(operators_page().rstrip("\n"))
        return
    if model is None:
        raise click.UsageError("Missing argument 'MODEL'.")
    if overlay is None:
        for name in ("overlay_of", "bench", "parity"):
            if is_given(name):
                raise click.UsageError(f"{option_of(name)} is for --overlay")
    else:
        _refuse_empty(overlay_of, bench=bench, parity=parity)
        require_writable(overlay)
    from edgeser.cli.model_file import model_bytes
    from edgeser.pretrained import name_of
    from edgeser.report.schemas.compiled import compiled_json
    from edgeser.report.schemas.inspection import inspection_json
    from quantize.edgetpu import is_compiled, read_compiled
    from quantize.tflite import examine_model, inspect_model

    data = model_bytes(model)
    found = examine_model(data, name=name_of(model))
    compiled = read_compiled(found) if is_compiled(found) and not found.unread else None
    inspection = inspect_model(found)
    if overlay is not None:
        _write_overlay(overlay, overlay_of, data, found, bench=bench, parity=parity, output=output)
    if output.json:
        added = {} if compiled is None else {"edgetpu": compiled_json(compiled)}
        output.result(inspection_json(inspection) | added)
        return
    _show(inspection, output)
    if compiled is None and not inspection.fully_int8 and not found.unread:
        output.show(_of_firmware(data))
    if compiled is not None:
        from edgeser.report.compiled import compiled_tables

        output.show(compiled_tables(compiled))


def _refuse_empty(what: str, *, bench: Path | None, parity: Path | None) -> None:
    """Refuse an overlay of what nothing is known of."""
    for wanted, option, given in (("instructions", "--bench", bench), ("sqnr", "--parity", parity)):
        if what == wanted and given is None:
            raise click.UsageError(f"--overlay-of {wanted} needs {option} FILE")


def _write_overlay(
    path: Path,
    what: str,
    data: bytes,
    model: Model,
    *,
    bench: Path | None,
    parity: Path | None,
    output: Output,
) -> None:
    from edgeser.pipeline.overlay import facts_of_operators
    from edgeser.report.overlay import Overlay, overlay_json
    from edgeser.report.schemas.form import dump_json

    facts = facts_of_operators(data, model, bench=bench, parity=parity)
    write_atomically(path, dump_json(overlay_json(facts, Overlay(what))).encode())
    for line in facts.unknown:
        output.note(f"not in {path}: {line}")


def _of_firmware(data: bytes) -> str:
    """Say whether a model that is not int8 throughout compiles: of int4 or uint8 many do."""
    from firmware_bridge.compiler import compile_model
    from quantize.foundation.errors import BadInput, CheckFailed
    from quantize.foundation.foreign import MOST_QUOTED, printable

    try:
        compile_model(data, "model")
    except (BadInput, CheckFailed) as error:
        return f"firmware: refused: {printable(error.message, limit=MOST_QUOTED)}"
    return "firmware: compiles all the same, byte for byte TFLite-Micro's (docs/operators.md)"


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
