"""A recipe and a corpus to a trained float network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import (
    CalibrationSet,
    CorpusSummary,
    MemberSummary,
    PartSummary,
    TrainedModel,
    VadSummary,
    save_trained,
)
from edgeser.corpora import Corpus, CorpusChoice, Utterance, caveat_of, describe_division
from edgeser.corpora.division import PARTS
from edgeser.corpora.levels import (
    FloorChange,
    LevelSummary,
    floor_span,
    level_span,
    measure_levels,
)
from edgeser.diagnosis import package_versions
from edgeser.features import FeatureCache
from edgeser.pipeline.conditions import babble_of, training_variant
from edgeser.pipeline.dataset import (
    RawClips,
    few,
    labels_of,
    normalised_frontend,
    raw_features,
    windows_of,
)
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.plan import Plan
from edgeser.pipeline.vad import has_vad, vad_truth
from edgeser.progress import SILENT, Progress, Reporter
from edgeser.recipe import Recipe
from edgeser.training.data import LabelledFeatures, TrainingData
from edgeser.training.records import TrainingResult
from firmware_bridge.frontend import FrontendConfig, FrontendFeatures
from quantize.calibration import select_balanced
from quantize.foundation.files import write_atomically

_BABBLE_SEED = 1
_BABBLE_MINUTES = 8
"""Of voices that training mixes in: one minute would be learnt by heart."""
Features = tuple[FrontendFeatures, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """What a training hears of a corpus.

    Parameters
    ----------
    parts
        Clips by part, as recorded.
    takes
        Features of training and development clips: as recorded, then under conditions.
    frontend
        With the normalisation of the training clips, in all their takes.
    levels
        How loud each corpus is.
    """

    parts: dict[str, RawClips]
    takes: dict[str, list[Features]]
    frontend: FrontendConfig
    levels: dict[str, LevelSummary]


def train(
    plan: Plan,
    *,
    folder: RunFolder | None = None,
    resume: bool = False,
    cache: FeatureCache | None = None,
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
        Of features; of stages.

    Raises
    ------
    BadInput
        When no clip can be used, or the checkpoint is of another training.
    """
    from edgeser.training import train as fit

    recipe = plan.recipe
    if folder is not None:
        write_atomically(folder.recipe, recipe.to_toml().encode())
    heard = _hear(plan, cache, reporter)
    result = fit(
        recipe.network,
        recipe.training,
        recipe.augmentation,
        _training_data(plan, heard),
        seed=recipe.seed,
        checkpoint_dir=folder.checkpoint if folder else None,
        resume=resume,
        progress=_told(reporter),
    )
    trained = _trained_model(plan, heard, result)
    if folder is not None:
        save_trained(folder.trained, trained)
    return trained


def _trained_model(plan: Plan, heard: _Heard, result: TrainingResult) -> TrainedModel:
    return TrainedModel(
        recipe=plan.recipe.without_paths(),
        frontend=heard.frontend,
        classes=plan.corpus.emotions,
        split=plan.split,
        corpus=_summary(plan, heard),
        weights=result.weights,
        calibration=calibration_of(
            heard.parts["train"].utterances,
            heard.takes["train"],
            heard.frontend,
            plan.recipe,
            corpus=plan.corpus,
        ),
        history=result.history,
        best_epoch=result.best_epoch,
        seconds=result.seconds,
        versions=package_versions(),
    )


def _told(reporter: Reporter) -> Callable[[str, int, int], None]:
    """Return what opens a stage for each training that is told of."""
    stages: dict[str, Progress] = {}

    def tell(title: str, done: int, planned: int) -> None:
        if title not in stages:
            stages[title] = reporter.stage(title)
        stages[title](done, planned)

    return tell


def _hear(plan: Plan, cache: FeatureCache | None, reporter: Reporter) -> _Heard:
    for line in plan.oddities:
        reporter.note(f"recordings: {line}")
    levels = _levels(plan, reporter)
    parts = {
        part: raw_features(
            plan.split.select(plan.corpus.utterances, part),
            plan.recipe.frontend,
            title=f"Features of {part} clips",
            cache=cache,
            reporter=reporter,
        )
        for part in PARTS
    }
    takes = _takes(plan.recipe, parts, cache, reporter)
    frontend = normalised_frontend(
        plan.recipe.frontend,
        [features for take in takes["train"] for features in take],
        [u.corpus for _ in takes["train"] for u in parts["train"].utterances],
    )
    return _Heard(parts, takes, frontend, levels)


