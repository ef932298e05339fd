"""`edgeser parity`: float against int8, runtime against runtime, features against reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.device_option import device_kind, target_of
from edgeser.cli.options import (
    board_of,
    board_option,
    bundle_argument,
    compiled_option,
    corpus_option,
)
from edgeser.cli.output import Output, common_options
from edgeser.cli.results import ResultFiles, result_options
from edgeser.cli.suits import is_given, options_of, refuse_unsuited
from edgeser.targets import EDGE_TPU, HOST

if TYPE_CHECKING:
    from edgeser.benchmark.target_parity import Parity
    from edgeser.targets.target import Target, TargetKind


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
    sequence from a reset where it keeps state; where TFLite-Micro is not installed, to what the
    same C gives on this computer, which is told.

    Facts first; the verdict comes from the tolerances alone. Exit code 1 when it fails. With
    --device features and logits must be the host's, bit for bit; an Edge TPU's logits are known to
    differ by a step here and there.
    """
    board: str | None = rest.pop("board")
    limits: dict[str, float | None] = rest
    kind = device_kind(device, compiled=compiled is not None)
    refuse_unsuited(options_of("parity"), kind)
    alone = _is_alone(bundle, kind)
    files = ResultFiles(junit, markdown)
    if kind is EDGE_TPU:
        compiled = compiled or Path("edgetpu") / "model_edgetpu.tflite"
        _refuse_what_is_no_file(bundle, compiled)
    target = target_of(
        device,
        compiled=compiled,
        board=board_of(board) if board else None,
        max_flips=limits["max_flips"],
    )
    with files.also_when_it_fails("edgeser.parity"):
        found = _found(bundle, alone, target, limits, clips=clips, corpora=corpora, output=output)
    return _show(found, files, output)


def _found(
    path: Path,
    alone: bool,
    target: Target,
    limits: dict[str, float | None],
    *,
    clips: int,
    corpora: tuple[str, ...],
    output: Output,
) -> Parity:
    """Hold the target to its reference."""
    from edgeser.cli.model_file import model_bytes
    from edgeser.cli.places import feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.parity.target import parity

    if alone:
        return parity(
            model_bytes(path), target=target, name=path.stem, clips=clips, reporter=output
        )
    bundle = open_bundle(path)
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return parity(
        bundle,
        target=target,
        clips=clips,
        corpora=corpora,
        folder=run_folder_of(path),
        tolerances=replace(bundle.trained.recipe.parity, **given),
        cache=feature_cache(),
        reporter=output,
    )


def _is_alone(model: Path, kind: TargetKind) -> bool:
    """Whether a .tflite is given, which a device or emulator alone can be held to."""
    if model.suffix != ".tflite" or model.is_dir():
        return False
    if not kind.streams:
        raise click.UsageError(
            "a .tflite has no float network and no test clips to compare: give a bundle or run, or "
            "--device emulator, or a board's address"
        )
    if is_given("corpora"):
        raise click.UsageError("--corpus is for bundles and runs, whose firmware takes audio")
    return True


def _refuse_what_is_no_file(*paths: Path) -> None:
    """Refuse FIFOs and devices: an Edge TPU that is missing hides nothing of what is there."""
    from quantize.foundation.files import open_regular

    for path in paths:
        if path.exists() and not path.is_dir():
            open_regular(path).close()


def _show(found: Parity, files: ResultFiles, output: Output) -> int:
    from edgeser.report import junit, markdown
    from edgeser.report.schemas.parity import parity_json
    from edgeser.report.terminal import parity_text

    with files.writing(
        junit=lambda: junit.parity_junit(found), markdown=lambda: markdown.parity_markdown(found)
    ):
        if output.json:
            output.result(parity_json(found))
        else:
            output.show(parity_text(found))
        who = {HOST.word: "parity failed", EDGE_TPU.word: "the Edge TPU differs from the host"}
        for failure in found.failures:
            what = who.get(found.target.kind, "the device differs from the host")
            output.problem(f"{what}: {failure}")
        return 0 if found.passed else 1
