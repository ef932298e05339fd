"""An int8 model to a folder for the Edge TPU: linted, predicted, and compiled where it can be.

The folder says truly what was done: the compiled file is there only when every operator is in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeser.progress import SILENT, Reporter
from edgeser.report.schemas.estimate import prediction_json
from edgeser.report.schemas.lint import lint_json
from quantize.edgetpu.compiler import Compilation, Compiler, compile_model
from quantize.edgetpu.estimate import Estimate, estimate
from quantize.edgetpu.latency import Link
from quantize.edgetpu.lint import LintReport, lint_file
from quantize.edgetpu.script import compile_script
from quantize.foundation.errors import CheckFailed
from quantize.foundation.files import write_atomically
from quantize.tflite import read_model

MODEL = "model.tflite"
COMPILED = "model_edgetpu.tflite"
SCRIPT = "compile.sh"
LINT = "lint.json"
PREDICTION = "prediction.json"
LOG = "compiler.log"


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTpuExport:
    """What was written for the Edge TPU.

    Parameters
    ----------
    directory
        The folder.
    lint
        Where each operator runs.
    estimates
        One for each link.
    compilation
        What the compiler gave; ``None`` where it was not run.
    """

    directory: Path
    lint: LintReport
    estimates: tuple[Estimate, ...]
    compilation: Compilation | None

    @property
    def compiled(self) -> bool:
        """Whether the folder holds a compiled model."""
        return self.compilation is not None and self.compilation.succeeded


def export_edgetpu(
    data: bytes,
    directory: Path,
    *,
    name: str,
    compiler: Compiler | None,
    reporter: Reporter = SILENT,
) -> EdgeTpuExport:
    """Lint, predict and write a model for the Edge TPU, and compile it when there is a compiler.

    Parameters
    ----------
    data
        A fully integer .tflite.
    directory
        Where ``model.tflite``, ``compile.sh``, ``lint.json`` and ``prediction.json`` are written;
        with a compiler ``compiler.log``, and ``model_edgetpu.tflite`` when it succeeds.
    name
        What messages call the model.
    compiler
        From `quantize.edgetpu.compiler.find_compiler`; ``None`` not to compile.
    reporter
        Told of the compilation.

    Raises
    ------
    BadInput
        When the model cannot be read or is compiled already.
    CheckFailed
        When not every operator maps to the Edge TPU; nothing is written.
    """
    model = read_model(data, name=name)
    lint = lint_file(data, model)
    if not lint.passed:
        first = next((str(f) for f in lint.findings if f.rule.effect.severity == "error"), "")
        raise CheckFailed(
            f"{name} does not run whole on the Edge TPU: {lint.summary}. {first}".strip(),
            hint="'edgeser lint' lists what to change",
        )
    estimates = tuple(estimate(model, link=link, lint=lint) for link in Link)
    directory = Path(directory)
    write_atomically(directory / MODEL, data)
    write_atomically(directory / SCRIPT, compile_script(len(lint.placements)).encode())
    (directory / SCRIPT).chmod(0o755)
    _write_json(directory / LINT, lint_json(lint) | {"model": MODEL})
    _write_json(directory / PREDICTION, prediction_json(estimates, model=MODEL))
    # A compiled file of an earlier export is not of this model.
    (directory / COMPILED).unlink(missing_ok=True)
    compilation = None
    if compiler is not None:
        reporter.stage(f"Compiling with edgetpu_compiler {compiler.version}")
        compilation = compile_model(data, compiler=compiler, name=name)
        write_atomically(directory / LOG, compilation.log.text.encode())
        if compilation.succeeded and compilation.output is not None:
            write_atomically(directory / COMPILED, compilation.output)
    return EdgeTpuExport(directory, lint, estimates, compilation)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(value, indent=2, allow_nan=False).encode())
