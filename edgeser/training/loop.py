"""The training loop: epochs, averaged weights, choice by development speakers, resumption."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeser.network.amplitude_phase import AmplitudePhaseNetwork
from edgeser.network.config import NetworkConfig
from edgeser.network.weights import state_to_bytes
from edgeser.training.augmentation import augment, crop_window, mix
from edgeser.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from edgeser.training.config import AugmentationConfig, TrainingConfig
from edgeser.training.data import INPUT_SCALE, LabelledFeatures, TrainingData
from edgeser.training.optimisation import (
    class_weights,
    make_optimizer,
    one_cycle,
    soft_cross_entropy,
    soft_targets,
    update_average,
)
from edgeser.training.records import EpochRecord, TrainingResult
from quantize.foundation.errors import CheckFailed, ToolMissing

Progress = Callable[[EpochRecord], None]
"""Called after each epoch with its record."""
_EVALUATION_BATCH = 256


def train(
    network_config: NetworkConfig,
    training: TrainingConfig,
    augmentation: AugmentationConfig,
    data: TrainingData,
    *,
    seed: int,
    checkpoint_dir: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> TrainingResult:
    """Train a network and return the weights of the epoch that its development speakers choose.

    Parameters
    ----------
    network_config, training, augmentation
        What is trained and how.
    data
        Features of training and development speakers.
    seed
        Seeds weights, order, augmentation and dropout. On the CPU, with one thread count, the same
        seed gives the same bits, whether the training was interrupted or not.
    checkpoint_dir
        Where the state is kept after each epoch; nowhere when `None`.
    resume
        Go on from the checkpoint there, if there is one.
    progress
        Told of each epoch.

    Raises
    ------
    BadInput
        When the checkpoint is damaged or of another training, or cannot be written.
    CheckFailed
        When the loss is no longer finite.
    ToolMissing
        When CUDA is asked for and is not there.
    KeyboardInterrupt
        When interrupted; the checkpoint of the last whole epoch is in place.
    """
    started = time.monotonic()
    with _threads(training.threads), torch.random.fork_rng(devices=[]):
        run = _Run(network_config, training, augmentation, data, seed)
        if resume and checkpoint_dir is not None:
            found = load_checkpoint(checkpoint_dir, fingerprint=run.fingerprint)
            if found is not None:
                run.restore(found)
        while not run.finished:
            record = run.epoch()
            if checkpoint_dir is not None:
                save_checkpoint(checkpoint_dir, run.checkpoint())
            if progress is not None:
                progress(record)
    return TrainingResult(
        weights=state_to_bytes(run.best),
        history=tuple(run.history),
        best_epoch=run.best_epoch,
        seconds=time.monotonic() - started,
    )


class _Run:
    """The moving parts of one training."""

    def __init__(
        self,
        network_config: NetworkConfig,
        training: TrainingConfig,
        augmentation: AugmentationConfig,
        data: TrainingData,
        seed: int,
    ) -> None:
        self.training, self.augmentation, self.data, self.seed = training, augmentation, data, seed
        self.fingerprint = _fingerprint(network_config, training, augmentation, data, seed)
        self.device = choose_device(training.device)
        torch.manual_seed(seed)
        self.network = self._make_network(network_config)
        self.averaged = self._make_network(network_config)
        self.averaged.load_state_dict(self.network.state_dict())
        self.averaged.eval()
        self.optimizer = make_optimizer(self.network, training)
        self.history: list[EpochRecord] = []
        self.best_epoch = 0
        self.best = _copy(self.averaged.state_dict())
        labels = data.train.labels
        weights = (
            class_weights(labels, len(data.classes))
            if training.class_balance
            else np.ones(len(data.classes), np.float32)
        )
        self.class_weights = torch.from_numpy(weights).to(self.device)
        self.targets = soft_targets(labels, data.train.votes, len(data.classes), training)

    def _make_network(self, config: NetworkConfig) -> AmplitudePhaseNetwork:
        data = self.data
        network = AmplitudePhaseNetwork(
            config, data.planes, data.frames, data.channels, len(data.classes)
        ).to(self.device)
        for kernel in network.parameters():
            if kernel.ndim == 4:  # channels last in memory: a quarter less time on a CPU
                kernel.data = kernel.data.contiguous(memory_format=torch.channels_last)
        return network

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the development UAR has stopped rising."""
        done = len(self.history)
        patience = self.training.early_stopping_epochs
        return done >= self.training.epochs or (
            patience > 0 and done - 1 - self.best_epoch >= patience
        )

    def epoch(self) -> EpochRecord:
        """Do one epoch; all its chance comes from (seed, epoch)."""
        number = len(self.history)
        rng = np.random.default_rng([self.seed, number])
        torch.manual_seed(int(rng.integers(2**62)))
        batches = _batches(len(self.data.train), self.training.batch_size, rng)
        steps = self.training.epochs * len(batches)
        self.network.train()
        total, rate = 0.0, 0.0
        for index, chosen in enumerate(batches):
            step = number * len(batches) + index
            rate = one_cycle(step, steps, self.training)
            total += self._step(chosen, rate, step, rng)
        record = self._evaluate(number, rate, total / len(batches))
        if not self.history or record.score > self.history[self.best_epoch].score:
            self.best_epoch = number
            self.best = _copy(self.averaged.state_dict())
        self.history.append(record)
        return record

    def _step(
        self, chosen: NDArray[np.int64], rate: float, step: int, rng: np.random.Generator
    ) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        x, targets = self._batch(chosen, rng)
        loss = soft_cross_entropy(self.network(x), targets, self.class_weights)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise CheckFailed(
                f"the training diverged: its loss is {value} at step {step}",
                hint="lower [training] learning_rate",
            )
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.training.gradient_clip)
        self.optimizer.step()
        update_average(
            self.averaged.state_dict(), self.network, decay=self.training.ema_decay, step=step
        )
        return value

    def _batch(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        features = self.data.train.features
        variants = np.zeros(len(chosen), np.int64)
        if features.shape[0] > 1:
            varied = rng.random(len(chosen)) >= self.training.clean_share
            variants = np.where(varied, rng.integers(1, features.shape[0], len(chosen)), 0)
        cut = crop_window(
            features[variants, chosen], self.data.frames, self.augmentation.shift_frames, rng
        )
        x = augment(to_input(cut, self.device), self.augmentation, rng)
        targets = torch.from_numpy(self.targets[chosen]).to(self.device)
        return mix(x, targets, self.augmentation.mixup, rng)

    def _evaluate(self, number: int, rate: float, loss: float) -> EpochRecord:
        part = self.data.development
        clean = self._logits(part, 0)
        uar = unweighted_average_recall(clean, part.labels)
        varied = [uar]
        if self.training.development_conditions and part.features.shape[0] > 1:
            varied = [
                unweighted_average_recall(self._logits(part, variant), part.labels)
                for variant in range(1, part.features.shape[0])
            ]
        log_probabilities = torch.log_softmax(torch.from_numpy(clean), dim=1).numpy()
        return EpochRecord(
            epoch=number,
            learning_rate=rate,
            training_loss=loss,
            development_loss=-float(
                np.mean(log_probabilities[np.arange(len(part)), part.labels], dtype=np.float64)
            ),
            development_uar=uar,
            varied_uar=float(np.mean(varied)),
        )

    def _logits(self, part: LabelledFeatures, variant: int) -> NDArray[np.float32]:
        cut = crop_window(part.features[variant], self.data.frames, 0, None)
        return predict_logits(self.averaged, cut, device=self.device)

    def checkpoint(self) -> Checkpoint:
        """Return everything that the next epoch depends on."""
        tensors: dict[str, Tensor] = {}
        groups = {
            "network": self.network.state_dict(),
            "average": self.averaged.state_dict(),
            "best": self.best,
        }
        for group, state in groups.items():
            tensors |= {f"{group}.{name}": value for name, value in state.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in state.items()}
        return Checkpoint(self.fingerprint, tuple(self.history), self.best_epoch, tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very training."""
        self.network.load_state_dict(checkpoint.group("network"))
        self.averaged.load_state_dict(checkpoint.group("average"))
        self.best = {k: v.to(self.device) for k, v in checkpoint.group("best").items()}
        self.best_epoch = checkpoint.best_epoch
        self.history = list(checkpoint.history)
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in checkpoint.group("optimizer").items():
            index, _, name = key.partition(".")
            state.setdefault(int(index), {})[name] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})


def predict_logits(
    network: AmplitudePhaseNetwork,
    features: NDArray[np.int8],
    *,
    device: torch.device | None = None,
) -> NDArray[np.float32]:
    """Return logits, float32 [clips, classes], of int8 [clips, frames, channels, planes]."""
    network.eval()
    parts = [np.zeros((0, network.classifier.out_features), np.float32)]
    with torch.inference_mode():
        for start in range(0, len(features), _EVALUATION_BATCH):
            x = to_input(features[start : start + _EVALUATION_BATCH], device)
            parts.append(network(x).cpu().numpy())
    return np.concatenate(parts)


def to_input(features: NDArray[np.int8], device: torch.device | None = None) -> Tensor:
    """Return the network's float input [n, planes, frames, channels] of int8 features."""
    x = torch.from_numpy(np.ascontiguousarray(features.transpose(0, 3, 1, 2))).to(device)
    return x.to(torch.float32) * INPUT_SCALE


def unweighted_average_recall(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the mean over the classes present of the share recognised, 0 to 1."""
    hits = logits.argmax(axis=1) == labels
    return float(np.mean([hits[labels == label].mean() for label in np.unique(labels)]))


def choose_device(name: str) -> torch.device:
    """Return the device of that name; ``"auto"`` is CUDA when it is there.

    Raises
    ------
    ToolMissing
        When CUDA is asked for by name and is not there.
    """
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ToolMissing(
            "the recipe asks for CUDA, but PyTorch finds none",
            hint="set [training] device = 'cpu', or install a CUDA build of PyTorch",
        )
    return torch.device("cuda" if available and name != "cpu" else "cpu")


def _batches(clips: int, size: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Return a random order of all clips in batches of nearly one size (batch norm needs two)."""
    order = rng.permutation(clips)
    count = max(1, round(clips / size))
    return [part for part in np.array_split(order, count) if part.size > 1] or [order]


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in state.items()}


def _fingerprint(
    network: NetworkConfig,
    training: TrainingConfig,
    augmentation: AugmentationConfig,
    data: TrainingData,
    seed: int,
) -> str:
    about = [asdict(network), asdict(training), asdict(augmentation), data.classes, data.planes]
    digest = hashlib.sha256(json.dumps([*about, data.frames, seed]).encode())
    for part in (data.train, data.development):
        digest.update(repr((part.features.shape, part.speakers)).encode())
        digest.update(part.labels.tobytes())
        for variant in part.features:
            digest.update(np.ascontiguousarray(variant[:: max(1, len(part) // 64)]).tobytes())
    return digest.hexdigest()


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Give PyTorch so many threads for a while; 0 leaves it as it is."""
    before = torch.get_num_threads()
    try:
        if count > 0:
            torch.set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)
