"""Energy-adaptive mixup: values worked out by hand, labels of mixtures, absent labels."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from edgeser.network import NetworkConfig
from edgeser.training import (
    AugmentationConfig,
    LabelledFeatures,
    TrainingConfig,
    TrainingData,
    train,
)
from edgeser.training.data import Mixtures
from edgeser.training.fit import Fit
from edgeser.training.mixing import Mix, MixingConfig, draw_mix, mix_samples
from edgeser.training.optimisation import mixed_presence, mixed_targets
from quantize.foundation.errors import BadInput

MIX = Mix(partner=0, length=0.0, start=0.0, place=0.0, longest=0.5, ratio_db=0.0)


def samples(*values: int) -> np.ndarray:
    return np.array(values, np.int16)


def test_a_stretch_is_added_at_the_ratio_of_energies() -> None:
    """Of mean square 100 the clip, of 900 the stretch: at 0 dB a third of it is added."""
    clip = samples(10, -10, 10, -10, 10, -10, 10, -10)
    other = samples(0, 0, 30, -30, 30, -30, 0, 0, 0, 0)
    two = replace(MIX, length=0.3, start=0.3, place=0.99)  # 1 + int(0.3 * 4), 0.3 * 9, 0.99 * 7
    assert two.samples(8) == 2
    assert mix_samples(clip, other, two).tolist() == [10, -10, 10, -10, 10, -10, 20, -20]
    assert two.share(8) == pytest.approx(2 / 8 * 100 / (100 + 100))
    at_10_db = replace(two, ratio_db=10.0)
    added = mix_samples(clip, other, at_10_db) - clip
    assert added.tolist() == [0] * 6 + [round(10 * math.sqrt(0.1)), -round(10 * math.sqrt(0.1))]
    assert at_10_db.share(8) == pytest.approx(2 / 8 * 10 / (100 + 10))
    at_minus_5 = replace(two, ratio_db=-5.0)
    energy = 100 * 10**0.5
    assert at_minus_5.share(8) == pytest.approx(2 / 8 * energy / (100 + energy))


def test_the_largest_share_is_that_of_half_the_clip_at_minus_5_db() -> None:
    longest = replace(MIX, length=0.999999, ratio_db=-5.0)
    assert longest.samples(1000) == 500
    assert longest.share(1000) == pytest.approx(0.5 / (1 + 10**-0.5))  # 0.38


def test_stretches_are_uniform_from_one_sample_to_half_the_clip() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_mix(MixingConfig(probability=1.0), 7, rng) for _ in range(6000)]
    mixes = [mix for mix in drawn if mix is not None]
    assert len(mixes) == 6000
    lengths = np.bincount([mix.samples(12) for mix in mixes], minlength=8)
    assert lengths[0] == lengths[7] == 0
    assert np.all(np.abs(lengths[1:7] - 1000) < 120)
    partners = np.bincount([mix.partner for mix in mixes])
    assert len(partners) == 7
    assert np.all(np.abs(partners - 6000 / 7) < 120)
    ratios = [mix.ratio_db for mix in mixes]
    assert (min(ratios), max(ratios)) == (pytest.approx(-5, abs=0.1), pytest.approx(10, abs=0.1))
    assert np.mean(ratios) == pytest.approx(2.5, abs=0.2)


def test_a_mixture_happens_as_often_as_asked_and_draws_as_much_either_way() -> None:
    rng = np.random.default_rng(1)
    config = MixingConfig(probability=0.3)
    happened = [draw_mix(config, 5, rng) is not None for _ in range(4000)]
    assert np.mean(happened) == pytest.approx(0.3, abs=0.03)
    after = []
    for probability in (0.0, 1.0):
        rng = np.random.default_rng(2)
        draw_mix(MixingConfig(probability=probability), 5, rng)
        after.append(rng.random())
    assert after[0] == after[1]


def test_a_short_partner_is_repeated() -> None:
    clip = samples(*[10, -10] * 6)
    long = replace(MIX, length=0.999, ratio_db=0.0)
    mixed = mix_samples(clip, samples(10, -10), long)
    assert mixed.tolist() == [20, -20] * 3 + [10, -10] * 3


def test_a_silent_stretch_is_taken_from_the_loudest_sample() -> None:
    clip, other = samples(*[10, -10] * 4), np.zeros(100, np.int16)
    other[70] = -32768
    one = mix_samples(clip, other, MIX)
    assert (one - clip).tolist() == [-10, 0, 0, 0, 0, 0, 0, 0]


def test_silence_is_not_mixed() -> None:
    clip, silent = samples(10, -10, 10, -10), np.zeros(4, np.int16)
    assert mix_samples(clip, silent, MIX).tolist() == clip.tolist()
    assert mix_samples(silent, clip, MIX).tolist() == silent.tolist()


def test_what_does_not_fit_clips() -> None:
    loud = samples(*[32767, -32768] * 4)
    mixed = mix_samples(loud, loud, replace(MIX, length=0.999, ratio_db=-5.0))
    assert mixed.tolist() == loud.tolist()


def test_one_sample_is_mixed_with_one() -> None:
    assert mix_samples(samples(10), samples(5), replace(MIX, length=0.99)).tolist() == [20]


@pytest.mark.parametrize(
    "wrong",
    [
        {"probability": 1.1},
        {"probability": math.nan},
        {"longest": 0.0},
        {"longest": 1.5},
        {"ratio_db": (10.0, -5.0)},
        {"ratio_db": (-5.0, math.inf)},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        MixingConfig(**wrong)  # type: ignore[arg-type]


TARGETS = np.array([[0.9, 0.1, 0.0], [0.0, 0.2, 0.8]], np.float32)
MIXTURES = Mixtures(np.array([[0, 1], [1, 0]]), np.array([[0.0, 0.0], [0.25, 0.0]], np.float32))


def test_the_label_of_a_mixture_has_both() -> None:
    mixed = mixed_targets(TARGETS, MIXTURES, 2)
    np.testing.assert_allclose(mixed[0], TARGETS)
    np.testing.assert_allclose(mixed[1, 0], [0.675, 0.125, 0.2], atol=1e-6)
    np.testing.assert_allclose(mixed[1, 1], TARGETS[1])
    assert mixed.dtype == np.float32
    np.testing.assert_array_equal(mixed_targets(TARGETS, None, 3), [TARGETS] * 3)


def test_labels_of_either_corpus_take_part_in_a_mixture() -> None:
    present = np.array([[True, True, False], [False, True, True]])
    mixed = mixed_presence(present, MIXTURES, 2)
    assert mixed is not None
    assert mixed[0].tolist() == present.tolist()
    assert mixed[1].tolist() == [[True, True, True], [False, True, True]]
    assert mixed_presence(None, MIXTURES, 2) is None
    assert not np.any(mixed_targets(TARGETS, MIXTURES, 2)[~mixed])


def clips(speakers: range, seed: int, mixtures: Mixtures | None = None) -> LabelledFeatures:
    rng = np.random.default_rng(seed)
    count = 12 * len(speakers)
    features = rng.normal(0, 30, (2, count, 20, 8, 1)).clip(-128, 127).astype(np.int8)
    names = tuple(f"s{s}" for s in speakers for _ in range(12))
    return LabelledFeatures(features, np.arange(count) % 3, names, mixtures=mixtures)


def mixed_by(count: int, share: float) -> Mixtures:
    shares = np.zeros((2, count), np.float32)
    shares[1] = share
    return Mixtures(np.tile((np.arange(count) + 1) % count, (2, 1)), shares)


NETWORK = NetworkConfig(stem_width=4, widths=(8,), strides=(2,))
TRAINING = TrainingConfig(epochs=1, batch_size=12, threads=1, refit=True, label_smoothing=0.0)


def data(mixtures: Mixtures | None) -> TrainingData:
    return TrainingData(
        classes=("a", "b", "c"),
        planes=("amplitude",),
        frames=20,
        train=clips(range(2), 0, mixtures),
        development=clips(range(2, 3), 1),
    )


def test_the_trainer_learns_the_mixed_labels_of_a_variant() -> None:
    made = data(mixed_by(24, 0.3))
    with torch.random.fork_rng(devices=[]):
        fit = Fit(NETWORK, TRAINING, AugmentationConfig(), made, clips=made.train, seed=0)
    np.testing.assert_array_equal(fit.targets[0], np.eye(3)[made.train.labels])
    np.testing.assert_allclose(fit.targets[1, 0], [0.7, 0.3, 0.0], atol=1e-6)
    np.testing.assert_allclose(fit.targets[1, 23], [0.3, 0.0, 0.7], atol=1e-6)


def test_development_clips_keep_their_labels_when_all_are_trained_on() -> None:
    everyone = data(mixed_by(24, 0.3)).everyone()
    assert everyone.mixtures is not None
    np.testing.assert_allclose(everyone.mixtures.shares[1], [0.3] * 24 + [0.0] * 12)
    assert everyone.mixtures.partners[1].tolist() == [*range(1, 24), 0, *range(24, 36)]


def test_nothing_mixed_is_the_same_training() -> None:
    augmentation = AugmentationConfig(shift_frames=0)
    found = [
        train(NETWORK, TRAINING, augmentation, data(mixtures), seed=0).weights
        for mixtures in (None, mixed_by(24, 0.0), mixed_by(24, 0.3))
    ]
    assert found[0] == found[1]
    assert found[0] != found[2]


@pytest.mark.parametrize(
    ("partners", "shares"),
    [
        (np.zeros((2, 24), int), np.zeros((2, 23), np.float32)),
        (np.full((2, 24), 24), np.zeros((2, 24), np.float32)),
        (np.zeros((2, 24), int), np.full((2, 24), 1.5, np.float32)),
    ],
)
def test_mixtures_that_do_not_fit_are_refused(partners: np.ndarray, shares: np.ndarray) -> None:
    with pytest.raises(BadInput):
        Mixtures(partners, shares)
    with pytest.raises(BadInput, match="mixtures of"):
        clips(range(2), 0, mixed_by(12, 0.1))
