"""What a training hears: features of its clips, as recorded and under conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Utterance, caveat_of
from edgeser.corpora.parts import PARTS
from edgeser.features import FeatureCache, Variant
from edgeser.pipeline.plan import Plan
from edgeser.pipeline.training_data.conditions import babble_of, training_variant
from edgeser.pipeline.training_data.dataset import (
    RawClips,
    labels_of,
    normalised_frontend,
    raw_features,
    votes_of,
    windows_of,
)
from edgeser.pipeline.training_data.levels import Levels, levels_of
from edgeser.pipeline.training_data.mixing import mixer_of
from edgeser.pipeline.training_data.public_embedding import public_embeddings
from edgeser.pipeline.training_data.teacher import spectra_of
from edgeser.pipeline.training_data.words import LoadedEncoder
from edgeser.pipeline.vad import has_vad, vad_truth
from edgeser.progress import Reporter
from edgeser.recipe import Recipe
from edgeser.training.data import LabelledFeatures, Mixtures, Spectra, TrainingData, joined
from firmware_bridge.frontend import FrontendConfig, FrontendFeatures

_BABBLE_SEED = 1
_BABBLE_MINUTES = 8
"""Of voices that training mixes in: one minute would be learnt by heart."""
Features = tuple[FrontendFeatures, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
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
    conditions
        Of the takes of training clips, without what is mixed in.
    """

    parts: dict[str, RawClips]
    takes: dict[str, list[Features]]
    frontend: FrontendConfig
    levels: Levels
    mixtures: Mixtures | None = None
    public: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    spectra: Mapping[str, Spectra] = field(default_factory=dict)
    words: LoadedEncoder | None = None
    conditions: tuple[Variant, ...] = ()

    def without_takes(self) -> Heard:
        """Return it without the features of training and development clips."""
        return replace(self, takes={})


CONVERTED = "converted"
"""The part of training clips in other voices, beside those as recorded."""


def hear(
    plan: Plan, words: LoadedEncoder | None, cache: FeatureCache | None, reporter: Reporter
) -> Heard:
    """Hear the clips of a plan; `words` is the encoder that is frozen in the network."""
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
    takes, mixtures, variants, conditions = _takes(plan.recipe, parts, cache, reporter)
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
    return Heard(parts, takes, frontend, levels, mixtures, public, spectra, words, conditions)


def hear_too(
    plan: Plan,
    heard: Heard,
    clips: Sequence[Utterance],
    cache: FeatureCache | None,
    reporter: Reporter,
) -> Heard:
    """Return what is heard with clips beside those of training, under the same conditions.

    They take no part in the normalisation, nor in what is mixed: those are of recordings.
    """
    takes = []
    for number, variant in enumerate((None, *heard.conditions)):
        which = f", conditions {number} of {len(heard.conditions)}" if number else ""
        title = f"Features of {CONVERTED} clips{which}"
        raw = raw_features(
            clips,
            plan.recipe.frontend,
            title=title,
            variant=variant,
            cache=cache,
            reporter=reporter,
        )
        takes.append(raw.features)
    parts = {**heard.parts, CONVERTED: RawClips(tuple(clips), takes[0], ())}
    public, spectra = dict(heard.public), dict(heard.spectra)
    if public:
        public |= public_embeddings({CONVERTED: tuple(clips)}, reporter=reporter)
    if "train" in spectra:
        spectra[CONVERTED] = spectra_of(
            clips,
            list(heard.conditions)[: plan.recipe.teacher.heard],
            plan.recipe,
            title=f"{CONVERTED.capitalize()} clips for the public teacher",
            reporter=reporter,
        )
    return replace(
        heard,
        parts=parts,
        takes={**heard.takes, CONVERTED: takes},
        public=public,
        spectra=spectra,
    )


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


def _takes(
    recipe: Recipe,
    parts: dict[str, RawClips],
    cache: FeatureCache | None,
    reporter: Reporter,
) -> tuple[
    dict[str, list[Features]], Mixtures | None, dict[str, list[Variant]], tuple[Variant, ...]
]:
    """Return raw features of training and development clips: as recorded, then under conditions.

    With them what is mixed, the conditions of each part, and those of training before any mixing.

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
    unmixed: tuple[Variant, ...] = ()
    for part, count in counts.items():
        clips = parts[part]
        takes[part] = [clips.features]
        varied = [training_variant(n, recipe.conditions, babble) for n in range(1, count + 1)]
        if part == "train":
            unmixed = tuple(varied)
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
    return takes, mixtures, variants_of, unmixed


def training_data(plan: Plan, heard: Heard) -> TrainingData:
    """Return what is trained on: recordings, and clips in other voices where some are heard."""
    # More frames than the network sees, so that shifts move in real ones.
    recipe, classes = plan.recipe, plan.corpus.emotions
    frames = recipe.window.frames + 2 * recipe.augmentation.shift_frames
    trained_on = [part for part in ("train", CONVERTED) if part in heard.parts]
    together, windows = _windows(heard, (*trained_on, "development"), frames)

    def labelled(part: str) -> LabelledFeatures:
        utterances = heard.parts[part].utterances
        return LabelledFeatures(
            features=windows[part],
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
        train=joined(
            [labelled(part) for part in trained_on],
            together[:, : sum(len(heard.parts[part].utterances) for part in trained_on)],
        ),
        development=labelled("development"),
        sampling=recipe.sampling,
        weights={choice.name: choice.weight for choice in recipe.corpora},
        shares_speakers=bool(caveat_of(plan.split)),
        vad=recipe.vad,
        words=None if heard.words is None else heard.words.frozen,
        together=together,
    )


def _windows(
    heard: Heard, parts: Sequence[str], frames: int
) -> tuple[NDArray[np.int8], dict[str, NDArray[np.int8]]]:
    """Return the takes of all parts in one array, and each part's own stretch of it.

    int8 [takes, clips, frames, channels, planes]. A part has as many takes as were heard; further
    ones of the array hold nothing there, and take no memory.
    """
    ends = np.cumsum([len(heard.parts[part].utterances) for part in parts])
    most = max(len(heard.takes[part]) for part in parts)
    frontend = heard.frontend
    shape = (most, int(ends[-1]), frames, frontend.channels, len(frontend.planes))
    together = np.empty(shape, np.int8)
    windows = {}
    for part, end in zip(parts, ends, strict=True):
        takes = heard.takes[part]
        own = together[: len(takes), end - len(heard.parts[part].utterances) : end]
        for number, take in enumerate(takes):
            own[number] = windows_of(take, frontend, frames)
        windows[part] = own
    return together, windows
