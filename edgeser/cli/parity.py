"""`edgeser parity`: float against int8, runtime against runtime, features against reference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import (
    board_of,
    board_option,
    bundle_argument,
    compiled_option,
    corpus_option,
)
from edgeser.cli.output import Output, common_options
from edgeser.cli.results import ResultFiles, result_options
from edgeser.cli.suits import PARITY, Device, device_kind, is_given, refuse_unsuited

if TYPE_CHECKING:
    from edgeser.benchmark.records import DeviceParity
    from edgeser.pipeline.firmware import DeviceChoice


@click.command("parity")
@bundle_argument
@corpus_option
@click.option(
    "--max-uar-drop",
    type=click.FloatRange(0, 1),
    help="host: how far UAR may fall; the recipe's [parity] max_uar_drop, 0.01 by default.",
)
@click.option(
    "--max-flips",
    type=click.FloatRange(0, 1),
    help="host: share of labels that may change; the recipe's [parity] max_flips, 0.03 by default. "
    "With an Edge TPU: 0.05 by default.",
)
@click.option(
    "--max-ccc-drop",
    type=click.FloatRange(0, 1),
    help="host: how far the concordance of valence, arousal or dominance may fall; the recipe's "
    "[parity] max_ccc_drop, 0.02 by default.",
)
@click.option(
    "--device",
    metavar="WHERE",
    default="host",
    show_default=True,
    help="Instead, hold a device to the host, audio in on both sides: emulator, or a board's "
    "address, such as serial:/dev/ttyACM0. edgetpu: the compiled model on an Edge TPU, features "
    "from the host, within tolerances.",
)
@board_option("emulator: which board it emulates; mps2-an500 when left out.")
@compiled_option
@click.option(
    "--clips",
    type=click.IntRange(1),
    default=100,
    show_default=True,
    help="With --device: how many, spread over the test speakers; of a .tflite random inputs.",
)
@result_options
@common_options
def command(
    bundle: Path,
    corpora: tuple[str, ...],
    device: str,
    compiled: Path | None,
    clips: int,
    junit: Path | None,
    markdown: Path | None,
    output: Output,
    **rest: Any,
) -> int:
    """Compare float and int8 on every test clip of a BUNDLE (or the folder of a run).

    Of a .tflite by itself a device's outputs are held to TFLite-Micro's on random inputs, in one
    sequence from a reset where it keeps state.

    Facts first; the verdict comes from the tolerances alone. Exit code 1 when it fails. With
    --device features and logits must be the host's, bit for bit; an Edge TPU's logits are known to
    differ by a step here and there.
    """
    board: str | None = rest.pop("board")
    limits: dict[str, float | None] = rest
    kind = device_kind(device, compiled=compiled is not None)
    refuse_unsuited(PARITY, kind)
    alone = _is_alone(bundle, kind)
    files = ResultFiles(junit, markdown)
    if kind is Device.EDGE_TPU:
        from edgeser.cli.bench_edgetpu import parity_on_edge_tpu

        return parity_on_edge_tpu(
            bundle,
            compiled or Path("edgetpu") / "model_edgetpu.tflite",
            clips=clips,
            corpora=corpora,
            max_flips=limits["max_flips"],
            files=files,
            output=output,
        )
    if kind is Device.HOST:
        return _on_host(bundle, corpora, limits, files, output)
    from edgeser.cli.bench_edgetpu import tolerances_with
    from edgeser.cli.model_file import model_bytes
    from edgeser.cli.places import build_cache
    from edgeser.pipeline.firmware import DeviceChoice

    for_edge_tpu = model_bytes(compiled) if compiled else None
    tolerances = tolerances_with(limits["max_flips"])
    choice = DeviceChoice(device, for_edge_tpu, build_cache(), tolerances, board_of(board))

    def check() -> DeviceParity:
        if alone:
            from edgeser.pipeline.model_parity import check_model_on_device

            return check_model_on_device(
                model_bytes(bundle), device=choice, name=bundle.stem, steps=clips, reporter=output
            )
        return _check_bundle(bundle, choice, clips=clips, corpora=corpora, output=output)

    return _on_device(check, files=files, output=output)


def _is_alone(model: Path, kind: Device) -> bool:
    """Whether a .tflite is given, which a device or emulator alone can be held to."""
    if model.suffix != ".tflite" or model.is_dir():
        return False
    if kind in {Device.HOST, Device.EDGE_TPU}:
        raise click.UsageError(
            "a .tflite has no float network and no test clips to compare: give a bundle or run, or "
            "--device emulator, or a board's address"
        )
    if is_given("corpora"):
        raise click.UsageError("--corpus is for bundles and runs, whose firmware takes audio")
    return True


def _on_host(
    bundle: Path,
    corpora: tuple[str, ...],
    limits: dict[str, float | None],
    files: ResultFiles,
    output: Output,
) -> int:
    from edgeser.cli.places import feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.parity import check_parity
    from edgeser.report import json_format
    from edgeser.report import junit as junit_format
    from edgeser.report import markdown as markdown_format
    from edgeser.report.terminal import parity_tables

    loaded = open_bundle(bundle)
    given = {name: limit for name, limit in limits.items() if limit is not None}
    tolerances = replace(loaded.trained.recipe.parity, **given)
    with files.also_when_it_fails("edgeser.parity"):
        report, verdict = check_parity(
            loaded,
            corpora=corpora,
            folder=run_folder_of(bundle),
            tolerances=tolerances,
            cache=feature_cache(),
            reporter=output,
        )
    with files.writing(
        junit=lambda: junit_format.parity_junit(report, verdict),
        markdown=lambda: markdown_format.parity_markdown(report, verdict),
    ):
        if output.json:
            output.result(json_format.parity_json(report, verdict))
        else:
            output.show(parity_tables(report, verdict))
        for failure in verdict.failures:
            output.problem(f"parity failed: {failure}")
        return 0 if verdict.passed else 1


def _check_bundle(
    bundle: Path,
    device: DeviceChoice,
    *,
    clips: int,
    corpora: tuple[str, ...],
    output: Output,
) -> DeviceParity:
    from edgeser.cli.places import open_bundle, run_folder_of
    from edgeser.pipeline.device_parity import check_on_device

    return check_on_device(
        open_bundle(bundle),
        device=device,
        clips=clips,
        corpora=corpora,
        folder=run_folder_of(bundle),
        reporter=output,
    )


def _on_device(check: Callable[[], DeviceParity], *, files: ResultFiles, output: Output) -> int:
    from edgeser.report import json_format
    from edgeser.report import junit as junit_format
    from edgeser.report import markdown as markdown_format
    from edgeser.report.figures import printable

    with files.also_when_it_fails("edgeser.device-parity"):
        parity = check()
    with files.writing(
        junit=lambda: junit_format.device_parity_junit(parity),
        markdown=lambda: markdown_format.device_parity_markdown(parity),
    ):
        if output.json:
            output.result(json_format.device_parity_json(parity))
        else:
            output.show(printable(parity.describe()))
        if not parity.passed:
            output.problem(f"the device differs from the host: {parity.failure}")
        return 0 if parity.passed else 1
