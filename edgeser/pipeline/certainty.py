"""What a model's probabilities are worth: in each condition, by corpus, float and int8."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle, TrainedModel
from edgeser.corpora import Utterance
from edgeser.decision import DecisionRule
from edgeser.evaluation.certainty import CertaintyRow, CertaintyScores, CertaintyTable, assess
from edgeser.evaluation.conformal import SetRule, set_rules
from edgeser.evaluation.hearing import HearingTable
from edgeser.evaluation.predictions import Predictions
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.vad import VadSaid
from firmware_bridge.certainty import ONE

NEVER_HEARD = "corpus never heard"


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What both forms of a model said under one condition, and of what.

    Parameters
    ----------
    name, description
        Of the condition: its key, and the same in words.
    utterances
        The clips.
    of_float, of_int8
        Answers and truth.
    float_shares, int8_shares
        Probabilities, float64 ``[clips, classes]``; int8 as on a device, in steps of 1/32768.
    source
        What they are of, in words.
    vad
        Valence, arousal and dominance of a model that says them.
    hearing
        Scores by what is heard, of a model of words and voice.
    """

    name: str
    utterances: tuple[Utterance, ...]
    of_float: Predictions
    of_int8: Predictions
    float_shares: NDArray[np.float64]
    int8_shares: NDArray[np.float64]
    source: str
    description: str = ""
    vad: VadSaid | None = None
    hearing: HearingTable | None = None

    def select(self, mask: NDArray[np.bool_], name: str) -> Said:
        """Return the emotions of some of the clips, under another name."""
        return replace(
            self,
            name=name,
            utterances=tuple(self.utterances[i] for i in np.flatnonzero(mask)),
            of_float=self.of_float.select(mask),
            of_int8=self.of_int8.select(mask),
            float_shares=self.float_shares[mask],
            int8_shares=self.int8_shares[mask],
            vad=None,
            hearing=None,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Decides:
    """What a model decides with: its rule, and that of its conformal sets, float and int8."""

    rule: DecisionRule
    float_sets: tuple[SetRule, ...] = ()
    int8_sets: tuple[SetRule, ...] = ()


def decides_with(bundle: Bundle) -> Decides:
    """Return what a bundle decides with; without sets where no development clips are known."""
    held_out = bundle.trained.held_out
    if held_out is None or held_out.int8_logits is None:
        return Decides(bundle.rule)
    clean = held_out.as_recorded()
    labels = held_out.labels[clean]
    of_float = bundle.rule.of_float(held_out.logits[clean])
    return Decides(
        bundle.rule,
        set_rules(of_float, labels),
        set_rules(int8_shares(bundle, held_out.int8_logits[clean]), labels),
    )


def int8_shares(bundle: Bundle, logits: NDArray[np.int8]) -> NDArray[np.float64]:
    """Return what a device says of int8 logits ``[clips, classes]``, float64 of the same shape."""
    return certainty_of(bundle).probabilities(logits) / ONE


def corpora_heard(trained: TrainedModel) -> frozenset[str]:
    """Return the names of the corpora that a network was trained on."""
    members = {m.name for m in trained.corpus.members if m.role != "test"}
    return frozenset(members or {trained.corpus.name})


def certainty_table(
    decides: Decides, said: Sequence[Said], heard: Collection[str]
) -> CertaintyTable:
    """Return a row for each condition, and for each corpus, clean.

    Parameters
    ----------
    decides
        With what.
    said
        By condition, clean first.
    heard
        The corpora that were trained on; of one of these alone there is no row by corpus.
    """
    rule = decides.rule
    rows = [_row(decides, "condition", each) for each in said]
    names = [utterance.corpus for utterance in said[0].utterances]
    if len(set(names)) > 1 or not set(names) <= set(heard):
        for name in sorted(set(names)):
            part = said[0].select(np.array([each == name for each in names]), name)
            rows.append(_row(decides, "corpus" if name in heard else NEVER_HEARD, part))
    return CertaintyTable(
        rows=tuple(rows),
        calibrated=rule.calibrated,
        temperatures=(rule.float_temperature, rule.int8_temperature),
        threshold=rule.threshold,
        wanted=rule.wanted,
        development_risk=rule.risk,
        development_coverage=rule.coverage,
        source=rule.source,
        note=rule.note,
    )


def is_of_rule(table: CertaintyTable, rule: DecisionRule) -> bool:
    """Whether a table was made with what the bundle decides with now."""
    temperatures = (rule.float_temperature, rule.int8_temperature)
    return table.threshold == rule.threshold and table.temperatures == temperatures


def _row(decides: Decides, kind: str, said: Said) -> CertaintyRow:
    def scores(
        answers: Predictions, shares: NDArray[np.float64], sets: Sequence[SetRule]
    ) -> CertaintyScores:
        threshold = decides.rule.threshold
        return assess(answers, shares, source=said.source, unsure_below=threshold, rules=sets)

    return CertaintyRow(
        kind=kind,
        name=said.name,
        of_float=scores(said.of_float, said.float_shares, decides.float_sets),
        of_int8=scores(said.of_int8, said.int8_shares, decides.int8_sets),
        description=said.description,
    )
