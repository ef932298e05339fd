"""A bundle as a page: its firmware in WebAssembly, inlined with all that shows what it does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edgeser.bundle import Bundle
from edgeser.evaluation.concordance import DIMENSIONS
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.exports.firmware import firmware_contents
from edgeser.pipeline.inference import output_grids
from edgeser.pipeline.vad import has_vad
from edgeser.progress import SILENT, Reporter
from edgeser.report.web_page import WebDevice, render_web_page
from firmware_bridge.boards import WEB
from firmware_bridge.compiler.compile import CompiledModel
from firmware_bridge.emulator import built_web_assembly, find_web_tools
from firmware_bridge.frontend.c_tables import emit_frontend
from quantize.foundation.files import require_writable, write_atomically
from quantize.foundation.measurement import Evidence, Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class WebExport:
    """A page that was written.

    Parameters
    ----------
    path
        Where it is.
    page_bytes, program_bytes
        What it takes, and what of it is WebAssembly before it was inlined.
    model_sha256, frontend_hash, program_sha256
        What it runs.
    classes
        What it tells apart.
    planes
        What it shows.
    """

    path: Path
    page_bytes: int
    program_bytes: int
    model_sha256: str
    frontend_hash: str
    program_sha256: str
    classes: tuple[str, ...]
    planes: tuple[str, ...]


def export_web(
    bundle: Bundle, path: Path, *, builds: Path | None = None, reporter: Reporter = SILENT
) -> WebExport:
    """Write a page that runs a bundle's firmware in a browser.

    Parameters
    ----------
    bundle
        The model, its frontend and what it decides with.
    path
        Of the page; a file that is there is replaced.
    builds
        Where programs are kept for the next time; nowhere when `None`.
    reporter
        Told of stages.

    Raises
    ------
    ToolMissing
        When clang or lld is not installed.
    BadInput
        When an operator is not supported, or the page cannot be written.
    """
    find_web_tools()
    require_writable(path)
    reporter.stage("Building the firmware as WebAssembly")
    contents, compiled = firmware_contents(bundle, bundle.trained.recipe.name, WEB)
    program = built_web_assembly(contents, cache=builds)
    further = None
    if has_vad(bundle.trained.recipe):
        grid = output_grids(bundle.int8_model)[1]
        further = grid.scale, grid.zero_point
    page = render_web_page(
        WebDevice(
            bundle=bundle,
            program=program,
            certainty=certainty_of(bundle),
            sizes=_sizes(bundle, compiled),
            further=further,
            dimensions=DIMENSIONS,
        )
    ).encode()
    write_atomically(path, page)
    trained = bundle.trained
    return WebExport(
        path=path,
        page_bytes=len(page),
        program_bytes=len(program),
        model_sha256=bundle.model_hash,
        frontend_hash=trained.frontend.hash,
        program_sha256=hashlib.sha256(program).hexdigest(),
        classes=tuple(trained.classes),
        planes=tuple(trained.frontend.planes),
    )


def _sizes(bundle: Bundle, compiled: CompiledModel) -> dict[str, Measurement]:
    """Return what the firmware needs on a board, as its C says."""
    trained = bundle.trained
    frontend = emit_frontend(trained.frontend, window_frames=trained.recipe.window.frames)
    found = {
        "of a board, model constants": (compiled.constant_bytes, "counted in the generated C"),
        "of a board, model arena": (compiled.arena_bytes, "counted in the generated C"),
        "of a board, frontend tables": (frontend.table_bytes, "counted in the generated C"),
        "of a board, stream": (frontend.stream_bytes, "counted in the generated C"),
    }
    return {
        name: Measurement(float(value), "bytes", Evidence.MEASURED, source)
        for name, (value, source) in found.items()
    }
