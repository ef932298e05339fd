"""Trainings by other losses: what is learnt beside the network, resuming, and what stays as it was.

The helpers and small clips are those of test_loop.py.
"""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgeser.network import NetworkConfig, load_network
from edgeser.network.state import state_to_bytes
from edgeser.training import LabelledFeatures, TrainingData, TrainingResult, train
from edgeser.training.checkpoint import CHECKPOINT
from edgeser.training.config import SamplingConfig, TrainingConfig
from edgeser.training.fit import Fit, choose_device
from edgeser.training.losses import LossConfig
from edgeser.training.losses.cross_entropy import soft_cross_entropy
from edgeser.training.optimisation import make_optimizer, update_average
from quantize.foundation.errors import BadInput

EVERYTHING = LossConfig(
    focal=0.5, centre=0.1, contrastive=0.2, cosine=0.3, gce=0.2, align=0.2,
    centre_width=6, contrastive_width=5, align_width=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def loop() -> ModuleType:
    path = Path(__file__).with_name("test_loop.py")
    spec = importlib.util.spec_from_file_location("loop_of_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def with_phase(clips: LabelledFeatures, corpora: tuple[str, ...] = ()) -> LabelledFeatures:
    """Return the clips with a second plane: the first, turned round."""
    planes = np.concatenate([clips.features, clips.features[..., ::-1, :]], axis=4)
    return dataclasses.replace(clips, features=planes, corpora=corpora)


@pytest.fixture(scope="module")
def data(loop: ModuleType) -> TrainingData:
    """Two corpora, of which the second lacks the last label."""
    train_clips, development = loop.features_of(range(4), 0), loop.features_of(range(4, 6), 1)
    other = (train_clips.labels != 2) & (np.arange(len(train_clips)) % 2 == 0)
    return TrainingData(
        classes=("a", "b", "c"),
        planes=("amplitude", "if_re"),
        frames=24,
        train=with_phase(train_clips, tuple("xy"[int(o)] for o in other)),
        development=with_phase(development, ("x",) * len(development)),
        sampling=SamplingConfig(),
    )


@pytest.fixture(scope="module")
def network(loop: ModuleType) -> NetworkConfig:
    return dataclasses.replace(loop.NETWORK, inputs="both")


@pytest.fixture(scope="module")
def plainly_trained(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> tuple[TrainingConfig, TrainingResult]:
    """As long a training as each loss gets, and what it ends in without one."""
    config = dataclasses.replace(loop.TRAINING, epochs=12, ema_decay=0.9)
    return config, train(network, config, loop.AUGMENTATION, data, seed=0)


class AsBefore(Fit):
    """A step as it was when there was one loss, written out."""

    def _step(
        self, chosen: NDArray[np.int64], rate: float, step: int, rng: np.random.Generator
    ) -> float:
        if step == 0:
            self.optimizer = make_optimizer(self.network, self.training)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        x, targets, present = self._batch(chosen, rng)
        loss = soft_cross_entropy(self.network(x), targets, self.class_weights, present)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.training.gradient_clip)
        self.optimizer.step()
        decay = self.training.ema_decay
        update_average(self.averaged.state_dict(), self.network, decay=decay, step=step)
        return float(loss.detach())


@pytest.mark.parametrize("inputs", ["amplitude", "phase", "both"])
def test_a_recipe_without_a_loss_trains_the_same_bits_as_before(
    loop: ModuleType, data: TrainingData, network: NetworkConfig, inputs: str
) -> None:
    config = dataclasses.replace(network, inputs=inputs)
    found = []
    with loop._threads(1), torch.random.fork_rng(devices=[]):
        for kind in (AsBefore, Fit):
            fit = kind(config, loop.TRAINING, loop.AUGMENTATION, data, clips=data.train, seed=3)
            said = [fit.epoch() for _ in range(2)]
            found.append((said, state_to_bytes(fit.averaged.state_dict())))
    assert found[0] == found[1]


def test_naming_the_default_changes_nothing(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    given = (network, loop.TRAINING, loop.AUGMENTATION, data)
    named = train(*given, seed=1, loss=LossConfig(kl=1.0))
    assert named.weights == train(*given, seed=1).weights


def test_resumed_with_what_is_learnt_beside_ends_at_the_same_bits(
    loop: ModuleType, data: TrainingData, network: NetworkConfig, tmp_path: Path
) -> None:
    given = (network, loop.TRAINING, loop.AUGMENTATION, data)
    whole = train(*given, seed=3, loss=EVERYTHING)

    def interrupt(title: str, done: int, planned: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*given, seed=3, loss=EVERYTHING, checkpoint_dir=tmp_path, progress=interrupt)
    kept = (tmp_path / CHECKPOINT).read_bytes()
    for name in (b"loss.centre.centres", b"loss.contrastive.0.weight", b"loss.align.1.2.weight"):
        assert name in kept
    resumed = train(*given, seed=3, loss=EVERYTHING, checkpoint_dir=tmp_path, resume=True)
    assert resumed.weights == whole.weights
    assert resumed.history == whole.history


def test_another_loss_is_another_training(
    loop: ModuleType, data: TrainingData, network: NetworkConfig, tmp_path: Path
) -> None:
    given = (network, loop.TRAINING, loop.AUGMENTATION, data)
    train(*given, seed=3, checkpoint_dir=tmp_path)
    with pytest.raises(BadInput, match="another recipe"):
        train(*given, seed=3, loss=LossConfig(cosine=0.3), checkpoint_dir=tmp_path, resume=True)


@pytest.mark.parametrize(
    "loss",
    [
        LossConfig(kl=0.0, focal=1.0),
        LossConfig(kl=0.0, gce=1.0),
        LossConfig(kl=1.0, cosine=0.3),
        LossConfig(centre=0.1),
        LossConfig(contrastive=0.1),
        LossConfig(align=0.1),
        EVERYTHING,
    ],
    ids=["focal", "gce", "cosine", "centre", "contrastive", "align", "everything"],
)
def test_each_loss_learns_and_what_is_exported_is_the_network_alone(
    loop: ModuleType,
    data: TrainingData,
    network: NetworkConfig,
    plainly_trained: tuple[TrainingConfig, TrainingResult],
    loss: LossConfig,
) -> None:
    config, plain = plainly_trained
    result = train(network, config, loop.AUGMENTATION, data, seed=0, loss=loss)
    assert result.weights != plain.weights
    assert result.history[result.best_epoch].development_uar > 0.9
    load_network(  # refuses a tensor more or less
        network, result.weights, planes=data.planes, frames=24, channels=12, classes=3
    )


def test_the_heads_move_and_the_network_starts_as_without_them(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    with loop._threads(1), torch.random.fork_rng(devices=[]):
        given = (network, loop.TRAINING, loop.AUGMENTATION, data)
        fits = [Fit(*given, clips=data.train, seed=3, loss=x) for x in (LossConfig(), EVERYTHING)]
        first, second = (state_to_bytes(fit.network.state_dict()) for fit in fits)
        assert first == second
        before = {name: value.clone() for name, value in fits[1].loss.state_dict().items()}
        fits[1].epoch()
        after = fits[1].loss.state_dict()
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[name], after[name]) for name in before)


def heard_by_others(clips: LabelledFeatures) -> LabelledFeatures:
    """Return the clips with a made-up public embedding that tells their labels."""
    rng = np.random.default_rng(len(clips))
    public = np.eye(7, dtype=np.float32)[clips.labels] + 0.1 * rng.normal(size=(len(clips), 7))
    return dataclasses.replace(clips, public=public.astype(np.float32))


def test_a_public_embedding_is_a_neighbour_in_training_alone(
    loop: ModuleType, data: TrainingData, network: NetworkConfig, tmp_path: Path
) -> None:
    both = dataclasses.replace(
        data, train=heard_by_others(data.train), development=heard_by_others(data.development)
    )
    config = dataclasses.replace(loop.TRAINING, refit=True)
    loss = LossConfig(public=0.5, public_width=5)
    given = (network, config, loop.AUGMENTATION, both)
    whole = train(*given, seed=3, loss=loss)
    assert whole.weights != train(*given, seed=3).weights
    assert train(*given, seed=3).weights == train(*given[:3], data, seed=3).weights
    load_network(network, whole.weights, planes=data.planes, frames=24, channels=12, classes=3)

    def interrupt(title: str, done: int, planned: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(*given, seed=3, loss=loss, checkpoint_dir=tmp_path, progress=interrupt)
    resumed = train(*given, seed=3, loss=loss, checkpoint_dir=tmp_path, resume=True)
    assert resumed.weights == whole.weights
    with pytest.raises(BadInput, match="there are none"):
        train(*given[:3], data, seed=3, loss=loss)


def test_a_public_embedding_is_learnt_without_a_label_and_probed(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    """The network learns to say it; labels reach the classifier alone."""
    both = dataclasses.replace(
        data, train=heard_by_others(data.train), development=heard_by_others(data.development)
    )
    config = dataclasses.replace(loop.TRAINING, epochs=24, ema_decay=0.9)
    loss = LossConfig(imitate=1.0, probe=True)
    result = train(network, config, loop.AUGMENTATION, both, seed=0, loss=loss)
    best = result.history[result.best_epoch]
    assert best.development_cosine is not None
    assert best.development_cosine > 0.8 > (result.history[0].development_cosine or 0.0)
    assert best.score == best.development_cosine
    assert best.development_uar > 0.8
    load_network(network, result.weights, planes=data.planes, frames=24, channels=12, classes=3)
    with pytest.raises(BadInput, match="there are none"):
        train(network, config, loop.AUGMENTATION, data, seed=0, loss=loss)


def test_a_probe_teaches_nothing_but_the_classifier(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    heard = dataclasses.replace(data, train=heard_by_others(data.train))
    turned = dataclasses.replace(heard.train, labels=(heard.train.labels + 1) % 3)
    other = dataclasses.replace(heard, train=turned)
    calm = dataclasses.replace(loop.AUGMENTATION, mixup=0.0)
    config = dataclasses.replace(loop.TRAINING, gradient_clip=1e9, class_balance=False)
    with loop._threads(1), torch.random.fork_rng(devices=[]):
        states = []
        for given in (heard, other):
            loss = LossConfig(imitate=1.0, probe=True)
            fit = Fit(network, config, calm, given, clips=given.train, seed=3, loss=loss)
            fit.epoch()
            states.append(fit.network.state_dict())
    differ = {n for n, value in states[0].items() if not torch.equal(value, states[1][n])}
    assert differ == {"classifier.weight", "classifier.bias"}


def test_a_probe_of_nothing_is_refused() -> None:
    for given in ({}, {"imitate": 1.0, "centre": 0.1}, {"public": 1.0, "contrastive": 0.1}):
        with pytest.raises(BadInput, match="probes what"):
            LossConfig(probe=True, **given)


def test_aligning_needs_both_branches(
    loop: ModuleType, data: TrainingData, network: NetworkConfig
) -> None:
    alone = dataclasses.replace(network, inputs="amplitude")
    with pytest.raises(BadInput, match="one of them only"):
        train(alone, loop.TRAINING, loop.AUGMENTATION, data, seed=0, loss=LossConfig(align=0.1))


def test_a_loss_runs_where_the_network_does(loop: ModuleType, data: TrainingData) -> None:
    device = choose_device("cpu")
    fit = Fit(
        loop.NETWORK, loop.TRAINING, loop.AUGMENTATION, data, clips=data.train, seed=0,
        loss=LossConfig(centre=0.1),
    )  # fmt: skip
    assert all(parameter.device == device for parameter in fit.loss.parameters())
