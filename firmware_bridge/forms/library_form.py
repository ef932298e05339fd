"""What a library is made of, and what a form adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project.firmware_project import ModelSources, StreamSettings

VERSION = "0.1.0"
"""Of a library that was just written: whoever publishes it gives it another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryModel:
    """One model of a library.

    Parameters
    ----------
    model
        As C, with a prefix of its own.
    frontend, stream
        The frontend as C, with the same prefix, and how decisions are taken: both or neither.
    labels
        What the classes of the first output are called, where there is a frontend.
    """

    model: ModelSources
    frontend: FrontendSources | None = None
    stream: StreamSettings | None = None
    labels: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """What its names begin with."""
        return self.model.prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """One library.

    Parameters
    ----------
    name
        An identifier of C in lower case, which names package, target, component and folder.
    models
        One at least; no two may define the same name.
    """

    name: str
    models: tuple[LibraryModel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """How an example gets bytes and says what it found, in one ecosystem.

    Parameters
    ----------
    headers
        What it includes beside the library.
    main
        How its function begins.
    begin
        Statements that open the way in; empty where it is open.
    read
        An expression that is true when ``PLACE`` was filled with ``BYTES`` bytes.
    """

    headers: tuple[str, ...]
    main: str
    read: str
    begin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The layout of one ecosystem.

    Parameters
    ----------
    name, description
        As on the command line, and a few words for lists.
    files
        Path to text of what it has beside sources, licence and README; ``@...@`` stand for what
        `library.substitutions` gives. Paths too.
    example
        The path of an example's source.
    example_files
        The same as `files` for each example: what it has beside its source.
    console
        How an example reads and writes; `None` for Arduino's, which has a setup and a loop.
    use
        How the library is used, for the README.
    checked
        What of it was tried, and by what, for the README.
    """

    name: str
    description: str
    example: str
    use: str
    checked: str
    console: Console | None
    files: Mapping[str, str] = field(default_factory=dict)
    example_files: Mapping[str, str] = field(default_factory=dict)
