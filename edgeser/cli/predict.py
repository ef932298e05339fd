"""`edgeser predict`: label recordings with a bundle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.output import Output, common_options
from quantize.foundation.foreign import printable

if TYPE_CHECKING:
    from edgeser.bundle import Bundle

SCHEMA = "edgeser.predict/1"
STREAM_SCHEMA = "edgeser.predict-stream/1"


@click.command("predict")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--float", "use_float", is_flag=True, help="Use the float network, not int8.")
@click.option(
    "--stream", is_flag=True, help="Decide again and again, as a device does that listens on."
)
@common_options
def command(
    bundle: Path, files: tuple[Path, ...], use_float: bool, stream: bool, output: Output
) -> int:
    """Label recordings FILES with a BUNDLE (or the folder of a run).

    The int8 model runs in TFLite-Micro, as on a device.
    """
    from edgeser.cli.places import open_bundle

    if stream and use_float:
        raise click.UsageError("--stream decides as a device does, in int8: leave out --float")
    loaded = open_bundle(bundle)
    if loaded.trained.corpus.synthetic:
        output.note("This model was trained on synthetic voices; on people it means nothing.")
    show = _show_decisions if stream else _show_labels
    return show(loaded, files, use_float=use_float, output=output)


def _show_labels(
    loaded: Bundle, files: tuple[Path, ...], *, use_float: bool, output: Output
) -> int:
    from edgeser.pipeline.predict import predict_files
    from quantize.foundation.errors import BadInput

    results = predict_files(loaded, files, use_float=use_float, reporter=output)
    if output.json:
        output.result(
            {
                "schema": SCHEMA,
                "model_sha256": loaded.model_hash,
                "arithmetic": "float" if use_float else "int8",
                "synthetic": loaded.trained.corpus.synthetic,
                "clips": [result.to_json() for result in results],
            }
        )
    else:
        for result in results:
            if result.problem:
                output.problem(result.problem)
                continue
            ranked = sorted(result.probabilities.items(), key=lambda item: -item[1])
            shown = "  ".join(f"{printable(label)} {share:.2f}" for label, share in ranked[:3])
            output.show(f"{_named(result.path)}: {shown}")
    return BadInput.exit_code if any(result.problem for result in results) else 0


def _show_decisions(
    loaded: Bundle, files: tuple[Path, ...], *, use_float: bool, output: Output
) -> int:
    del use_float
    from edgeser.pipeline.predict import stream_files
    from quantize.foundation.errors import BadInput

    results = stream_files(loaded, files, reporter=output)
    if output.json:
        output.result(
            {
                "schema": STREAM_SCHEMA,
                "model_sha256": loaded.model_hash,
                "frontend_hash": loaded.trained.frontend.hash,
                "synthetic": loaded.trained.corpus.synthetic,
                "clips": [result.to_json() for result in results],
            }
        )
    for result in results:
        if result.problem:
            output.problem(result.problem)
        elif not output.json:
            for decision in result.decisions:
                label = printable(decision.label)
                output.show(f"{_named(result.path)}  {decision.seconds:7.2f} s  {label}")
            if not result.decisions:
                output.note(f"{result.path} is shorter than a window: no decision")
    return BadInput.exit_code if any(result.problem for result in results) else 0


def _named(path: Path) -> str:
    return printable(str(path), limit=4096)
