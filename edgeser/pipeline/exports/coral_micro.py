"""A model, compiled or soon to be, as an application for the Coral Dev Board Micro."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeser.bundle import Bundle
from edgeser.pipeline.decide import stream_settings
from firmware_bridge.compiler.lowering import MOST_OUTPUTS
from firmware_bridge.frontend.c_tables import emit_frontend
from firmware_bridge.project import FirmwareProject
from firmware_bridge.project.coral_micro import CORAL_MICRO_NAME, MicroModel, write_coral_micro
from quantize.edgetpu.compiled_model import CUSTOM_OPERATOR
from quantize.edgetpu.micro import micro_obstacles
from quantize.edgetpu.package import read_compiled
from quantize.foundation.errors import BadInput, CheckFailed, ToolMissing
from quantize.runtimes import arena_usage
from quantize.tflite import read_model
from quantize.tflite.model import Model, Tensor

FOLDER = CORAL_MICRO_NAME
"""Name of the application's folder, in that of the export."""
_MARGIN = 1.25
_ALIGNMENT = 1024
_STRUCTURES_BYTES = 16 << 10
_LEAST_ROOM = 1 << 20
_GROWTH_BYTES = 256 << 10


@dataclass(frozen=True, slots=True, eq=False)
class MicroApplication:
    """An application for the board.

    Parameters
    ----------
    project
        The folder, and what is in it.
    model
        What it runs.
    frontend_hash
        Of the frontend in it; ``None`` where there is none.
    """

    project: FirmwareProject
    model: MicroModel
    frontend_hash: str | None


def export_coral_micro(
    directory: Path,
    *,
    name: str,
    compiled: bytes | None,
    uncompiled: bytes | None,
    bundle: Bundle | None,
) -> MicroApplication:
    """Write the application.

    Parameters
    ----------
    directory
        Where to; an earlier export there is replaced, anything else is kept.
    name
        What messages and banners call the model.
    compiled
        The compiled .tflite; ``None`` where it is still to be compiled.
    uncompiled
        The model that it was, or will be, compiled from, all of it on the Edge TPU; its memory is
        measured. ``None`` where only the compiled one is known.
    bundle
        Whose frontend listens; ``None`` for an application that is given the model's input.

    Raises
    ------
    CheckFailed
        When the board cannot run the compiled model: says why. Nothing is written then.
    BadInput
        When the application cannot drive the model.
    """
    facts = _facts(name, compiled, uncompiled)
    window = bundle.trained.recipe.window if bundle else None
    frontend = (
        emit_frontend(bundle.trained.frontend, window_frames=window.frames)
        if bundle and window
        else None
    )
    stream = stream_settings(bundle) if bundle else None
    project = write_coral_micro(directory, model=facts, frontend=frontend, stream=stream)
    return MicroApplication(project, facts, bundle.trained.frontend.hash if bundle else None)


def _facts(name: str, compiled: bytes | None, uncompiled: bytes | None) -> MicroModel:
    data = compiled or uncompiled
    if data is None:
        raise BadInput("there is no model", hint="give it compiled, or before that, or both")
    model = read_model(data, name=name)
    if compiled is not None:
        _refuse_what_cannot_run(model, name)
    given, taken = model.main.input_tensors, model.main.output_tensors
    if len(given) != 1 or not 1 <= len(taken) <= MOST_OUTPUTS:
        raise BadInput(
            f"{name} has {len(given)} inputs and {len(taken)} outputs; the board's application "
            f"takes one input and 1 to {MOST_OUTPUTS} outputs",
            hint="export a model with one input",
        )
    arena_bytes, reason = _measured(uncompiled, name) if uncompiled is not None else _counted(model)
    # Until it is compiled: instructions and padding are added then.
    size = len(compiled) if compiled is not None else len(data) + _GROWTH_BYTES
    return MicroModel(
        name=Path(name).stem,
        input=given[0],
        output=taken[0],
        cpu_operators=_on_the_cpu(model) if compiled is not None else (),
        arena_bytes=arena_bytes,
        arena_reason=reason,
        room_bytes=max(_LEAST_ROOM, 2 * size // _ALIGNMENT * _ALIGNMENT),
        compiled=compiled,
        further_outputs=taken[1:],
    )


def _refuse_what_cannot_run(model: Model, name: str) -> None:
    obstacles = micro_obstacles(read_compiled(model))
    if obstacles:
        raise CheckFailed(
            f"the Coral Dev Board Micro cannot run {name}: {'; '.join(obstacles)}",
            hint="'edgeser inspect' shows the whole of it; change the network and compile it again",
        )


def _on_the_cpu(model: Model) -> tuple[str, ...]:
    names = {operator.name for operator in model.main.operators} - {CUSTOM_OPERATOR}
    return tuple(sorted(names))


def _measured(uncompiled: bytes, name: str) -> tuple[int, str]:
    """Return the uncompiled model's memory: the compiled one has fewer tensors."""
    try:
        total = arena_usage(uncompiled, name=name).total
    except ToolMissing:
        return _counted(read_model(uncompiled, name=name))
    reason = (
        f"the uncompiled model takes {total.value:,.0f} bytes, measured by "
        f"{total.source.partition(',')[0]} on a 64-bit host; a quarter more"
    )
    return _aligned(total.value * _MARGIN), reason


def _counted(model: Model) -> tuple[int, str]:
    """Return what all tensors take that are not constant, as if none shared memory."""
    tensors = [tensor for tensor in model.main.tensors if not tensor.is_constant]
    bytes_each = sum(_bytes(tensor) for tensor in tensors)
    reason = (
        f"{bytes_each:,} bytes of tensors, sharing nothing, and {_STRUCTURES_BYTES:,} for "
        "structures; counted, not measured"
    )
    return _aligned(bytes_each + _STRUCTURES_BYTES), reason


def _bytes(tensor: Tensor) -> int:
    return tensor.byte_size or 0


def _aligned(count: float) -> int:
    return -(-int(count) // _ALIGNMENT) * _ALIGNMENT
