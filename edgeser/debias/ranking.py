"""Which training clips guide a bias: W of two networks that learn side by side.

After "Learning from Failure" (Nam et al., NeurIPS 2020, arXiv 2007.02561), whose two networks and
weights CO-VADA (arXiv 2506.06071) ranks clips by. The biased network lowers the generalised
cross-entropy, to which clips that contradict the others matter little; the one against it lowers
the cross-entropy of each clip times ``W = CE_b / (CE_b + CE_d)``. What the biased one knows at once
has a low W.

Both follow one schedule and are stopped early, together: W holds networks of one age against
each other. A biased network that is stopped before the other one has learnt its bias by half; the
other one trains on, learns it whole, and W ranks the wrong way round (docs/debias.md has figures).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgeser.debias.config import DebiasConfig
from edgeser.network.config import NetworkConfig
from edgeser.training.checkpoint import Checkpoint
from edgeser.training.config import AugmentationConfig, TrainingConfig
from edgeser.training.course import Again, Course, Progress
from edgeser.training.data import LabelledFeatures, TrainingData
from edgeser.training.fit import Fit
from edgeser.training.loop import as_trained, fingerprint_of
from edgeser.training.losses.config import CROSS_ENTROPY, LossConfig

RANKING = "Training a biased network and one against it"
_PAIR_FOLDER, _RANKS_FOLDER = "ranking", "ranks"
_KEPT = 0.7
"""Of a clip's running loss, in each epoch, as published."""
_LEAST = 1e-9
Floats = NDArray[np.float64]


def rank_clips(  # noqa: PLR0913  each is a choice of its own
    network: NetworkConfig,
    training: TrainingConfig,
    augmentation: AugmentationConfig,
    data: TrainingData,
    config: DebiasConfig,
    *,
    seed: int,
    checkpoint_dir: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> NDArray[np.float32]:
    """Return W of each training clip, float32 ``[clips]``, 0 to 1.

    Parameters and errors are as of `edgeser.training.train`; with the same seed and thread count W
    is the same to the bit. `checkpoint_dir` holds folders of its own for this.
    """
    with as_trained(training):
        about = fingerprint_of(network, training, augmentation, data, seed=seed)
        settings = json.dumps(asdict(replace(config, convert="confidence", share=1, contrary=1)))
        fingerprint = hashlib.sha256(f"{about}\n{settings}".encode()).hexdigest()
        course = Course(checkpoint_dir, resume, progress)
        course.begin([_PAIR_FOLDER, _RANKS_FOLDER])
        ranks = course.kept_answers(_RANKS_FOLDER, fingerprint)
        if ranks is not None:
            return ranks
        pair = Pair(network, training, augmentation, data, config, seed=seed)
        course.carry_out(Again(pair, fingerprint, config.epochs, RANKING), _PAIR_FOLDER)
        ranks = pair.ranks().astype(np.float32)
        course.keep_answers(_RANKS_FOLDER, fingerprint, config.epochs, ranks)
        return ranks


class Pair:
    """A biased network and one against it, side by side, and the running losses of each clip.

    Parameters
    ----------
    network, training, augmentation, data
        As of `edgeser.training.train`. As published, labels are hard, and clips are not mixed with
        others here: their loss is to be their own.
    config
        How long they are trained, and the exponent.
    seed
        Of both; they begin from other weights, and draw other batches.
    """

    def __init__(
        self,
        network: NetworkConfig,
        training: TrainingConfig,
        augmentation: AugmentationConfig,
        data: TrainingData,
        config: DebiasConfig,
        *,
        seed: int,
    ) -> None:
        self.epochs = 0
        self.clips = _recorded(data.train)
        # Averaged weights lag behind: after few epochs they are still those of the beginning.
        training = replace(
            training,
            epochs=config.epochs,
            ema_decay=0.0,
            label_smoothing=0.0,
            labels="hard",
        )
        augmentation = replace(augmentation, mixup=0.0)

        def fit(number: int, loss: LossConfig) -> Fit:
            own = int(np.random.default_rng([seed, number]).integers(2**31))
            return Fit(network, training, augmentation, data, clips=self.clips, seed=own, loss=loss)

        self.biased = fit(0, LossConfig(kl=0.0, gce=1.0, gce_q=config.gce_q))
        self.against = fit(1, CROSS_ENTROPY)
        self.targets = np.array(self.against.targets)
        self.labels_only = len(data.classes)
        self.losses = self._losses()

    def epoch(self) -> None:
        """Do one epoch of both."""
        weighed = self.targets.copy()
        weighed[:, :, : self.labels_only] *= self.ranks()[None, :, None]
        self.against.targets = weighed.astype(np.float32)  # the loss is linear in them
        self.biased.epoch()
        self.against.epoch()
        self.epochs += 1
        self.losses = _KEPT * self.losses + (1.0 - _KEPT) * self._losses()

    def ranks(self) -> Floats:
        """Return W of each clip, of running losses that each class's largest is 1 of."""
        labels = self.clips.labels
        largest = np.zeros((2, int(labels.max()) + 1))
        for of_network, losses in zip(largest, self.losses, strict=True):
            np.maximum.at(of_network, labels, losses)
        biased, against = self.losses / largest[:, labels]
        return np.asarray(biased / (biased + against))

    def tensors(self) -> dict[str, Tensor]:
        """Return everything that the next epoch depends on, but for the number of epochs."""
        found = {"losses": torch.from_numpy(self.losses)}
        for name, fit in self._fits().items():
            found |= {f"{name}.{key}": value for key, value in fit.tensors().items()}
        return found

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of this very pair."""
        self.epochs = checkpoint.epochs
        self.losses = checkpoint.tensors["losses"].numpy()
        for name, fit in self._fits().items():
            fit.restore(replace(checkpoint, tensors=checkpoint.group(name)))

    def _fits(self) -> dict[str, Fit]:
        return {"biased": self.biased, "against": self.against}

    def _losses(self) -> Floats:
        return np.stack([cross_entropies(fit, self.clips) for fit in self._fits().values()])


def cross_entropies(fit: Fit, clips: LabelledFeatures) -> Floats:
    """Return the cross-entropy of each clip as recorded, float64 ``[clips]``, above 0."""
    logits = fit.logits(clips, 0).astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    missed = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(clips)), clips.labels]
    return np.asarray(np.maximum(missed, _LEAST))


def _recorded(clips: LabelledFeatures) -> LabelledFeatures:
    """Return clips without what is for other losses than these: no public teacher takes part."""
    return replace(clips, public=None, spectra=None)
