"""`edgeser export --target edgetpu`: ready, linted, predicted, and compiled where it can be."""

from __future__ import annotations

import os
from pathlib import Path

from edgeser.cli.output import Output
from edgeser.pipeline.edgetpu import COMPILED, MODEL, PREDICTION, SCRIPT, EdgeTpuExport
from quantize.foundation.errors import CheckFailed, ToolMissing

DEFAULT_DIRECTORY = Path("edgetpu")


def export_for_edgetpu(
    source: Path,
    *,
    out: Path | None,
    compiler: Path | None,
    no_compile: bool,
    output: Output,
) -> int:
    """Export, show what was done, and return the exit code that fits."""
    from edgeser.cli.model_file import model_bytes
    from edgeser.pipeline.edgetpu import export_edgetpu
    from quantize.edgetpu.compiler import Compiler, find_compiler

    data = model_bytes(source)
    missing: ToolMissing | None = None
    found: Compiler | None = None
    if not no_compile:
        try:
            found = find_compiler(given=compiler, environment=os.environ)
        except ToolMissing as error:
            # Everything else is still worth having; the exit code tells.
            missing = error
    done = export_edgetpu(
        data,
        out or DEFAULT_DIRECTORY,
        name=str(source),
        compiler=found,
        reporter=output,
    )
    if output.json:
        output.result(done.to_json())
    else:
        output.show(_summary(done))
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
        lines.append(f"next: edgeser inspect {folder / COMPILED}")
    return "\n".join(lines)
