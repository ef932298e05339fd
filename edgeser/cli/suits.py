"""Which option suits which choice: a device, or an export. Others are refused, never ignored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import click
from click.core import ParameterSource

from edgeser.targets import KINDS, SERIAL, SERIAL_WITH_EDGE_TPU, kinds_taking, options
from edgeser.targets.target import TargetKind
from quantize.foundation.string_enum import StrEnum


class Target(StrEnum):
    """What `export --target` may name."""

    INT8 = "--target int8"
    FIRMWARE = "--target firmware"
    EDGE_TPU = "--target edgetpu"
    WEB = "--target web"


Table = Mapping[str, frozenset[TargetKind] | frozenset[Target]]


def options_of(verb: str) -> Table:
    """Return which kinds of target take each option of a command that has ``--device``."""
    return {name: kinds_taking(verb, name) for name in options(verb)}


EXPORT: Table = MappingProxyType(
    {
        "calibration": frozenset({Target.INT8}),
        "parity": frozenset({Target.INT8}),
        "labels": frozenset({Target.INT8}),
        "max_flips": frozenset({Target.INT8}),
        "min_sqnr": frozenset({Target.INT8}),
        "board": frozenset({Target.FIRMWARE, Target.EDGE_TPU}),
        "out": frozenset(Target),
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


def is_given(name: str) -> bool:
    """Whether the user gave a parameter of the running command, and not its default."""
    source = click.get_current_context().get_parameter_source(name)
    return source not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


def refuse_unsuited(table: Table, choice: TargetKind | Target) -> None:
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


def refuse_given(*names: str, why: str) -> None:
    """Refuse, by name, options that were given and are in vain here.

    Raises
    ------
    click.UsageError
        Naming them all, and why.
    """
    vain = [option_of(name) for name in names if is_given(name)]
    if vain:
        raise click.UsageError(f"{', '.join(vain)}: {why}")


def option_of(name: str) -> str:
    """Return a parameter of the running command as the user writes it: ``"--max-flips"``."""
    parameters = click.get_current_context().command.params
    found = next(parameter for parameter in parameters if parameter.name == name)
    return found.opts[-1] if isinstance(found, click.Option) else name.upper()


def listed(suited: Collection[TargetKind] | Collection[Target]) -> str:
    """Return what an option is for, in words, in the order in which choices are listed."""
    names = [str(choice) for choice in (*KINDS, *Target) if choice in suited]
    if SERIAL in suited:  # then with --compiled too
        names = [name for name in names if name != str(SERIAL_WITH_EDGE_TPU)]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
