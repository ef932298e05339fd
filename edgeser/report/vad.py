"""Valence, arousal and dominance as a table's rows: concordance, float and int8."""

from __future__ import annotations

from edgeser.evaluation.concordance import VadScores
from edgeser.evaluation.vad_parity import VadParity
from edgeser.report.figures import figure

VAD_HEAD = ("concordance (CCC)", "float", "int8", "lost by int8")


def vad_rows(scores: VadScores) -> list[tuple[str, str, str, str]]:
    """Return a row for each dimension, for `VAD_HEAD`; derived values are called so in each."""
    name = "" if scores.called == "rated" else f" ({scores.called})"
    return [
        (
            f"{score.dimension}{name}",
            figure(score.of_float, interval=True),
            figure(score.of_int8, interval=True),
            figure(score.drop, interval=True),
        )
        for score in scores.scores
    ]


def vad_facts(parity: VadParity) -> str:
    """Return how far the second output of int8 is from float, one line."""
    text = (
        f"Second output: up to {parity.max_lsb} steps of {parity.grid.scale:.3g} from float, "
        f"{parity.beyond_grid} values beyond what int8 can say"
    )
    if parity.scores is None:
        return f"{text}; no test clip has valence, arousal and dominance to score it by"
    return f"{text}; {parity.scores.clips} clips of {parity.scores.speakers} speakers"
