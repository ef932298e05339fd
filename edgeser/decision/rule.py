"""How a model's logits become a probability, and when it says "unsure"."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.decision.config import DecisionConfig
from edgeser.decision.held_out import HeldOut
from edgeser.decision.temperature import fit_temperature, softmax
from edgeser.decision.threshold import choose_threshold
from firmware_bridge.certainty import ONE, Certainty
from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRule:
    """What a bundle decides with.

    Parameters
    ----------
    calibrated
        Whether the temperatures were fitted; else they are 1, and a probability says nothing of
        how often it is right.
    float_temperature, int8_temperature
        What the logits of each are divided by.
    unsure_below
        Probability in Q15 below which nothing is answered; 0: everything is.
    wanted
        What the threshold was chosen for: ``"risk 0.3"``; empty where everything is answered.
    risk, coverage
        What it gives on the development clips, int8; `None` where there are none.
    source
        Whose logits of what clips all this rests on.
    note
        Why what was wanted cannot be had, and what can; empty where it can.
    """

    calibrated: bool = False
    float_temperature: float = 1.0
    int8_temperature: float = 1.0
    unsure_below: int = 0
    wanted: str = ""
    risk: float | None = None
    coverage: float | None = None
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for temperature in (self.float_temperature, self.int8_temperature):
            if not (math.isfinite(temperature) and temperature > 0.0):
                raise BadInput(f"the temperature {temperature} is not positive")
        if not 0 <= self.unsure_below <= ONE:
            raise BadInput(f"the threshold {self.unsure_below} is no probability, 0 to {ONE}")

    @property
    def threshold(self) -> float:
        """The probability below which nothing is answered, 0 to 1."""
        return self.unsure_below / ONE

    def certainty(self, scale: float) -> Certainty:
        """Return what a device needs, of int8 logits whose step stands for `scale`."""
        return Certainty.of_scale(
            scale, temperature=self.int8_temperature, unsure_below=self.unsure_below
        )

    def of_float(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return probabilities of the float network's logits, float64 of the same shape."""
        return softmax(logits, self.float_temperature)


NOT_CALIBRATED = DecisionRule()
"""Of bundles from before there was a temperature: it is 1, and everything is answered."""


def rule_from(held_out: HeldOut | None, wanted: DecisionConfig, *, scale: float) -> DecisionRule:
    """Fit both temperatures and choose the threshold, on what was said of development clips.

    The temperatures are those of the clips as recorded: what is stated holds for clips like them.
    The threshold is chosen under conditions too, where there are any: it must hold in rooms.

    Parameters
    ----------
    held_out
        With int8 logits; `None` where nothing is known of such clips.
    wanted
        Of the answers.
    scale
        The step of the int8 logits.

    Raises
    ------
    BadInput
        When a threshold is wanted and there are no such clips, or not of the int8 model.
    """
    if held_out is None or held_out.int8_logits is None:
        if str(wanted):
            raise BadInput(
                f"{wanted} is wanted, but the bundle holds no development clips to choose a "
                "threshold by: it is not calibrated",
                hint="train it again with this version of edgeser",
            )
        return NOT_CALIBRATED
    clean = held_out.as_recorded()
    labels, steps = held_out.labels[clean], held_out.int8_logits[clean]
    rule = DecisionRule(
        calibrated=True,
        float_temperature=fit_temperature(held_out.logits[clean], labels),
        int8_temperature=fit_temperature(steps * scale, labels),
        source=held_out.source,
    )
    return with_threshold(rule, held_out, wanted, scale=scale)


def with_threshold(
    rule: DecisionRule, held_out: HeldOut, wanted: DecisionConfig, *, scale: float
) -> DecisionRule:
    """Return the rule with the threshold for what is wanted, chosen as the device will apply it."""
    logits = held_out.int8_logits
    if logits is None:
        raise BadInput("nothing is known of what the int8 model says of development clips")
    probabilities = rule.certainty(scale).probabilities(logits)
    correct = np.asarray(logits.argmax(axis=1) == held_out.labels)
    found = choose_threshold(probabilities.max(axis=1), correct, wanted)
    return replace(
        rule,
        unsure_below=found.unsure_below,
        wanted=str(wanted),
        risk=found.risk,
        coverage=found.coverage,
        note=found.note,
    )
