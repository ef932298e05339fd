"""The second head's loss against small examples worked out by hand, and in a training."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from edgeser.network import NetworkConfig, load_network
from edgeser.network.heads import VadAnswers
from edgeser.training import (
    AugmentationConfig,
    LabelledFeatures,
    TrainingConfig,
    TrainingData,
    predict_outputs,
    train,
)
from edgeser.training.augmentation import mix
from edgeser.training.data import Mixtures
from edgeser.training.fit import Fit
from edgeser.training.loop import as_trained
from edgeser.training.losses import LossConfig
from edgeser.training.vad import VadConfig
from edgeser.training.vad.loss import (
    OCTANT_WEIGHTS,
    concordance,
    make_vad_loss,
    mean_concordance,
    octant_class_weights,
    octant_of,
    vad_columns,
)
from quantize.foundation.errors import BadInput

CPU = torch.device("cpu")
NETWORK = NetworkConfig(
    stem_width=4, widths=(8, 8), strides=(2, 1), heads=("emotion", "vad"), style_width=4
)
TRAINING = TrainingConfig(epochs=4, batch_size=16, learning_rate=1e-2, threads=1, ema_decay=0.5)
AUGMENTATION = AugmentationConfig(shift_frames=2, time_mask_frames=3, channel_mask_channels=2)
UNKNOWN = np.full(3, np.nan, np.float32)


def test_concordance_by_hand() -> None:
    """x = 0, 1, 2 and y = 1, 2, 3: cov 2/3, variances 2/3, means apart by 1: (4/3) / (7/3)."""
    x = torch.tensor([[0.0, 0.0, 5.0], [1.0, 1.0, 5.0], [2.0, 2.0, 5.0]])
    y = torch.tensor([[1.0, 0.0, 5.0], [2.0, 1.0, 5.0], [3.0, 2.0, 5.0]])
    assert concordance(x, y).tolist() == pytest.approx([4 / 7, 1.0, 0.0])
    assert concordance(-x, x)[1].item() == pytest.approx(2 * (-2 / 3) / (4 / 3 + 4))


def test_its_gradient_is_that_of_finite_differences() -> None:
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(7, 3, dtype=torch.float64, generator=generator) for _ in range(2))
    assert torch.autograd.gradcheck(lambda p: concordance(p, y), (x.requires_grad_(),))


def test_octants_by_hand() -> None:
    vad = np.array([[-1, -1, -1], [-0.1, -1, 0.2], [0, -0.5, -0.5], [0.5, 0.5, 0.5]], np.float32)
    assert octant_of(vad).tolist() == [0, 1, 4, 7]


def test_columns_by_hand() -> None:
    columns = vad_columns(np.stack([np.array([0.5, -0.5, 0.0], np.float32), UNKNOWN]))
    assert columns[0].tolist() == [0.5, -0.5, 0.0, 0, 0, 0, 0, 0, 1, 0, 0, 1]
    assert columns[1].tolist() == [0.0] * 12


def test_rare_octants_weigh_more() -> None:
    """Three clips of octant 7 and one of octant 0: 1/3 and 1, over their mean by clip, 1/2."""
    vad = np.array([[1, 1, 1]] * 3 + [[-1, -1, -1]] + [[np.nan] * 3], np.float32)
    assert octant_class_weights(vad).tolist() == pytest.approx([2, 0, 0, 0, 0, 0, 0, 2 / 3])


def test_published_weights() -> None:
    assert OCTANT_WEIGHTS == (1.0, 0.802, 0.604, 0.406, 0.208)


@pytest.mark.parametrize("epoch", range(7))
def test_the_loss_by_hand(epoch: int) -> None:
    vad = np.array([[0.5, 0.5, 0.5], [-0.5, -0.5, -0.5]], np.float32)
    loss = make_vad_loss(VadConfig(weight=2.0), vad, CPU)
    said = torch.tensor([[0.5, 0.5, 0.5], [-0.5, -0.5, 0.5]])
    answers = VadAnswers(said, torch.zeros(2, 8))
    # Third dimension: covariance 0, so concordance 0; octants: ln 8 at even logits, weights 1.
    octant = OCTANT_WEIGHTS[epoch] * math.log(8) if epoch < 5 else 0.0
    found = loss(answers, torch.from_numpy(loss.columns), epoch=epoch)
    assert found.item() == pytest.approx(2.0 * (1.0 + octant), rel=1e-5)
    without = make_vad_loss(VadConfig(octants=False), vad, CPU)
    found = without(answers, torch.from_numpy(loss.columns), epoch=epoch)
    assert found.item() == pytest.approx(1.0, rel=1e-5)


def test_clips_without_values_take_no_part() -> None:
    vad = np.stack([np.array([0.3, 0.1, -0.2], np.float32), -np.ones(3, np.float32), UNKNOWN])
    loss = make_vad_loss(VadConfig(), vad, CPU)
    said = torch.randn(3, 3, generator=torch.Generator().manual_seed(1)).requires_grad_()
    octants = torch.zeros(3, 8, requires_grad=True)
    answers = VadAnswers(said, octants)
    loss(answers, torch.from_numpy(loss.columns), epoch=0).backward()
    assert said.grad is not None
    assert octants.grad is not None
    assert bool((said.grad[2] == 0).all())
    assert bool((octants.grad[2] == 0).all())
    assert bool((said.grad[:2] != 0).any(dim=1).all())


def test_one_known_clip_of_a_batch_is_none() -> None:
    vad = np.stack([np.array([0.3, 0.1, -0.2], np.float32), UNKNOWN])
    loss = make_vad_loss(VadConfig(), vad, CPU)
    answers = VadAnswers(torch.ones(2, 3, requires_grad=True), torch.zeros(2, 8))
    found = loss(answers, torch.from_numpy(loss.columns), epoch=0)
    assert found.item() == 0.0
    found.backward()


def test_mixed_clips_have_mixed_values_where_both_are_known() -> None:
    vad = np.array([[1, 1, 1], [-1, -1, -1], [np.nan] * 3], np.float32)
    targets = torch.from_numpy(np.concatenate([np.eye(3, dtype=np.float32), vad_columns(vad)], 1))
    _, mixed, _ = mix(torch.zeros(3, 1, 4, 4), targets, 5.0, np.random.default_rng(2))
    other = np.random.default_rng(2)
    other.beta(5.0, 5.0, size=3)
    partner = other.permutation(3)
    for clip in range(3):
        share = mixed[clip, clip].item()
        known = clip < 2 and (partner[clip] < 2 or share == 1.0)
        assert (mixed[clip, -1].item() > 1 - 1e-6) == known
        if known and partner[clip] != clip:
            wanted = share * vad[clip] + (1 - share) * vad[partner[clip]]
            np.testing.assert_allclose(mixed[clip, 3:6].numpy(), wanted, atol=1e-6)


def features_of(speakers: range, seed: int) -> LabelledFeatures:
    """Three classes by pitch; arousal is the level, valence a slope in time, dominance chance."""
    rng = np.random.default_rng(seed)
    labels = np.tile(np.arange(3), 8 * len(speakers))
    names = tuple(f"speaker{s}" for s in speakers for _ in range(24))
    vad = rng.uniform(-1, 1, (labels.size, 3)).astype(np.float32)
    x = rng.normal(0.0, 12.0, (2, labels.size, 28, 12, 1))
    for label in range(3):
        x[:, labels == label, :, 4 * label : 4 * label + 4] += 40.0
    x += 20.0 * vad[None, :, 1, None, None, None]
    x += 20.0 * vad[None, :, 0, None, None, None] * np.linspace(-1, 1, 28)[:, None, None]
    vad[::5] = np.nan
    return LabelledFeatures(np.clip(x, -128, 127).astype(np.int8), labels, names, vad=vad)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return TrainingData(
        classes=("a", "b", "c"),
        planes=("amplitude",),
        frames=24,
        train=features_of(range(6), 1),
        development=features_of(range(6, 8), 2),
    )


def test_both_heads_are_learnt(data: TrainingData) -> None:
    training = dataclasses.replace(TRAINING, epochs=26, learning_rate=2e-2)
    result = train(NETWORK, training, AUGMENTATION, data, seed=3)
    best = result.history[result.best_epoch]
    assert best.development_uar > 0.9
    assert best.development_ccc is not None
    assert best.score == (((best.development_uar + best.varied_uar) / 2) + best.development_ccc) / 2
    network = load_network(
        NETWORK, result.weights, planes=("amplitude",), frames=24, channels=12, classes=3
    )
    clips = data.development
    _, vad = predict_outputs(network, clips.features[0][:, 2:26])
    assert clips.vad is not None
    known = np.isfinite(clips.vad).all(axis=1)
    found = concordance(torch.from_numpy(vad[known]), torch.from_numpy(clips.vad[known]))
    assert found[1].item() > 0.8, "arousal is the level"
    assert abs(found[2].item()) < 0.4, "dominance is chance"
    assert mean_concordance(vad, clips.vad) == pytest.approx(found.mean().item())


def test_a_training_with_values_is_the_same_again_and_resumes(data: TrainingData, tmp_path) -> None:
    whole = train(NETWORK, TRAINING, AUGMENTATION, data, seed=3)
    assert train(NETWORK, TRAINING, AUGMENTATION, data, seed=3).weights == whole.weights

    def stop(title: str, done: int, planned: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(NETWORK, TRAINING, AUGMENTATION, data, seed=3, checkpoint_dir=tmp_path, progress=stop)
    resumed = train(
        NETWORK, TRAINING, AUGMENTATION, data, seed=3, checkpoint_dir=tmp_path, resume=True
    )
    assert resumed.weights == whole.weights


def test_another_target_is_another_training(data: TrainingData, tmp_path) -> None:
    train(NETWORK, TRAINING, AUGMENTATION, data, seed=3, checkpoint_dir=tmp_path)
    assert data.train.vad is not None
    other = dataclasses.replace(data, train=dataclasses.replace(data.train, vad=-data.train.vad))
    with pytest.raises(BadInput, match="another recipe, seed or corpus"):
        train(NETWORK, TRAINING, AUGMENTATION, other, seed=3, checkpoint_dir=tmp_path, resume=True)


def test_variants_that_are_mixed_have_mixed_values(data: TrainingData) -> None:
    """A quarter of the partner: of two known clips so much of both, of an unknown one nothing."""
    clips = data.train
    assert clips.vad is not None
    count = len(clips)
    partners = np.tile(np.roll(np.arange(count), -1), (2, 1))
    shares = np.zeros((2, count), np.float32)
    shares[1] = 0.25
    mixed = dataclasses.replace(clips, mixtures=Mixtures(partners, shares))
    fit = Fit(NETWORK, TRAINING, AUGMENTATION, data, clips=mixed, seed=0)
    np.testing.assert_array_equal(fit.targets[0, :, 3:], vad_columns(clips.vad))
    # Clips 0, 5, 10, ... are not known, so of these only 2 and 3 are mixed with a known one.
    known = fit.targets[1, 1:5, -1] > 1.0 - 1e-6
    assert known.tolist() == [True, True, True, False]
    wanted = 0.75 * clips.vad[1:4] + 0.25 * clips.vad[2:5]
    np.testing.assert_allclose(fit.targets[1, 1:4, 3:6], wanted, atol=1e-6)


def test_octants_are_dropped_after_five_epochs(data: TrainingData) -> None:
    training = dataclasses.replace(TRAINING, epochs=7)
    moved = []
    with as_trained(training):
        fit = Fit(NETWORK, training, AUGMENTATION, data, clips=data.train, seed=0)
        assert fit.network.vad is not None
        layers = fit.network.vad.octants, fit.network.vad.regression
        for _ in range(7):
            before = [layer.weight.detach().clone() for layer in layers]
            fit.epoch()
            moved.append(
                [not torch.equal(b, layer.weight) for b, layer in zip(before, layers, strict=True)]
            )
    assert moved == [[True, True]] * 5 + [[False, True]] * 2


def test_other_losses_go_beside_it(data: TrainingData) -> None:
    """The emotions' losses work on the first output; the second one's is added to them."""
    loss = LossConfig(kl=0.5, focal=0.5, cosine=0.3, gce=0.2, centre=0.1, contrastive=0.1)
    training = dataclasses.replace(TRAINING, epochs=16, learning_rate=2e-2)
    result = train(NETWORK, training, AUGMENTATION, data, seed=3, loss=loss)
    best = result.history[result.best_epoch]
    assert best.development_uar > 0.9
    assert best.development_ccc is not None
    assert best.development_ccc > 0.3


def test_everyone_has_the_values_of_both_parts(data: TrainingData) -> None:
    none = dataclasses.replace(data.development, vad=None)
    everyone = dataclasses.replace(data, development=none).everyone()
    assert everyone.vad is not None
    assert data.train.vad is not None
    np.testing.assert_array_equal(everyone.vad[: len(data.train)], data.train.vad)
    assert np.isnan(everyone.vad[len(data.train) :]).all()


@pytest.mark.parametrize("known", [None, 0, 1])
def test_no_values_to_learn_is_an_error_that_says_how_to_get_some(
    data: TrainingData, known: int | None
) -> None:
    vad = None
    if known is not None:
        vad = np.full((len(data.train), 3), np.nan, np.float32)
        vad[:known] = 0.5
    clips = dataclasses.replace(data.train, vad=vad)
    with pytest.raises(BadInput, match="no two clips to train on have valence") as caught:
        Fit(NETWORK, TRAINING, AUGMENTATION, data, clips=clips, seed=0)
    assert "derive = 'votes'" in caught.value.hint


def test_values_of_another_shape_are_refused(data: TrainingData) -> None:
    with pytest.raises(BadInput, match="of shape"):
        dataclasses.replace(data.train, vad=np.zeros((3, 3), np.float32))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"weight": 0.0}, "weight = 0"),
        ({"weight": float("nan")}, "weight = nan"),
        ({"weight": 1e9}, "weight = 1e"),
        ({"derive": "labels"}, "derive = 'labels'"),
        ({"coordinates": {"calm": (0.5, 0.0, 1.1)}, "coordinates_source": "x"}, "calm"),
        ({"coordinates": {"calm": (0.5, 0.0, 0.1)}}, "have no source"),
        ({"coordinates": {f"w{i}": (0.0, 0.0, 0.0) for i in range(129)}}, "129 coordinates"),
    ],
)
def test_a_table_that_cannot_be_used(values: dict[str, object], reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        VadConfig(**values)  # type: ignore[arg-type]
