"""`edgeser evaluate`: a bundle, or several together, on a corpus, clean and under conditions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.drift import (
    DriftChoice,
    drift_alone,
    drift_options,
    refuse_beside_drift,
    refuse_results_of_saving,
    say_drift,
)
from edgeser.cli.options import bundle_argument, committee_option, corpus_option, decision_options
from edgeser.cli.output import Output, common_options
from edgeser.cli.results import ResultFiles, result_options

if TYPE_CHECKING:
    from edgeser.decision import DecisionConfig
    from edgeser.evaluation.drift import DriftReport
    from edgeser.evaluation.group_verdict import GroupVerdict
    from edgeser.pipeline.evaluate import Evaluation
    from edgeser.recipe import Recipe

_OF_LABELS = (
    *("conditions", "groups", "max_tpr_gap", "max_dp_gap", "all_speakers", "committee"),
    *("risk", "coverage"),
)
"""Options that mean nothing without labels."""


@click.command("evaluate")
@bundle_argument
@corpus_option
@click.option("--conditions", is_flag=True, help="Also levels, noise floors, noise, tilts.")
@click.option(
    "--groups",
    is_flag=True,
    help="Also by sex, age, race, ethnicity, language, corpus: scores, and gaps between groups.",
)
@click.option(
    "--max-tpr-gap",
    type=click.FloatRange(0, 1),
    help="How far apart true-positive rates of groups may be in any emotion, int8; the recipe's "
    "[evaluation] max_tpr_gap. Exit code 1 when a gap is larger. Means --groups.",
)
@click.option(
    "--max-dp-gap",
    type=click.FloatRange(0, 1),
    help="Likewise, how far apart the shares of clips that are called an emotion may be "
    "(demographic parity); the recipe's [evaluation] max_dp_gap.",
)
@click.option("--all-speakers", is_flag=True, help="All speakers that it was not trained on.")
@drift_options
@committee_option
@decision_options
@result_options
@common_options
def command(
    bundle: Path,
    corpora: tuple[str, ...],
    committee: tuple[Path, ...],
    wanted: DecisionConfig | None,
    drift: DriftChoice,
    output: Output,
    **chosen: Any,
) -> int:
    """Measure the UAR of a BUNDLE (or the folder of a run) on speakers that it has not heard.

    Float and int8, each with a 95 % speaker-clustered bootstrap interval. Where listeners voted,
    also how near the answers come to what they said. And how sure the model may be: calibration
    error, risk against coverage, conformal sets. The worst speaker is always named; with --groups
    also whom else it fails, and how far apart groups are. With --drift, how far the recordings are
    from those of the training, which needs no labels.
    """
    from edgeser.cli.places import deciding, feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.evaluate import evaluate_bundle

    files = ResultFiles(chosen["junit"], chosen["markdown"])
    if drift.alone:
        refuse_beside_drift((*_OF_LABELS, *(("corpora",) if drift.recordings else ())))
        refuse_results_of_saving(drift)
        return drift_alone(open_bundle(bundle), drift, corpora, bundle, files, output)
    limits = _limits(chosen)
    groups = chosen["groups"] or bool(limits)
    everyone = chosen["all_speakers"]
    moved = _drift_of_test_clips(bundle, drift, corpora, everyone, output)
    shown = _Shown(chosen["conditions"], groups, limits, files, output, moved)
    with files.also_when_it_fails("edgeser.evaluate"):
        if committee:
            return _committee((bundle, *committee), corpora, everyone, wanted, shown)
        loaded = deciding(open_bundle(bundle), wanted)
        found = evaluate_bundle(
            loaded,
            corpora=corpora,
            conditions=shown.conditions,
            everyone=everyone,
            folder=None if everyone else run_folder_of(bundle),
            keep=wanted is None,
            cache=feature_cache(),
            reporter=output,
        )
    return _show(found, loaded.trained.recipe, shown)


def _drift_of_test_clips(
    path: Path, choice: DriftChoice, corpora: tuple[str, ...], everyone: bool, output: Output
) -> DriftReport | None:
    from edgeser.cli.places import open_bundle, run_folder_of
    from edgeser.pipeline.drift import sounds_to_test

    if choice.reference is None:
        return None
    bundle, folder = open_bundle(path), None if everyone else run_folder_of(path)
    sounds = sounds_to_test(bundle, corpora=corpora, everyone=everyone, folder=folder)
    return choice.report(bundle, path, sounds, "the clips that are tested on", output)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown and written, where, and the tolerances that are given."""

    conditions: bool
    groups: bool
    limits: dict[str, float]
    files: ResultFiles
    output: Output
    moved: DriftReport | None

    def verdict(self, found: Evaluation, recipe: Recipe) -> GroupVerdict:
        """Judge the gaps between groups: by no tolerance where groups are not asked for."""
        from edgeser.evaluation.group_verdict import GroupTolerances, judge_groups

        tolerances = GroupTolerances()
        if self.groups:
            tolerances = replace(recipe.evaluation.groups, **self.limits)
        return judge_groups(found.gaps, tolerances)


