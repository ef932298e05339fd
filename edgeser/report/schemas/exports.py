"""What an export wrote: for the Edge TPU, for the Coral Dev Board Micro, as a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from edgeser.report.schemas.compiled import compiled_json
from edgeser.report.schemas.estimate import estimate_json
from edgeser.report.schemas.form import Json
from firmware_bridge.project.coral_micro import CORAL_MICRO_NAME, MicroModel
from quantize.edgetpu.compiled_model import CUSTOM_OPERATOR
from quantize.edgetpu.compiler import Compilation
from quantize.edgetpu.estimate import Estimate
from quantize.edgetpu.lint import LintReport

EXPORT_EDGETPU_SCHEMA = "edgeser.export-edgetpu/1"
EXPORT_BOARD_SCHEMA = "edgeser.export-board/1"
EXPORT_WEB_SCHEMA = "edgeser.export-web/1"


def export_edgetpu_json(
    directory: Path,
    *,
    model: Path,
    compiled_model: Path | None,
    lint: LintReport,
    estimates: Iterable[Estimate],
    compilation: Compilation | None,
) -> Json:
    """Return the schema ``edgeser.export-edgetpu/1``.

    Parameters
    ----------
    directory, model
        The folder, and the model in it.
    compiled_model
        The compiled one; ``None`` where not every operator was compiled.
    lint, estimates, compilation
        What was found of it; no compilation where the compiler was not run.
    """
    contents = None if compilation is None else compilation.compiled
    return {
        "schema": EXPORT_EDGETPU_SCHEMA,
        "directory": str(directory),
        "model": str(model),
        "mapped": lint.mapped,
        "operators": len(lint.placements),
        "compiled": compiled_model is not None,
        "compiled_model": None if compiled_model is None else str(compiled_model),
        "compiler": None if compilation is None else compilation.compiler.version,
        "problems": [] if compilation is None else list(compilation.problems),
        "edgetpu": None if contents is None else compiled_json(contents),
        "estimates": [estimate_json(found) for found in estimates],
    }


def export_board_json(directory: Path, model: MicroModel, frontend_hash: str | None) -> Json:
    """Return the schema ``edgeser.export-board/1``."""
    return {
        "schema": EXPORT_BOARD_SCHEMA,
        "board": CORAL_MICRO_NAME,
        "directory": str(directory),
        "compiled": model.compiled is not None,
        "frontend_hash": frontend_hash,
        "operators": [CUSTOM_OPERATOR, *model.cpu_operators],
        "arena_bytes": model.arena_bytes,
        "arena_reason": model.arena_reason,
        "room_bytes": model.room_bytes,
        "tried_on_a_board": False,
    }


def export_web_json(page: Path, facts: Mapping[str, Any]) -> Json:
    """Return the schema ``edgeser.export-web/1``: the page's file, and what is said of it."""
    lists = {name: list(value) for name, value in facts.items() if isinstance(value, tuple)}
    return {"schema": EXPORT_WEB_SCHEMA, "page": str(page), **facts, **lists}
