"""Calibration clips chosen from a corpus, and how far their ranges stand for the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeser.bundle import CalibrationSet, TrainedModel
from edgeser.corpora import Corpus, Utterance, read_audio
from edgeser.features import FeatureCache
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.source import corpora_of
from edgeser.pipeline.training_data.conditions import evaluation_variant
from edgeser.pipeline.training_data.dataset import RawClips, raw_features, windows_of
from edgeser.progress import SILENT, Reporter
from edgeser.training.conditions import power
from edgeser.training.variants import EVALUATION_CONDITIONS, Condition
from quantize.calibration import RangeReport, compare_ranges, select_balanced
from quantize.foundation.errors import BadInput, EdgeserError

_CONDITIONS = ("clean", "level_-12db", "level_+6db", "white_20db", "tilt_+6db", "tilt_-6db")
_LEVELS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The chosen clips, and how well their ranges stand for all.

    Parameters
    ----------
    chosen
        Clips as ``name@condition`` with their int8 features.
    ranges
        By plane, against every clip under every condition that was drawn from.
    """

    chosen: CalibrationSet
    ranges: RangeReport


def calibrate(
    trained: TrainedModel,
    *,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    count: int = 256,
    seed: int = 0,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> Calibration:
    """Choose clips balanced over label, speaker, level (three classes) and condition.

    Speakers that the network's split left to test on, or chose the epoch by, take no part.

    Parameters
    ----------
    trained
        The network that the clips are for: its frontend, normalisation and window.
    corpora
        ``"NAME:PATH"``, each; the network's own when there are none.
    folder
        Of the network's run, where its own corpus is found.
    count, seed
        How many clips to choose, and the seed of what is drawn.
    cache, reporter
        Where features are kept between runs; who is told of stages and progress.

    Raises
    ------
    BadInput
        When no clip can be used.
    """
    found = corpora_of(
        trained.recipe,
        arguments=corpora,
        classes=trained.classes,
        folder=folder,
        reporter=reporter,
    )
    utterances = _not_held_out(trained, found)
    conditions = [c for c in EVALUATION_CONDITIONS if c.name in _CONDITIONS]
    takes = [_take(trained, utterances, c, cache, reporter) for c in conditions]
    if not takes[0].utterances:
        raise BadInput(f"no clip of {found.root} can be used", hint="run 'edgeser corpus check'")
    frames = trained.recipe.window.frames
    features = np.concatenate([windows_of(t.features, trained.frontend, frames) for t in takes])
    levels = _level_classes(takes[0])
    heard = [
        (utterance, level, condition.name)
        for condition, take in zip(conditions, takes, strict=True)
        for utterance, level in zip(take.utterances, levels, strict=True)
    ]
    strata = [(u.emotion, u.speaker, level, condition) for u, level, condition in heard]
    names = [f"{u.clip_id}@{condition}" for u, _, condition in heard]
    chosen = [int(i) for i in select_balanced(strata, min(count, len(strata)), seed)]
    return Calibration(
        CalibrationSet(
            source=f"{len(chosen)} clips of {found.name}, balanced over "
            f"{trained.corpus.words.one}, speaker, level and condition",
            clips=tuple(names[i] for i in chosen),
            features=features[chosen],
        ),
        compare_ranges(features, chosen, planes=trained.frontend.planes),
    )


def _not_held_out(trained: TrainedModel, corpus: Corpus) -> list[Utterance]:
    """Return the clips of those whom the network was not tested on, and not chosen by."""
    held_out = {
        u.clip_id
        for part in ("test", "development")
        for u in trained.split.select(corpus.utterances, part)
    }
    return [u for u in corpus.utterances if u.clip_id not in held_out]


def _take(
    trained: TrainedModel,
    utterances: Sequence[Utterance],
    condition: Condition,
    cache: FeatureCache | None,
    reporter: Reporter,
) -> RawClips:
    silence = np.zeros(0, np.int16)
    return raw_features(
        utterances,
        trained.frontend,
        title=f"Features, {condition.name}",
        variant=evaluation_variant(condition, silence),
        cache=cache,
        reporter=reporter,
    )


def _level_classes(clips: RawClips) -> list[str]:
    """Return ``"level 0"`` (quietest third) to ``"level 2"`` for each clip, by its mean power."""
    levels = []
    for utterance in clips.utterances:
        try:
            levels.append(power(read_audio(utterance.sound)))
        except EdgeserError:
            levels.append(0.0)
    ranks = np.argsort(np.argsort(levels, kind="stable"), kind="stable")
    return [f"level {int(rank) * _LEVELS // max(1, len(levels))}" for rank in ranks]
