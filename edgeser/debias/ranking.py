"""Which training clips guide a bias: W of two networks, one stopped early and one against it.

Our reading of CO-VADA: the biased network lowers the generalised cross-entropy, to which clips that
contradict the others matter little, and is stopped after a few epochs; the other one draws each
clip in proportion to ``W = CE_b / (CE_b + CE_d)``, of the cross-entropies of both, anew in each
epoch (a weight on each clip's loss, in the mean). What the biased one knows at once has a low W.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.debias.config import DebiasConfig
from edgeser.network.config import NetworkConfig
from edgeser.training.config import AugmentationConfig, TrainingConfig
from edgeser.training.course import Again, Course, Progress
from edgeser.training.data import LabelledFeatures, TrainingData
from edgeser.training.fit import Fit
from edgeser.training.loop import as_trained, fingerprint_of
from edgeser.training.losses.config import CROSS_ENTROPY, LossConfig

BIASED = "Training a biased network, stopped early"
DEBIASED = "Training a network against it"
_BIASED_FOLDER, _DEBIASED_FOLDER, _RANKS = "biased", "debiased", "ranks"
_FLOOR = 0.01
"""Share of the mean at which the least of all clips is drawn."""


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
        course.begin([_BIASED_FOLDER, _DEBIASED_FOLDER, _RANKS])
        ranks = course.kept_answers(_RANKS, fingerprint)
        if ranks is not None:
            return ranks
        clips = _recorded(data.train)
        # Averaged weights lag behind: after few epochs they are still those of the beginning.
        training = replace(training, ema_decay=0.0)
        early = replace(training, epochs=config.biased_epochs)
        gce = LossConfig(kl=0.0, gce=1.0, gce_q=config.gce_q)
        biased = Fit(network, early, augmentation, data, clips=clips, seed=seed, loss=gce)
        job = Again(biased, f"{fingerprint}/{_BIASED_FOLDER}", config.biased_epochs, BIASED)
        course.carry_out(job, _BIASED_FOLDER)
        of_biased = cross_entropies(biased, clips)
        late = replace(training, epochs=config.debiased_epochs)
        against = _Against(
            network,
            late,
            augmentation,
            data,
            clips=clips,
            seed=seed,
            loss=CROSS_ENTROPY,
            of_biased=of_biased,
        )
        against_job = Again(
            against, f"{fingerprint}/{_DEBIASED_FOLDER}", config.debiased_epochs, DEBIASED
        )
        course.carry_out(against_job, _DEBIASED_FOLDER)
        ranks = against.ranks()
        course.keep_answers(_RANKS, fingerprint, config.debiased_epochs, ranks)
        return ranks


class _Against(Fit):
    """A fit that draws most what a biased network does not know."""

    def __init__(
        self,
        network_config: NetworkConfig,
        training: TrainingConfig,
        augmentation: AugmentationConfig,
        data: TrainingData,
        *,
        clips: LabelledFeatures,
        seed: int,
        loss: LossConfig,
        of_biased: NDArray[np.float64],
    ) -> None:
        super().__init__(
            network_config, training, augmentation, data, clips=clips, seed=seed, loss=loss
        )
        self.of_biased = of_biased
        self.evenly = np.ones(len(clips)) if self.draws is None else self.draws

    def epoch(self) -> tuple[float, float]:
        """Do one epoch, of clips drawn by what both networks say now."""
        wanted = np.maximum(self.ranks().astype(np.float64), _FLOOR) * self.evenly
        self.draws = wanted / wanted.mean()
        return super().epoch()

    def ranks(self) -> NDArray[np.float32]:
        """Return W of each clip."""
        own = cross_entropies(self, self.clips)
        return np.asarray(self.of_biased / (self.of_biased + own), np.float32)


def cross_entropies(fit: Fit, clips: LabelledFeatures) -> NDArray[np.float64]:
    """Return the cross-entropy of each clip as recorded, float64 ``[clips]``, above 0."""
    logits = fit.logits(clips, 0).astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    missed = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(clips)), clips.labels]
    return np.asarray(np.maximum(missed, 1e-9))


def _recorded(clips: LabelledFeatures) -> LabelledFeatures:
    """Return clips without what is for other losses than these: no public teacher takes part."""
    return replace(clips, public=None, spectra=None)
