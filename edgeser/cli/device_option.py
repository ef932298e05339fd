"""`--device`: which kind of target it names, and that target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.targets import EDGE_TPU, EMULATOR, HOST, SERIAL, SERIAL_WITH_EDGE_TPU

if TYPE_CHECKING:
    from edgeser.targets.target import Target, TargetKind
    from firmware_bridge.boards import Board
    from quantize.edgetpu.difference import Tolerances

_NAMED = {kind.word: kind for kind in (HOST, EMULATOR, EDGE_TPU)}


def device_kind(device: str, *, compiled: bool) -> TargetKind:
    """Return which kind of target `--device` names: a word, or the address of a board.

    Raises
    ------
    BadInput
        When it is neither: the words and the forms of an address are named.
    """
    if device in _NAMED:
        return _NAMED[device]
    from firmware_bridge.link.address import parse_address
    from quantize.foundation.errors import BadInput

    try:
        parse_address(device)
    except BadInput as error:
        hint = f"write {', '.join(_NAMED)}, or {error.hint.removeprefix('write ')}"
        raise BadInput(error.message, hint=hint) from error
    return SERIAL_WITH_EDGE_TPU if compiled else SERIAL


def target_of(
    device: str,
    *,
    compiled: Path | None = None,
    board: Board | None = None,
    max_flips: float | None = None,
) -> Target:
    """Return the target that `--device` names.

    Parameters
    ----------
    device
        As the user wrote it; `device_kind` has taken it.
    compiled
        The model compiled for the Edge TPU.
    board
        Which the emulator emulates; the default one when `None`.
    max_flips
        Share of labels that an Edge TPU may change; as usual when `None`.

    Raises
    ------
    ToolMissing
        When no Edge TPU is attached, or its software is not installed.
    BadInput
        When the compiled model cannot be read.
    """
    from edgeser.cli.model_file import model_bytes
    from edgeser.cli.places import build_cache

    if device == HOST.word:
        from edgeser.targets.host import HostTarget

        return HostTarget()
    if device == EMULATOR.word:
        from edgeser.targets.emulator import EmulatorTarget, default_emulator

        builds = build_cache()
        return default_emulator(builds) if board is None else EmulatorTarget(board, builds)
    if device == EDGE_TPU.word:
        from edgeser.targets.edge_tpu import EdgeTpuTarget
        from quantize.edgetpu.hardware import find_edge_tpus, pick_backend, pick_edge_tpu

        attached = pick_edge_tpu(find_edge_tpus())
        backend = pick_backend()
        data = None if compiled is None else model_bytes(compiled)
        return EdgeTpuTarget(attached, backend, data, _tolerances(max_flips))
    from edgeser.targets.serial import SerialTarget

    data = None if compiled is None else model_bytes(compiled)
    return SerialTarget(device, data, _tolerances(max_flips))


def _tolerances(max_flips: float | None) -> Tolerances:
    """Return what an Edge TPU's outputs are held to, with the share of labels that was given."""
    from quantize.edgetpu.difference import Tolerances

    return Tolerances() if max_flips is None else Tolerances(max_flips=max_flips)
