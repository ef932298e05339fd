"""A bundle or any int8 model as firmware: a C project for a board, and what a target runs."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeser.bundle import Bundle
from edgeser.pipeline.decide import stream_settings
from edgeser.progress import SILENT, Reporter
from edgeser.targets.oracle import expected_outputs
from edgeser.targets.target import Program
from firmware_bridge.boards import MPS2_AN500, Board
from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.compiler.names import prefix_from
from firmware_bridge.frontend.c_tables import FrontendSources, emit_frontend
from firmware_bridge.project import (
    Contents,
    FirmwareProject,
    ModelSources,
    StreamSettings,
    hashes_of,
    place,
    project_contents,
    self_test_input,
)
from quantize.foundation.errors import ToolMissing
from quantize.runtimes import sample_shape


@dataclass(frozen=True, slots=True, eq=False)
class Firmware:
    """A C project, and the model that it was compiled from."""

    project: FirmwareProject
    compiled: CompiledModel
    board: Board


def export_firmware(
    model: Bundle | bytes,
    directory: Path,
    *,
    name: str = "model",
    chosen: str | None = None,
    board: Board = MPS2_AN500,
    reporter: Reporter = SILENT,
) -> Firmware:
    """Write a self-contained C project that runs a model on a board.

    Parameters
    ----------
    model
        A bundle, whose firmware takes audio and decides; or the bytes of any fully-int8 .tflite,
        whose firmware takes the model's input.
    directory
        Where to; an earlier export there is replaced, anything else is kept.
    name
        What the firmware calls a .tflite; a bundle's recipe names it. The prefix of the C is made
        of it: `prefix_from`.
    chosen
        A prefix, which then is the name of model and device too.
    board
        What it is for.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When an operator is not supported: it is named, with its layer. When the chosen prefix is no
        identifier. Nothing is written then.
    """
    reporter.stage(f"Writing firmware for {board.name}")
    contents, compiled = firmware_contents(model, name, board, chosen)
    place(directory, contents)
    project = FirmwareProject(directory=Path(directory), files=hashes_of(contents))
    return Firmware(project, compiled, board)


def firmware_contents(
    model: Bundle | bytes, name: str, board: Board, chosen: str | None = None
) -> tuple[Contents, CompiledModel]:
    """Return the files of a model's firmware, and the model as C; as for `export_firmware`."""
    c = model_as_c(model, name, chosen)
    contents = project_contents(
        board=board,
        model=c.sources,
        frontend=c.frontend,
        stream=c.stream,
        self_test_output=_self_test_output(_bytes_of(model), c.compiled),
    )
    return contents, c.compiled


@dataclass(frozen=True, slots=True, eq=False)
class ModelAsC:
    """A model as C, with its frontend and how decisions are taken where it is a bundle."""

    compiled: CompiledModel
    sources: ModelSources
    frontend: FrontendSources | None
    stream: StreamSettings | None


def model_as_c(model: Bundle | bytes, name: str, chosen: str | None = None) -> ModelAsC:
    """Write a model, and a bundle's frontend, as C; names and errors as for `export_firmware`."""
    called = chosen or _name_of(model, name)
    prefix = called if chosen else prefix_from(called)
    compiled = compile_model(_bytes_of(model), called, prefix=prefix)
    sources = ModelSources(
        name=compiled.name,
        hash=compiled.sha256,
        header=compiled.header,
        source=compiled.source,
        prefix=prefix,
        device=chosen,
    )
    if not isinstance(model, Bundle):
        return ModelAsC(compiled, sources, None, None)
    window = model.trained.recipe.window
    frontend = emit_frontend(model.trained.frontend, window_frames=window.frames, prefix=prefix)
    return ModelAsC(compiled, sources, frontend, stream_settings(model))


def program_of(
    model: Bundle | bytes, *, name: str = "model", against: bytes | None = None
) -> Program:
    """Return a model as what a target is to run.

    Parameters
    ----------
    model, name
        As for `export_firmware`.
    against
        The model that it was compiled from, where it is compiled for the Edge TPU.
    """
    return Program(
        data=_bytes_of(model),
        name=_name_of(model, name),
        firmware=functools.partial(firmware_contents, model, name),
        bundle=model if isinstance(model, Bundle) else None,
        against=against,
    )


def compiled_model(model: Bundle | bytes, *, name: str = "model") -> CompiledModel:
    """Compile a bundle's int8 model, or any, into C."""
    return compile_model(_bytes_of(model), _name_of(model, name))


def _name_of(model: Bundle | bytes, name: str) -> str:
    return model.trained.recipe.name if isinstance(model, Bundle) else name


def _bytes_of(model: Bundle | bytes) -> bytes:
    return model.int8_model if isinstance(model, Bundle) else model


def _self_test_output(data: bytes, compiled: CompiledModel) -> bytes | None:
    """Return what the device's self-test must find; `None` where nothing here can say it."""
    if any(t.dtype.is_float or t.dtype.numpy is None for t in compiled.inputs):
        return None
    values = self_test_input(sum(compiled.input_bytes))
    parts = np.split(values, np.cumsum(compiled.input_bytes)[:-1])
    given = [
        part.view(np.dtype(tensor.dtype.numpy)).reshape(1, *sample_shape(tensor))
        for part, tensor in zip(parts, compiled.inputs, strict=True)
    ]
    try:
        return b"".join(values.tobytes() for values in expected_outputs(data, given))
    except ToolMissing:
        return None
