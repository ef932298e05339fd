"""A public speech encoder fitted to the labels of clips: what it answers is taught to the network.

Of the whole it is only the upper blocks that are trained, and what is new: a weighted mean of the
layers, attention over the frames, two dense layers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgeser.teacher.config import TeacherConfig
from edgeser.teacher.weights import EncoderWeights
from edgeser.teacher.whisper import WhisperEncoder
from edgeser.training.checkpoint import Checkpoint, optimizer_tensors, restore_optimizer
from edgeser.training.config import TrainingConfig
from edgeser.training.data import LabelledFeatures, TrainingData
from edgeser.training.fit import State, choose_device, present_in
from edgeser.training.losses.cross_entropy import soft_cross_entropy
from edgeser.training.optimisation import (
    class_weights,
    mixed_presence,
    mixed_targets,
    one_cycle,
    soft_targets,
)
from quantize.foundation.errors import BadInput, CheckFailed

_CLEAN_SHARE = 0.4
"""Of the clips in an epoch that are heard as recorded."""
_WARM_UP = 0.1
_WEIGHT_DECAY = 0.01
_GRADIENT_CLIP = 1.0
_HEAD_WIDTH, _HEAD_DROPOUT = 256, 0.2
_MASKS, _WIDEST_BAND, _LONGEST_STRETCH = 2, 12, 24
_CUT = 8
"""Up to an eighth of a clip is cut off at either end."""
_NOT_HEARD = -1e4
_ANSWERED_AT_ONCE = 32


@dataclass(frozen=True, slots=True, eq=False)
class PublicTeacher:
    """An encoder as it was published, and how it is fine-tuned."""

    config: TeacherConfig
    weights: EncoderWeights

    def fit(
        self,
        training: TrainingConfig,
        data: TrainingData,
        *,
        clips: LabelledFeatures,
        seed: int,
    ) -> TeacherFit:
        """Return it before its first epoch on `clips`."""
        return TeacherFit(self.weights, self.config, training, data, clips=clips, seed=seed)

    def fingerprint(self, data: TrainingData) -> str:
        """Return a hash of all that its answers depend on, beside the labels."""
        about = {**asdict(self.config), "path": None, "sha256": self.weights.sha256}
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        for part in (data.train, data.development):
            for take in part.spectra or ():
                for spectrum in take[:: max(1, len(take) // 64)]:
                    digest.update(spectrum.tobytes())
        return digest.hexdigest()


def spread_answers(answers: NDArray[np.float32], variants: int) -> NDArray[np.float32]:
    """Return answers for all variants: its own where a variant was heard, else their mean."""
    mean = answers.mean(axis=0, keepdims=True)
    return np.concatenate([answers, np.repeat(mean, variants - len(answers), axis=0)])


class TeachingHead(nn.Module):
    """Layers of vectors to logits: their weighted mean, attention over the frames, two layers."""

    def __init__(self, layers: int, width: int, classes: int) -> None:
        super().__init__()
        self.shares = nn.Parameter(torch.zeros(layers))
        nn.init.ones_(self.shares[-1:])
        self.norm = nn.LayerNorm(width)
        self.attention = nn.Linear(width, 1)
        nn.init.zeros_(self.attention.weight)
        self.hidden = nn.Linear(width, _HEAD_WIDTH)
        self.classifier = nn.Linear(_HEAD_WIDTH, classes)

    def forward(self, states: list[Tensor], heard: Tensor) -> Tensor:
        """Return [clips, classes]; `heard`, bool [clips, frames], says what is no padding."""
        shares = torch.softmax(self.shares, dim=0)
        x = self.norm(sum(share * state for share, state in zip(shares, states, strict=True)))
        scores = self.attention(x)[..., 0].float().masked_fill(~heard, _NOT_HEARD)
        pooled = (torch.softmax(scores, dim=1)[..., None] * x).sum(dim=1)
        pooled = functional.dropout(pooled, _HEAD_DROPOUT, self.training)
        hidden = functional.gelu(self.hidden(pooled))
        logits: Tensor = self.classifier(functional.dropout(hidden, _HEAD_DROPOUT, self.training))
        return logits


class TeacherFit:
    """An encoder with its head and optimiser, after some epochs; see `edgeser.training.fit.Fit`.

    Parameters
    ----------
    weights, teacher, training
        The encoder, how it is fitted, and how labels become targets.
    data
        Its classes.
    clips
        What it is fitted to; with spectra.
    seed
        With the number of an epoch the only source of its chance.

    Raises
    ------
    BadInput
        When the clips have no spectra, or longer ones than the encoder knows places of.
    """

    def __init__(
        self,
        weights: EncoderWeights,
        teacher: TeacherConfig,
        training: TrainingConfig,
        data: TrainingData,
        *,
        clips: LabelledFeatures,
        seed: int,
    ) -> None:
        if clips.spectra is None:
            raise BadInput("[teacher] needs spectra of each clip, and there are none")
        longest = max(len(spectrum) for take in clips.spectra for spectrum in take)
        if (longest + 1) // 2 > weights.frames:
            raise BadInput(
                f"the teacher hears {weights.frames / 50:g} s, a clip has {longest / 100:g} s",
                hint="shorten [window] frames",
            )
        self.teacher, self.clips, self.seed, self.epochs = teacher, clips, seed, 0
        self.spectra, takes = clips.spectra, len(clips.spectra)
        classes, present = len(data.classes), present_in(clips, data)
        targets = soft_targets(clips.labels, clips.votes, classes, training, present)
        self.targets = mixed_targets(targets, clips.mixtures, len(clips.features))[:takes]
        mixed = mixed_presence(present, clips.mixtures, len(clips.features))
        self.present = None if mixed is None else mixed[:takes]
        self.cycle = replace(training, learning_rate=1.0, warm_up=_WARM_UP)
        self.device = choose_device(training.device)
        torch.manual_seed(seed)
        self.encoder = WhisperEncoder(weights, dropout=teacher.dropout).to(self.device)
        self.fixed = max(0, weights.blocks - teacher.blocks)
        head = TeachingHead(weights.blocks - self.fixed + 1, weights.width, classes)
        self.head = head.to(self.device)
        self.trained = nn.ModuleDict(
            {"blocks": self.encoder.blocks[self.fixed :], "ln_post": self.encoder.ln_post}
        )
        self.optimizer = self._make_optimizer()
        weighed = class_weights(clips.labels, classes)
        if not training.class_balance:
            weighed = np.ones_like(weighed)
        self.class_weights = torch.from_numpy(weighed).to(self.device)

    def _make_optimizer(self) -> torch.optim.AdamW:
        for parameter in self.encoder.parameters():
            parameter.requires_grad_(False)
        for parameter in self.trained.parameters():
            parameter.requires_grad_(True)
        groups = [
            {"params": [*self.trained.parameters()], "lr": self.teacher.learning_rate},
            {"params": [*self.head.parameters()], "lr": self.teacher.head_learning_rate},
        ]
        return torch.optim.AdamW(groups, weight_decay=_WEIGHT_DECAY)

    def epoch(self) -> None:
        """Do one epoch.

        Raises
        ------
        CheckFailed
            When the loss is no longer finite.
        """
        rng = np.random.default_rng([self.seed, self.epochs])
        torch.manual_seed(int(rng.integers(2**62)))
        clips, takes = len(self.clips), len(self.spectra)
        drawn = rng.integers(1, takes, clips) if takes > 1 else np.zeros(clips, np.int64)
        drawn = np.where(rng.random(clips) < _CLEAN_SHARE, 0, drawn)
        batches = [*self._batches(drawn, self.teacher.batch_size, rng)]
        steps = self.teacher.epochs * len(batches)
        self.encoder.eval()
        self.trained.train()
        self.head.train()
        for done, index in enumerate(rng.permutation(len(batches))):
            share = one_cycle(self.epochs * len(batches) + done, steps, self.cycle)
            self._step(batches[index], drawn, share, rng)
        self.epochs += 1

    def _step(
        self,
        chosen: NDArray[np.int64],
        takes: NDArray[np.int64],
        share: float,
        rng: np.random.Generator,
    ) -> None:
        rates = (self.teacher.learning_rate, self.teacher.head_learning_rate)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * share
        of_clips = takes[chosen], chosen
        spectra = [_cut(self.spectra[t][c], rng) for t, c in zip(*of_clips, strict=True)]
        x, heard = _padded(spectra)
        for row, spectrum in zip(x, spectra, strict=True):
            _mask(row, len(spectrum), rng)
        targets = torch.from_numpy(self.targets[of_clips]).to(self.device)
        present = None
        if self.present is not None:
            present = torch.from_numpy(self.present[of_clips]).to(self.device)
        loss = soft_cross_entropy(self._logits(x, heard), targets, self.class_weights, present)
        if not np.isfinite(float(loss.detach())):
            raise CheckFailed(
                "the fine-tuning of the teacher diverged", hint="lower [teacher] learning_rate"
            )
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        torch.nn.utils.clip_grad_norm_(parameters, _GRADIENT_CLIP)
        self.optimizer.step()

    def _logits(self, x: NDArray[np.float32], heard: NDArray[np.bool_]) -> Tensor:
        mask = torch.from_numpy(heard).to(self.device)
        half = self.teacher.precision == "bfloat16"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=half):
            states = self.encoder.states(
                torch.from_numpy(x).to(self.device), mask, fixed=self.fixed
            )
            logits: Tensor = self.head(states, mask)
        return logits.float()

    def answers(self, take: int) -> NDArray[np.float32]:
        """Return its logits [clips, classes] of one take of each clip."""
        spectra = self.spectra[take]
        found = np.empty((len(spectra), self.head.classifier.out_features), np.float32)
        self.encoder.eval()
        self.head.eval()
        with torch.inference_mode():
            for chosen in self._batches(np.full(len(spectra), take), _ANSWERED_AT_ONCE):
                padded = _padded([spectra[clip] for clip in chosen])
                found[chosen] = self._logits(*padded).cpu().numpy()
        return found

    def _batches(
        self, takes: NDArray[np.int64], size: int, rng: np.random.Generator | None = None
    ) -> Iterator[NDArray[np.int64]]:
        """Return clips in batches of nearly one length each, so that little is padded."""
        lengths = np.array([len(self.spectra[take][clip]) for clip, take in enumerate(takes)])
        order = np.argsort(lengths, kind="stable")
        if rng is not None:  # not the same neighbours each time
            order = np.argsort(lengths + rng.integers(0, 16, len(lengths)), kind="stable")
        yield from np.array_split(order, -(-len(order) // size))

    def tensors(self) -> State:
        """Return everything that the next epoch depends on, but for the number of epochs."""
        tensors: State = {f"teacher.{n}": value for n, value in self.trained.state_dict().items()}
        tensors |= {f"head.{name}": value for name, value in self.head.state_dict().items()}
        return tensors | optimizer_tensors(self.optimizer)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very fit."""
        self.epochs = checkpoint.epochs
        self.trained.load_state_dict(checkpoint.group("teacher"))
        self.head.load_state_dict(checkpoint.group("head"))
        restore_optimizer(self.optimizer, checkpoint)


