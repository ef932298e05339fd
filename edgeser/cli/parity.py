"""`edgeser parity`: float against int8, runtime against runtime, features against reference."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from edgeser.cli.options import bundle_argument, corpus_option
from edgeser.cli.output import Output, common_options


@click.command("parity")
@bundle_argument
@corpus_option
@click.option("--max-uar-drop", type=click.FloatRange(0, 1), help="Instead of the recipe's.")
@click.option("--max-flips", type=click.FloatRange(0, 1), help="Instead of the recipe's.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML.")
@click.option(
    "--markdown",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a Markdown table; also appended to $GITHUB_STEP_SUMMARY when that is set.",
)
@common_options
def command(
    bundle: Path,
    corpus: str | None,
    max_uar_drop: float | None,
    max_flips: float | None,
    junit: Path | None,
    markdown: Path | None,
    output: Output,
) -> int:
    """Compare float and int8 on every test clip of a BUNDLE (or the folder of a run).

    Facts first; the verdict comes from the tolerances alone. Exit code 1 when it fails.
    """
    from edgeser.cli.places import feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.parity import check_parity
    from edgeser.report import json_format
    from edgeser.report import junit as junit_format
    from edgeser.report import markdown as markdown_format
    from edgeser.report.terminal import parity_tables
    from quantize.foundation.files import write_atomically

    loaded = open_bundle(bundle)
    tolerances = loaded.trained.recipe.parity
    if max_uar_drop is not None:
        tolerances = replace(tolerances, max_uar_drop=max_uar_drop)
    if max_flips is not None:
        tolerances = replace(tolerances, max_flips=max_flips)
    report, verdict = check_parity(
        loaded,
        corpus=corpus,
        folder=run_folder_of(bundle),
        tolerances=tolerances,
        cache=feature_cache(),
        reporter=output,
    )
    if junit:
        write_atomically(junit, junit_format.parity_junit(report, verdict).encode())
    text = markdown_format.parity_markdown(report, verdict)
    if markdown:
        write_atomically(markdown, text.encode())
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(summary), text)
    if output.json:
        output.result(json_format.parity_json(report, verdict))
    else:
        output.show(parity_tables(report, verdict))
    for failure in verdict.failures:
        output.problem(f"parity failed: {failure}")
    return 0 if verdict.passed else 1


def _append(path: Path, text: str) -> None:
    from quantize.foundation.files import file_error

    try:
        with path.open("a", encoding="utf-8") as handle:
            handle.write(text)
    except OSError as error:
        raise file_error(error, path, "append to") from error
