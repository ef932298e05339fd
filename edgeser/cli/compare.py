"""`edgeser compare`: several trainings on the same test clips."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.options import corpus_option
from edgeser.cli.output import Output, common_options

_folder = click.Path(path_type=Path, file_okay=False)


@click.command("compare")
@click.argument("runs", type=_folder, nargs=-1, required=True)
@corpus_option
@click.option("--into", type=_folder, help="A run whose report shall show the table.")
@common_options
def command(
    runs: tuple[Path, ...], corpora: tuple[str, ...], into: Path | None, output: Output
) -> None:
    """Compare the float networks of RUNS (folders) on the same test speakers.

    Runs that differ in nothing but the seed are one variant: its mean UAR, with a 95 %
    speaker-clustered bootstrap interval, stands beside its best and its worst seed.
    """
    from edgeser.cli.places import feature_cache
    from edgeser.pipeline.compare import compare_runs
    from edgeser.pipeline.folder import RunFolder
    from edgeser.pipeline.report import write_report
    from edgeser.report.schemas.evaluate import compare_json
    from edgeser.report.terminal import ablation_table

    table = compare_runs(
        [RunFolder(run) for run in runs],
        corpora=corpora,
        into=RunFolder(into) if into else None,
        cache=feature_cache(),
        reporter=output,
    )
    if output.json:
        output.result(compare_json(table))
    else:
        output.show(ablation_table(table))
        for line in table.caveats:
            output.note(f"warning: {line}")
    if into:
        for suffix in ("html", "markdown", "json"):
            write_report(RunFolder(into), suffix=suffix)
