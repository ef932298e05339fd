"""`edgeser export --target firmware --form ...`: a library to vendor, of one model or several."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from edgeser.cli.options import ModelPath
from edgeser.cli.output import Output
from edgeser.cli.suits import EXPORT, Target, refuse_beside, refuse_unsuited
from edgeser.report.schemas.commands import EXPORT_LIBRARY_SCHEMA
from quantize.foundation.errors import BadInput

if TYPE_CHECKING:
    from edgeser.decision import DecisionConfig
    from edgeser.pipeline.exports.firmware import ModelAsC

F = TypeVar("F", bound=Callable[..., Any])
_PROJECT = "project"
_FORMS = ("library", "cmake", "arduino", "zephyr", "esp-idf", "platformio")
"""Those of `firmware_bridge.forms`, which is not read for `--help`; a test holds them together."""


def with_libraries(function: F) -> F:
    """Add SOURCE...; what is no library goes to the function."""

    @functools.wraps(function)
    def export(
        *,
        sources: tuple[Path, ...],
        name: tuple[str, ...],
        form: str | None,
        library: str | None,
        **given: Any,
    ) -> Any:
        if given["target"] == "firmware" and form not in (None, _PROJECT):
            refuse_unsuited(EXPORT, Target.FIRMWARE)
            refuse_beside("form", "board", why=f"{form} is for any board")
            shown = {what: given[what] for what in ("out", "wanted", "output")}
            export_as_library(sources, name, form=str(form), library=library, **shown)
            return 0
        refuse_unsuited(EXPORT, Target(f"--target {given['target']}"))
        if len(sources) > 1 or len(name) > 1 or library is not None:
            what = "--library" if library is not None else "more than one SOURCE or --name"
            raise click.UsageError(
                f"{what} is for a library: --target firmware and a --form, such as {_FORMS[0]}"
            )
        return function(source=sources[0], name=name[0] if name else None, **given)

    sources = click.argument(
        "sources", metavar="SOURCE...", nargs=-1, required=True, type=ModelPath()
    )
    return cast(F, sources(export))


def library_options(function: F) -> F:
    """Add --name, --form and --library, which `with_libraries` takes."""
    decorated: Any = function
    for option in (
        click.option("--library", help="firmware: a library's name; made of its models' names."),
        click.option(
            "--form",
            type=click.Choice([_PROJECT, *_FORMS]),
            help="firmware: a project for a board, which is the default, or a library to vendor, "
            "of one SOURCE or several.",
        ),
        click.option(
            "--name",
            multiple=True,
            help="firmware: prefix of the model's names in C, and what the device calls itself; "
            "made of the file's name when left out. For MLPerf Tiny's runner: kws01, ad01, ic01, "
            "vww01. Once for each SOURCE of a library.",
        ),
    ):
        decorated = option(decorated)
    return cast(F, decorated)


def check_name(name: str) -> None:
    """Refuse a --name that cannot begin names in C."""
    from firmware_bridge.compiler.names import check_prefix

    try:
        check_prefix(name)
    except BadInput as error:
        raise click.UsageError(f"--name {error}") from error


def export_as_library(
    sources: Sequence[Path],
    names: Sequence[str],
    *,
    form: str,
    library: str | None,
    out: Path | None,
    wanted: DecisionConfig | None,
    output: Output,
) -> None:
    """Export, and show what was written."""
    from edgeser.cli.model_file import open_model, read_and_tell, reading_json
    from edgeser.pipeline.exports.library import ModelForLibrary, check_library_name, export_library

    for name in names:
        check_name(name)
    if names and len(names) != len(sources):
        raise click.UsageError(
            f"{len(sources)} models and {len(names)} --name: give one for each, in their order"
        )
    if library is not None:
        try:
            check_library_name(library)
        except BadInput as error:
            raise click.UsageError(f"--library {error}") from error
    models, readings = [], []
    for source, chosen in zip_longest(sources, names):
        data, bundle = open_model(source, wanted)
        readings.append(reading_json(read_and_tell(data, name=source.stem, output=output)))
        models.append(ModelForLibrary(model=bundle or data, name=source.stem, chosen=chosen))
    directory = out or Path(f"firmware-{form}")
    exported = export_library(models, directory, form=form, name=library, reporter=output)
    project = exported.project
    if output.json:
        described = [
            {**_described(c), **reading}
            for c, reading in zip(exported.models, readings, strict=True)
        ]
        output.result(
            {
                "schema": EXPORT_LIBRARY_SCHEMA,
                "directory": str(project.directory),
                "form": exported.form,
                "library": exported.name,
                "models": described,
                "files": dict(project.files),
            }
        )
        return
    lines = [f"{project.directory}: {len(project.files)} files, {form} {exported.name}"]
    for c in exported.models:
        hearing = " with its frontend" if c.frontend else ""
        kept = f", state {c.compiled.state_bytes:,} bytes" if c.compiled.state_bytes else ""
        lines.append(
            f"  {c.sources.prefix}{hearing}: constants {c.compiled.constant_bytes:,} bytes, arena "
            f"{c.compiled.arena_bytes:,} bytes{kept}"
        )
    output.show("\n".join([*lines, f"next: read {project.directory / 'README.md'}"]))


def _described(c: ModelAsC) -> dict[str, Any]:
    compiled = c.compiled
    return {
        "name": compiled.name,
        "prefix": compiled.prefix,
        "model_sha256": compiled.sha256,
        "frontend_hash": c.frontend.hash if c.frontend else None,
        "operators": len(compiled.operators),
        "macs": compiled.macs,
        "constant_bytes": compiled.constant_bytes,
        "arena_bytes": compiled.arena_bytes,
        "state_bytes": compiled.state_bytes,
    }