def _levels(plan: Plan, reporter: Reporter) -> dict[str, LevelSummary]:
    """Return how loud each corpus is, and say when the conditions do not cover all of it."""
    progress = reporter.stage("Levels of clips")
    found = {}
    for number, member in enumerate(plan.corpus.members, 1):
        levels = measure_levels(member.utterances)
        if levels is not None:
            found[member.name] = levels
        progress(number, len(plan.corpus.members))
    span = level_span(found, _level_change(plan.recipe))
    if span is not None and not span.covered:
        reporter.note(f"levels: {span} (conditions.level_db)")
    floors = floor_span(found, _floor_change(plan.recipe))
    if floors is not None and not floors.covered:
        keys = "conditions.floor_raise_db, gate_db, noise_snr_db"
        reporter.note(f"noise floors: {floors} ({keys})")
    return found


def _spans(recipe: Recipe, levels: Mapping[str, LevelSummary]) -> str:
    """Return what conditions cover of levels and of noise floors, one line; empty of no levels."""
    spans = level_span(levels, _level_change(recipe)), floor_span(levels, _floor_change(recipe))
    return "; ".join(str(span) for span in spans if span is not None)


def _level_change(recipe: Recipe) -> tuple[float, float]:
    conditions = recipe.conditions
    happens = conditions.variants > 0 and conditions.level_probability > 0.0
    return conditions.level_db if happens else (0.0, 0.0)


def _floor_change(recipe: Recipe) -> FloorChange:
    conditions = recipe.conditions
    if conditions.variants == 0:
        return FloorChange()
    return FloorChange(
        raised_db=conditions.floor_raise_db[1] if conditions.floor_raise_probability > 0 else 0.0,
        lowered_db=conditions.gate_db[1] if conditions.gate_probability > 0 else 0.0,
        noise_snr_db=conditions.noise_snr_db[0] if conditions.noise_probability > 0 else None,
    )


def calibration_of(
    utterances: Sequence[Utterance],
    takes: Sequence[Features],
    frontend: FrontendConfig,
    recipe: Recipe,
    *,
    corpus: Corpus,
) -> CalibrationSet:
    """Choose the recipe's number of clips by its seed: what training saw, as recorded and varied.

    Balanced over label, speaker and take. A device hears more than clean recordings: ranges
    measured on those alone cost 4 points of UAR at 12 dB less level.
    """
    names = ["as recorded", *(f"conditions {number}" for number in range(1, len(takes)))]
    candidates = [(take, clip) for take in range(len(takes)) for clip in range(len(utterances))]
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
        features=windows_of(
            [takes[take][clip] for take, clip in chosen], frontend, recipe.window.frames
        ),
    )


def _takes(
    recipe: Recipe,
    parts: dict[str, RawClips],
    cache: FeatureCache | None,
    reporter: Reporter,
) -> dict[str, list[Features]]:
    """Return raw features of training and development clips: as recorded, then under conditions."""
    babble = babble_of(parts["train"].utterances, seed=_BABBLE_SEED, minutes=_BABBLE_MINUTES)
    variants = recipe.conditions.variants
    asked = 1 if recipe.training.development_conditions else 0
    counts = {
        "train": variants,
        "development": variants if recipe.training.refit else min(variants, asked),
    }
    takes: dict[str, list[Features]] = {}
    for part, count in counts.items():
        clips = parts[part]
        takes[part] = [clips.features]
        for number in range(1, count + 1):
            varied = raw_features(
                clips.utterances,
                recipe.frontend,
                title=f"Features of {part} clips, conditions {number} of {count}",
                variant=training_variant(number, recipe.conditions, babble),
                cache=cache,
                reporter=reporter,
            )
            takes[part].append(varied.features)
    return takes


