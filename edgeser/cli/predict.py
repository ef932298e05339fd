"""`edgeser predict`: label recordings with a bundle."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.output import Output, common_options

SCHEMA = "edgeser.predict/1"


@click.command("predict")
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--float", "use_float", is_flag=True, help="Use the float network, not int8.")
@common_options
def command(bundle: Path, files: tuple[Path, ...], use_float: bool, output: Output) -> int:
    """Label recordings FILES with a BUNDLE (or the folder of a run).

    The int8 model runs in TFLite-Micro, as on a device.
    """
    from edgeser.cli.places import open_bundle
    from edgeser.pipeline.predict import predict_files
    from quantize.foundation.errors import BadInput

    loaded = open_bundle(bundle)
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
        if loaded.trained.corpus.synthetic:
            output.note("This model was trained on synthetic voices; on people it means nothing.")
        for result in results:
            if result.problem:
                output.problem(result.problem)
                continue
            ranked = sorted(result.probabilities.items(), key=lambda item: -item[1])
            shown = "  ".join(f"{label} {share:.2f}" for label, share in ranked[:3])
            click.echo(f"{result.path}: {shown}")
    return BadInput.exit_code if any(result.problem for result in results) else 0
