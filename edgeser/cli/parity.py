"""`edgeser parity`: float against int8, runtime against runtime, features against reference."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from edgeser.cli.options import bundle_argument, compiled_option, corpus_option
from edgeser.cli.output import Output, common_options


@click.command("parity")
@bundle_argument
@corpus_option
@click.option("--max-uar-drop", type=click.FloatRange(0, 1), help="Instead of the recipe's.")
@click.option("--max-flips", type=click.FloatRange(0, 1), help="Instead of the recipe's.")
@click.option(
    "--device",
    metavar="WHERE",
    help="Instead, hold a device to the host, audio in on both sides: emulator, or a board's "
    "address, such as serial:/dev/ttyACM0. edgetpu: the compiled model on an Edge TPU, features "
    "from the host, within tolerances.",
)
@compiled_option
@click.option(
    "--clips", type=click.IntRange(1), default=100, show_default=True, help="With --device."
)
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a Markdown table; also appended to $GITHUB_STEP_SUMMARY when that is set.",
)
@common_options
def command(
    bundle: Path,
    corpus: str | None,
    device: str | None,
    compiled: Path | None,
    clips: int,
    junit: Path | None,
    markdown: Path | None,
    output: Output,
    **limits: float | None,
) -> int:
    """Compare float and int8 on every test clip of a BUNDLE (or the folder of a run).

    Facts first; the verdict comes from the tolerances alone. Exit code 1 when it fails. With
    --device features and logits must be the host's, bit for bit; an Edge TPU's logits are known to
    differ by a step here and there.
    """
    if device == "edgetpu":
        from edgeser.cli.bench_edgetpu import parity_on_edge_tpu

        compiled = compiled or Path("edgetpu") / "model_edgetpu.tflite"
        return parity_on_edge_tpu(bundle, compiled, clips=clips, corpus=corpus, output=output)
    if device is not None:
        return _on_device(
            bundle, device, compiled=compiled, clips=clips, corpus=corpus, output=output
        )
    if compiled is not None:
        raise click.UsageError("--compiled is for --device edgetpu and for boards")
    from edgeser.cli.places import feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.parity import check_parity
    from edgeser.report import json_format
    from edgeser.report import junit as junit_format
    from edgeser.report import markdown as markdown_format
    from edgeser.report.terminal import parity_tables
    from quantize.foundation.files import write_atomically

    loaded = open_bundle(bundle)
    given = {name: limit for name, limit in limits.items() if limit is not None}
    tolerances = replace(loaded.trained.recipe.parity, **given)
    report, verdict = check_parity(
        loaded,
        corpus=corpus,
        folder=run_folder_of(bundle),
        tolerances=tolerances,
        cache=feature_cache(),
        reporter=output,
    )
    if junit:
        write_atomically(junit, junit_format.parity_junit(report, verdict).encode())
    text = markdown_format.parity_markdown(report, verdict)
    if markdown:
        write_atomically(markdown, text.encode())
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(summary), text)
    if output.json:
        output.result(json_format.parity_json(report, verdict))
    else:
        output.show(parity_tables(report, verdict))
    for failure in verdict.failures:
        output.problem(f"parity failed: {failure}")
    return 0 if verdict.passed else 1


def _on_device(
    bundle: Path,
    device: str,
    *,
    compiled: Path | None,
    clips: int,
    corpus: str | None,
    output: Output,
) -> int:
    from edgeser.cli.model_file import model_bytes
    from edgeser.cli.places import build_cache, open_bundle, run_folder_of
    from edgeser.pipeline.device_parity import check_on_device
    from edgeser.pipeline.firmware import DeviceChoice
    from edgeser.report import json_format
    from edgeser.report.figures import printable

    parity = check_on_device(
        open_bundle(bundle),
        device=DeviceChoice(device, model_bytes(compiled) if compiled else None, build_cache()),
        clips=clips,
        corpus=corpus,
        folder=run_folder_of(bundle),
        reporter=output,
    )
    if output.json:
        output.result(json_format.device_parity_json(parity))
    else:
        output.show(printable(parity.describe()))
    if not parity.passed:
        output.problem(f"the device differs from the host: {parity.failure}")
    return 0 if parity.passed else 1


def _append(path: Path, text: str) -> None:
    from quantize.foundation.files import file_error

    try:
        with path.open("a", encoding="utf-8") as handle:
            handle.write(text)
    except OSError as error:
        raise file_error(error, path, "append to") from error
