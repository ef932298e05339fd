"""A result that would be written over what the command reads is refused before anything is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from edgeser.cli.suits import option_of

_WRITTEN = frozenset(
    {"out", "to", "into", "junit", "markdown", "save", "save_drift", "sarif", "overlay"}
)
"""Parameters of all commands that say where a result goes; other paths are read."""


def refuse_overwriting(context: click.Context) -> None:
    """Refuse a result whose file is one of those that the command was given to read.

    Folders are not meant: what goes into one lies beside what is in it.

    Raises
    ------
    click.UsageError
        Names the option and the file.
    """
    given = {
        parameter.name: list(_paths(context.params.get(parameter.name)))
        for parameter in context.command.params
        if isinstance(parameter.type, click.Path) and parameter.name is not None
    }
    read = {
        path.resolve(): path
        for name, paths in given.items()
        if name not in _WRITTEN
        for path in paths
        if not path.is_dir()
    }
    for name in _WRITTEN & given.keys():
        for path in given[name]:
            if (source := read.get(path.resolve())) is not None:
                raise click.UsageError(
                    f"{option_of(name)} would write over {source}, which is read: "
                    "choose another file"
                )


def _paths(value: object) -> Iterator[Path]:
    """Return a parameter's paths: none, one or several."""
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, str | Path):
            yield Path(each)
