"""One network being fitted to clips: batches, steps, averaged weights, its state between epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeser.network.amplitude_phase import AmplitudePhaseNetwork
from edgeser.network.config import NetworkConfig
from edgeser.network.embeddings import Embeddings
from edgeser.training.augmentation import augment, crop_window, mix
from edgeser.training.checkpoint import Checkpoint, optimizer_tensors, restore_optimizer
from edgeser.training.config import AugmentationConfig, TrainingConfig
from edgeser.training.data import INPUT_SCALE, LabelledFeatures, TrainingData
from edgeser.training.losses.config import CROSS_ENTROPY, LossConfig
from edgeser.training.losses.total import Loss, Truth
from edgeser.training.optimisation import (
    Lesson,
    class_weights,
    make_optimizer,
    mixed_presence,
    mixed_targets,
    one_cycle,
    soft_targets,
    taught_targets,
    update_average,
)
from edgeser.training.sampling import drawn_order, draws_of, labels_present, strata_of
from edgeser.training.vad.loss import VadLoss, known_clips, make_vad_loss
from quantize.foundation.errors import BadInput, CheckFailed, ToolMissing

State = dict[str, Tensor]
"""Weights and statistics of a network, by name."""
EVALUATION_BATCH = 64  # the maps of more do not fit into a cache


class Fit:
    """A network, its averaged copy and its optimiser, after some epochs.

    Parameters
    ----------
    network_config, training, augmentation
        What is fitted and how.
    data
        Classes, planes and size of the windows.
    clips
        What it is fitted to.
    lessons
        What teachers answer for the clips, to learn from too: each is mixed into what is there.
    loss
        What is lowered.
    seed
        With the number of an epoch the only source of its chance.
    """

    def __init__(
        self,
        network_config: NetworkConfig,
        training: TrainingConfig,
        augmentation: AugmentationConfig,
        data: TrainingData,
        *,
        clips: LabelledFeatures,
        seed: int,
        lessons: Sequence[Lesson] = (),
        loss: LossConfig = CROSS_ENTROPY,
    ) -> None:
        self.training, self.augmentation, self.data, self.seed = training, augmentation, data, seed
        self.clips, self.device = clips, choose_device(training.device)
        variants, present = clips.features.shape[0], present_in(clips, data)
        targets = soft_targets(clips.labels, clips.votes, len(data.classes), training, present)
        self.present = mixed_presence(present, clips.mixtures, variants)
        self.targets = mixed_targets(targets, clips.mixtures, variants)
        for lesson in lessons:
            self.targets = taught_targets(self.targets, lesson, self.present)
        self.vad_loss = self._make_vad_loss(network_config)
        if self.vad_loss is not None:  # beside the emotions, so that they are mixed alike
            columns = mixed_targets(self.vad_loss.columns, clips.mixtures, variants)
            self.targets = np.concatenate([self.targets, columns], axis=2)
        draws = draws_of(clips, data.sampling, data.weights)
        one = len(set(clips.corpora)) < 2
        self.draws = None if one and np.allclose(draws, 1.0) else draws
        self.epochs = 0
        torch.manual_seed(seed)
        self.network = self._make_network(network_config)
        self.averaged = self._make_network(network_config)
        self.averaged.load_state_dict(self.network.state_dict())
        self.averaged.eval()
        public = 0 if clips.public is None else clips.public.shape[1]
        self.loss = Loss(
            loss,
            self._embeddings(),
            len(data.classes),
            public=public,
            encoder_width=network_config.encoder_width if self.network.encoders else 0,
        ).to(self.device)
        self.optimizer = make_optimizer(self.network, training, beside=self.loss)
        weights = (
            class_weights(clips.labels, len(data.classes), self.draws)
            if training.class_balance
            else np.ones(len(data.classes), np.float32)
        )
        self.class_weights = torch.from_numpy(weights).to(self.device)

    def _make_vad_loss(self, config: NetworkConfig) -> VadLoss | None:
        if "vad" not in config.heads:
            return None
        if self.clips.vad is None or known_clips(self.clips.vad).sum() < 2:
            raise BadInput(
                "[network] heads has 'vad', and no two clips to train on have valence, arousal and "
                "dominance",
                hint="take a corpus that has them, or derive them: [vad] derive = 'votes'",
            )
        return make_vad_loss(self.data.vad, self.clips.vad, self.device)

    def _make_network(self, config: NetworkConfig) -> AmplitudePhaseNetwork:
        data = self.data
        network = AmplitudePhaseNetwork(
            config,
            data.planes,
            data.frames,
            data.channels,
            len(data.classes),
            words=None if data.words is None else data.words.config,
        )
        if network.words is not None and data.words is not None:
            network.words.load_encoder(data.words)
        network = network.to(self.device)
        for kernel in network.parameters():
            if kernel.ndim == 4:  # channels last in memory: a quarter less time on a CPU
                kernel.data = kernel.data.contiguous(memory_format=torch.channels_last)
        return network

    def _embeddings(self) -> Embeddings:
        """Return what the network makes of nothing: how wide its vectors are."""
        with torch.inference_mode():
            return self.averaged.embed(torch.zeros(1, *self.averaged.input_shape).to(self.device))

    def epoch(self) -> tuple[float, float]:
        """Do one epoch; return the learning rate of its last step, and its mean loss.

        Raises
        ------
        CheckFailed
            When the loss is no longer finite.
        """
        rng = np.random.default_rng([self.seed, self.epochs])
        torch.manual_seed(int(rng.integers(2**62)))
        batches = _batches(self._order(rng), self.training.batch_size)
        steps = self.training.epochs * len(batches)
        self.network.train()
        total, rate = 0.0, 0.0
        for index, chosen in enumerate(batches):
            step = self.epochs * len(batches) + index
            rate = one_cycle(step, steps, self.training)
            total += self._step(chosen, rate, step, rng)
        self.epochs += 1
        return rate, total / len(batches)

    def _order(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return the clips of an epoch: each once, or as often as the sampling says."""
        if self.draws is None:
            return rng.permutation(len(self.clips))
        return drawn_order(self.draws, strata_of(self.clips), rng)

    def _step(
        self, chosen: NDArray[np.int64], rate: float, step: int, rng: np.random.Generator
    ) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        x, targets, present = self._batch(chosen, rng)
        classes = len(self.data.classes)
        embeddings = self.network.embed(x)
        truth = Truth(targets[:, :classes], self.class_weights, present, self._public(chosen))
        probed = embeddings.fused.detach() if self.loss.config.probe else embeddings.fused
        encoded = self.network.encode(probed)
        loss = self.loss(self.network.classifier(encoded), embeddings, truth, encoded)
        if self.vad_loss is not None:
            said = self.network.rate(embeddings)
            loss = loss + self.vad_loss(said, targets[:, classes:], epoch=self.epochs)
        value = float(loss.detach())
        if not np.isfinite(value):
            raise CheckFailed(
                f"the training diverged: its loss is {value} at step {step}",
                hint="lower [training] learning_rate",
            )
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        parameters = [*self.network.parameters(), *self.loss.parameters()]
        torch.nn.utils.clip_grad_norm_(parameters, self.training.gradient_clip)
        self.optimizer.step()
        update_average(
            self.averaged.state_dict(), self.network, decay=self.training.ema_decay, step=step
        )
        return value

    def _batch(
        self, chosen: NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        features = self.clips.features
        variants = np.zeros(len(chosen), np.int64)
        if features.shape[0] > 1:
            varied = rng.random(len(chosen)) >= self.training.clean_share
            variants = np.where(varied, rng.integers(1, features.shape[0], len(chosen)), 0)
        cut = crop_window(
            features[variants, chosen], self.data.frames, self.augmentation.shift_frames, rng
        )
        x = augment(to_input(cut, self.device), self.augmentation, rng)
        targets = torch.from_numpy(self.targets[variants, chosen]).to(self.device)
        present = None
        if self.present is not None:
            present = torch.from_numpy(self.present[variants, chosen]).to(self.device)
        return mix(x, targets, self.augmentation.mixup, rng, present)

    def _public(self, chosen: NDArray[np.int64]) -> Tensor | None:
        """Return the public embedding of the clips, also where a little of another is mixed in."""
        if self.clips.public is None:
            return None
        return torch.from_numpy(self.clips.public[chosen]).to(self.device)

    def logits(self, clips: LabelledFeatures, variant: int) -> NDArray[np.float32]:
        """Return the averaged network's logits [clips, classes] of one variant of each clip."""
        cut = crop_window(clips.features[variant], self.data.frames, 0, None)
        return predict_logits(self.averaged, cut, device=self.device)

    def outputs(self, clips: LabelledFeatures, variant: int) -> tuple[NDArray[np.float32], ...]:
        """Return each of the averaged network's outputs, [clips, ...], of one variant."""
        cut = crop_window(clips.features[variant], self.data.frames, 0, None)
        return predict_outputs(self.averaged, cut, device=self.device)

    def imitated(self, clips: LabelledFeatures) -> float | None:
        """Return the mean cosine of what is said of clips as recorded and of a public embedding.

        `None` where nothing is to say it, or no clip has one.
        """
        if self.loss.imitation is None or clips.public is None:
            return None
        total = 0.0
        with torch.inference_mode():
            for first in range(0, len(clips), EVALUATION_BATCH):
                part = slice(first, first + EVALUATION_BATCH)
                cut = crop_window(clips.features[0, part], self.data.frames, 0, None)
                fused = self.averaged.embed(to_input(cut, self.device)).fused
                public = torch.from_numpy(clips.public[part]).to(self.device)
                total += float(self.loss.imitation.cosine(fused, public).sum())
        return total / len(clips)

    def tensors(self) -> State:
        """Return everything that the next epoch depends on, but for the number of epochs."""
        tensors: State = {}
        groups = {
            "network": self.network.state_dict(),
            "average": self.averaged.state_dict(),
            "loss": self.loss.state_dict(),
        }
        for group, state in groups.items():
            tensors |= {f"{group}.{name}": value for name, value in state.items()}
        return tensors | optimizer_tensors(self.optimizer)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very fit."""
        self.epochs = checkpoint.epochs
        self.network.load_state_dict(checkpoint.group("network"))
        self.averaged.load_state_dict(checkpoint.group("average"))
        self.loss.load_state_dict(checkpoint.group("loss"))
        restore_optimizer(self.optimizer, checkpoint)


def predict_logits(
    network: AmplitudePhaseNetwork,
    features: NDArray[np.int8],
    *,
    device: torch.device | None = None,
) -> NDArray[np.float32]:
    """Return logits, float32 [clips, classes], of int8 [clips, frames, channels, planes]."""
    return predict_outputs(network, features, device=device)[0]


def predict_outputs(
    network: AmplitudePhaseNetwork,
    features: NDArray[np.int8],
    *,
    device: torch.device | None = None,
) -> tuple[NDArray[np.float32], ...]:
    """Return each of a network's outputs, float32 [clips, ...]: logits, and what follows them."""
    network.eval()
    parts = [[np.zeros((0, width), np.float32)] for width in network.output_widths]
    with torch.inference_mode():
        for start in range(0, len(features), EVALUATION_BATCH):
            x = to_input(features[start : start + EVALUATION_BATCH], device)
            said = network(x)
            for kept, output in zip(parts, (said,) if len(parts) == 1 else said, strict=True):
                kept.append(output.cpu().numpy())
    return tuple(np.concatenate(kept) for kept in parts)


def to_input(features: NDArray[np.int8], device: torch.device | None = None) -> Tensor:
    """Return the network's float input [n, planes, frames, channels] of int8 features."""
    x = torch.from_numpy(np.ascontiguousarray(features.transpose(0, 3, 1, 2))).to(device)
    return x.to(torch.float32) * INPUT_SCALE


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


def present_in(clips: LabelledFeatures, data: TrainingData) -> NDArray[np.bool_] | None:
    """Return which labels take part in each clip's loss; `None` where all do."""
    if data.sampling.absent_labels == "wrong":
        return None
    present = labels_present(clips, len(data.classes))
    learned = present.any(axis=0)
    return None if present[:, learned].all() else present


def _batches(order: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    """Return clips in order in batches of nearly one size (batch norm needs two)."""
    count = max(1, round(len(order) / size))
    return [part for part in np.array_split(order, count) if part.size > 1] or [order]
