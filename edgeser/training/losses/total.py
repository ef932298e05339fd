"""The loss of a training: the parts that its recipe names, summed up."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from edgeser.network.embeddings import Embeddings
from edgeser.network.encoders import intra_and_inter
from edgeser.training.losses.alignment import symmetric_info_nce
from edgeser.training.losses.centre import CentreHead
from edgeser.training.losses.config import LossConfig
from edgeser.training.losses.contrastive import broadcast_context, supervised_contrast
from edgeser.training.losses.cosine import cosine_loss
from edgeser.training.losses.cross_entropy import soft_cross_entropy
from edgeser.training.losses.focal import focal_loss
from edgeser.training.losses.generalised import generalised_cross_entropy
from edgeser.training.losses.imitation import ImitationHead
from edgeser.training.losses.intra import intra_class_contrast
from edgeser.training.losses.projection import ProjectionHead
from quantize.foundation.errors import BadInput


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What a batch is held against.

    Parameters
    ----------
    targets
        Distributions, float [clips, classes]; 0 where a class is not present.
    weights
        Of the classes, float [classes].
    present
        bool [clips, classes]: classes that take part in a clip's loss; `None`: all.
    public
        A public embedding's vectors, float [clips, values]; `None` where none is asked.
    """

    targets: Tensor
    weights: Tensor
    present: Tensor | None = None
    public: Tensor | None = None


class Loss(nn.Module):
    """The weighted sum of a recipe's losses, with what some of them learn beside the network.

    Centres and projections are parameters of this module. They are trained with the network's and
    kept in checkpoints; the network that is exported knows nothing of them.

    Parameters
    ----------
    config
        The parts and their weights.
    like
        Embeddings of the network, of any batch: they tell the widths.
    classes
        How many there are.
    public
        Values of the public embedding; 0 where there is none.
    encoder_width
        Values of each of the network's encoders; 0 where there are none.

    Raises
    ------
    BadInput
        When a part needs a branch that the network does not have, or an embedding that is not
        there.
    """

    def __init__(
        self,
        config: LossConfig,
        like: Embeddings,
        classes: int,
        *,
        public: int = 0,
        encoder_width: int = 0,
    ) -> None:
        super().__init__()
        self.config, self.encoder_width = config, encoder_width
        width = like.fused.shape[1]
        self.centre: CentreHead | None = None
        self.contrastive: ProjectionHead | None = None
        self.align: nn.ModuleList | None = None
        self.public: nn.ModuleList | None = None
        self.imitation: ImitationHead | None = None
        self.inter: nn.Linear | None = None
        if config.centre > 0.0:
            self.centre = CentreHead(width, config.centre_width, classes, pull=config.centre_pull)
        if config.contrastive > 0.0:
            self.contrastive = ProjectionHead(width, config.contrastive_width)
        if config.align > 0.0:
            branches = _both(like)
            self.align = _heads([b.shape[1] for b in branches], config.align_width)
        if config.hears_public and public == 0:
            raise BadInput(
                "[loss] public and imitate need a public embedding of each clip, and there are "
                "none",
                hint="train by 'edgeser train', or set [loss] public = 0 and imitate = 0",
            )
        if config.imitate > 0.0:
            self.imitation = ImitationHead(width, public)
        if config.public > 0.0:
            self.public = _heads([width, public], config.public_width)
        if config.inter > 0.0 and encoder_width > 0:
            self.inter = nn.Linear(encoder_width, classes)

    def forward(
        self,
        logits: Tensor,
        embeddings: Embeddings,
        truth: Truth,
        encoded: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of logits [clips, classes] and the embeddings that they were made of.

        Where the network has encoders their values, [clips, (classes + 1) width], are `encoded`.
        """
        parts = self._parts(logits, embeddings, truth)
        if self.encoder_width > 0 and encoded is not None:
            parts = itertools.chain(parts, self._of_encoders(encoded, truth))
        return functools.reduce(torch.add, parts)

    def _of_encoders(self, encoded: Tensor, truth: Truth) -> Iterator[Tensor]:
        config = self.config
        targets, weights, present = truth.targets, truth.weights, truth.present
        intra, inter = intra_and_inter(encoded, self.encoder_width)
        if config.intra > 0.0:
            yield config.intra * intra_class_contrast(
                intra, targets, weights, present, temperature=config.intra_temperature
            )
        if self.inter is not None:
            yield config.inter * soft_cross_entropy(self.inter(inter), targets, weights, present)

    def _parts(self, logits: Tensor, embeddings: Embeddings, truth: Truth) -> Iterator[Tensor]:
        config = self.config
        targets, weights, present = truth.targets, truth.weights, truth.present
        if config.kl > 0.0:
            yield config.kl * soft_cross_entropy(logits, targets, weights, present)
        if config.focal > 0.0:
            gamma = config.focal_gamma
            yield config.focal * focal_loss(logits, targets, weights, present, gamma=gamma)
        if config.cosine > 0.0:
            yield config.cosine * cosine_loss(logits, targets, weights, present)
        if config.gce > 0.0:
            missed = generalised_cross_entropy(logits, targets, weights, present, q=config.gce_q)
            yield config.gce * missed
        if self.centre is not None:
            yield config.centre * self.centre(embeddings.fused, targets, weights, present)
        if self.contrastive is not None:
            vectors = self.contrastive(embeddings.fused)
            vectors = broadcast_context(vectors, config.contrastive_context)
            yield config.contrastive * supervised_contrast(
                vectors, targets, weights, present, temperature=config.contrastive_temperature
            )
        if self.align is not None:
            pair = _projected(self.align, *_both(embeddings))
            aligned = symmetric_info_nce(*pair, temperature=config.align_temperature)
            yield config.align * aligned
        if self.public is not None and truth.public is not None:
            pair = _projected(self.public, embeddings.fused, truth.public)
            aligned = symmetric_info_nce(*pair, temperature=config.public_temperature)
            yield config.public * aligned
        if self.imitation is not None and truth.public is not None:
            said = self.imitation.cosine(embeddings.fused, truth.public)
            yield config.imitate * (1.0 - said).mean()


def _heads(inputs: list[int], width: int) -> nn.ModuleList:
    return nn.ModuleList(ProjectionHead(values, width) for values in inputs)


def _projected(heads: nn.ModuleList, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    return heads[0](first), heads[1](second)


def _both(embeddings: Embeddings) -> tuple[Tensor, Tensor]:
    if embeddings.amplitude is None or embeddings.phase is None:
        raise BadInput(
            "[loss] align holds amplitude against phase, but the network hears one of them only",
            hint="set [network] inputs = 'both', or [loss] align = 0",
        )
    return embeddings.amplitude, embeddings.phase
