"""Valence, arousal and dominance as JSON."""

from __future__ import annotations

from typing import Any

from edgeser.evaluation.concordance import VadScores
from edgeser.evaluation.vad_parity import VadParity


def vad_scores_json(scores: VadScores) -> dict[str, Any]:
    """Return concordance by dimension, and what the values are that it is with."""
    return {
        "targets": scores.called,
        "clips": scores.clips,
        "speakers": scores.speakers,
        "derived_clips": scores.derived,
        "derived_from": scores.derived_from,
        "caveats": list(scores.caveats),
        "ccc": {
            score.dimension: {
                "float": score.of_float.to_json(),
                "int8": score.of_int8.to_json(),
                "drop": score.drop.to_json(),
            }
            for score in scores.scores
        },
    }


def vad_parity_json(parity: VadParity) -> dict[str, Any]:
    """Return how far float and int8 are apart, and what both score."""
    return {
        "max_lsb": parity.max_lsb,
        "lsb_histogram": [{"difference": s, "values": v} for s, v in parity.lsb_histogram],
        "beyond_grid": parity.beyond_grid,
        "output_scale": parity.grid.scale,
        "output_zero_point": parity.grid.zero_point,
        "runtimes": [
            {
                "runtime": found.runtime.label,
                "oracle": found.oracle.label,
                "compared": found.values,
                "mismatches": found.mismatches,
                "max_lsb": found.max_lsb,
            }
            for found in parity.runtimes
        ],
        "scores": None if parity.scores is None else vad_scores_json(parity.scores),
    }
