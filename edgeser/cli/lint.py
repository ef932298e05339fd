"""`edgeser lint`: whether a model runs whole on the Edge TPU, and why not."""

from __future__ import annotations

import json
from pathlib import Path

import click

from edgeser.cli.options import ModelPath
from edgeser.cli.output import Output, common_options
from edgeser.cli.results import ResultFiles, result_options
from edgeser.cli.suits import refuse_beside


@click.command("lint")
@click.argument("model", type=ModelPath(), required=False)
@click.option("--target", type=click.Choice(["edgetpu"]), default="edgetpu", show_default=True)
@click.option(
    "--sarif",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write SARIF 2.1.0, with paths relative to the repository's root.",
)
@click.option("--rules", is_flag=True, help="Print all rules as Markdown, and do nothing else.")
@result_options
@common_options
def command(
    model: Path | None,
    target: str,
    sarif: Path | None,
    rules: bool,
    junit: Path | None,
    markdown: Path | None,
    output: Output,
) -> int:
    """Hold MODEL to the rules of a target, and say where each operator would run.

    MODEL is a .tflite file, a bundle or the folder of a run. Exit code 1 when not every operator
    maps to the Edge TPU.
    """
    del target
    from edgeser.report import lint as formats
    from quantize.foundation.files import require_writable, write_atomically

    refuse_beside("rules", why="stands alone")
    if sarif is not None:
        require_writable(sarif)
    if rules:
        output.show(formats.rules_page().rstrip("\n"))
        return 0
    if model is None:
        raise click.UsageError("Missing argument 'MODEL'.")

    from edgeser.cli.model_file import (
        model_bytes,
        read_and_tell,
        reading_json,
        repository_path,
    )
    from edgeser.pretrained import name_of
    from edgeser.report.schemas.lint import lint_json
    from quantize.edgetpu.lint import lint_file

    files = ResultFiles(junit, markdown)
    data = model_bytes(model)
    read = read_and_tell(data, name=name_of(model), output=output)
    report = lint_file(data, read)
    if sarif:
        from edgeser.installed import installed_version

        version = installed_version("edgeser")
        found = formats.lint_sarif(report, uri=repository_path(model), version=version)
        write_atomically(sarif, json.dumps(found, indent=2).encode())
    with files.writing(
        junit=lambda: formats.lint_junit(report), markdown=lambda: formats.lint_markdown(report)
    ):
        if output.json:
            output.result(lint_json(report) | reading_json(read))
        else:
            output.show(formats.lint_tables(report))
        if report.not_prepared:
            output.note(f"not tried in LiteRT: {report.not_prepared}")
        if not report.passed:
            output.problem(f"lint failed: {report.summary}")
        return 0 if report.passed else 1
