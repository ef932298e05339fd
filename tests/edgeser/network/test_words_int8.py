"""A frozen trunk in int8: the ranges of its activations are those of its own model, if asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig
from edgeser.network.trunk_config import DsResNetConfig
from edgeser.network.words import FrozenEncoder
from edgeser.network.words_config import WordsConfig
from quantize.convert import QuantizedModel, activation_ranges, export_int8
from quantize.tflite import read_model

KEYWORDS = NetworkConfig(kind="dsresnet-se", dsresnet=DsResNetConfig(widths=(8, 12), dense=(8, 6)))
VOICE = NetworkConfig(inputs="amplitude", stem_width=4, widths=(8,), strides=(2,))
OWN_FRAMES, FRAMES, CHANNELS = 16, 48, 12


def heard(frames: int, loudness: float) -> NDArray[np.float32]:
    steps = np.random.default_rng(0).normal(size=(6, 1, frames, CHANNELS)) * 32 * loudness
    return (np.clip(np.rint(steps), -128, 127) / 32).astype(np.float32)


def exported(network: AmplitudePhaseNetwork, loudness: float, **options: Any) -> QuantizedModel:
    frames = network.input_shape[1]
    return export_int8(
        network,
        input_shape_nchw=(1, 1, frames, CHANNELS),
        representative=heard(frames, loudness),
        **options,
    )


@pytest.fixture(scope="module")
def networks() -> tuple[AmplitudePhaseNetwork, AmplitudePhaseNetwork]:
    torch.manual_seed(0)
    own = AmplitudePhaseNetwork(KEYWORDS, ("amplitude",), OWN_FRAMES, CHANNELS, 4)
    own.train()
    for _ in range(3):  # statistics of their own
        own(torch.randn(8, 1, OWN_FRAMES, CHANNELS))
    own.eval()
    config = WordsConfig(
        kind="frozen", network=KEYWORDS, planes=("amplitude",), frames=OWN_FRAMES, dropout=0.0
    )
    fused = AmplitudePhaseNetwork(VOICE, ("amplitude",), FRAMES, CHANNELS, 3, words=config)
    assert own.amplitude is not None
    assert fused.words is not None
    fused.words.load_encoder(FrozenEncoder(config, dict(own.amplitude.state_dict())))
    return own, fused.eval()


def ranges_of(model: QuantizedModel) -> dict[str, tuple[float, float]]:
    return activation_ranges(model.int8_tflite, dict(model.layer_names))


def test_a_frozen_trunk_keeps_the_ranges_of_its_own_int8_model(
    networks: tuple[AmplitudePhaseNetwork, AmplitudePhaseNetwork],
) -> None:
    own, fused = networks
    wanted = {
        layer.replace("amplitude.", "words.encoder."): ends
        for layer, ends in ranges_of(exported(own, 1.0)).items()
        if layer.startswith(("amplitude.blocks.", "amplitude.dense."))
    }
    assert len(wanted) > 10
    measured = exported(fused, 0.25)  # clips less loud than the encoder's
    kept = exported(fused, 0.25, ranges={**wanted, "no.such.layer": (-1.0, 1.0)})
    assert set(kept.kept_ranges) == set(wanted)
    assert measured.kept_ranges == ()
    before, after = ranges_of(measured), ranges_of(kept)
    for layer, ends in wanted.items():
        assert after[layer] == pytest.approx(ends, rel=1e-5), layer
    assert before["words.encoder.blocks.0.0"][1] < 0.8 * wanted["words.encoder.blocks.0.0"][1]
    elsewhere = [layer for layer in before if not layer.startswith("words.encoder.")]
    assert len(elsewhere) > 5
    assert {layer: after[layer] for layer in elsewhere if layer.startswith("amplitude.")} == {
        layer: before[layer] for layer in elsewhere if layer.startswith("amplitude.")
    }

    def kernels(model: QuantizedModel) -> list[bytes]:
        graph = read_model(model.int8_tflite).main
        found = [o for o in graph.operators if o.name.endswith("CONV_2D")]
        return [bytes(graph.tensors[o.inputs[1]].data) for o in found]

    assert kernels(kept) == kernels(measured)
    assert kept.float_tflite == measured.float_tflite
