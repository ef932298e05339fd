"""Which losses a training sums up, and how much each counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from quantize.foundation.errors import BadInput

_LARGEST = 1e6
_WEIGHTS = ("kl", "focal", "centre", "contrastive", "cosine", "gce", "align", "public", "imitate")


@dataclass(frozen=True, slots=True)
class LossConfig:
    """Weights of the parts of the loss, and what each part needs; a part of weight 0 is left out.

    Each part is held against the targets that ``[training]`` makes: hard, smoothed
    (`label_smoothing`), voted (`labels`, `vote_share`), mixed, taught by teachers; classes are
    weighed as `class_balance` says, and a label that a clip's corpus lacks takes no part.

    Parameters
    ----------
    kl
        Kullback-Leibler divergence from the target, `edgeser.training.losses.cross_entropy`.
    focal, focal_gamma
        Focal loss and its exponent.
    centre, centre_width, centre_pull
        Distance to the centre of one's class, in an embedding of so many values that learns to
        classify beside; how much the distance counts against that.
    contrastive, contrastive_width, contrastive_temperature, contrastive_context
        Supervised contrast; width of the embedding, temperature, and the share of the batch's
        mean in each vector.
    cosine
        1 less the cosine of answer and target.
    gce, gce_q
        Generalised cross-entropy and its exponent.
    align, align_width, align_temperature
        Contrast between the amplitude's and the phase's vector of a clip; width of the
        embeddings, temperature. Needs a network of both.
    public, public_width, public_temperature
        The same between the network's vector and a frozen public embedding of the clip, where one
        is installed; what is trained so is marked as derived from it, and cannot ship.
    imitate
        1 less the cosine of a linear layer of the network's vector and that public embedding of the
        clip: the network learns to say it. No label is needed, and it is marked as `public` is.
    probe
        Everything that needs labels teaches the classifier alone, not what is before it: a linear
        probe of what the other parts teach.
    intra, intra_temperature, inter
        Of a network with encoders (``[network] classifier = "pls"``), and of no effect on others:
        contrast of each class against the rest in the class's own encoder, and its temperature;
        cross-entropy of a classifier of the last encoder alone.
    """

    kl: float = 1.0
    focal: float = 0.0
    focal_gamma: float = 2.0
    centre: float = 0.0
    centre_width: int = 64
    centre_pull: float = 0.1
    contrastive: float = 0.0
    contrastive_width: int = 64
    contrastive_temperature: float = 0.1
    contrastive_context: float = 0.5
    cosine: float = 0.0
    gce: float = 0.0
    gce_q: float = 0.7
    align: float = 0.0
    align_width: int = 64
    align_temperature: float = 0.1
    public: float = 0.0
    public_width: int = 64
    public_temperature: float = 0.1
    imitate: float = 0.0
    probe: bool = False
    intra: float = 0.3
    intra_temperature: float = 0.1
    inter: float = 1.0

    def __post_init__(self) -> None:
        for name in (*_WEIGHTS, "intra", "inter"):
            self._check(name, 0.0, _LARGEST)
        if not any(getattr(self, name) > 0.0 for name in _WEIGHTS):
            raise BadInput("nothing is to be learnt: every loss has weight 0", hint="set kl = 1.0")
        taught = self.hears_public or self.align > 0.0
        if self.probe and not (taught and self.centre == self.contrastive == 0.0):
            raise BadInput(
                "probe = true probes what imitate, public or align teach, and nothing else does",
                hint="set imitate = 1, and neither centre nor contrastive",
            )
        self._check("focal_gamma", 0.0, 20.0)
        self._check("gce_q", 0.01, 1.0)
        self._check("centre_pull", 0.0, _LARGEST)
        self._check("contrastive_context", 0.0, 0.99)
        for name in ("contrastive", "align", "public", "intra"):
            self._check(f"{name}_temperature", 0.01, 100.0)
        for name in ("centre_width", "contrastive_width", "align_width", "public_width"):
            self._check(name, 1, 4096)

    @property
    def hears_public(self) -> bool:
        """Whether a public embedding teaches."""
        return self.public > 0.0 or self.imitate > 0.0

    def _check(self, name: str, least: float, most: float) -> None:
        value = float(getattr(self, name))
        if not (math.isfinite(value) and least <= value <= most):
            raise BadInput(
                f"{name} = {value:g} is out of bounds", hint=f"give {least:g} to {most:g}"
            )


CROSS_ENTROPY = LossConfig()
"""What a recipe without ``[loss]`` lowers."""
