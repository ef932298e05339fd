"""Bundles and int8 models as one library in C, in the form that an ecosystem expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgeser.bundle import Bundle
from edgeser.pipeline.exports.firmware import ModelAsC, model_as_c
from edgeser.progress import SILENT, Reporter
from firmware_bridge.compiler.names import check_prefix
from firmware_bridge.forms import FORMS, Library, LibraryModel, library_contents
from firmware_bridge.project import FirmwareProject, hashes_of, place
from quantize.foundation.errors import BadInput

_START = "edgeser"
"""What a library's name begins with: `log`, `main` and `test` are others' already."""
_MOST = 60
"""Characters of a library's name: Arduino takes 63."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelForLibrary:
    """A model to be put into a library: a bundle or a .tflite; names as for `export_firmware`."""

    model: Bundle | bytes
    name: str = "model"
    chosen: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ExportedLibrary:
    """A library on disk, and the models that it was made of."""

    project: FirmwareProject
    name: str
    form: str
    models: tuple[ModelAsC, ...]


def export_library(
    models: Sequence[ModelForLibrary],
    directory: Path,
    *,
    form: str = "library",
    name: str | None = None,
    reporter: Reporter = SILENT,
) -> ExportedLibrary:
    """Write models as one library of C sources.

    Parameters
    ----------
    models
        One at least.
    directory
        Where to; an earlier export there is replaced, anything else is kept.
    form
        The layout: one of `FORMS`.
    name
        What the library is called; made of the models' names when `None`.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When an operator is not supported, two models do not go into one program, or a name is no
        identifier. Nothing is written then.
    """
    if form not in FORMS:
        raise BadInput(f"there is no form {form!r}", hint=f"choose one of {', '.join(FORMS)}")
    reporter.stage(f"Writing {FORMS[form].description}")
    library, made = library_of(models, name)
    contents = library_contents(library, FORMS[form])
    place(directory, contents)
    project = FirmwareProject(directory=Path(directory), files=hashes_of(contents))
    return ExportedLibrary(project, library.name, form, made)


def library_of(
    models: Sequence[ModelForLibrary], name: str | None = None
) -> tuple[Library, tuple[ModelAsC, ...]]:
    """Return models as one library, whatever its form, and each as C; as for `export_library`."""
    if name is not None:
        check_library_name(name)
    made = tuple(model_as_c(given.model, given.name, given.chosen) for given in models)
    library = Library(
        name=name or library_name([c.sources.prefix for c in made]),
        models=tuple(
            LibraryModel(
                model=c.sources,
                frontend=c.frontend,
                stream=c.stream,
                labels=given.model.trained.classes if isinstance(given.model, Bundle) else (),
            )
            for c, given in zip(made, models, strict=True)
        ),
    )
    return library, made


def library_name(prefixes: Sequence[str]) -> str:
    """Make a library's name of those of its models."""
    return "_".join((_START, *prefixes)).lower()[:_MOST].rstrip("_")


def check_library_name(name: str) -> str:
    """Return `name` if each ecosystem takes it: an identifier of C in lower case, none of ours.

    Raises
    ------
    BadInput
        When one does not.
    """
    check_prefix(name)
    if name != name.lower():
        raise BadInput(
            f"{name} cannot name a library: ESP-IDF's components have small letters only",
            hint=f"take {name.lower()}",
        )
    if name in _TAKEN or name.startswith(("arduino", "zephyr", "esp_")):
        raise BadInput(
            f"{name} cannot name a library: others have it", hint=f"take {_START}_{name}"
        )
    return name


_TAKEN = frozenset({
    "all", "c", "clean", "config", "driver", "edgeser", "freertos", "gcc", "help", "idf", "install",
    "kernel", "log", "m", "main", "nosys", "package", "soc", "test", "version",
})  # fmt: skip
"""Targets of CMake, libraries of compilers, components and headers of the ecosystems."""
