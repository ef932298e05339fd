"""A bundle on a corpus: clean, and under recording conditions; float and int8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import Corpus, Utterance
from edgeser.evaluation.certainty import CertaintyTable
from edgeser.evaluation.concordance import VadScores, score_vad
from edgeser.evaluation.conditions import ConditionTable, condition_row
from edgeser.evaluation.group_gaps import KindGaps
from edgeser.evaluation.groups import GroupScore
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.metrics import Metrics, evaluate
from edgeser.features import FeatureCache
from edgeser.pipeline.certainty import (
    Decides,
    Said,
    certainty_table,
    corpora_heard,
    decides_with,
    int8_shares,
)
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.groups import gaps_of_known_groups, score_known_groups
from edgeser.pipeline.hearing import hearing_table
from edgeser.pipeline.inference import float_outputs, output_grid, predictions_of
from edgeser.pipeline.int8_inference import int8_outputs
from edgeser.pipeline.source import corpora_of
from edgeser.pipeline.training_data.conditions import evaluation_babble, evaluation_variant
from edgeser.pipeline.training_data.dataset import raw_features, windows_of
from edgeser.pipeline.vad import vad_said
from edgeser.progress import SILENT, Reporter
from edgeser.training.variants import EVALUATION_CONDITIONS, Condition
from quantize.foundation.errors import BadInput

CERTAINTY, HEARING = "certainty", "hearing"
"""Records of what a run's probabilities are worth, and of what it scores by what it hears, under
which the report finds them."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    float_metrics, int8_metrics
        On clean recordings.
    groups
        Scores on them by speaker, and by what else the corpus tells of speakers.
    gaps
        How far apart these groups are, by emotion.
    conditions
        UAR of both under each condition, clean first.
    certainty
        What their probabilities are worth: under each condition, and by corpus.
    vad
        Concordance of valence, arousal and dominance on clean recordings, of a model that has a
        head for them and clips whose values are known.
    hearing
        Scores with words and voice, with either, and with wrong words; of a model that hears both.
    """

    float_metrics: Metrics
    int8_metrics: Metrics
    groups: tuple[GroupScore, ...]
    gaps: tuple[KindGaps, ...]
    conditions: ConditionTable
    certainty: CertaintyTable
    vad: VadScores | None = None
    hearing: HearingTable | None = None


def evaluate_bundle(
    bundle: Bundle,
    *,
    corpora: Sequence[str] = (),
    conditions: bool = False,
    everyone: bool = False,
    folder: RunFolder | None = None,
    keep: bool = True,
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
        Of the run: where its corpora are, and where the result is kept for the report; nowhere
        when `None`.
    keep
        Whether it is kept there.
    cache, reporter
        Where features are kept between runs; who is told of stages and progress.

    Returns
    -------
    Metrics with 95 % speaker-clustered bootstrap intervals.

    Raises
    ------
    BadInput
        When there are no clips, or `everyone` was trained on.
    """
    test = clips_to_test(
        bundle,
        corpora=corpora,
        conditions=conditions,
        everyone=everyone,
        folder=folder,
        cache=cache,
        reporter=reporter,
    )
    said = test.heard_by(bundle, reporter=reporter)
    caveat = "" if everyone else bundle.trained.corpus.caveat
    evaluation = scored(decides_with(bundle), said, corpora_heard(bundle.trained), caveat=caveat)
    if folder is not None and keep:
        folder.save_state(CERTAINTY, evaluation.certainty, model_hash=bundle.model_hash)
    if folder is not None and keep and evaluation.hearing is not None:
        folder.save_state(HEARING, evaluation.hearing, model_hash=bundle.model_hash)
    if folder is not None and keep and conditions:
        folder.save_state("evaluate", evaluation.conditions, model_hash=bundle.model_hash)
    return evaluation


