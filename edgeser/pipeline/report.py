"""What the stages of a run left, put together for the report."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from pathlib import Path

from edgeser.benchmark.bench_report import BenchReport
from edgeser.bundle import Bundle, TrainedModel, load_bundle, speakers_in
from edgeser.corpora.parts import PARTS
from edgeser.evaluation.ablation import AblationTable
from edgeser.evaluation.certainty import CertaintyTable
from edgeser.evaluation.conditions import ConditionTable
from edgeser.evaluation.drift import DriftReport
from edgeser.evaluation.group_verdict import judge_groups
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.verdict import Tolerances, judge
from edgeser.installed import cpu_name
from edgeser.pipeline.certainty import is_of_rule
from edgeser.pipeline.compare import STATE
from edgeser.pipeline.drift import DRIFT
from edgeser.pipeline.evaluate import CERTAINTY, HEARING
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.parity.float_int8 import TOLERANCES, TestSetDetails
from edgeser.report import markdown
from edgeser.report.contents import (
    Environment,
    Epoch,
    RecipeSummary,
    ReportContents,
    SplitSummary,
    TrainingHistory,
)
from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.run_report import report_json
from quantize.foundation.errors import BadInput
from quantize.foundation.files import write_atomically
from quantize.tflite import inspect_model, read_model

_SUFFIXES = {"html": "html", "markdown": "md", "json": "json"}
_SYNTHETIC = (
    "Trained and measured on synthetic voices: these figures show that the tool works, and say "
    "nothing of accuracy on people."
)
_MEASURED = (
    "Measured on {clips} clips of {speakers} speakers that were not trained on ({corpus}). {limits}"
)
_HEARD = (
    "Measured on {clips} random clips of {speakers} speakers ({corpus}): the model {caveat}, so "
    "its scores say little of anybody else, and are not to be held against those of others."
)


def contents_of(folder: RunFolder) -> ReportContents:
    """Gather everything that the folder holds about its model.

    Raises
    ------
    BadInput
        When there is no bundle, or a file is damaged.
    """
    if not folder.bundle.exists():
        raise BadInput(
            f"{folder.root} holds no bundle", hint="run 'edgeser run' or 'edgeser export' first"
        )
    bundle = load_bundle(folder.bundle)
    trained, model_hash = bundle.trained, bundle.model_hash
    parity = folder.load_state("parity", ParityReport, model_hash=model_hash)
    tolerances = folder.load_state(TOLERANCES, Tolerances, model_hash=model_hash)
    details = folder.load_state("test-set", TestSetDetails, model_hash=model_hash)
    certainty = folder.load_state(CERTAINTY, CertaintyTable, model_hash=model_hash)
    kind = "synthetic voices" if trained.corpus.synthetic else trained.corpus.name
    return ReportContents(
        title=f"{trained.recipe.name}: {trained.corpus.words.title.format(corpus=kind)}",
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        synthetic=trained.corpus.synthetic,
        statement=_statement(trained),
        recipe=_recipe(bundle),
        environment=_environment(trained),
        corpus=trained.corpus,
        splits=_splits(trained),
        features=details.example if details else None,
        training=_training(bundle),
        float_metrics=parity.float_metrics if parity else None,
        int8_metrics=parity.int8_metrics if parity else None,
        groups=details.groups if details else (),
        groups_verdict=(
            judge_groups(details.gaps, trained.recipe.evaluation.groups) if details else None
        ),
        layers=parity.layers if parity else (),
        parity=parity,
        verdict=judge(parity, tolerances or trained.recipe.parity) if parity else None,
        bench=folder.load_state("bench", BenchReport, model_hash=model_hash),
        device=folder.load_state("device", BenchReport, model_hash=model_hash),
        drift=folder.load_state(DRIFT, DriftReport, model_hash=model_hash),
        conditions=folder.load_state("evaluate", ConditionTable, model_hash=model_hash),
        certainty=certainty if certainty and is_of_rule(certainty, bundle.rule) else None,
        ablation=folder.load_state(STATE, AblationTable, model_hash=model_hash),
        hearing=folder.load_state(HEARING, HearingTable, model_hash=model_hash),
        problems=trained.corpus.problems,
    )


def write_report(folder: RunFolder, *, suffix: str = "html", to: Path | None = None) -> Path:
    """Write the report of a run as ``"html"``, ``"markdown"`` or ``"json"``; return its path.

    Raises
    ------
    BadInput
        When the folder holds no bundle or cannot be written.
    """
    contents = contents_of(folder)
    if suffix == "html":
        from edgeser.report.html import render_html

        text = render_html(contents)
    elif suffix == "markdown":
        text = markdown.report_markdown(contents)
    else:
        text = dump_json(report_json(contents))
    path = to or folder.report(_SUFFIXES[suffix])
    write_atomically(path, text.encode())
    return path


def _statement(trained: TrainedModel) -> str:
    sources = " and ".join(trained.derived_from)
    derived = f" The model is derived from {sources} and is not to be passed on." if sources else ""
    return _what_was_measured(trained) + derived


def _what_was_measured(trained: TrainedModel) -> str:
    corpus = trained.corpus
    if corpus.synthetic:
        return f"{_SYNTHETIC} The model {corpus.caveat}." if corpus.caveat else _SYNTHETIC
    form = _HEARD if corpus.caveat else _MEASURED
    return form.format(
        clips=corpus.clips_test,
        speakers=speakers_in(trained, "test"),
        corpus=corpus.name,
        caveat=corpus.caveat,
        limits=corpus.words.limits,
    )


def _recipe(bundle: Bundle) -> RecipeSummary:
    trained = bundle.trained
    return RecipeSummary(
        name=trained.recipe.name,
        text=trained.recipe.to_toml(),
        seed=trained.recipe.seed,
        hashes=(
            ("recipe", trained.recipe.hash),
            ("frontend", trained.frontend.hash),
            ("recordings", trained.corpus.input_hash),
            ("int8 model", bundle.model_hash),
        ),
    )


def _environment(trained: TrainedModel) -> Environment:
    facts = (
        ("processor", cpu_name()),
        ("cores", str(len(os.sched_getaffinity(0)))),
        ("system", f"{platform.system()} {platform.release()}"),
    )
    return Environment(facts=facts, versions=tuple(sorted(trained.versions.items())))


def _splits(trained: TrainedModel) -> tuple[SplitSummary, ...]:
    corpus = trained.corpus
    clips = (corpus.clips_train, corpus.clips_development, corpus.clips_test)
    return tuple(
        SplitSummary(part, count, speakers_in(trained, part))
        for part, count in zip(PARTS, clips, strict=True)
    )


def _training(bundle: Bundle) -> TrainingHistory:
    trained = bundle.trained
    epochs = tuple(
        Epoch(e.epoch + 1, e.training_loss, e.development_uar, e.learning_rate, e.development_ccc)
        for e in trained.history
    )
    parameters = inspect_model(read_model(bundle.float_model)).parameters
    training = trained.recipe.training
    return TrainingHistory(
        epochs=epochs,
        chosen=trained.best_epoch + 1,
        parameters=parameters,
        wall_s=trained.seconds,
        refit=training.refit,
        teachers=training.committee,
    )
