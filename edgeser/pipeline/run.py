"""The whole pipeline in one call: recordings in, a bundle and a report out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgeser.benchmark.budget import describe
from edgeser.bundle import Bundle, TrainedModel, load_bundle, load_trained, save_bundle
from edgeser.pipeline.bench import bench
from edgeser.pipeline.caches import NO_CACHES, Caches
from edgeser.pipeline.decide import decided
from edgeser.pipeline.drift import keep_reference
from edgeser.pipeline.evaluate import evaluate_bundle
from edgeser.pipeline.exports.bundle import export
from edgeser.pipeline.folder import RunFolder, default_folder, refuse_to_lose_a_training
from edgeser.pipeline.parity.float_int8 import check_parity
from edgeser.pipeline.plan import Plan, plan_run
from edgeser.pipeline.report import contents_of, write_report
from edgeser.pipeline.source import resolve_recipe
from edgeser.pipeline.train import train
from edgeser.pipeline.training_data.debias import check_debias
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from edgeser.report.contents import ReportContents
from edgeser.report.model_card import model_card
from edgeser.targets.emulator import default_emulator
from quantize.foundation.errors import EdgeserError, ToolMissing


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """What a run leaves.

    Parameters
    ----------
    bundle
        Float network and int8 model.
    contents
        Everything that the report shows.
    bundle_path, report
        Files.
    failures
        One line for each check that failed: parity, gaps between groups, budgets.
    """

    bundle: Bundle
    contents: ReportContents
    bundle_path: Path
    report: Path
    failures: tuple[str, ...]


def run(  # noqa: PLR0913  each is a choice of its own
    recipe: str | Recipe = "demo",
    *,
    corpora: Sequence[str] = (),
    out: str | Path | None = None,
    seed: int | None = None,
    resume: bool = False,
    fresh: bool = False,
    caches: Caches = NO_CACHES,
    keep_examples: int = 0,
    reporter: Reporter = SILENT,
) -> RunResult:
    """Run corpus, features, training, int8, parity, conditions, benchmark and report.

    Parameters
    ----------
    recipe
        A preset's name, a TOML file, or a recipe.
    corpora
        ``"NAME:PATH"``, each; the recipe's own corpus when there are none.
    out
        Folder of the run; ``runs/<recipe>-seed<seed>`` when `None`.
    seed
        Instead of the recipe's.
    resume
        Go on with a training that was interrupted.
    fresh
        Do every stage again, also those that the folder holds for this recipe and recordings.
    caches
        What is kept for the next time.
    keep_examples
        As of `edgeser.pipeline.train.train`; a training that is kept converts nothing.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When the recipe or the corpus cannot be used, or the folder holds another run.
    CheckFailed
        When a layer cannot be int8, or a logit is not finite.
    """
    resolved = resolve_recipe(recipe, corpora=corpora, seed=seed)
    check_debias(resolved, keep_examples=keep_examples)
    folder = RunFolder(Path(out)) if out else default_folder(resolved)
    refuse_to_lose_a_training(folder, fresh=fresh, resume=resume)
    plan = plan_run(resolved, folder=folder, fresh=fresh, reporter=reporter)
    bundle = None if fresh else _kept(folder, plan, reporter)
    if bundle is None:
        trained = train(
            plan,
            folder=folder,
            resume=resume,
            cache=caches.features,
            keep_examples=keep_examples,
            reporter=reporter,
        )
        bundle = export(trained, folder=folder, reporter=reporter)
    _, verdict = check_parity(bundle, folder=folder, cache=caches.features, reporter=reporter)
    evaluate_bundle(
        bundle,
        conditions=resolved.evaluation.conditions,
        folder=folder,
        cache=caches.features,
        reporter=reporter,
    )
    keep_reference(bundle, folder=folder, reporter=reporter)
    try:
        costs = _costs(bundle, folder, caches, reporter)
    except EdgeserError:
        _write_reports(folder, reporter)  # of all that was done: nothing of it is lost
        raise
    report = _write_reports(folder, reporter)
    contents = contents_of(folder)
    failures = [f"parity failed: {failure}" for failure in verdict.failures]
    if contents.groups_verdict is not None:
        failures += [f"groups failed: {failure}" for failure in contents.groups_verdict.failures]
    return RunResult(
        bundle=load_bundle(folder.bundle),
        contents=contents,
        bundle_path=folder.bundle,
        report=report,
        failures=(*failures, *costs),
    )


def _write_reports(folder: RunFolder, reporter: Reporter) -> Path:
    reporter.stage("Writing the report")
    for suffix in ("markdown", "json"):
        write_report(folder, suffix=suffix)
    return write_report(folder, suffix="html")


def _costs(bundle: Bundle, folder: RunFolder, caches: Caches, reporter: Reporter) -> list[str]:
    """Bench on the host and, where its tools are, on the emulated device; return what failed."""
    on_host = bench(bundle, folder=folder, reporter=reporter)
    checks = list(on_host.budgets)
    failures = []
    try:
        emulator = default_emulator(caches.builds)
        on_device = bench(bundle, target=emulator, folder=folder, reporter=reporter)
    except ToolMissing as error:
        reporter.note(f"not run on the emulated device: {error}")
    else:
        checks += on_device.budgets
        if on_device.parity is not None and not on_device.parity.passed:
            failures.append(f"the device differs from the host: {on_device.parity.describe()}")
    return [f"budget broken: {describe(check)}" for check in checks if not check.passed] + failures


def _kept(folder: RunFolder, plan: Plan, reporter: Reporter) -> Bundle | None:
    """Return the bundle of the folder's trained network; `None` where that is of another plan."""
    trained = _kept_training(folder, plan, reporter)
    if trained is None:
        return None
    trained = replace(trained, recipe=replace(trained.recipe, decision=plan.recipe.decision))
    kept = _kept_bundle(folder, trained, reporter)
    return kept or export(trained, folder=folder, reporter=reporter)


def _kept_training(folder: RunFolder, plan: Plan, reporter: Reporter) -> TrainedModel | None:
    """Return the folder's trained network when it is of this recipe and these recordings."""
    if not folder.trained.is_file():
        return None
    trained = load_trained(folder.trained)
    same_clips = trained.corpus.input_hash == plan.input_hash
    if trained.recipe.hash != plan.recipe.hash or not same_clips:
        return None
    reporter.note("training: kept from the last run of this recipe on these recordings")
    return trained


def _kept_bundle(folder: RunFolder, trained: TrainedModel, reporter: Reporter) -> Bundle | None:
    if not folder.bundle.is_file():
        return None
    bundle = load_bundle(folder.bundle)
    if bundle.trained.weights != trained.weights:
        return None
    reporter.note("int8 model: kept from the last run")
    wanted = trained.recipe.decision
    if bundle.trained.recipe.decision == wanted:
        return bundle
    decides = decided(bundle, wanted, reporter=reporter)
    save_bundle(folder.bundle, decides, card=model_card(decides))
    return decides
