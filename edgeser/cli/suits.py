"""Which option suits which choice: a device, or a target. Others are refused, never ignored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType

import click
from click.core import ParameterSource


class Device(StrEnum):
    """What `--device` may name, as help and refusals call it."""

    HOST = "--device host"
    EMULATOR = "--device emulator"
    BOARD = "a board's address"
    BOARD_WITH_EDGE_TPU = "a board's address with --compiled"
    EDGE_TPU = "--device edgetpu"


class Target(StrEnum):
    """What `export --target` may name."""

    INT8 = "--target int8"
    FIRMWARE = "--target firmware"
    EDGE_TPU = "--target edgetpu"
    WEB = "--target web"


Table = Mapping[str, frozenset[Device] | frozenset[Target]]

_BOARDS = frozenset({Device.BOARD, Device.BOARD_WITH_EDGE_TPU})
_EMULATOR = frozenset({Device.EMULATOR})

BENCH: Table = MappingProxyType(
    {
        "runs": frozenset({Device.HOST, Device.EDGE_TPU}),
        "warmup": frozenset({Device.HOST, Device.EDGE_TPU}),
        "memory_bytes": frozenset({Device.HOST}),
        "latency_ms": frozenset(Device),
        "flash_bytes": _EMULATOR,
        "ram_bytes": _EMULATOR,
        "clock_mhz": _EMULATOR,
        "board": _EMULATOR,
        "against": frozenset({Device.EDGE_TPU}),
        "compiled": frozenset({Device.BOARD_WITH_EDGE_TPU}),
        "corpora": _EMULATOR | _BOARDS,
        "junit": frozenset(Device),
        "markdown": frozenset(Device),
    }
)
"""Options of `edgeser bench`, by parameter."""

PARITY: Table = MappingProxyType(
    {
        "max_uar_drop": frozenset({Device.HOST}),
        "max_flips": frozenset({Device.HOST, Device.BOARD_WITH_EDGE_TPU, Device.EDGE_TPU}),
        "max_ccc_drop": frozenset({Device.HOST}),
        "clips": frozenset({Device.EMULATOR, Device.EDGE_TPU}) | _BOARDS,
        "board": _EMULATOR,
        "compiled": frozenset({Device.BOARD_WITH_EDGE_TPU, Device.EDGE_TPU}),
        "corpora": frozenset(Device),
        "junit": frozenset(Device),
        "markdown": frozenset(Device),
    }
)
"""Options of `edgeser parity`, by parameter."""

ACCEPT: Table = MappingProxyType(
    {
        "play": _EMULATOR | _BOARDS,
        "clips": _EMULATOR | _BOARDS,
        "seconds": _BOARDS,
        "reference": _EMULATOR | _BOARDS,
        "max_psi": _EMULATOR | _BOARDS,
        "max_clipped": _EMULATOR | _BOARDS,
        "compiled": frozenset({Device.BOARD_WITH_EDGE_TPU}),
        "corpora": _EMULATOR | _BOARDS,
        "out": _EMULATOR | _BOARDS,
        "junit": _EMULATOR | _BOARDS,
        "markdown": _EMULATOR | _BOARDS,
    }
)
"""Options of `edgeser accept`, by parameter."""

EXPORT: Table = MappingProxyType(
    {
        "calibration": frozenset({Target.INT8}),
        "board": frozenset({Target.FIRMWARE, Target.EDGE_TPU}),
        "out": frozenset({Target.FIRMWARE, Target.EDGE_TPU, Target.WEB}),
        "name": frozenset({Target.FIRMWARE}),
        "form": frozenset({Target.FIRMWARE}),
        "library": frozenset({Target.FIRMWARE}),
        "compiler": frozenset({Target.EDGE_TPU}),
        "no_compile": frozenset({Target.EDGE_TPU}),
        "risk": frozenset(Target),
        "coverage": frozenset(Target),
    }
)
"""Options of `edgeser export`, by parameter."""


_NAMED = {"host": Device.HOST, "emulator": Device.EMULATOR, "edgetpu": Device.EDGE_TPU}


def device_kind(device: str, *, compiled: bool) -> Device:
    """Return which kind of device `--device` names: a word, or the address of a board.

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
    return Device.BOARD_WITH_EDGE_TPU if compiled else Device.BOARD


def is_given(name: str) -> bool:
    """Whether the user gave a parameter of the running command, and not its default."""
    source = click.get_current_context().get_parameter_source(name)
    return source not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


def refuse_unsuited(table: Table, choice: Device | Target) -> None:
    """Refuse, by name, each option that was given and does not suit the choice.

    Raises
    ------
    click.UsageError
        Naming the option and what it is for.
    """
    for name, suited in table.items():
        if choice not in suited and is_given(name):
            option = option_of(name)
            where = listed(suited).replace(f" with {option}", "")
            raise click.UsageError(f"{option} is for {where}, not {choice}")


def refuse_beside(name: str, *others: str, why: str) -> None:
    """Refuse, by name, what was given beside an option that leaves it nothing to do.

    Parameters
    ----------
    name
        The option, by parameter; nothing is refused where it was not given.
    others
        What may not stand beside it; everything when empty.
    why
        What the option does, so that the others are in vain.

    Raises
    ------
    click.UsageError
        Naming all that is to be left out.
    """
    if not is_given(name):
        return
    beside = others or [p.name or "" for p in click.get_current_context().command.params]
    vain = [
        option_of(other) for other in beside if other not in (name, "debug") and is_given(other)
    ]
    if vain:
        raise click.UsageError(f"{option_of(name)} {why}: leave out {', '.join(vain)}")


def option_of(name: str) -> str:
    """Return a parameter of the running command as the user writes it: ``"--max-flips"``."""
    parameters = click.get_current_context().command.params
    found = next(parameter for parameter in parameters if parameter.name == name)
    return found.opts[-1] if isinstance(found, click.Option) else name.upper()


def listed(suited: Collection[Device] | Collection[Target]) -> str:
    """Return what an option is for, in words, in the order in which choices are listed."""
    kind = type(next(iter(suited)))
    names = [str(choice) for choice in kind if choice in suited]
    if Device.BOARD in suited:  # then with --compiled too
        names = [name for name in names if name != Device.BOARD_WITH_EDGE_TPU]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
