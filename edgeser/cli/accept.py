"""`edgeser accept`: is what reaches a device's frontend as it should be."""

from __future__ import annotations

import shlex
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
from edgeser.cli.suits import is_given, option_of, options_of, refuse_unsuited

if TYPE_CHECKING:
    from edgeser.acceptance.faults import AcceptReport
    from edgeser.bundle import Bundle
    from edgeser.evaluation.drift import DriftReference
    from edgeser.pipeline.accept import AcceptChoice

_TOLERANCES = ("max_psi", "max_clipped")


@click.command("accept")
@bundle_argument
@click.option(
    "--device",
    metavar="WHERE",
    required=True,
    help="emulator, or a board's address, such as serial:/dev/ttyACM0.",
)
@click.option(
    "--play",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="WAV or FLAC that you play to the board's microphone while it listens; sent to what does "
    "not listen by itself. Test clips between two chirps when left out. Without it no lost samples "
    "are found in what a microphone hears.",
)
@board_option("emulator: which board it emulates; mps2-an500 when left out.")
@compiled_option
@corpus_option
@click.option(
    "--clips",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Without --play: how many test clips are sent.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(2, 600),
    default=20.0,
    show_default=True,
    help="Without --play: how long a board with a microphone listens.",
)
@click.option(
    "--drift",
    "reference",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="REFERENCE.json",
    help="What the training's speech is like; that of the run when left out.",
)
@click.option(
    "--max-psi",
    type=click.FloatRange(0),
    help="Largest population stability index of a plane, 0.25 by default.",
)
@click.option(
    "--max-clipped",
    type=click.FloatRange(0, 1),
    help="How much more of a plane's int8 values may be clipped than in training, 0.05 by default.",
)
@click.option(
    "--out",
    default="accepted",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of accept.html, accept.json and what the frontend got, heard.wav.",
)
@result_options
@common_options
def command(
    bundle: Path,
    device: str,
    compiled: Path | None,
    out: Path,
    junit: Path | None,
    markdown: Path | None,
    output: Output,
    **chosen: Any,
) -> int:
    """Say whether what reaches the frontend of a device that runs a BUNDLE is as it should be.

    The device sends the samples that its frontend got and the features that it made of them. The
    host computes these again, to the bit, and says what is wrong: another build, the gain, bytes in
    the wrong order, an offset, clipping, a wrong rate, samples lost or doubled, mains hum, a
    high-pass; or speech that is merely unlike the training's. Exit code 1 on any.
    """
    from edgeser.cli.places import open_bundle
    from edgeser.pipeline.accept import accept_device
    from quantize.foundation.files import require_writable

    kind = device_kind(device, compiled=compiled is not None)
    if not kind.streams:
        raise click.UsageError(f"{kind} has no frontend of its own: name emulator or a board")
    refuse_unsuited(options_of("accept"), kind)
    board: str | None = chosen.pop("board")
    emulated = board_of(board) if board else None
    _refuse_idle_options(chosen["play"])
    files = ResultFiles(junit, markdown)
    require_writable(out / "accept.json")
    loaded = open_bundle(bundle)
    choice = _choice(bundle, loaded, **chosen)
    target = target_of(device, compiled=compiled, board=emulated)
    with files.also_when_it_fails("edgeser.accept"):
        report = accept_device(loaded, choice, target=target, reporter=output)
    return _show(report, out, files, output)


def _choice(path: Path, bundle: Bundle, *, reference: Path | None, **chosen: Any) -> AcceptChoice:
    from edgeser.cli.places import run_folder_of
    from edgeser.evaluation.drift import DriftTolerances
    from edgeser.pipeline.accept import AcceptChoice

    limits = {name: chosen.pop(name) for name in _TOLERANCES}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    return AcceptChoice(
        folder=run_folder_of(path),
        reference=_reference(path, bundle, reference),
        tolerances=DriftTolerances(**given),
        **chosen,
    )


def _refuse_idle_options(play: Path | None) -> None:
    for name in ("clips", "seconds", "corpora"):
        if play is not None and is_given(name):
            raise click.UsageError(f"--play says what is heard: leave out {option_of(name)}")


def _reference(path: Path, bundle: Bundle, given: Path | None) -> DriftReference | None:
    """Return the reference that was given, or that of the run if it is of this bundle."""
    from edgeser.cli.places import run_folder_of
    from edgeser.pipeline.drift import load_reference

    if given is not None:
        return load_reference(given)
    folder = run_folder_of(path)
    if folder is None or not folder.drift_reference.is_file():
        return None
    found = load_reference(folder.drift_reference)
    return found if found.frontend_hash == bundle.trained.frontend.hash else None


def _show(report: AcceptReport, out: Path, files: ResultFiles, output: Output) -> int:
    from edgeser.corpora.audio.wav import wav_bytes
    from edgeser.report.accepted import accept_junit, accept_markdown, accept_tables, render_accept
    from edgeser.report.schemas.accepted import accept_json
    from edgeser.report.schemas.form import dump_json
    from quantize.foundation.files import write_atomically

    result = accept_json(report)
    write_atomically(out / "accept.json", dump_json(result).encode())
    write_atomically(out / "accept.html", render_accept(report).encode())
    write_atomically(out / "heard.wav", wav_bytes(report.samples, report.sample_rate))
    with files.writing(
        junit=lambda: accept_junit(report), markdown=lambda: accept_markdown(report)
    ):
        if output.json:
            output.result(result)
        else:
            output.show(accept_tables(report))
            output.show(f"wrote {shlex.quote(str(out))}")
        for finding in report.findings:
            output.problem(f"{finding.fault.value}: {finding.sentence}; {finding.change}")
        return 0 if report.passed else 1
