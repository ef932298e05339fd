"""A trained float network to int8: the bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgeser.bundle import Bundle, TrainedModel, save_bundle
from edgeser.bundle.trained import CalibrationSet, decode_calibration, window_shape
from edgeser.decision import DecisionConfig
from edgeser.pipeline.decide import decided
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.inference import load_network
from edgeser.progress import SILENT, Reporter
from edgeser.report.model_card import model_card
from firmware_bridge.frontend import INPUT_SCALE
from quantize.foundation.errors import BadInput
from quantize.foundation.extras import require
from quantize.foundation.files import read_bounded, write_atomically
from quantize.foundation.foreign import printable

if TYPE_CHECKING:
    from quantize.convert import QuantizedModel

_LIMIT_CALIBRATION_BYTES = 256 << 20


def export(
    trained: TrainedModel,
    *,
    folder: RunFolder | None = None,
    calibration: CalibrationSet | None = None,
    wanted: DecisionConfig | None = None,
    reporter: Reporter = SILENT,
) -> Bundle:
    """Quantise a trained network to a fully integer model.

    Parameters
    ----------
    trained
        The network, with the calibration clips that training kept for it.
    folder
        Where ``bundle.zip`` and ``model_int8.tflite`` are written; nowhere when `None`.
    calibration
        Instead of the training features.
    wanted
        Of the answers, instead of the recipe's; then what cannot be had is refused, not noted.
    reporter
        Told of stages.

    Returns
    -------
    The bundle; its int8 model takes int8 ``[1, frames, channels, planes]`` with scale 1/32 and
    zero point 0, and gives int8 logits ``[1, classes]``; with the head ``"vad"`` also int8
    ``[1, 3]``, an output with a scale of its own.

    Raises
    ------
    BadInput
        When there is nothing to calibrate on, or it does not fit the network; when no threshold
        gives the risk that is `wanted`.
    CheckFailed
        When a layer cannot be int8; it is named.
    """
    require("export", what="conversion to int8")
    chosen = _fitting_calibration(trained, calibration)
    quantised = _quantised(trained, chosen, reporter)
    bundle = Bundle(
        trained=replace(trained, calibration=None),
        int8_model=quantised.int8_tflite,
        float_model=quantised.float_tflite,
        layer_names=dict(quantised.layer_names),
        calibration={
            "source": chosen.source,
            "count": len(chosen.clips),
            "clips": list(chosen.clips),
            "converter": dict(quantised.versions),
            "seconds": dict(quantised.seconds),
        },
        metrics={},
    )
    bundle = decided(
        bundle,
        wanted or trained.recipe.decision,
        strictly=wanted is not None,
        reporter=reporter,
    )
    if folder is not None:
        save_bundle(folder.bundle, bundle, card=model_card(bundle))
        write_atomically(folder.int8_model, bundle.int8_model)
    return bundle


def _quantised(
    trained: TrainedModel, calibration: CalibrationSet, reporter: Reporter
) -> QuantizedModel:
    from edgeser.network.hamilton import expand
    from quantize.convert import export_int8

    progress = reporter.stage("Converting to int8")
    stages = iter(range(1, 100))
    features = calibration.features.transpose(0, 3, 1, 2).astype(np.float32) * INPUT_SCALE
    heads = trained.recipe.network.heads
    ranges = trained.recipe.words.layer_ranges if trained.recipe.words.heard else {}
    quantised = export_int8(
        expand(load_network(trained)),
        input_shape_nchw=(1, *features.shape[1:]),
        representative=features,
        input_scale=INPUT_SCALE,
        output_names=heads if len(heads) > 1 else ("output",),
        ranges=ranges,
        progress=lambda title: progress(next(stages), 4),
    )
    if anew := sorted(set(ranges) - set(quantised.kept_ranges)):
        reporter.note(
            f"of the encoder's {len(ranges)} layers {len(anew)} have ranges measured anew: "
            f"{', '.join(map(printable, anew))}"
        )
    if quantised.silent_layers:
        reporter.note(
            f"layers that give nothing on the calibration clips: "
            f"{', '.join(quantised.silent_layers)}; LiteRT's XNNPACK may refuse the model"
        )
    return quantised


def _fitting_calibration(trained: TrainedModel, given: CalibrationSet | None) -> CalibrationSet:
    """Return the clips to calibrate on: those given, else those that training kept."""
    chosen = given or trained.calibration
    if chosen is None:
        raise BadInput(
            "there are no calibration clips in this file", hint="give --calibration FILE"
        )
    shape = window_shape(trained.recipe, trained.frontend)
    if chosen.features.shape[1:] != shape:
        raise BadInput(
            f"the calibration features are {chosen.features.shape[1:]}, the network takes {shape}",
            hint="make them with this recipe: 'edgeser calibrate'",
        )
    return chosen


def read_calibration(path: Path, trained: TrainedModel) -> CalibrationSet:
    """Read a calibration file made by ``edgeser calibrate``; anything else is `BadInput`."""
    data = read_bounded(path, limit_bytes=_LIMIT_CALIBRATION_BYTES)
    window = window_shape(trained.recipe, trained.frontend)
    return decode_calibration(data, where=str(path), window=window)
