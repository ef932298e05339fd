"""Explanations as JSON: one for all clips, and one for each clip with its maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.baseline.licence import LICENCE
from edgeser.explanation.config import Occlusion
from edgeser.explanation.cues import CUES
from edgeser.explanation.explanation import Explanation, HeardCues, Worth
from edgeser.explanation.faithfulness import Curve
from edgeser.explanation.finding_records import CueFigures, Finding
from edgeser.explanation.literature import Expectation, Verdict
from edgeser.report.explanation.clip import BANDS, render_clip, sentence
from edgeser.report.schemas.form import dump_json
from quantize.foundation.files import write_atomically
from quantize.foundation.measurement import Evidence, Measurement

SCHEMA = "edgeser.explain/1"
CLIP_SCHEMA = "edgeser.explain-clip/1"

Json = dict[str, Any]


def write_clip(folder: Path, name: str, found: Explanation) -> None:
    """Write ``NAME.html`` and ``NAME.json`` of a clip.

    Raises
    ------
    BadInput
        When they cannot be written.
    CheckFailed
        When a figure is NaN or infinite.
    """
    whole = {"schema": CLIP_SCHEMA, **clip_json(found), "maps": _maps_json(found)}
    write_atomically(folder / f"{name}.json", dump_json(whole).encode(), sync=False)
    write_atomically(folder / f"{name}.html", render_clip(found).encode(), sync=False)


def explained_json(
    model_sha256: str,
    found: Sequence[Explanation],
    pages: Sequence[str],
    problems: Sequence[str],
    *,
    finding: Finding | None = None,
) -> Json:
    """Return what was found of several clips: everything but the maps."""
    return {
        "schema": SCHEMA,
        "model_sha256": model_sha256,
        "finding": None if finding is None else finding_json(finding),
        "clips": [
            {"page": page, **clip_json(item)} for page, item in zip(pages, found, strict=True)
        ],
        "problems": list(problems),
    }


def clip_json(found: Explanation) -> Json:
    """Return what was found of a clip, without its maps."""
    curves = found.faithfulness
    seconds = Measurement(
        value=found.seconds,
        unit="s",
        evidence=Evidence.MEASURED,
        source=f"occlusion on this computer; {found.engine}",
    )
    return {
        "clip": found.told.name,
        "truth": found.told.label or None,
        "speaker": found.told.speaker or None,
        "remarks": list(found.told.remarks),
        "answer": found.answer,
        "probabilities": found.probabilities,
        "log_odds": found.log_odds,
        "unsure": found.unsure,
        "sentence": sentence(found),
        "windows": found.windows,
        "engine": found.engine,
        "inferences": found.saliency.inferences,
        "occlusion_time": seconds.to_json(),
        "occlusion": _occlusion_json(found.occlusion),
        "stretches": [
            {"start_s": s.start_s, "end_s": s.end_s, "share": s.share} for s in found.stretches
        ],
        "plane_shares": found.shares,
        "hidden_planes": found.hidden_planes,
        "band_shares": dict(zip(BANDS, found.bands, strict=True)),
        "deletion": None if curves is None else _curve_json(curves.deletion),
        "insertion": None if curves is None else _curve_json(curves.insertion),
        "worth": None if found.worth is None else _worth_json(found.worth),
        "cues": None if found.cues is None else _cues_json(found.cues),
    }


def _occlusion_json(occlusion: Occlusion) -> Json:
    return {
        "channels": occlusion.channels,
        "frames": occlusion.frames,
        "channel_stride": occlusion.channel_stride,
        "frame_stride": occlusion.frame_stride,
        "fill": occlusion.fill.value,
    }


def _curve_json(curve: Curve) -> Json:
    gain = Measurement(
        value=curve.gain,
        unit="",
        evidence=Evidence.MEASURED,
        source="mean over random orders, in probability, int8",
        interval=curve.interval,
        interval_kind="2.5th to 97.5th percentile of the random orders",
    )
    return {
        "gain": gain.to_json(),
        "shares": list(curve.shares),
        "of_map": curve.of_map.tolist(),
        "of_random": curve.of_random.tolist(),
    }


def _worth_json(worth: Worth) -> Json:
    gradients = worth.gradients
    return {
        "gradients": {
            "correlation": gradients.correlation,
            "rise": gradients.rise,
            "residual": gradients.residual,
            "steps": gradients.steps,
        },
        "occlusion": _occlusion_json(worth.occlusion),
        "shuffled": [
            {
                "layers": s.layers,
                "of": s.of,
                "last": s.last,
                "correlation": s.correlation,
                "probability": s.probability,
            }
            for s in worth.shuffled
        ],
        "stability": [
            {"change": s.change, "correlation": s.correlation, "answer": s.answer}
            for s in worth.stability
        ],
    }


def _cues_json(cues: HeardCues) -> Json:
    return {
        "opensmile": cues.version,
        "licence": LICENCE,
        "descriptors": {cue.name: cue.descriptor for cue in CUES},
        "stretches": [
            {
                "start_s": item.stretch.start_s,
                "values": _by_cue(item.values),
                "scores": {name: _by_cue(of) for name, of in item.scores.items()},
            }
            for item in cues.stretches
        ],
        "whole": {name: _by_cue(of) for name, of in cues.whole.items()},
        "literature": [_verdict_json(verdict) for verdict in cues.verdicts],
    }


def _by_cue(values: NDArray[np.float64]) -> dict[str, float | None]:
    return {
        cue.name: None if math.isnan(value) else float(value)
        for cue, value in zip(CUES, values, strict=True)
    }


def _expectation_json(expectation: Expectation) -> Json:
    expected = "more" if expectation.sign > 0 else "less"
    return {"cue": expectation.cue, "expected": expected, "sources": list(expectation.sources)}


def _verdict_json(verdict: Verdict) -> Json:
    return {
        **_expectation_json(verdict.expectation),
        "score": verdict.score,
        "against": verdict.against,
        "agreement": verdict.agreement.value,
    }


def _maps_json(found: Explanation) -> Json:
    """Return the maps, by plane a row for each frame, lowest channel first."""
    gradients = None if found.worth is None else found.worth.gradients.cells
    return {
        "unit": "natural logarithm of the answer's odds",
        "hop_ms": found.hop_ms,
        "occlusion": _by_plane(found.planes, found.saliency.cells),
        "gradients": None if gradients is None else _by_plane(found.planes, gradients),
        "features": _by_plane(found.planes, found.features),
    }


def _by_plane(planes: Sequence[str], cells: NDArray[Any]) -> Json:
    return {plane: np.round(cells[:, :, number], 5).tolist() for number, plane in enumerate(planes)}


def finding_json(finding: Finding) -> Json:
    """Return what the clips of a corpus say together."""

    def figure(value: Measurement | None) -> Json | None:
        return None if value is None else value.to_json()

    def cues(values: CueFigures) -> Json:
        return {cue.name: figure(value) for cue, value in zip(CUES, values, strict=True)}

    return {
        "clips": finding.clips,
        "speakers": finding.speakers,
        "right": finding.right,
        "checked": finding.checked,
        "deletion": figure(finding.deletion),
        "insertion": figure(finding.insertion),
        "gradients": figure(finding.gradients),
        "shuffled": {name: value.to_json() for name, value in finding.shuffled.items()},
        "stability": {name: value.to_json() for name, value in finding.stability.items()},
        "answers": [
            {
                "answer": emotion.answer,
                "clips": emotion.clips,
                "right": emotion.right,
                "known": emotion.known,
                "plane_shares": {name: s.to_json() for name, s in emotion.shares.items()},
                "channels": emotion.channels.tolist(),
                "speakers": emotion.speakers,
                "cues": cues(emotion.cues),
                "whole": cues(emotion.whole),
                "labelled": cues(emotion.labelled),
                "within": cues(emotion.within),
            }
            for emotion in finding.emotions
        ],
        "within": cues(finding.within),
        "unvoiced": figure(finding.unvoiced),
        "errors": [
            {
                "label": error.label,
                "answer": error.answer,
                "clips": error.clips,
                "of": error.of,
                "speakers": error.speakers,
                "cues": cues(error.cues),
            }
            for error in finding.errors
        ],
        "by_speaker": [
            {
                "speaker": of.speaker,
                "clips": of.clips,
                "right": of.right,
                "deletion": of.deletion,
                "insertion": of.insertion,
            }
            for of in finding.by_speaker
        ],
        "literature": [
            {
                "answer": v.answer,
                **_expectation_json(v.expectation),
                "score": v.score.to_json(),
                "agreement": v.agreement.value,
                "labelled": figure(v.labelled),
            }
            for v in finding.verdicts
        ],
    }
