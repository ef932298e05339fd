"""`edgeser report`: a run as HTML, Markdown or JSON."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.output import Output, common_options
from edgeser.cli.suits import is_given
from edgeser.report.schemas.commands import REPORT_FILE_SCHEMA

_FORMATS = {".html": "html", ".htm": "html", ".md": "markdown", ".json": "json"}


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--format",
    "suffix",
    type=click.Choice(["html", "markdown", "json"]),
    default="html",
    show_default=True,
    help="What --to's ending says when left out.",
)
@click.option(
    "--to", type=click.Path(path_type=Path, dir_okay=False), help="File; RUN/report.* by default."
)
@common_options
def command(run: Path, suffix: str, to: Path | None, output: Output) -> None:
    """Write the report of a RUN (its folder) from what its stages left there."""
    from edgeser.pipeline.folder import RunFolder
    from edgeser.pipeline.report import write_report

    if to is not None and not is_given("suffix"):
        suffix = _FORMATS.get(to.suffix.lower(), suffix)
    path = write_report(RunFolder(run), suffix=suffix, to=to)
    if output.json:
        output.result({"schema": REPORT_FILE_SCHEMA, "path": str(path), "format": suffix})
    else:
        output.show(f"report: {path}")