def _cut(spectrum: NDArray[np.float16], rng: np.random.Generator) -> NDArray[np.float16]:
    """Return a clip without a little at both ends, at random."""
    frames = len(spectrum)
    most = max(1, frames // _CUT)
    first, left = int(rng.integers(0, most)), int(rng.integers(0, most))
    return spectrum[first : frames - left]


def _padded(
    spectra: list[NDArray[np.float16]],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return clips of one length, float32 [clips, frames, 80], and which vectors are heard."""
    frames = max(len(spectrum) for spectrum in spectra)
    frames += frames % 2
    x = np.empty((len(spectra), frames, spectra[0].shape[1]), np.float32)
    heard = np.zeros((len(spectra), frames // 2), np.bool_)
    for row, spectrum in enumerate(spectra):
        x[row], x[row, : len(spectrum)] = spectrum.min(), spectrum
        heard[row, : (len(spectrum) + 1) // 2] = True
    return x, heard


def _mask(x: NDArray[np.float32], frames: int, rng: np.random.Generator) -> None:
    """Blank bands and stretches of a clip in place (SpecAugment, Park et al. 2019)."""
    mean = x[:frames].mean()
    for _ in range(_MASKS):
        width = int(rng.integers(0, _WIDEST_BAND + 1))
        first = int(rng.integers(0, x.shape[1] - width + 1))
        x[:, first : first + width] = mean
        length = min(frames, int(rng.integers(0, _LONGEST_STRETCH + 1)))
        first = int(rng.integers(0, frames - length + 1))
        x[first : first + length] = mean
