"""Several bundles as one: a committee weighted by inverse entropy, and what it would cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.decision import DecisionConfig, DecisionRule, HeldOut, choose_threshold, softmax
from edgeser.decision.committee import by_inverse_entropy, logs_of
from edgeser.decision.temperature import fit_temperature
from edgeser.evaluation.certainty import MemberScore
from edgeser.evaluation.conformal import set_rules
from edgeser.evaluation.metrics import evaluate
from edgeser.evaluation.predictions import Predictions
from edgeser.features import FeatureCache
from edgeser.pipeline.certainty import Decides, Said, corpora_heard, int8_shares
from edgeser.pipeline.evaluate import Evaluation, clips_to_test, scored
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.predict import ClipLabel, predict_files
from edgeser.progress import SILENT, Reporter
from firmware_bridge.certainty import ONE
from quantize.foundation.errors import BadInput

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Committee:
    """Bundles that answer together.

    Parameters
    ----------
    members
        Two at least, of the same labels in the same order.
    decides
        The rule of what they say together: a temperature of its own and a threshold, where all
        kept the same development clips; and its conformal sets.
    """

    members: tuple[Bundle, ...]
    decides: Decides

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels."""
        return self.members[0].trained.classes

    def float_shares(self, members: Sequence[Shares]) -> Shares:
        """Return what the float networks say together, float64 ``[clips, classes]``."""
        return self._together(members, self.decides.rule.float_temperature)

    def int8_shares(self, members: Sequence[Shares]) -> Shares:
        """Return what the int8 models say together."""
        return self._together(members, self.decides.rule.int8_temperature)

    def _together(self, members: Sequence[Shares], temperature: float) -> Shares:
        return softmax(logs_of(by_inverse_entropy(members)), temperature)


def committee_of(bundles: Sequence[Bundle], wanted: DecisionConfig | None = None) -> Committee:
    """Return the bundles as a committee.

    Parameters
    ----------
    bundles
        Its members.
    wanted
        Of its answers; what the first one's recipe wants when `None`.

    Raises
    ------
    BadInput
        With fewer than two members, of different labels, one of them twice; or when a threshold is
        wanted that cannot be chosen, or a risk that cannot be had.
    """
    if len(bundles) < 2:
        raise BadInput("a committee has two members at least", hint="name another bundle")
    if len({bundle.trained.classes for bundle in bundles}) > 1:
        raise BadInput(
            "the members of the committee do not know the same labels, in the same order",
            hint="give bundles that were trained on the same labels",
        )
    if len({bundle.model_hash for bundle in bundles}) < len(bundles):
        raise BadInput("a bundle is in the committee twice", hint="name each once")
    asked = wanted or bundles[0].trained.recipe.decision
    held_out = _same_clips(bundles)
    if held_out is None:
        if str(asked):
            raise BadInput(
                f"{asked} is wanted, but the members did not keep the same development clips, so "
                "no threshold can be chosen",
                hint="train them on the same corpora and division, with seeds of their own",
            )
        return Committee(tuple(bundles), Decides(DecisionRule()))
    return Committee(
        tuple(bundles), _decides(bundles, held_out, asked, strictly=wanted is not None)
    )


def _same_clips(bundles: Sequence[Bundle]) -> tuple[HeldOut, ...] | None:
    """Return what each kept of development clips, where they are the same ones, else `None`."""
    found = [bundle.trained.held_out for bundle in bundles]
    kept = [held_out for held_out in found if held_out and held_out.int8_logits is not None]
    if len(kept) < len(found):
        return None
    first = kept[0]
    same = all(
        np.array_equal(other.labels, first.labels)
        and np.array_equal(other.takes, first.takes)
        and other.speakers == first.speakers
        for other in kept
    )
    return tuple(kept) if same else None


