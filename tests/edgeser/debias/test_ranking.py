"""W of clips with a bias that is easier to learn than the label: what it guides, and what not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeser.debias.config import DebiasConfig
from edgeser.debias.ranking import BIASED, DEBIASED, rank_clips
from edgeser.network import NetworkConfig
from edgeser.training import (
    AugmentationConfig,
    LabelledFeatures,
    TrainingConfig,
    TrainingData,
)
from quantize.foundation.errors import BadInput

NETWORK = NetworkConfig(stem_width=4, widths=(8, 8), strides=(2, 1))
TRAINING = TrainingConfig(epochs=3, batch_size=16, learning_rate=1e-2, threads=1, ema_decay=0.0)
AUGMENTATION = AugmentationConfig(shift_frames=2, time_mask_frames=3, channel_mask_channels=2)
CONFIG = DebiasConfig(convert="confidence", epochs=20)
SHORT = DebiasConfig(convert="confidence", epochs=3)
GUIDED = 0.9


def clips_of(speakers: range, seed: int) -> tuple[LabelledFeatures, np.ndarray]:
    """A loud band that goes with the label in nine clips of ten, and a faint one that is it."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(2), 10 * len(speakers))
    guided = rng.random(labels.size) < GUIDED
    group = np.where(guided, labels, 1 - labels)
    x = rng.normal(0.0, 20.0, (2, labels.size, 28, 12, 1))
    for value in range(2):
        x[:, group == value, :, 3 * value : 3 * value + 3] += 60.0
        x[:, labels == value, :, 6 + 3 * value : 9 + 3 * value] += 8.0
    names = tuple(f"speaker{s}" for s in speakers for _ in range(20))
    return LabelledFeatures(np.clip(x, -128, 127).astype(np.int8), labels, names), guided


@pytest.fixture(scope="module")
def clips() -> tuple[TrainingData, np.ndarray]:
    train, guided = clips_of(range(10), 0)
    data = TrainingData(
        classes=("a", "b"),
        planes=("amplitude",),
        frames=24,
        train=train,
        development=clips_of(range(10, 12), 1)[0],
    )
    return data, guided


def ranked(data: TrainingData, seed: int = 0, **how: object) -> np.ndarray:
    return rank_clips(NETWORK, TRAINING, AUGMENTATION, data, SHORT, seed=seed, **how)  # type: ignore[arg-type]


def test_clips_that_guide_the_bias_have_a_low_w(clips: tuple[TrainingData, np.ndarray]) -> None:
    data, guided = clips
    ranks = rank_clips(NETWORK, TRAINING, AUGMENTATION, data, CONFIG, seed=0)
    assert ranks.shape == (200,)
    assert np.all((ranks >= 0) & (ranks <= 1))
    lowest = np.argsort(ranks)[:50]
    assert guided[lowest].all()
    highest = np.argsort(ranks)[-(~guided).sum() :]
    assert np.mean(~guided[highest]) > 0.8  # a tenth, were they drawn


def test_the_same_seed_gives_the_same_bits(clips: tuple[TrainingData, np.ndarray]) -> None:
    data, _ = clips
    first = ranked(data, seed=4)
    np.testing.assert_array_equal(first, ranked(data, seed=4))
    assert not np.array_equal(first, ranked(data, seed=5))


@pytest.mark.parametrize(("stage", "epochs"), [(BIASED, 2), (DEBIASED, 2)])
def test_interrupted_it_goes_on_to_the_same_bits(
    clips: tuple[TrainingData, np.ndarray], tmp_path: Path, stage: str, epochs: int
) -> None:
    data, _ = clips

    def interrupt(title: str, done: int, planned: int) -> None:
        if (title, done) == (stage, epochs):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ranked(data, checkpoint_dir=tmp_path, progress=interrupt)
    seen: list[tuple[str, int]] = []
    found = ranked(
        data,
        checkpoint_dir=tmp_path,
        resume=True,
        progress=lambda title, done, planned: seen.append((title, done)),
    )
    assert seen[[title for title, _ in seen].index(stage)] == (stage, epochs)
    np.testing.assert_array_equal(found, ranked(data))
    seen.clear()
    again = ranked(
        data,
        checkpoint_dir=tmp_path,
        resume=True,
        progress=lambda title, done, planned: seen.append((title, done)),
    )
    np.testing.assert_array_equal(again, found)
    assert not seen, "what is done is kept"
    with pytest.raises(BadInput, match="another recipe, seed or corpus"):
        ranked(data, seed=1, checkpoint_dir=tmp_path, resume=True)
