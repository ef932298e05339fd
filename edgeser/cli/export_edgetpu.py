"""`edgeser export --target edgetpu`: ready, linted, predicted, and compiled where it can be."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.output import Output
from edgeser.pipeline.exports.edgetpu import COMPILED, MODEL, PREDICTION, SCRIPT, EdgeTpuExport
from quantize.foundation.errors import CheckFailed, ToolMissing

if TYPE_CHECKING:
    from edgeser.bundle import Bundle
    from edgeser.decision import DecisionConfig
    from edgeser.pipeline.exports.coral_micro import MicroApplication
    from quantize.edgetpu.compiler import Compiler
    from quantize.tflite import Model

DEFAULT_DIRECTORY = Path("edgetpu")


def export_for_edgetpu(
    source: Path,
    *,
    out: Path | None,
    board: str | None,
    compiler: Path | None,
    no_compile: bool,
    wanted: DecisionConfig | None,
    output: Output,
) -> int:
    """Export, show what was done, and return the exit code that fits."""
    from edgeser.cli.model_file import open_model, read_and_tell
    from edgeser.pipeline.exports.edgetpu import export_edgetpu
    from quantize.edgetpu.package import is_compiled

    directory = out or DEFAULT_DIRECTORY
    data, bundle = open_model(source, wanted)
    read = read_and_tell(data, name=str(source), output=output)
    if board is not None and is_compiled(read):
        if compiler is not None or no_compile:
            given = "--compiler" if compiler is not None else "--no-compile"
            raise click.UsageError(f"{source} is compiled already: leave out {given}")
        return _export_compiled(data, source, directory, output)
    missing: ToolMissing | None = None
    found: Compiler | None = None
    if not no_compile:
        try:
            found = _find_compiler(compiler, bundle)
        except ToolMissing as error:
            # Everything else is still worth having; the exit code tells.
            missing = error
    done = export_edgetpu(data, directory, name=str(source), compiler=found, reporter=output)
    application = None
    if board is not None and (done.compilation is None or done.compiled):
        application = _application(done, data, source, bundle)
    _show(done, application, read, output)
    if missing is not None:
        output.problem(
            f"nothing was compiled: {missing.message}; run {done.directory / SCRIPT} on an x86-64 "
            "machine that has it, or give --no-compile"
        )
        return ToolMissing.exit_code
    if done.compilation is not None and not done.compiled:
        output.problem(f"nothing was compiled: {done.compilation.problems[0]}")
        for problem in done.compilation.problems[1:]:
            output.problem(problem)
        return CheckFailed.exit_code
    return 0


def _find_compiler(given: Path | None, bundle: Bundle | None) -> Compiler:
    from quantize.edgetpu.compiler import VARIABLE, find_compiler

    of_recipe = bundle.trained.recipe.edgetpu.compiler if bundle else None
    return find_compiler(
        given=given or os.environ.get(VARIABLE) or of_recipe, environment=os.environ
    )


def _application(
    done: EdgeTpuExport, data: bytes, source: Path, bundle: Bundle | None
) -> MicroApplication:
    from edgeser.pipeline.exports.coral_micro import FOLDER, export_coral_micro

    return export_coral_micro(
        done.directory / FOLDER,
        name=bundle.trained.recipe.name if bundle else str(source),
        compiled=done.compilation.output if done.compilation else None,
        uncompiled=data,
        bundle=bundle,
    )


def _export_compiled(data: bytes, source: Path, directory: Path, output: Output) -> int:
    from edgeser.pipeline.exports.coral_micro import FOLDER, export_coral_micro

    application = export_coral_micro(
        directory / FOLDER, name=str(source), compiled=data, uncompiled=None, bundle=None
    )
    if output.json:
        output.result(_application_json(application))
    else:
        output.show(_about(application))
    return 0


def _show(
    done: EdgeTpuExport, application: MicroApplication | None, read: Model, output: Output
) -> None:
    if output.json:
        from edgeser.cli.model_file import reading_json

        about = _application_json(application) if application else None
        output.result(_export_json(done) | {"application": about} | reading_json(read))
        return
    lines = [_summary(done)]
    if application is not None:
        lines.append(_about(application))
    output.show("\n".join(lines))


def _export_json(done: EdgeTpuExport) -> dict[str, Any]:
    from edgeser.report.schemas.exports import export_edgetpu_json

    return export_edgetpu_json(
        done.directory,
        model=done.directory / MODEL,
        compiled_model=done.directory / COMPILED if done.compiled else None,
        lint=done.lint,
        estimates=done.estimates,
        compilation=done.compilation,
    )


def _application_json(application: MicroApplication) -> dict[str, Any]:
    from edgeser.report.schemas.exports import export_board_json

    return export_board_json(
        application.project.directory, application.model, application.frontend_hash
    )


def _about(application: MicroApplication) -> str:
    folder, model = application.project.directory, application.model
    state = "with the compiled model" if model.compiled else "waiting for the compiled model"
    return (
        f"{folder}: application for the Coral Dev Board Micro, {state}; TFLite-Micro has "
        f"{model.arena_bytes:,} bytes ({model.arena_reason})\n"
        f"never run on a board: {folder / 'README.md'} says what is untried, and how to build it"
    )


def _summary(done: EdgeTpuExport) -> str:
    folder = done.directory
    lines = [
        f"{folder / MODEL}: {done.lint.summary}",
        f"{folder / SCRIPT}: compiles it on any x86-64 machine with edgetpu_compiler 16",
    ]
    usb3 = done.estimates[0]
    lines.append(
        f"{folder / PREDICTION}: {usb3.parameter_bytes.value:,.0f} bytes of parameters "
        f"({'all stay' if usb3.fits else 'not all stay'} on the chip), "
        f"{usb3.instruction_bytes.value:,.0f} of instructions, predicted"
    )
    for found in done.estimates:
        low, high = found.latency_ms.interval or (found.latency_ms.value,) * 2
        time = f"{found.latency_ms.value:.2f} ms ({low:.2f} to {high:.2f})"
        lines.append(f"  over {found.link.value}: {time}, predicted")
    compilation = done.compilation
    if compilation is None:
        lines.append("not compiled")
    elif compilation.succeeded and compilation.compiled is not None:
        lines.append(
            f"{folder / COMPILED}: compiled by {compilation.compiler.version}, "
            f"{compilation.compiled.cached_bytes:,} bytes cached, "
            f"{compilation.compiled.streamed_bytes:,} streamed, "
            f"{compilation.compiled.instruction_bytes:,} of instructions"
        )
        lines.append(f"next: edgeser inspect {shlex.quote(str(folder / COMPILED))}")
    return "\n".join(lines)