def _decides(
    bundles: Sequence[Bundle],
    held_out: Sequence[HeldOut],
    wanted: DecisionConfig,
    *,
    strictly: bool,
) -> Decides:
    """Fit temperatures and choose the threshold, as of one model: see `rule_from`."""
    labels, clean = held_out[0].labels, held_out[0].as_recorded()
    pairs = list(zip(bundles, held_out, strict=True))
    of_float = by_inverse_entropy([b.rule.of_float(kept.logits) for b, kept in pairs])
    of_int8 = by_inverse_entropy(
        [int8_shares(b, kept.int8_logits) for b, kept in pairs if kept.int8_logits is not None]
    )
    temperatures = [
        fit_temperature(logs_of(shares[clean]), labels[clean]) for shares in (of_float, of_int8)
    ]
    of_float, of_int8 = (
        softmax(logs_of(shares), temperature)
        for shares, temperature in zip((of_float, of_int8), temperatures, strict=True)
    )
    correct = np.asarray(of_int8.argmax(axis=1) == labels)
    # Rounded down, so that the threshold is met by the clip that it was chosen at.
    sure = np.floor(of_int8.max(axis=1) * ONE).astype(np.int64)
    threshold = choose_threshold(sure, correct, wanted)
    if threshold.note and strictly:
        raise BadInput(threshold.note, hint="want a larger risk, or a coverage")
    rule = DecisionRule(
        calibrated=True,
        float_temperature=temperatures[0],
        int8_temperature=temperatures[1],
        unsure_below=threshold.unsure_below,
        wanted=str(wanted),
        risk=threshold.risk,
        coverage=threshold.coverage,
        source=held_out[0].source,
        note=threshold.note,
    )
    return Decides(
        rule,
        set_rules(of_float[clean], labels[clean]),
        set_rules(of_int8[clean], labels[clean]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class CommitteeEvaluation:
    """What the members score together, and each by itself."""

    together: Evaluation
    members: tuple[MemberScore, ...]


def evaluate_committee(
    committee: Committee,
    *,
    corpora: Sequence[str] = (),
    conditions: bool = False,
    everyone: bool = False,
    folder: RunFolder | None = None,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> CommitteeEvaluation:
    """Measure what the members say together, on clips that none of them was trained on.

    Parameters as of `edgeser.pipeline.evaluate.evaluate_bundle`; the first member's test speakers
    are tested on, and `folder`, which names their corpora, is left as it is.

    Raises
    ------
    BadInput
        As there, and when a member was trained on a speaker of these clips.
    """
    first = committee.members[0]
    test = clips_to_test(
        first,
        corpora=corpora,
        conditions=conditions,
        everyone=everyone,
        folder=folder,
        cache=cache,
        reporter=reporter,
    )
    for number, member in enumerate(committee.members, 1):
        split = member.trained.split
        heard = split.select(test.utterances, "train") + split.select(
            test.utterances, "development"
        )
        if heard:
            raise BadInput(
                f"member {number} of the committee was trained on speakers that are to be tested",
                hint="give bundles of the same division of the corpus",
            )
    by_member = [test.heard_by(member, reporter=reporter) for member in committee.members]
    said = [_together(committee, each) for each in zip(*by_member, strict=True)]
    heard_corpora = frozenset().union(*(corpora_heard(m.trained) for m in committee.members))
    members = [
        MemberScore(
            name=bundle.trained.recipe.name,
            seed=bundle.trained.recipe.seed,
            model_hash=bundle.model_hash,
            float_uar=evaluate(clean.of_float, source=clean.source).uar,
            int8_uar=evaluate(clean.of_int8, source=clean.source).uar,
        )
        for bundle, (clean, *_) in zip(committee.members, by_member, strict=True)
    ]
    together = scored(committee.decides, said, heard_corpora)
    return CommitteeEvaluation(together, tuple(members))


def _together(committee: Committee, members: Sequence[Said]) -> Said:
    first = members[0]
    if any(said.of_float.clip_ids != first.of_float.clip_ids for said in members):
        raise BadInput("the members of the committee could not read the same clips")
    of_float = committee.float_shares([said.float_shares for said in members])
    of_int8 = committee.int8_shares([said.int8_shares for said in members])
    return replace(
        first,
        of_float=_answers(first.of_float, of_float),
        of_int8=_answers(first.of_int8, of_int8),
        float_shares=of_float,
        int8_shares=of_int8,
    )


def _answers(like: Predictions, shares: Shares) -> Predictions:
    return replace(like, logits=logs_of(shares).astype(np.float32))


def predict_together(
    committee: Committee,
    paths: Sequence[Path],
    *,
    use_float: bool = False,
    reporter: Reporter = SILENT,
) -> tuple[ClipLabel, ...]:
    """Label recordings by what the members say together; as `predict_files`."""
    by_member = [
        predict_files(member, paths, use_float=use_float, reporter=reporter)
        for member in committee.members
    ]
    return tuple(_label(committee, each, use_float) for each in zip(*by_member, strict=True))


def _label(committee: Committee, labels: Sequence[ClipLabel], use_float: bool) -> ClipLabel:
    for label in labels:
        if not label.probabilities:
            return label
    shares = [np.array([list(label.probabilities.values())]) for label in labels]
    combine = committee.float_shares if use_float else committee.int8_shares
    found = combine(shares)[0]
    return replace(
        labels[0],
        probabilities=dict(zip(committee.classes, map(float, found), strict=True)),
        answer=committee.classes[int(found.argmax())],
        unsure=bool(found.max() < committee.decides.rule.threshold),
    )
