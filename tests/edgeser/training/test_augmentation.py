"""Augmentation touches what it says, and its chance comes from its generator alone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from edgeser.training.augmentation import augment, crop_window, mix
from edgeser.training.config import AugmentationConfig, ConditionsConfig, TrainingConfig
from edgeser.training.losses.cross_entropy import soft_cross_entropy
from edgeser.training.optimisation import (
    class_weights,
    one_cycle,
    soft_targets,
    update_average,
)
from quantize.foundation.errors import BadInput

NOTHING = AugmentationConfig(
    shift_frames=0, gain=0.0, channel_gain=0.0, warp=0.0, time_masks=0, channel_masks=0, mixup=0.0
)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_nothing_changes_nothing() -> None:
    x = torch.randn(4, 3, 20, 10)
    torch.testing.assert_close(augment(x, NOTHING, rng()), x, rtol=0, atol=0)


def test_warp_and_gain_leave_the_phase_alone() -> None:
    x = torch.randn(4, 3, 20, 10)
    config = dataclasses.replace(NOTHING, warp=0.2, gain=1.0, channel_gain=0.5)
    changed = augment(x, config, rng())
    torch.testing.assert_close(changed[:, 1:], x[:, 1:], rtol=0, atol=0)
    assert not torch.allclose(changed[:, :1], x[:, :1])


def test_gain_is_one_number_a_clip() -> None:
    x = torch.zeros(8, 1, 20, 10)
    gains = augment(x, dataclasses.replace(NOTHING, gain=0.5), rng())
    assert torch.all(gains == gains[:, :, :1, :1])
    assert gains.abs().max() <= 0.5
    assert gains.std() > 0.1


def test_warp_moves_a_peak_by_its_factor() -> None:
    x = torch.zeros(64, 1, 2, 40)
    x[..., 20] = 1.0
    peaks = augment(x, dataclasses.replace(NOTHING, warp=0.2), rng()).argmax(dim=3).float()
    assert 16.0 <= peaks.min() < 19.0
    assert 21.0 < peaks.max() <= 25.0


def test_masks_blank_stretches_of_all_planes() -> None:
    x = torch.ones(16, 3, 30, 20)
    config = dataclasses.replace(NOTHING, time_masks=2, time_mask_frames=5)
    masked = augment(x, config, rng())
    assert set(masked.unique().tolist()) == {0.0, 1.0}
    assert torch.all(masked == masked[:, :1, :, :1])
    assert (masked[:, 0, :, 0] == 0).sum(dim=1).max() <= 10


def test_shift_moves_and_pads_with_the_mean() -> None:
    stored = np.arange(1, 11, dtype=np.int8)[None, :, None, None].repeat(50, axis=0)
    cut = crop_window(stored, 6, 4, rng())
    assert cut.shape == (50, 6, 1, 1)
    starts = set()
    for row in cut[:, :, 0, 0]:
        kept = row[row != 0]
        np.testing.assert_array_equal(np.diff(kept), 1)
        starts.add(int(np.flatnonzero(row)[0]) if row[0] == 0 else 1 - int(row[0]))
    assert starts == set(range(-6, 3))
    np.testing.assert_array_equal(crop_window(stored, 6, 4, None)[0, :, 0, 0], range(3, 9))


def test_mixup_mixes_clips_as_it_mixes_targets() -> None:
    targets = torch.eye(6)
    x = targets[:, :, None, None].repeat(1, 1, 2, 2)
    mixed, mixed_targets, _ = mix(x, targets, 0.5, rng())
    torch.testing.assert_close(mixed[:, :, 0, 0], mixed_targets)
    torch.testing.assert_close(mixed_targets.sum(dim=1), torch.ones(6))
    assert torch.all(mixed_targets.diagonal() >= 0.5 - 1e-6)


def test_targets_are_distributions() -> None:
    labels = np.array([0, 1, 2])
    votes = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
    config = TrainingConfig(labels="votes", vote_share=0.4, label_smoothing=0.3)
    targets = soft_targets(labels, votes, 3, config)
    np.testing.assert_allclose(targets.sum(axis=1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(targets[0], [0.7 * 0.8 + 0.1, 0.7 * 0.2 + 0.1, 0.1], rtol=1e-6)
    np.testing.assert_allclose(targets[1], [0.1, 0.8, 0.1], rtol=1e-6)
    hard = soft_targets(labels, votes, 3, TrainingConfig(labels="hard", label_smoothing=0.0))
    np.testing.assert_array_equal(hard, np.eye(3, dtype=np.float32))


def test_class_weights_make_the_classes_count_alike() -> None:
    labels = np.array([0, 0, 0, 1])
    weights = class_weights(labels, 3)
    assert weights[0] * 3 == pytest.approx(weights[1])
    assert weights[labels].mean() == pytest.approx(1.0)
    assert weights[2] == 0.0


def test_cross_entropy_is_that_of_the_book() -> None:
    logits, labels = torch.randn(5, 4), torch.tensor([0, 1, 2, 3, 0])
    ours = soft_cross_entropy(logits, torch.eye(4)[labels], torch.ones(4))
    torch.testing.assert_close(ours, torch.nn.functional.cross_entropy(logits, labels))


def test_one_cycle_rises_to_its_peak_and_falls() -> None:
    config = TrainingConfig(learning_rate=1e-2, warm_up=0.25)
    rates = [one_cycle(step, 100, config) for step in range(100)]
    assert int(np.argmax(rates)) == 25
    assert max(rates) == pytest.approx(1e-2)
    assert rates[0] == pytest.approx(4e-4)
    assert rates[-1] == pytest.approx(1e-5)
    assert one_cycle(0, 1, TrainingConfig(warm_up=0.0)) > 0.0


def test_average_follows_the_weights() -> None:
    network = torch.nn.Linear(1, 1)
    average = {name: torch.zeros_like(value) for name, value in network.state_dict().items()}
    for step in range(1000):
        update_average(average, network, decay=0.95, step=step)
    torch.testing.assert_close(average["weight"], network.state_dict()["weight"])


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (TrainingConfig, {"epochs": 0}),
        (TrainingConfig, {"learning_rate": 0.0}),
        (TrainingConfig, {"learning_rate": float("inf")}),
        (TrainingConfig, {"label_smoothing": 1.5}),
        (TrainingConfig, {"ema_decay": 1.0}),
        (TrainingConfig, {"device": "tpu"}),
        (TrainingConfig, {"labels": "guessed"}),
        (AugmentationConfig, {"warp": 0.9}),
        (AugmentationConfig, {"mixup": -1.0}),
        (AugmentationConfig, {"gain": float("nan")}),
        (ConditionsConfig, {"tilt_db": (3.0, -3.0)}),
        (ConditionsConfig, {"level_db": (1.0, float("nan"))}),
        (ConditionsConfig, {"noise_probability": 1.5}),
        (ConditionsConfig, {"speed_range": (0.0, 1.0)}),
        (ConditionsConfig, {"variants": -1}),
    ],
)
def test_settings_that_cannot_be_are_refused(kind: type, wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        kind(**wrong)
