"""The verdict on gaps between groups of speakers: from stated tolerances only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edgeser.evaluation.group_gaps import PARITY, TRUE_POSITIVES, KindGaps, LabelGap
from edgeser.evaluation.metrics import FEWEST_SPEAKERS, listed
from edgeser.evaluation.verdict import ROUNDING, Check
from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTolerances:
    """How far apart the int8 model may treat groups of speakers; ``None``: as far as it does.

    Parameters
    ----------
    max_tpr_gap
        Of true-positive rates in any class, a ratio.
    max_dp_gap
        Of demographic parity in any class, a ratio.
    """

    max_tpr_gap: float | None = None
    max_dp_gap: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_tpr_gap", "max_dp_gap"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and 0 <= value <= 1):
                raise BadInput(
                    f"the tolerance {name} is {value}", hint="give a ratio between 0 and 1"
                )

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return self.max_tpr_gap is not None or self.max_dp_gap is not None


@dataclass(frozen=True, slots=True)
class GroupVerdict:
    """What gaps there are, and whether the tolerances held.

    Parameters
    ----------
    gaps
        By kind of groups.
    checks
        One for each measure and kind of groups that could be judged.
    skipped
        ``(check, why)`` of those that could not.
    tolerances
        Which; nothing is checked without any.
    """

    gaps: tuple[KindGaps, ...]
    checks: tuple[Check, ...]
    skipped: tuple[tuple[str, str], ...]
    tolerances: GroupTolerances

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each check that failed."""
        return tuple(check.failure for check in self.checks if check.failure is not None)

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures


def judge_groups(gaps: Sequence[KindGaps], tolerances: GroupTolerances) -> GroupVerdict:
    """Judge the largest gap of each kind of groups, of int8 where there is one."""
    checks: list[Check] = []
    skipped: list[tuple[str, str]] = []
    limits = ((TRUE_POSITIVES, tolerances.max_tpr_gap), (PARITY, tolerances.max_dp_gap))
    for measure, limit in limits:
        if limit is None:
            continue
        if not gaps:
            skipped.append((measure, "no two groups of speakers are known"))
        for kind in gaps:
            name = f"{measure} by {kind.kind}"
            largest = kind.largest(measure)
            if not kind.judged:
                skipped.append((name, why_not_judged(kind)))
            elif largest is None:
                skipped.append((name, "no two groups have clips of one class"))
            else:
                checks.append(Check(name, _failure(kind.kind, measure, largest, limit)))
    return GroupVerdict(tuple(gaps), tuple(checks), tuple(skipped), tolerances)


def why_not_judged(kind: KindGaps) -> str:
    """Say why the groups of a kind are not judged."""
    has = "has" if len(kind.left_out) == 1 else "have"
    few = f": {listed(kind.left_out)} {has} too few" if kind.left_out else ""
    return f"fewer than two groups have {FEWEST_SPEAKERS} speakers{few}"


def gap_in_words(kind: str, measure: str, found: LabelGap) -> str:
    """Say a gap: of which class, how large, between which groups."""
    what = "recall of" if measure == TRUE_POSITIVES else "share of clips called"
    interval = found.gap.interval
    span = "" if interval is None else f", 95 % {100 * interval[0]:.1f} to {100 * interval[1]:.1f}"
    return (
        f"{what} {found.label} by {kind} is {100 * found.gap.value:.1f} points apart{span}: "
        f"{found.lowest} {100 * found.lowest_rate:.1f} %, "
        f"{found.highest} {100 * found.highest_rate:.1f} %"
    )


def _failure(kind: str, measure: str, found: LabelGap, limit: float) -> str | None:
    if found.gap.value <= limit + ROUNDING:
        return None
    model = "float" if found.of_int8 is None else "int8"
    return f"{model} {gap_in_words(kind, measure, found)}; tolerance {100 * limit:.1f} points"
