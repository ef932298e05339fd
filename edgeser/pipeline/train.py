"""A recipe and a corpus to a trained float network."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import (
    CalibrationSet,
    TrainedModel,
    save_trained,
)
from edgeser.corpora import Corpus, Utterance, caveat_of
from edgeser.features import FeatureCache, fit_window
from edgeser.installed import package_versions
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.held_out import held_out_of
from edgeser.pipeline.plan import Plan
from edgeser.pipeline.summary import summary_of
from edgeser.pipeline.training_data.debias import (
    check_debias,
    keep_pairs,
    said_again,
    written_clips,
)
from edgeser.pipeline.training_data.heard import Heard, hear, hear_too, training_data
from edgeser.pipeline.training_data.teacher import teacher_of
from edgeser.pipeline.training_data.words import encoder_of
from edgeser.progress import SILENT, Progress, Reporter
from edgeser.recipe import Recipe
from edgeser.training.data import TrainingData
from edgeser.training.result import TrainingResult
from quantize.calibration import select_balanced
from quantize.foundation.files import write_atomically


def train(
    plan: Plan,
    *,
    folder: RunFolder | None = None,
    resume: bool = False,
    cache: FeatureCache | None = None,
    keep_examples: int = 0,
    reporter: Reporter = SILENT,
) -> TrainedModel:
    """Train the network of a plan on its training speakers.

    The epoch is chosen by the development speakers; the test speakers are only counted.

    Parameters
    ----------
    plan
        From `edgeser.plan_run`.
    folder
        That of the plan, if any: where ``recipe.toml``, ``trained.zip`` and the checkpoint are
        written; nowhere when `None`.
    resume
        Go on from the folder's checkpoint.
    cache, reporter
        Where features are kept between runs; who is told of stages and progress.
    keep_examples
        Of clips that were said again in other voices, so many pairs are kept in the folder.

    Raises
    ------
    BadInput
        When no clip can be used, or the checkpoint is of another training.
    ToolMissing
        When voices are to be converted and pyworld is not installed.
    """
    from edgeser.training import train as fit

    recipe = plan.recipe
    check_debias(recipe, keep_examples=keep_examples)
    teacher, words = teacher_of(recipe), encoder_of(recipe)
    if folder is not None:
        write_atomically(folder.recipe, recipe.to_toml().encode())
    heard = hear(plan, words, cache, reporter)
    data, tell, odd = training_data(plan, heard), _told(reporter), []
    if recipe.debias.asked:
        clips = heard.parts["train"].utterances
        found, record = said_again(
            recipe,
            clips,
            data,
            folder=folder,
            resume=resume,
            cache=cache,
            tell=tell,
            reporter=reporter,
        )
        rate = recipe.frontend.sample_rate
        if folder is not None and keep_examples > 0:
            keep_pairs(found, folder, keep_examples, sample_rate=rate)
        with tempfile.TemporaryDirectory() as place:
            again = written_clips(found, Path(place), sample_rate=rate)
            data = training_data(plan, hear_too(plan, heard, again, cache, reporter))
        odd.append(record.describe())
    heard = heard.without_takes()  # gigabytes, of which the training has what it needs
    result = fit(
        recipe.network,
        recipe.training,
        recipe.augmentation,
        data,
        seed=recipe.seed,
        checkpoint_dir=folder.checkpoint if folder else None,
        resume=resume,
        progress=tell,
        loss=recipe.loss,
        teacher=teacher,
        pls=recipe.pls,
    )
    trained = _trained_model(plan, heard, data, result, odd)
    if folder is not None:
        save_trained(folder.trained, trained)
    return trained


def _trained_model(
    plan: Plan, heard: Heard, data: TrainingData, result: TrainingResult, odd: Sequence[str]
) -> TrainedModel:
    corpus = plan.corpus
    summary = summary_of(plan, heard.parts, heard.levels)
    return TrainedModel(
        recipe=plan.recipe.without_paths(),
        frontend=heard.frontend,
        classes=corpus.emotions,
        split=plan.split,
        corpus=replace(summary, problems=(*summary.problems, *odd)),
        weights=result.weights,
        calibration=calibration_of(
            heard.parts["train"].utterances,
            data.train.features,
            plan.recipe,
            corpus=corpus,
        ),
        history=result.history,
        best_epoch=result.best_epoch,
        seconds=result.seconds,
        versions=package_versions(),
        held_out=held_out_of(
            heard.parts["development"].utterances,
            data.development.features,
            result.development,
            recipe=plan.recipe,
            classes=corpus.emotions,
            words=corpus.words,
            caveat=caveat_of(plan.split),
        ),
    )


def _told(reporter: Reporter) -> Callable[[str, int, int], None]:
    """Return what opens a stage for each training that is told of."""
    stages: dict[str, Progress] = {}

    def tell(title: str, done: int, planned: int) -> None:
        if title not in stages:
            stages[title] = reporter.stage(title)
        stages[title](done, planned)

    return tell


def calibration_of(
    utterances: Sequence[Utterance],
    windows: NDArray[np.int8],
    recipe: Recipe,
    *,
    corpus: Corpus,
) -> CalibrationSet:
    """Choose the recipe's number of clips by its seed: what training saw, as recorded and varied.

    Balanced over label, speaker and take. A device hears more than clean recordings: ranges
    measured on those alone cost 4 points of UAR at 12 dB less level.

    Parameters
    ----------
    utterances, windows
        The clips, and what was heard of them: int8 [takes, clips, frames, channels, planes], of
        which the network sees the frames in the middle. Clips behind those of `utterances` are not
        of the corpus.
    recipe, corpus
        Of the training.
    """
    takes = len(windows)
    names = ["as recorded", *(f"conditions {number}" for number in range(1, takes))]
    candidates = [(take, clip) for take in range(takes) for clip in range(len(utterances))]
    strata = [
        (utterances[clip].emotion, utterances[clip].speaker, names[take])
        for take, clip in candidates
    ]
    count = min(recipe.export.calibration_clips, len(strata))
    chosen = [candidates[i] for i in select_balanced(strata, count, recipe.seed)]
    return CalibrationSet(
        source=f"{count} training clips of {corpus.name}, balanced over {corpus.words.one}, "
        "speaker and recording condition",
        clips=tuple(f"{utterances[clip].clip_id}, {names[take]}" for take, clip in chosen),
        features=np.stack(
            [fit_window(windows[take, clip], recipe.window.frames) for take, clip in chosen]
        ),
    )
