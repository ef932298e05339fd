"""`edgeser export`: a trained network to a model for a device."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.output import Output, common_options


@click.command("export")
@click.argument("trained", type=click.Path(path_type=Path))
@click.option(
    "--target",
    type=click.Choice(["int8"]),
    default="int8",
    show_default=True,
    help="int8: fully integer TFLite.",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Calibrate on this file, made by 'edgeser calibrate'; else on training features.",
)
@common_options
def command(trained: Path, target: str, calibration: Path | None, output: Output) -> None:
    """Quantise a trained network: TRAINED is a run's folder or its trained.zip.

    Writes bundle.zip and model_int8.tflite beside it.
    """
    del target
    from edgeser.cli.places import open_trained, run_folder_of
    from edgeser.pipeline.export import export, read_calibration

    folder = run_folder_of(trained)
    chosen = read_calibration(calibration) if calibration else None
    bundle = export(open_trained(trained), folder=folder, calibration=chosen, reporter=output)
    if output.json:
        output.result(
            {
                "schema": "edgeser.export/1",
                "bundle": str(folder.bundle),
                "model": str(folder.int8_model),
                "model_sha256": bundle.model_hash,
                "model_bytes": len(bundle.int8_model),
                "calibration": bundle.calibration["source"],
            }
        )
        return
    output.show(
        f"{folder.int8_model}: {len(bundle.int8_model):,} bytes, fully int8, calibrated on "
        f"{bundle.calibration['source']}\nnext: edgeser parity {folder.root}"
    )
