"""`edgeser evaluate`: a bundle on a corpus, clean and under conditions."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.options import bundle_argument, corpus_option
from edgeser.cli.output import Output, common_options


@click.command("evaluate")
@bundle_argument
@corpus_option
@click.option("--conditions", is_flag=True, help="Also levels, noise floors, noise, tilts.")
@click.option("--all-speakers", is_flag=True, help="All speakers that it was not trained on.")
@common_options
def command(
    bundle: Path, corpora: tuple[str, ...], conditions: bool, all_speakers: bool, output: Output
) -> None:
    """Measure the UAR of a BUNDLE (or the folder of a run) on speakers that it has not heard.

    Float and int8, each with a 95 % speaker-clustered bootstrap interval.
    """
    from edgeser.cli.places import feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.evaluate import evaluate_bundle
    from edgeser.report import json_format
    from edgeser.report.terminal import caveats, condition_table, vad_table

    found = evaluate_bundle(
        open_bundle(bundle),
        corpora=corpora,
        conditions=conditions,
        everyone=all_speakers,
        folder=None if all_speakers else run_folder_of(bundle),
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
                vad=found.vad,
            )
        )
    else:
        output.show(condition_table(found.conditions))
        for line in caveats(found.float_metrics):
            output.show(line)
        if found.vad is not None:
            output.show(vad_table(found.vad))
