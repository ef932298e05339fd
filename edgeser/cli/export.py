"""`edgeser export`: a trained network to a model for a device."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.export_library import check_name, library_options, with_libraries
from edgeser.cli.export_network import export_network, is_network
from edgeser.cli.options import decision_options
from edgeser.cli.output import Output, common_options
from edgeser.cli.suits import EXPORT, Target, refuse_beside, refuse_given, refuse_unsuited
from edgeser.report.schemas.commands import EXPORT_FIRMWARE_SCHEMA, EXPORT_SCHEMA

if TYPE_CHECKING:
    from edgeser.decision import DecisionConfig

_TARGETS = {
    "int8": Target.INT8,
    "firmware": Target.FIRMWARE,
    "edgetpu": Target.EDGE_TPU,
    "web": Target.WEB,
}
_OF_NETWORKS = ("parity", "labels", "max_flips", "min_sqnr", "out")


@click.command("export")
@click.option(
    "--target",
    type=click.Choice(list(_TARGETS)),
    default="int8",
    show_default=True,
    help="int8: fully integer TFLite. firmware: a C project. edgetpu: for the Edge TPU. "
    "web: the firmware in a browser, one page.",
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    help="int8: calibrate on this file, made by 'edgeser calibrate'; else on training features. Of "
    "your own network: an .npz with samples [n, ...] of each input, or a folder of samples.",
)
@click.option(
    "--parity",
    type=click.Path(path_type=Path),
    help="int8 of your own network: samples to compare int8 with float on; every fifth of "
    "--calibration when left out.",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False),
    help="int8 of your own network: a text file with a label a line, of the first output's values.",
)
@click.option(
    "--max-flips",
    type=click.FloatRange(0, 1),
    help="int8 of your own network: share of samples whose largest value may be another one; 0.03.",
)
@click.option(
    "--min-sqnr",
    type=float,
    metavar="DB",
    help="int8 of your own network: signal over quantisation noise of each output; 10 dB.",
)
@click.option(
    "--board",
    help="firmware: what it is for, as docs/boards.md lists them; mps2-an500 when left out. "
    "edgetpu: coral-micro, for an application for the Coral Dev Board Micro too.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="int8 of your own network: folder (NAME-int8); firmware: folder of the project "
    "(firmware-BOARD); edgetpu: folder (edgetpu); web: the page (page.html).",
)
@click.option(
    "--compiler",
    type=click.Path(path_type=Path, dir_okay=False),
    help="edgetpu: edgetpu_compiler; else $EDGETPU_COMPILER, the recipe's, the one on PATH.",
)
@click.option("--no-compile", is_flag=True, help="edgetpu: all but the compilation.")
@library_options
@decision_options
@common_options
@with_libraries
def command(
    source: Path,
    target: str,
    calibration: Path | None,
    board: str | None,
    out: Path | None,
    name: str | None,
    wanted: DecisionConfig | None,
    output: Output,
    **rest: Any,
) -> int:
    """Turn SOURCE into a model for a device.

    int8 takes the folder of a run or its trained.zip, and writes bundle.zip and model_int8.tflite
    beside it; or your own network (.onnx, .pt2, .keras, the folder of a SavedModel) with samples to
    calibrate on, and writes a folder with model-int8.tflite and how far it is from float: exit code
    1 where that is beyond the tolerances. firmware takes the folder of a run, a bundle or any
    fully-int8 .tflite, and writes a C project with its own Makefile and README; with --form a
    library to vendor, of several models too. edgetpu takes the same, lints it, predicts its cost
    and compiles it where Google's compiler is found: exit code 3 where it is not, 1 where an
    operator would run on the CPU. web takes the folder of a run or a bundle and writes one page,
    which runs the firmware on a microphone or a recording; exit code 3 without clang and lld.
    """
    refuse_unsuited(EXPORT, _TARGETS[target])
    _check_place(out, is_file=target == "web")
    refuse_beside("no_compile", "compiler", why="compiles nothing")
    if is_network(source):
        return export_network(
            source,
            target=target,
            calibration=calibration,
            out=out,
            options=rest,
            output=output,
        )
    if target == "int8":
        refuse_given(*_OF_NETWORKS, why="for your own network (.onnx, .pt2, .keras, SavedModel)")
    if target == "edgetpu":
        from edgeser.cli.export_edgetpu import export_for_edgetpu

        if board not in (None, "coral-micro"):
            raise click.UsageError("--board is coral-micro for --target edgetpu")
        return export_for_edgetpu(
            source,
            out=out,
            board=board,
            wanted=wanted,
            output=output,
            compiler=rest["compiler"],
            no_compile=rest["no_compile"],
        )
    if target == "web":
        from edgeser.cli.export_web import export_page

        export_page(source, out=out, wanted=wanted, output=output)
    elif target == "firmware":
        _export_firmware(source, board, out, name, wanted, output)
    else:
        _export_int8(source, calibration, wanted, output)
    return 0


def _check_place(out: Path | None, *, is_file: bool) -> None:
    """Refuse a folder where a file is to be written, and a file where a folder is."""
    from quantize.foundation.errors import BadInput

    if out is None or not out.exists() or out.is_dir() != is_file:
        return
    is_there, wanted = ("a folder", "a file") if is_file else ("a file", "a folder")
    raise BadInput(
        f"cannot write {out}: it is {is_there}, where {wanted} is to be written",
        hint="give another --out",
    )


def _export_int8(
    source: Path, calibration: Path | None, wanted: DecisionConfig | None, output: Output
) -> None:
    from edgeser.cli.places import open_trained, run_folder_of
    from edgeser.pipeline.exports.bundle import export, read_calibration

    folder = run_folder_of(source)
    if folder is None or (source.suffix == ".tflite" and source.is_file()):
        what = "int8" if folder is None else "converted"
        raise click.UsageError(
            f"{source.stem} is {what} already: give --target firmware or --target edgetpu"
        )
    trained = open_trained(source)
    chosen = read_calibration(calibration, trained) if calibration else None
    bundle = export(trained, folder=folder, calibration=chosen, wanted=wanted, reporter=output)
    if output.json:
        output.result(
            {
                "schema": EXPORT_SCHEMA,
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
        f"{bundle.calibration['source']}\nnext: edgeser parity {shlex.quote(str(folder.root))}"
    )


def _export_firmware(
    source: Path,
    board: str | None,
    out: Path | None,
    name: str | None,
    wanted: DecisionConfig | None,
    output: Output,
) -> None:
    from edgeser.cli.model_file import open_model, read_and_tell, reading_json
    from edgeser.cli.places import argument
    from edgeser.pipeline.exports.firmware import export_firmware
    from firmware_bridge.boards import MPS2_AN500, board_named

    if name is not None:
        check_name(name)
    chosen = board_named(board) if board else MPS2_AN500
    data, bundle = open_model(source, wanted)
    read = read_and_tell(data, name=source.stem, output=output)
    firmware = export_firmware(
        bundle or data,
        out or Path(f"firmware-{chosen.name}"),
        name=source.stem,
        chosen=name,
        board=chosen,
        reporter=output,
    )
    project, compiled = firmware.project, firmware.compiled
    if output.json:
        output.result(
            {
                "schema": EXPORT_FIRMWARE_SCHEMA,
                "directory": str(project.directory),
                "board": chosen.name,
                "name": compiled.name,
                "prefix": compiled.prefix,
                "model_sha256": compiled.sha256,
                "frontend_hash": bundle.trained.frontend.hash if bundle else None,
                "operators": len(compiled.operators),
                "macs": compiled.macs,
                "constant_bytes": compiled.constant_bytes,
                "arena_bytes": compiled.arena_bytes,
                "state_bytes": compiled.state_bytes,
                "files": dict(project.files),
                **reading_json(read),
            }
        )
        return
    state = f", state {compiled.state_bytes:,} bytes" if compiled.state_bytes else ""
    output.show(
        f"{project.directory}: {len(project.files)} files for {chosen.name}; model constants "
        f"{compiled.constant_bytes:,} bytes, arena {compiled.arena_bytes:,} bytes{state}\n"
        f"next: make -C {shlex.quote(str(project.directory))}, or edgeser bench "
        f"{argument(source)} --device emulator"
    )
