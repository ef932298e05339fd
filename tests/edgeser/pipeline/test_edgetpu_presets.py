"""Every preset's network, converted as it is shipped, runs whole on the Edge TPU."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from edgeser.network import AmplitudePhaseNetwork
from edgeser.network.words_config import WordsConfig
from edgeser.recipe import load_recipe, preset_names
from quantize.convert import export_int8
from quantize.edgetpu.estimate import estimate
from quantize.edgetpu.latency import Link
from quantize.edgetpu.lint import lint_model
from quantize.tflite import inspect_model, read_model

SCALE = 1 / 32


def normed(network: AmplitudePhaseNetwork, values: np.ndarray) -> AmplitudePhaseNetwork:
    """Return the network with batch norms that know its values, as a trained one's do."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.from_numpy(values))
    return network.eval()


@pytest.mark.slow
@pytest.mark.parametrize("preset", preset_names())
def test_no_preset_breaks_a_rule(preset: str) -> None:
    recipe = load_recipe(preset)
    frontend = recipe.frontend
    torch.manual_seed(0)
    shape = (len(frontend.planes), recipe.window.frames, frontend.channels)
    network = AmplitudePhaseNetwork(
        recipe.network, planes=frontend.planes, frames=shape[1], channels=shape[2], classes=6
    )
    values = np.random.default_rng(0).integers(-100, 100, (8, *shape)).astype(np.float32) * SCALE
    converted = export_int8(
        normed(network, values),
        input_shape_nchw=(1, *shape),
        representative=values,
        input_scale=SCALE,
    )
    model = read_model(converted.int8_tflite, name=preset)
    report = lint_model(model)
    assert report.findings == ()
    assert report.passed
    found = estimate(model, link=Link.MICRO)
    assert found.fits
    assert found.not_counted == ()


@pytest.mark.slow
def test_words_with_the_full_keyword_network_keep_what_was_promised() -> None:
    """600 kB, 16 M MACs a second of speech, 23 ms on the Micro's Edge TPU."""
    words, keywords = load_recipe("words"), load_recipe("keywords")
    assert words.frontend.sample_rate == keywords.frontend.sample_rate
    heard = WordsConfig(
        kind="frozen",
        network=replace(keywords.network, kind="dsresnet-se"),
        planes=keywords.frontend.planes,
        frames=keywords.window.frames,
        fusion=words.words.fusion,
    )
    frontend, frames = words.frontend, words.window.frames
    torch.manual_seed(0)
    shape = (len(frontend.planes), frames, frontend.channels)
    network = AmplitudePhaseNetwork(
        words.network, frontend.planes, frames, frontend.channels, classes=4, words=heard
    ).eval()
    values = np.random.default_rng(0).integers(-100, 100, (8, *shape))
    converted = export_int8(
        network,
        input_shape_nchw=(1, *shape),
        representative=values.astype(np.float32) * SCALE,
        input_scale=SCALE,
    )
    assert len(converted.int8_tflite) <= 600_000
    model = read_model(converted.int8_tflite, name="words")
    report = lint_model(model)
    assert report.passed
    assert report.findings == ()
    assert estimate(model, link=Link.MICRO).latency_ms.value <= 23.0
    seconds = frames * frontend.hop_ms / 1000.0
    macs = inspect_model(model).macs
    assert macs is not None
    assert macs / seconds <= 16e6