@dataclass(frozen=True, slots=True, eq=False)
class ClipsToTest:
    """Clips to test on, and under which conditions.

    Parameters
    ----------
    corpus
        Which they are of.
    utterances
        The clips.
    conditions
        Whether under each of `EVALUATION_CONDITIONS`; else as recorded alone.
    cache
        Of features.
    """

    corpus: Corpus
    utterances: tuple[Utterance, ...]
    conditions: bool
    cache: FeatureCache | None = None

    def heard_by(self, bundle: Bundle, *, reporter: Reporter) -> list[Said]:
        """Return what both forms of a model say of them, by condition, clean first."""
        babble = evaluation_babble(self.corpus.utterances, bundle.trained.split, self.utterances)
        chosen = EVALUATION_CONDITIONS if self.conditions else EVALUATION_CONDITIONS[:1]
        return [_predict(bundle, self, condition, babble, reporter) for condition in chosen]


def clips_to_test(
    bundle: Bundle,
    *,
    corpora: Sequence[str],
    conditions: bool,
    everyone: bool,
    folder: RunFolder | None = None,
    cache: FeatureCache | None,
    reporter: Reporter,
) -> ClipsToTest:
    """Return the clips that a bundle is tested on; parameters and errors of `evaluate_bundle`."""
    found = corpora_of(
        bundle.trained.recipe,
        arguments=corpora,
        classes=bundle.trained.classes,
        folder=folder,
        reporter=reporter,
    )
    chosen = _chosen(bundle, found, everyone, reporter)
    return ClipsToTest(found, chosen, conditions=conditions, cache=cache)


def scored(
    decides: Decides, said: Sequence[Said], heard: frozenset[str], *, caveat: str = ""
) -> Evaluation:
    """Return all scores of what was said.

    Parameters
    ----------
    decides, said, heard
        As in `certainty_table`.
    caveat
        As in `Metrics`.
    """
    clean = said[0]
    answers = (clean.utterances, clean.of_float, clean.of_int8)
    return Evaluation(
        float_metrics=evaluate(clean.of_float, source=clean.source, caveat=caveat),
        int8_metrics=evaluate(clean.of_int8, source=clean.source, caveat=caveat),
        groups=score_known_groups(*answers, source=clean.source),
        gaps=gaps_of_known_groups(*answers, source=clean.source),
        conditions=ConditionTable(
            tuple(
                condition_row(
                    h.name, h.of_float, h.of_int8, source=h.source, description=h.description
                )
                for h in said
            )
        ),
        certainty=certainty_table(decides, said, heard),
        vad=_vad_scores(clean),
        hearing=clean.hearing,
    )


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


def _predict(
    bundle: Bundle,
    test: ClipsToTest,
    condition: Condition,
    babble: NDArray[np.int16],
    reporter: Reporter,
) -> Said:
    trained = bundle.trained
    raw = raw_features(
        test.utterances,
        trained.frontend,
        title=f"{condition.name}: {condition.description}",
        variant=evaluation_variant(condition, babble),
        cache=test.cache,
        reporter=reporter,
    )
    features = windows_of(raw.features, trained.frontend, trained.recipe.window.frames)
    steps, *further_steps = int8_outputs(bundle.int8_model, features)
    of_int8 = output_grid(bundle.int8_model).dequantise(steps)
    logits, *further = float_outputs(trained, features)
    kind = "synthetic voices" if test.corpus.synthetic else test.corpus.name
    of_float = predictions_of(raw.utterances, logits, trained)
    source = f"{of_float.describe('unseen speakers')} of {kind}"
    if trained.corpus.caveat and {u.clip_id for u in test.utterances} <= trained.split.test:
        source = f"{of_float.describe()} of {kind}: the model {trained.corpus.caveat}"
    clean = condition is EVALUATION_CONDITIONS[0]
    hearing = hearing_table(trained, raw.utterances, features, source=source) if clean else None
    return Said(
        name=condition.name,
        description=condition.description,
        utterances=tuple(raw.utterances),
        of_float=of_float,
        of_int8=predictions_of(raw.utterances, of_int8, trained),
        float_shares=bundle.rule.of_float(of_float.logits),
        int8_shares=int8_shares(bundle, steps),
        source=source,
        vad=vad_said(bundle, raw.utterances, further, further_steps),
        hearing=hearing,
    )


def _vad_scores(said: Said) -> VadScores | None:
    vad = said.vad
    return None if vad is None else score_vad(*vad.values, vad.truth, source=said.source)
