"""Every preset's network, converted as it is shipped, runs whole on the Edge TPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork
from edgeser.recipe import load_recipe, preset_names
from quantize.convert import export_int8
from quantize.edgetpu.estimate import estimate
from quantize.edgetpu.latency import Link
from quantize.edgetpu.lint import lint_model
from quantize.tflite import read_model

SCALE = 1 / 32


@pytest.mark.slow
@pytest.mark.parametrize("preset", preset_names())
def test_no_preset_breaks_a_rule(preset: str) -> None:
    recipe = load_recipe(preset)
    frontend = recipe.frontend
    torch.manual_seed(0)
    shape = (len(frontend.planes), recipe.window.frames, frontend.channels)
    network = AmplitudePhaseNetwork(
        recipe.network, planes=frontend.planes, frames=shape[1], channels=shape[2], classes=6
    ).eval()
    values = np.random.default_rng(0).integers(-100, 100, (8, *shape))
    converted = export_int8(
        network,
        input_shape_nchw=(1, *shape),
        representative=values.astype(np.float32) * SCALE,
        input_scale=SCALE,
    )
    model = read_model(converted.int8_tflite, name=preset)
    report = lint_model(model)
    assert report.findings == ()
    assert report.passed
    found = estimate(model, link=Link.MICRO)
    assert found.fits
    assert found.not_counted == ()
