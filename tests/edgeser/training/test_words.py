"""A training with words: what is frozen is the same bytes before and after, on every road."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load

from edgeser.network import AmplitudePhaseNetwork, NetworkConfig, load_network
from edgeser.network.state import state_to_bytes
from edgeser.network.trunk_config import DsResNetConfig
from edgeser.network.words import FrozenEncoder
from edgeser.network.words_config import WordsConfig
from edgeser.training import AugmentationConfig, LabelledFeatures, TrainingConfig, TrainingData
from edgeser.training import train as fit

CHANNELS, FRAMES = 12, 24
KEYWORDS = NetworkConfig(
    kind="dsresnet-se", centring="speech", dsresnet=DsResNetConfig(widths=(8, 8, 8), dense=(8, 4))
)
VOICE = NetworkConfig(stem_width=4, widths=(8,), strides=(2,), dropout=0.2)
TRAINING = TrainingConfig(epochs=3, batch_size=12, learning_rate=1e-2, threads=1, refit=True)
AUGMENTATION = AugmentationConfig(shift_frames=1, time_mask_frames=3, channel_mask_channels=2)
PREFIX = "words.encoder.trunk."


def clips(speakers: range, seed: int) -> LabelledFeatures:
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(3), 4 * len(speakers))
    names = tuple(f"speaker{s}" for s in speakers for _ in range(12))
    x = rng.normal(0.0, 20.0, (2, labels.size, FRAMES + 4, CHANNELS, 1))
    for label in range(3):
        x[:, labels == label, :, 4 * label : 4 * label + 4] += 40.0
    return LabelledFeatures(np.clip(x, -128, 127).astype(np.int8), labels, names)


def encoder(seed: int = 0) -> FrozenEncoder:
    torch.manual_seed(seed)
    net = AmplitudePhaseNetwork(KEYWORDS, ("amplitude",), 16, CHANNELS, 4)
    net.train()
    net(torch.randn(8, 1, 16, CHANNELS))
    assert net.amplitude is not None
    config = WordsConfig(
        kind="frozen",
        fusion="gated",
        width=6,
        network=KEYWORDS,
        planes=("amplitude",),
        frames=16,
        frontend="0" * 64,
    )
    frozen = FrozenEncoder(config, dict(net.eval().amplitude.state_dict()))
    return FrozenEncoder(dataclasses.replace(config, sha256=frozen.sha256), frozen.state)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return TrainingData(
        classes=("a", "b", "c"),
        planes=("amplitude",),
        frames=FRAMES,
        train=clips(range(4), 0),
        development=clips(range(4, 6), 1),
        words=encoder(),
    )


def test_what_is_frozen_is_the_same_bytes_before_and_after(
    data: TrainingData, tmp_path: Path
) -> None:
    assert data.words is not None
    before = state_to_bytes(data.words.state)
    result = fit(
        VOICE,
        dataclasses.replace(TRAINING, teachers=1),
        AUGMENTATION,
        data,
        seed=0,
        checkpoint_dir=tmp_path,
    )
    weights = load(result.weights)
    trunk = {n.removeprefix(PREFIX): v for n, v in weights.items() if n.startswith(PREFIX)}
    assert state_to_bytes(trunk) == before == state_to_bytes(data.words.state)
    network = load_network(
        VOICE,
        result.weights,
        planes=("amplitude",),
        frames=FRAMES,
        channels=CHANNELS,
        classes=3,
        words=data.words.config,
    )
    assert network.words is not None
    assert "words.score.weight" in weights


def test_the_same_seed_gives_the_same_bits_and_another_encoder_others(data: TrainingData) -> None:
    def train(words: FrozenEncoder | None) -> bytes:
        given = dataclasses.replace(data, words=words)
        config = dataclasses.replace(TRAINING, refit=False)
        return fit(VOICE, config, AUGMENTATION, given, seed=3).weights

    one = train(data.words)
    assert train(data.words) == one
    assert train(encoder(seed=9)) != one
    assert not [name for name in load(train(None)) if name.startswith(("words", "fusion"))]


def test_a_checkpoint_of_another_encoder_is_another_training(
    data: TrainingData, tmp_path: Path
) -> None:
    from quantize.foundation.errors import BadInput

    config = dataclasses.replace(TRAINING, refit=False)
    fit(VOICE, config, AUGMENTATION, data, seed=0, checkpoint_dir=tmp_path)
    other = dataclasses.replace(data, words=encoder(seed=9))
    with pytest.raises(BadInput):
        fit(VOICE, config, AUGMENTATION, other, seed=0, checkpoint_dir=tmp_path, resume=True)
