"""`edgeser evaluate`: a bundle on a corpus, clean and under conditions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.options import bundle_argument, corpus_option, decision_options
from edgeser.cli.output import Output, common_options

if TYPE_CHECKING:
    from edgeser.decision import DecisionConfig


@click.command("evaluate")
@bundle_argument
@corpus_option
@click.option("--conditions", is_flag=True, help="Also levels, noise floors, noise, tilts.")
@click.option("--all-speakers", is_flag=True, help="All speakers that it was not trained on.")
@decision_options
@common_options
def command(
    bundle: Path,
    corpora: tuple[str, ...],
    conditions: bool,
    all_speakers: bool,
    wanted: DecisionConfig | None,
    output: Output,
) -> None:
    """Measure the UAR of a BUNDLE (or the folder of a run) on speakers that it has not heard.

    Float and int8, each with a 95 % speaker-clustered bootstrap interval. And how sure the model
    may be: calibration error, risk against coverage, conformal sets.
    """
    from edgeser.cli.places import deciding, feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.evaluate import evaluate_bundle
    from edgeser.report import json_format
    from edgeser.report.terminal import caveats, certainty_tables, condition_table

    found = evaluate_bundle(
        deciding(open_bundle(bundle), wanted),
        corpora=corpora,
        conditions=conditions,
        everyone=all_speakers,
        folder=None if all_speakers or wanted else run_folder_of(bundle),
        cache=feature_cache(),
        reporter=output,
    )
    if output.json:
        output.result(
            json_format.evaluate_json(
                found.float_metrics,
                found.int8_metrics,
                groups=found.groups,
                conditions=found.conditions if conditions else None,
                certainty=found.certainty,
            )
        )
    else:
        output.show(condition_table(found.conditions))
        output.show(certainty_tables(found.certainty))
        for line in caveats(found.float_metrics):
            output.show(line)
