"""What a bundle's probabilities are worth: in each condition, by corpus, float and int8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import Utterance
from edgeser.decision import DecisionRule
from edgeser.evaluation.certainty import CertaintyRow, CertaintyScores, CertaintyTable, assess
from edgeser.evaluation.conformal import SetRule, set_rules
from edgeser.evaluation.predictions import Predictions
from edgeser.pipeline.decide import certainty_of
from firmware_bridge.certainty import ONE

NEVER_HEARD = "corpus never heard"


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What both forms of a model said under one condition, and of what.

    Parameters
    ----------
    name
        Of the condition.
    utterances
        The clips.
    of_float, of_int8
        Predictions, int8 as real numbers.
    int8_logits
        int8 ``[clips, classes]``, as the model put them out.
    source
        What they are of, in words.
    """

    name: str
    utterances: tuple[Utterance, ...]
    of_float: Predictions
    of_int8: Predictions
    int8_logits: NDArray[np.int8]
    source: str


def certainty_table(bundle: Bundle, heard: Sequence[Heard]) -> CertaintyTable:
    """Return a row for each condition, and of several corpora one for each, clean.

    Parameters
    ----------
    bundle
        Whose rule and development clips count.
    heard
        By condition, clean first.
    """
    judge = _Judge.of(bundle)
    rows = [judge.row("condition", each) for each in heard]
    rows += [judge.row(kind, part) for kind, part in _by_corpus(bundle, heard[0])]
    rule = bundle.rule
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


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """A bundle's probabilities and set rules, float and int8."""

    bundle: Bundle
    float_rules: tuple[SetRule, ...]
    int8_rules: tuple[SetRule, ...]

    @classmethod
    def of(cls, bundle: Bundle) -> _Judge:
        held_out = bundle.trained.held_out
        if held_out is None or held_out.int8_logits is None:
            return cls(bundle, (), ())
        clean = held_out.as_recorded()
        of_float = bundle.rule.of_float(held_out.logits[clean])
        of_int8 = certainty_of(bundle).probabilities(held_out.int8_logits[clean]) / ONE
        labels = held_out.labels[clean]
        return cls(bundle, set_rules(of_float, labels), set_rules(of_int8, labels))

    def row(self, kind: str, heard: Heard) -> CertaintyRow:
        """Return both forms' scores, int8 as on a device: in steps of 1/32768."""
        rule = self.bundle.rule
        of_int8 = certainty_of(self.bundle).probabilities(heard.int8_logits) / ONE

        def scores(
            predictions: Predictions, shares: NDArray[np.float64], rules: Sequence[SetRule]
        ) -> CertaintyScores:
            return assess(
                predictions,
                shares,
                source=heard.source,
                unsure_below=rule.threshold,
                rules=rules,
            )

        return CertaintyRow(
            kind=kind,
            name=heard.name,
            of_float=scores(heard.of_float, rule.of_float(heard.of_float.logits), self.float_rules),
            of_int8=scores(heard.of_int8, of_int8, self.int8_rules),
        )


def _by_corpus(bundle: Bundle, clean: Heard) -> list[tuple[str, Heard]]:
    """Return each corpus's clips with what kind it is; none where there is one that is known."""
    corpora = [utterance.corpus for utterance in clean.utterances]
    trained = bundle.trained.corpus
    known = {m.name for m in trained.members if m.role != "test"} or {trained.name}
    names = sorted(set(corpora))
    if len(names) == 1 and names[0] in known:
        return []
    found = []
    for name in names:
        mask = np.array([corpus == name for corpus in corpora])
        kept = np.flatnonzero(mask)
        part = Heard(
            name=name,
            utterances=tuple(clean.utterances[i] for i in kept),
            of_float=clean.of_float.select(mask),
            of_int8=clean.of_int8.select(mask),
            int8_logits=clean.int8_logits[kept],
            source=f"{clean.source}, those of {name}",
        )
        found.append(("corpus" if name in known else NEVER_HEARD, part))
    return found
