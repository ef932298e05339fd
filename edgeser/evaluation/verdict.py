"""The verdict on a parity report: from stated tolerances only."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edgeser.evaluation.int8_parity import ParityReport
from quantize.foundation.errors import BadInput

ROUNDING = 1e-9
"""A difference of two ratios that is the tolerance in decimals may be a bit more in binary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How far int8 may fall behind float.

    Parameters
    ----------
    max_uar_drop
        Float UAR minus int8 UAR, a ratio.
    max_flips
        Share of clips that float and int8 may call differently, a ratio.
    max_ccc_drop
        Concordance of float minus that of int8, of valence, arousal and dominance each.
    """

    max_uar_drop: float = 0.01
    max_flips: float = 0.03
    max_ccc_drop: float = 0.02

    def __post_init__(self) -> None:
        for name in ("max_uar_drop", "max_flips", "max_ccc_drop"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= 1):
                raise BadInput(
                    f"the tolerance {name} is {value}", hint="give a ratio between 0 and 1"
                )


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was judged: its name, and why it failed (``None`` when it passed)."""

    name: str
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the tolerances held; each failure says what to look at."""

    checks: tuple[Check, ...]
    tolerances: Tolerances

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each check that failed."""
        return tuple(check.failure for check in self.checks if check.failure is not None)

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures


def judge(report: ParityReport, tolerances: Tolerances) -> Verdict:
    """Judge `report`: the tolerances, exact feature parity, and no figure that is not finite."""
    look = _where_to_look(report)
    drop, flips = report.uar_drop.value, report.label_flip_rate.value
    uar = Check("int8 UAR against float")
    if drop > tolerances.max_uar_drop:
        uar = Check(
            uar.name,
            f"int8 UAR is {drop:.4f} below float, tolerance {tolerances.max_uar_drop:.4f}; {look}",
        )
    labels = Check("label flips")
    if flips > tolerances.max_flips:
        labels = Check(
            labels.name,
            f"{report.label_flips} of {report.clips} clips change their label "
            f"({100 * flips:.2f} %), tolerance {100 * tolerances.max_flips:.2f} %; {look}",
        )
    checks = (_all_finite(report), *_features(report), uar, labels, *_vad(report, tolerances))
    return Verdict(checks=checks, tolerances=tolerances)


def _vad(report: ParityReport, tolerances: Tolerances) -> list[Check]:
    scores = report.vad.scores if report.vad is not None else None
    checks = []
    for score in scores.scores if scores is not None else ():
        drop, failure = score.drop.value, None
        if not drop <= tolerances.max_ccc_drop:
            failure = (
                f"int8 {score.dimension} is {drop:.4f} of concordance below float, tolerance "
                f"{tolerances.max_ccc_drop:.4f}"
            )
        checks.append(Check(f"int8 {score.dimension} against float", failure))
    return checks


def _where_to_look(report: ParityReport) -> str:
    clip, layer = report.flipped_worst, report.worst_layer
    text = (
        f"look at clip {clip.clip_id} ({clip.float_label} became {clip.int8_label}, "
        if clip.flipped
        else f"look at clip {clip.clip_id} (still {clip.float_label}, "
    )
    text += f"{clip.max_lsb} LSB off)"
    if layer is not None:
        text += f" and at layer {layer.name} ({layer.operator}, SQNR {layer.sqnr_db:.1f} dB)"
    return text


def _features(report: ParityReport) -> list[Check]:
    checks = []
    for found in report.features:
        failure = None
        if found.passed is False:
            failure = (
                f"feature parity: {found.check}: "
                f"{found.differing} of {found.compared} values differ"
            ) + (f"; {found.detail}" if found.detail else "")
        if found.passed is not None:
            checks.append(Check(f"features: {found.check}", failure))
    return checks


def _all_finite(report: ParityReport) -> Check:
    """NaN compares false with every tolerance, so it has a check of its own."""
    clip = report.worst_clips[0].clip_id
    figures = {
        "float UAR": report.float_metrics.uar.value,
        "int8 UAR": report.int8_metrics.uar.value,
        "UAR drop": report.uar_drop.value,
        "label flip rate": report.label_flip_rate.value,
        "mean cosine": report.cosine_mean.value,
        "worst cosine": report.cosine_worst.value,
    }
    failures = [
        f"{name} is {value}; look at clip {clip}"
        for name, value in figures.items()
        if not math.isfinite(value)
    ]
    failures += [
        f"the error of layer {layer.name} is {layer.sqnr_db}; look at that layer on clip {clip}"
        for layer in report.layers
        if layer.sqnr_db is not None and not math.isfinite(layer.sqnr_db)
    ]
    return Check("every figure is finite", "; ".join(failures) or None)