def _training_data(plan: Plan, heard: _Heard) -> TrainingData:
    # More frames than the network sees, so that shifts move in real ones.
    recipe, classes = plan.recipe, plan.corpus.emotions
    frames = recipe.window.frames + 2 * recipe.augmentation.shift_frames

    def labelled(part: str) -> LabelledFeatures:
        utterances = heard.parts[part].utterances
        windows = [windows_of(take, heard.frontend, frames) for take in heard.takes[part]]
        return LabelledFeatures(
            features=np.stack(windows),
            labels=labels_of(utterances, classes, plan.corpus.words),
            speakers=tuple(u.speaker for u in utterances),
            votes=_votes(utterances, classes),
            corpora=tuple(u.corpus for u in utterances),
            vad=vad_truth(utterances, recipe).values if has_vad(recipe) else None,
        )

    return TrainingData(
        classes=classes,
        planes=heard.frontend.planes,
        frames=recipe.window.frames,
        train=labelled("train"),
        development=labelled("development"),
        sampling=recipe.sampling,
        weights={choice.name: choice.weight for choice in recipe.corpora},
        shares_speakers=bool(caveat_of(plan.split)),
        vad=recipe.vad,
    )


def _votes(utterances: Sequence[Utterance], classes: Sequence[str]) -> NDArray[np.float32] | None:
    if all(utterance.votes is None for utterance in utterances):
        return None
    shares = np.zeros((len(utterances), len(classes)), np.float32)
    for row, utterance in enumerate(utterances):
        for emotion, share in utterance.votes or ():
            if emotion in classes:
                shares[row, classes.index(emotion)] = share
    totals = shares.sum(axis=1, keepdims=True)
    return np.asarray(shares / np.where(totals > 0, totals, 1), np.float32)


def _summary(plan: Plan, heard: _Heard) -> CorpusSummary:
    corpus, parts = plan.corpus, heard.parts
    problems = list(plan.oddities)
    problems += few([problem for part in parts.values() for problem in part.problems])
    train, development, test = (
        [u.speaker for u in parts[part].utterances if not u.speaker_known] for part in PARTS
    )
    counts = Counter(u.emotion for part in parts.values() for u in part.utterances)
    members = tuple(
        _member(choice, member, heard)
        for choice, member in zip(plan.recipe.corpora, corpus.members, strict=True)
    )
    sources = [f"{m.name}: {m.split_source}" for m in members]
    return CorpusSummary(
        name=corpus.name,
        licence=corpus.licence,
        citation=corpus.citation,
        synthetic=corpus.synthetic,
        clips_train=len(parts["train"].utterances),
        clips_development=len(parts["development"].utterances),
        clips_test=len(parts["test"].utterances),
        class_counts=tuple((name, counts[name]) for name in corpus.emotions),
        problems=tuple(problems),
        input_hash=plan.input_hash,
        split_source=members[0].split_source if len(members) == 1 else "; ".join(sources),
        label_kind=corpus.label_kind,
        anonymous=(len(train), len(development), len(test)),
        anonymous_names=(len(set(train)), len(set(development)), len(set(test))),
        members=members,
        caveat=caveat_of(plan.split),
        level_span=_spans(plan.recipe, heard.levels),
        vad=_vad_summary(plan.recipe, parts),
    )


def _vad_summary(recipe: Recipe, parts: Mapping[str, RawClips]) -> VadSummary | None:
    if not has_vad(recipe):
        return None
    train, development, test = (vad_truth(parts[part].utterances, recipe) for part in PARTS)
    sources = [found.derived_from for found in (train, development, test) if found.derived_from]
    return VadSummary(
        clips=(int(train.known.sum()), int(development.known.sum()), int(test.known.sum())),
        derived=(int(train.derived.sum()), int(development.derived.sum()), int(test.derived.sum())),
        derived_from=sources[0] if sources else "",
    )


def _member(choice: CorpusChoice, corpus: Corpus, heard: _Heard) -> MemberSummary:
    utterances = {
        part: [u for u in clips.utterances if u.corpus == corpus.name]
        for part, clips in heard.parts.items()
    }
    return MemberSummary(
        name=corpus.name,
        role=choice.role,
        weight=choice.weight,
        labels=corpus.emotions,
        parts=tuple(
            PartSummary(part, len(clips), len({u.speaker for u in clips if u.speaker_known}))
            for part, clips in utterances.items()
        ),
        split_source=describe_division(corpus, choice),
        levels=heard.levels.get(corpus.name),
    )
