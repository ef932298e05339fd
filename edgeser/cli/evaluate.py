"""`edgeser evaluate`: a bundle, or several together, on a corpus, clean and under conditions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import bundle_argument, committee_option, corpus_option, decision_options
from edgeser.cli.output import Output, common_options

if TYPE_CHECKING:
    from edgeser.decision import DecisionConfig
    from edgeser.pipeline.evaluate import Evaluation


@click.command("evaluate")
@bundle_argument
@corpus_option
@click.option("--conditions", is_flag=True, help="Also levels, noise floors, noise, tilts.")
@click.option("--all-speakers", is_flag=True, help="All speakers that it was not trained on.")
@committee_option
@decision_options
@common_options
def command(
    bundle: Path,
    corpora: tuple[str, ...],
    committee: tuple[Path, ...],
    wanted: DecisionConfig | None,
    output: Output,
    **chosen: bool,
) -> None:
    """Measure the UAR of a BUNDLE (or the folder of a run) on speakers that it has not heard.

    Float and int8, each with a 95 % speaker-clustered bootstrap interval. Where listeners voted,
    also how near the answers come to what they said. And how sure the model may be: calibration
    error, risk against coverage, conformal sets.
    """
    from edgeser.cli.places import deciding, feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.evaluate import evaluate_bundle

    conditions, everyone = chosen["conditions"], chosen["all_speakers"]
    if committee:
        _committee((bundle, *committee), corpora, conditions, everyone, wanted, output)
        return
    found = evaluate_bundle(
        deciding(open_bundle(bundle), wanted),
        corpora=corpora,
        conditions=conditions,
        everyone=everyone,
        folder=None if everyone else run_folder_of(bundle),
        keep=wanted is None,
        cache=feature_cache(),
        reporter=output,
    )
    _show(found, conditions, output)


def _show(
    found: Evaluation,
    conditions: bool,
    output: Output,
    *,
    committee: dict[str, Any] | None = None,
) -> None:
    from edgeser.report import json_format
    from edgeser.report.terminal import (
        caveats,
        certainty_tables,
        condition_table,
        distribution_tables,
        hearing_table,
        vad_table,
    )

    if output.json:
        output.result(
            json_format.evaluate_json(
                found.float_metrics,
                found.int8_metrics,
                groups=found.groups,
                conditions=found.conditions if conditions else None,
                certainty=found.certainty,
                committee=committee,
                vad=found.vad,
                hearing=found.hearing,
            )
        )
        return
    output.show(condition_table(found.conditions))
    for table in distribution_tables(found.float_metrics, found.int8_metrics):
        output.show(table)
    if found.vad is not None:
        output.show(vad_table(found.vad))
    if found.hearing is not None:
        output.show(hearing_table(found.hearing))
    output.show(certainty_tables(found.certainty))
    for line in caveats(found.float_metrics):
        output.show(line)


def _committee(
    paths: tuple[Path, ...],
    corpora: tuple[str, ...],
    conditions: bool,
    everyone: bool,
    wanted: DecisionConfig | None,
    output: Output,
) -> None:
    """Score bundles together, and say what they would cost on a device."""
    from edgeser.cli.places import build_cache, feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.committee import committee_of, evaluate_committee
    from edgeser.pipeline.committee_cost import committee_cost
    from edgeser.report.certainty import committee_json, cost_line
    from edgeser.report.terminal import committee_table

    members = committee_of([open_bundle(path) for path in paths], wanted)
    found = evaluate_committee(
        members,
        corpora=corpora,
        conditions=conditions,
        everyone=everyone,
        folder=None if everyone else run_folder_of(paths[0]),
        cache=feature_cache(),
        reporter=output,
    )
    cost = committee_cost(
        members.members,
        [run_folder_of(path) for path in paths],
        builds=build_cache(),
        reporter=output,
    )
    together = found.together
    _show(together, conditions, output, committee=committee_json(found.members, cost))
    if not output.json:
        scores = together.float_metrics, together.int8_metrics
        output.show(committee_table(found.members, *scores))
        output.show(cost_line(cost))
