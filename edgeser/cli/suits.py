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
        "against": frozenset({Device.EDGE_TPU}),
        "compiled": frozenset({Device.BOARD_WITH_EDGE_TPU}),
        "corpus": _EMULATOR | _BOARDS,
        "junit": frozenset(Device),
        "markdown": frozenset(Device),
    }
)
"""Options of `edgeser bench`, by parameter."""

PARITY: Table = MappingProxyType(
    {
        "max_uar_drop": frozenset({Device.HOST}),
        "max_flips": frozenset({Device.HOST, Device.BOARD_WITH_EDGE_TPU, Device.EDGE_TPU}),
        "clips": frozenset({Device.EMULATOR, Device.EDGE_TPU}) | _BOARDS,
        "compiled": frozenset({Device.BOARD_WITH_EDGE_TPU, Device.EDGE_TPU}),
        "corpus": frozenset(Device),
        "junit": frozenset(Device),
        "markdown": frozenset(Device),
    }
)
"""Options of `edgeser parity`, by parameter."""

EXPORT: Table = MappingProxyType(
    {
        "calibration": frozenset({Target.INT8}),
        "board": frozenset({Target.FIRMWARE, Target.EDGE_TPU}),
        "out": frozenset({Target.FIRMWARE, Target.EDGE_TPU}),
        "name": frozenset({Target.FIRMWARE}),
        "compiler": frozenset({Target.EDGE_TPU}),
        "no_compile": frozenset({Target.EDGE_TPU}),
    }
)
"""Options of `edgeser export`, by parameter."""


def device_kind(device: str, *, compiled: bool) -> Device:
    """Return which kind of device `--device` names: a word, or the address of a board."""
    named = {"host": Device.HOST, "emulator": Device.EMULATOR, "edgetpu": Device.EDGE_TPU}
    board = Device.BOARD_WITH_EDGE_TPU if compiled else Device.BOARD
    return named.get(device, board)


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


def option_of(name: str) -> str:
    """Return a parameter of the running command as the user writes it: ``"--max-flips"``."""
    parameters = click.get_current_context().command.params
    return next(parameter.opts[-1] for parameter in parameters if parameter.name == name)


def listed(suited: Collection[Device] | Collection[Target]) -> str:
    """Return what an option is for, in words, in the order in which choices are listed."""
    kind = type(next(iter(suited)))
    names = [str(choice) for choice in kind if choice in suited]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
