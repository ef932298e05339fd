"""A bundle on a corpus: clean, and under recording conditions; float and int8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import Corpus, Utterance
from edgeser.evaluation.concordance import VadScores, score_vad
from edgeser.evaluation.conditions import ConditionTable, condition_row
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.metrics import Metrics, evaluate
from edgeser.evaluation.predictions import Predictions
from edgeser.features import FeatureCache
from edgeser.pipeline.conditions import babble_of, evaluation_variant
from edgeser.pipeline.dataset import raw_features, windows_of
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.groups import score_known_groups
from edgeser.pipeline.inference import bundle_outputs, float_outputs, predictions_of
from edgeser.pipeline.source import corpora_of
from edgeser.pipeline.vad import vad_truth
from edgeser.progress import SILENT, Reporter
from edgeser.training.variants import EVALUATION_CONDITIONS, Condition
from quantize.foundation.errors import BadInput

_BABBLE_SEED = 2


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    float_metrics, int8_metrics
        On clean recordings.
    groups
        UAR on them by speaker, and by sex and age group where the corpus tells them.
    conditions
        UAR of both under each condition, clean first.
    vad
        Concordance of valence, arousal and dominance on clean recordings, of a model that has a
        head for them and clips whose values are known.
    """

    float_metrics: Metrics
    int8_metrics: Metrics
    groups: tuple[GroupScore, ...]
    conditions: ConditionTable
    vad: VadScores | None = None


def evaluate_bundle(
    bundle: Bundle,
    *,
    corpora: Sequence[str] = (),
    conditions: bool = False,
    everyone: bool = False,
    folder: RunFolder | None = None,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Measure UAR of the float network and the int8 model.

    Parameters
    ----------
    bundle
        What to measure.
    corpora
        ``"NAME:PATH"``, each; the bundle's own when there are none.
    conditions
        Also under each of `EVALUATION_CONDITIONS`.
    everyone
        All speakers that the bundle was not trained on and did not choose its epoch by; else only
        those that its split left to test on.
    folder
        Where the result is kept for the report; nowhere when `None`.
    cache, reporter
        Of features; of stages.

    Returns
    -------
    Metrics with 95 % speaker-clustered bootstrap intervals.

    Raises
    ------
    BadInput
        When there are no clips, or `everyone` was trained on.
    """
    found = corpora_of(
        bundle.trained.recipe,
        arguments=corpora,
        classes=bundle.trained.classes,
        folder=folder,
        reporter=reporter,
    )
    utterances = _chosen(bundle, found, everyone, reporter)
    voices = bundle.trained.split.select(found.utterances, "development")
    babble = babble_of(voices or utterances, seed=_BABBLE_SEED)
    heard = [
        _predict(bundle, utterances, condition, babble, found, cache, reporter)
        for condition in (EVALUATION_CONDITIONS if conditions else EVALUATION_CONDITIONS[:1])
    ]
    clean = heard[0]
    caveat = "" if everyone else bundle.trained.corpus.caveat
    evaluation = Evaluation(
        float_metrics=evaluate(clean.of_float, source=clean.source, caveat=caveat),
        int8_metrics=evaluate(clean.of_int8, source=clean.source, caveat=caveat),
        groups=score_known_groups(
            clean.utterances, clean.of_float, clean.of_int8, source=clean.source
        ),
        conditions=ConditionTable(
            tuple(condition_row(h.name, h.of_float, h.of_int8, source=h.source) for h in heard)
        ),
        vad=_vad_scores(bundle, clean),
    )
    if folder is not None and conditions:
        folder.save_state("evaluate", evaluation.conditions, model_hash=bundle.model_hash)
    return evaluation


def _chosen(
    bundle: Bundle, corpus: Corpus, everyone: bool, reporter: Reporter
) -> tuple[Utterance, ...]:
    trained = bundle.trained
    if not everyone:
        chosen = trained.split.select(corpus.utterances, "test")
        if not chosen:
            raise BadInput(
                f"{corpus.root} has no clip of the bundle's test speakers",
                hint="give --all-speakers for a corpus that it was not trained on",
            )
        return chosen
    heard = {
        u.speaker
        for part in ("train", "development")
        for u in trained.split.select(corpus.utterances, part)
    }
    unheard = tuple(u for u in corpus.utterances if u.speaker not in heard)
    tested = {u.speaker for u in trained.split.select(corpus.utterances, "test")}
    if {u.speaker for u in unheard} <= tested:
        raise BadInput(
            f"the bundle was trained on speakers of {corpus.name}, on all but its test speakers",
            hint="leave out --all-speakers to score only its test speakers",
        )
    left_out = len({u.speaker for u in corpus.utterances} & heard)
    if left_out:
        reporter.note(f"left out: {left_out} speakers that the bundle was trained on")
    return unheard


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """Predictions under one condition, and on what they were made; further outputs of both."""

    name: str
    utterances: tuple[Utterance, ...]
    of_float: Predictions
    of_int8: Predictions
    source: str
    further: tuple[tuple[NDArray[np.float32], ...], ...] = ()


def _predict(
    bundle: Bundle,
    utterances: Sequence[Utterance],
    condition: Condition,
    babble: NDArray[np.int16],
    corpus: Corpus,
    cache: FeatureCache | None,
    reporter: Reporter,
) -> _Heard:
    trained = bundle.trained
    raw = raw_features(
        utterances,
        trained.frontend,
        title=f"{condition.name}: {condition.description}",
        variant=evaluation_variant(condition, babble),
        cache=cache,
        reporter=reporter,
    )
    features = windows_of(raw.features, trained.frontend, trained.recipe.window.frames)
    of_int8, *int8_further = bundle_outputs(bundle, features, use_float=False)
    float_logits, *float_further = float_outputs(trained, features)
    kind = "synthetic voices" if corpus.synthetic else corpus.name
    of_float = predictions_of(raw.utterances, float_logits, trained)
    source = f"{of_float.describe('unseen speakers')} of {kind}"
    if trained.corpus.caveat and {u.clip_id for u in utterances} <= trained.split.test:
        source = f"{of_float.describe()} of {kind}: the model {trained.corpus.caveat}"
    return _Heard(
        name=condition.name,
        utterances=tuple(raw.utterances),
        of_float=of_float,
        of_int8=predictions_of(raw.utterances, of_int8, trained),
        source=source,
        further=(tuple(float_further), tuple(int8_further)),
    )


def _vad_scores(bundle: Bundle, heard: _Heard) -> VadScores | None:
    of_float, of_int8 = heard.further
    if not of_float:
        return None
    truth = vad_truth(heard.utterances, bundle.trained.recipe)
    return score_vad(of_float[0], of_int8[0], truth, source=heard.source)