def _limits(chosen: dict[str, Any]) -> dict[str, float]:
    names = ("max_tpr_gap", "max_dp_gap")
    return {name: chosen[name] for name in names if chosen[name] is not None}


def _show(
    found: Evaluation,
    recipe: Recipe,
    shown: _Shown,
    *,
    committee: dict[str, Any] | None = None,
) -> int:
    """Write what CI reads, show the rest; return the exit code."""
    from edgeser.report import junit as junit_format
    from edgeser.report import markdown as markdown_format

    verdict, moved = shown.verdict(found, recipe), shown.moved
    scores = found.float_metrics, found.int8_metrics
    cases = [] if moved is None else junit_format.drift_cases(moved)
    further = "" if moved is None else f"\n{markdown_format.drift_markdown(moved)}"
    with shown.files.writing(
        junit=lambda: junit_format.groups_junit(*scores, found.groups, verdict, cases),
        markdown=lambda: markdown_format.groups_markdown(*scores, found.groups, verdict) + further,
    ):
        _show_tables(found, shown, verdict, committee)
        for failure in verdict.failures:
            shown.output.problem(f"groups failed: {failure}")
        for name, why in verdict.skipped:
            shown.output.note(f"not judged: {name}: {why}")
        near = 0 if moved is None else say_drift(moved, shown.output)
        return near if verdict.passed else 1


def _show_tables(
    found: Evaluation,
    shown: _Shown,
    verdict: GroupVerdict,
    committee: dict[str, Any] | None,
) -> None:
    from edgeser.report.drift import drift_tables
    from edgeser.report.groups_terminal import group_tables, worst_text
    from edgeser.report.schemas.drift import drift_json
    from edgeser.report.schemas.evaluate import evaluate_json
    from edgeser.report.terminal import (
        caveats,
        certainty_tables,
        condition_table,
        distribution_tables,
        hearing_table,
        vad_table,
    )

    output = shown.output
    if output.json:
        result = evaluate_json(
            found.float_metrics,
            found.int8_metrics,
            groups=found.groups,
            verdict=verdict,
            conditions=found.conditions if shown.conditions else None,
            certainty=found.certainty,
            vad=found.vad,
            hearing=found.hearing,
        )
        if committee is not None:
            result["committee"] = committee
        if shown.moved is not None:
            result["drift"] = drift_json(shown.moved)
        output.result(result)
        return
    output.show(condition_table(found.conditions))
    for table in distribution_tables(found.float_metrics, found.int8_metrics):
        output.show(table)
    if found.vad is not None:
        output.show(vad_table(found.vad))
    if found.hearing is not None:
        output.show(hearing_table(found.hearing))
    output.show(certainty_tables(found.certainty))
    if shown.groups:
        output.show(group_tables(found.groups, verdict))
    for part in worst_text(found.groups):
        output.show(part)
    if shown.moved is not None:
        output.show(drift_tables(shown.moved))
    for line in caveats(found.float_metrics):
        output.show(line)


def _committee(
    paths: tuple[Path, ...],
    corpora: tuple[str, ...],
    everyone: bool,
    wanted: DecisionConfig | None,
    shown: _Shown,
) -> int:
    """Score bundles together, and say what they would cost on a device."""
    from edgeser.cli.places import build_cache, feature_cache, open_bundle, run_folder_of
    from edgeser.pipeline.committee import committee_of, evaluate_committee
    from edgeser.pipeline.committee_cost import committee_cost
    from edgeser.report.certainty import cost_line
    from edgeser.report.schemas.certainty import committee_json
    from edgeser.report.terminal import committee_table

    output = shown.output
    members = committee_of([open_bundle(path) for path in paths], wanted)
    found = evaluate_committee(
        members,
        corpora=corpora,
        conditions=shown.conditions,
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
    recipe = members.members[0].trained.recipe
    code = _show(together, recipe, shown, committee=committee_json(found.members, cost))
    if not output.json:
        scores = together.float_metrics, together.int8_metrics
        output.show(committee_table(found.members, *scores))
        output.show(cost_line(cost))
    return code
