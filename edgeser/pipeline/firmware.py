"""A bundle or any int8 model as firmware: a C project for a board, and a device that runs it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from edgeser.bundle import Bundle
from edgeser.pipeline.decide import stream_settings
from edgeser.progress import SILENT, Reporter
from firmware_bridge.boards import MPS2_AN500, Board
from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.compiler.names import prefix_from
from firmware_bridge.emulator import BuiltFirmware, built_firmware, running_emulator
from firmware_bridge.frontend.c_tables import FrontendSources, emit_frontend
from firmware_bridge.link.address import open_address, parse_address
from firmware_bridge.link.device import Device
from firmware_bridge.link.session import Patience, Session
from firmware_bridge.link.transport import Transport
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
from quantize.edgetpu.difference import Tolerances
from quantize.edgetpu.package import read_compiled
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.runtimes import Runtime, run_outputs, sample_shape
from quantize.tflite import read_model

EMULATOR = "emulator"
"""The device that everybody has; anything else is the address of a board."""


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """Which device is to run a model.

    Parameters
    ----------
    where
        ``"emulator"``, or an address such as ``"serial:/dev/ttyACM0"`` of a board that was flashed
        with the model's firmware.
    for_edge_tpu
        The same model compiled for the Edge TPU, when that is what the board runs; `None` when it
        runs the int8 model itself.
    builds
        Where the emulator's programs are kept for the next time; nowhere when `None`.
    tolerances
        What an Edge TPU's outputs are held to.
    board
        Which board the emulator emulates.
    """

    where: str = EMULATOR
    for_edge_tpu: bytes | None = None
    builds: Path | None = None
    tolerances: Tolerances = field(default_factory=Tolerances)
    board: Board = MPS2_AN500


EMULATED = DeviceChoice()
_INFERENCE_PATIENCE = Patience(attempt_s=30.0, attempts=2)


@dataclass(frozen=True, slots=True, eq=False)
class Firmware:
    """A C project, and the model that it was compiled from."""

    project: FirmwareProject
    compiled: CompiledModel
    board: Board


@dataclass(frozen=True, slots=True, eq=False)
class AttachedDevice:
    """A device that answers.

    Parameters
    ----------
    device
        Its commands.
    compiled
        The model that it runs.
    board
        What it is, where that is known: the emulated board.
    built
        The firmware with its sizes, where it was built here.
    on_edge_tpu
        Whether an Edge TPU runs the model, so that its outputs are close to ours, not the same.
    tolerances
        How close they must be then.
    """

    device: Device
    compiled: CompiledModel
    board: Board | None = None
    built: BuiltFirmware | None = None
    on_edge_tpu: bool = False
    tolerances: Tolerances = field(default_factory=Tolerances)


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


@contextmanager
def attached(
    model: Bundle | bytes,
    device: DeviceChoice = EMULATED,
    *,
    name: str = "model",
    reporter: Reporter = SILENT,
) -> Iterator[AttachedDevice]:
    """Give a device that runs the model: the emulator with firmware built for it, or a board.

    Parameters
    ----------
    model, name
        As for `export_firmware`.
    device
        Which; a board that runs another model or frontend is refused.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When the emulator is to run what is compiled for an Edge TPU, or that is not compiled.
    ToolMissing
        When the compiler or the emulator is not installed.
    DeviceError
        When the device is not there, does not answer, or runs something else.
    """
    frontend_hash = model.trained.frontend.hash if isinstance(model, Bundle) else None
    for_edge_tpu = device.for_edge_tpu
    if device.where != EMULATOR:
        address = parse_address(device.where)
        compiled = compiled_model(model, name=name)
        reporter.stage(f"Asking {device.where}")
        with closing(open_address(address)) as transport:
            running = compiled.sha256 if for_edge_tpu is None else _compiled_hash(for_edge_tpu)
            found = _device(transport, running, frontend_hash)
            yield AttachedDevice(
                found,
                compiled,
                on_edge_tpu=for_edge_tpu is not None,
                tolerances=device.tolerances,
            )
        return
    if for_edge_tpu is not None:
        raise BadInput("the emulator has no Edge TPU", hint="give the address of a board")
    reporter.stage("Building the firmware")
    board = device.board
    contents, compiled = firmware_contents(model, name, board)
    with built_firmware(contents, board, cache=device.builds) as built:
        reporter.stage("Starting the emulated device")
        with running_emulator(built.emulated_elf, board) as transport:
            found = _device(transport, compiled.sha256, frontend_hash)
            yield AttachedDevice(found, compiled, board, built)


def _compiled_hash(data: bytes) -> str:
    read_compiled(read_model(data, name="the compiled model"))
    return hashlib.sha256(data).hexdigest()


def compiled_model(model: Bundle | bytes, *, name: str = "model") -> CompiledModel:
    """Compile a bundle's int8 model, or any, into C."""
    return compile_model(_bytes_of(model), _name_of(model, name))


def _name_of(model: Bundle | bytes, name: str) -> str:
    return model.trained.recipe.name if isinstance(model, Bundle) else name


def _bytes_of(model: Bundle | bytes) -> bytes:
    return model.int8_model if isinstance(model, Bundle) else model


def _device(transport: Transport, model_hash: str, frontend_hash: str | None) -> Device:
    return Device(
        Session(transport),
        model_hash=model_hash,
        frontend_hash=frontend_hash,
        inference=_INFERENCE_PATIENCE,
    )


def _self_test_output(data: bytes, compiled: CompiledModel) -> bytes | None:
    """Return what the device's self-test must find, from TFLite-Micro; `None` without it."""
    if any(t.dtype.is_float or t.dtype.numpy is None for t in compiled.inputs):
        return None
    values = self_test_input(sum(compiled.input_bytes))
    parts = np.split(values, np.cumsum(compiled.input_bytes)[:-1])
    given = [
        part.view(np.dtype(tensor.dtype.numpy)).reshape(1, *sample_shape(tensor))
        for part, tensor in zip(parts, compiled.inputs, strict=True)
    ]
    try:
        found = run_outputs(data, given, runtime=Runtime.TFLITE_MICRO)
        return b"".join(values.tobytes() for values in found)
    except ToolMissing:
        return None
