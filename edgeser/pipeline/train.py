"""A recipe and a corpus to a trained float network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import (
    CalibrationSet,
    TrainedModel,
    save_trained,
)
from edgeser.corpora import Corpus, Utterance, caveat_of
from edgeser.corpora.parts import PARTS
from edgeser.diagnosis import package_versions
from edgeser.features import FeatureCache, Variant
from edgeser.pipeline.conditions import babble_of, training_variant
from edgeser.pipeline.dataset import (
    RawClips,
    labels_of,
    normalised_frontend,
    raw_features,
    votes_of,
    windows_of,
)
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.held_out import held_out_of
from edgeser.pipeline.levels import Levels, levels_of
from edgeser.pipeline.mixing import mixer_of
from edgeser.pipeline.plan import Plan
from edgeser.pipeline.public_embedding import public_embeddings
from edgeser.pipeline.summary import summary_of
from edgeser.pipeline.teacher import spectra_of, teacher_of
from edgeser.pipeline.vad import has_vad, vad_truth
from edgeser.pipeline.words import LoadedEncoder, encoder_of
from edgeser.progress import SILENT, Progress, Reporter
from edgeser.recipe import Recipe
from edgeser.training.data import LabelledFeatures, Mixtures, Spectra, TrainingData
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
    mixtures
        Which takes of training clips hold other clips too; `None` where none does.
    public
        What a public embedding says of the clips of a part, where one is asked.
    spectra
        What a public teacher hears of them, where there is one.
    words
        The encoder that is frozen in the network, where there is one.
    """

    parts: dict[str, RawClips]
    takes: dict[str, list[Features]]
    frontend: FrontendConfig
    levels: Levels
    mixtures: Mixtures | None = None
    public: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    spectra: Mapping[str, Spectra] = field(default_factory=dict)
    words: LoadedEncoder | None = None


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
    teacher, words = teacher_of(recipe), encoder_of(recipe)
    if folder is not None:
        write_atomically(folder.recipe, recipe.to_toml().encode())
    heard = _hear(plan, words, cache, reporter)
    result = fit(
        recipe.network,
        recipe.training,
        recipe.augmentation,
        _training_data(plan, heard),
        seed=recipe.seed,
        checkpoint_dir=folder.checkpoint if folder else None,
        resume=resume,
        progress=_told(reporter),
        loss=recipe.loss,
        teacher=teacher,
        pls=recipe.pls,
    )
    trained = _trained_model(plan, heard, result)
    if folder is not None:
        save_trained(folder.trained, trained)
    return trained


def _trained_model(plan: Plan, heard: _Heard, result: TrainingResult) -> TrainedModel:
    corpus = plan.corpus
    return TrainedModel(
        recipe=plan.recipe.without_paths(),
        frontend=heard.frontend,
        classes=corpus.emotions,
        split=plan.split,
        corpus=summary_of(plan, heard.parts, heard.levels),
        weights=result.weights,
        calibration=calibration_of(
            heard.parts["train"].utterances,
            heard.takes["train"],
            heard.frontend,
            plan.recipe,
            corpus=corpus,
        ),
        history=result.history,
        best_epoch=result.best_epoch,
        seconds=result.seconds,
        versions=package_versions(),
        held_out=held_out_of(
            heard.parts["development"].utterances,
            heard.takes["development"],
            result.development,
            recipe=plan.recipe,
            frontend=heard.frontend,
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


def _hear(
    plan: Plan, words: LoadedEncoder | None, cache: FeatureCache | None, reporter: Reporter
) -> _Heard:
    for line in plan.oddities:
        reporter.note(f"recordings: {line}")
    levels = levels_of(plan, reporter)
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
    takes, mixtures, variants = _takes(plan.recipe, parts, cache, reporter)
    frontend = normalised_frontend(
        plan.recipe.frontend,
        [features for take in takes["train"] for features in take],
        [u.corpus for _ in takes["train"] for u in parts["train"].utterances],
    )
    if words is not None:
        frontend = words.keep_normalisation(frontend)
    public = {}
    if plan.recipe.loss.hears_public:
        clips = {part: found.utterances for part, found in parts.items()}
        public = public_embeddings(clips, reporter=reporter)
    spectra = _spectra(plan.recipe, parts, variants, reporter)
    return _Heard(parts, takes, frontend, levels, mixtures, public, spectra, words)


def _spectra(
    recipe: Recipe,
    parts: dict[str, RawClips],
    variants: Mapping[str, list[Variant]],
    reporter: Reporter,
) -> dict[str, Spectra]:
    """Return what a public teacher hears: also of development clips where all are trained on."""
    if recipe.teacher.kind == "none":
        return {}
    return {
        part: spectra_of(
            parts[part].utterances,
            variants[part][: recipe.teacher.heard],
            recipe,
            title=f"{part.capitalize()} clips for the public teacher",
            reporter=reporter,
        )
        for part in (("train", "development") if recipe.training.refit else ("train",))
    }


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
) -> tuple[dict[str, list[Features]], Mixtures | None, dict[str, list[Variant]]]:
    """Return raw features of training and development clips: as recorded, then under conditions.

    With them what is mixed, and the conditions of each part.

    Training clips alone are mixed, and with training clips alone: the takes of development clips
    are the same whatever is mixed.
    """
    babble = babble_of(parts["train"].utterances, seed=_BABBLE_SEED, minutes=_BABBLE_MINUTES)
    variants = recipe.conditions.variants
    asked = 1 if recipe.training.development_conditions else 0
    counts = {
        "train": variants,
        "development": variants if recipe.training.refit else min(variants, asked),
    }
    mixer = mixer_of(
        recipe.mixing,
        parts["train"].utterances,
        sample_rate=recipe.frontend.sample_rate,
        reporter=reporter,
    )
    takes: dict[str, list[Features]] = {}
    variants_of: dict[str, list[Variant]] = {}
    mixtures = None
    for part, count in counts.items():
        clips = parts[part]
        takes[part] = [clips.features]
        varied = [training_variant(n, recipe.conditions, babble) for n in range(1, count + 1)]
        if mixer is not None and part == "train":
            varied = [mixer.variant(variant) for variant in varied]
            mixtures = mixer.mixtures(varied)
        for number, variant in enumerate(varied, 1):
            heard = raw_features(
                clips.utterances,
                recipe.frontend,
                title=f"Features of {part} clips, conditions {number} of {count}",
                variant=variant,
                cache=cache,
                reporter=reporter,
            )
            takes[part].append(heard.features)
        variants_of[part] = varied
    return takes, mixtures, variants_of


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
            votes=votes_of(utterances, classes),
            corpora=tuple(u.corpus for u in utterances),
            mixtures=heard.mixtures if part == "train" else None,
            public=heard.public.get(part),
            spectra=heard.spectra.get(part),
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
        words=None if heard.words is None else heard.words.frozen,
    )
