"""A rule to decide by, for a bundle: chosen on what its model said of the development clips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeser.bundle import Bundle
from edgeser.decision import DecisionConfig, HeldOut, rule_from
from edgeser.decision.rule import with_threshold
from edgeser.pipeline.inference import output_grid
from edgeser.pipeline.int8_inference import int8_logits
from edgeser.progress import SILENT, Reporter
from firmware_bridge.certainty import Certainty
from firmware_bridge.project import StreamSettings


def decided(
    bundle: Bundle,
    wanted: DecisionConfig,
    *,
    strictly: bool = False,
    reporter: Reporter = SILENT,
) -> Bundle:
    """Return the bundle with temperatures, and the threshold for what is wanted.

    Parameters
    ----------
    bundle
        Temperatures that it has are kept.
    wanted
        A risk or a coverage, or neither.
    strictly
        Refuse a risk that cannot be had; else it is noted, and the lowest taken.
    reporter
        Told of that.

    Raises
    ------
    BadInput
        When a threshold is wanted and nothing is known of development clips, or strictly a risk
        that cannot be had: says what can.
    """
    scale = output_grid(bundle.int8_model).scale
    trained = bundle.trained
    held_out = _with_int8(bundle)
    if bundle.rule.calibrated and held_out is not None:
        rule = with_threshold(bundle.rule, held_out, wanted, scale=scale)
    else:
        rule = rule_from(held_out, wanted, scale=scale)
    if strictly:
        rule.require_wanted()
    if rule.note:
        reporter.note(f"{rule.note}; its threshold is taken")
    recipe = replace(trained.recipe, decision=wanted)
    return replace(bundle, trained=replace(trained, held_out=held_out, recipe=recipe), rule=rule)


def certainty_of(bundle: Bundle) -> Certainty:
    """Return what the bundle's firmware decides with."""
    return bundle.rule.certainty(output_grid(bundle.int8_model).scale)


def stream_settings(bundle: Bundle) -> StreamSettings:
    """Return how the bundle's firmware decides on a stream."""
    window = bundle.trained.recipe.window
    return StreamSettings(
        hop_frames=window.hop_frames, smoothing=window.smoothing, certainty=certainty_of(bundle)
    )


def _with_int8(bundle: Bundle) -> HeldOut | None:
    """Return the development clips with what the int8 model says of them, without their windows.

    Where there are no windows, since the model was trained on them, the first network's logits on
    the grid of the int8 output stand for it.
    """
    held_out = bundle.trained.held_out
    if held_out is None or held_out.int8_logits is not None:
        return held_out
    if held_out.features is not None:
        logits = int8_logits(bundle.int8_model, held_out.features)
    else:
        steps = output_grid(bundle.int8_model).quantise(held_out.logits)
        logits = np.clip(steps, -128, 127).astype(np.int8)
    return replace(held_out, int8_logits=logits, features=None)
