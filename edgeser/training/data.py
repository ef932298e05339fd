"""What a training sees: int8 features of clips by speakers, in several variants each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.training.config import SamplingConfig
from edgeser.training.vad import VadConfig
from quantize.foundation.errors import BadInput

if TYPE_CHECKING:
    from edgeser.network.words import FrozenEncoder

Spectra = tuple[tuple[NDArray[np.float16], ...], ...]
"""By variant and clip."""
INPUT_SCALE = 1 / 32
"""Real value of one step of the network's int8 input; its zero point is 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Mixtures:
    """Which clips are mixed with which others of the same set.

    Parameters
    ----------
    partners
        int64 [variants, clips]: the clip that each is mixed with.
    shares
        float32 [variants, clips]: the partner's share in the label, 0 where nothing is mixed.

    Raises
    ------
    BadInput
        When there are no such clips, or shares.
    """

    partners: NDArray[np.int64]
    shares: NDArray[np.float32]

    def __post_init__(self) -> None:
        partners, shares = self.partners, self.shares
        if partners.ndim != 2 or partners.shape != shares.shape:
            raise BadInput(
                f"mixtures have partners {partners.shape} and shares {shares.shape}",
                hint="give one of each for each variant of a clip",
            )
        if partners.size and not 0 <= partners.min() <= partners.max() < partners.shape[1]:
            raise BadInput("a clip is mixed with one that there is not")
        if not np.all((shares >= 0.0) & (shares <= 1.0)):
            raise BadInput("a share of a mixture is not between 0 and 1")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFeatures:
    """Clips with their features, labels and speakers.

    Parameters
    ----------
    features
        int8 [variants, clips, frames, channels, planes]. Variant 0 is the clip as it was recorded,
        the others under drawn conditions. More frames than the network sees leave room for shifts.
    labels
        int64 [clips], indices of the classes.
    speakers
        One name a clip.
    votes
        float32 [clips, classes], the crowd's distribution over the classes, rows summing to 1, or
        to 0 where nobody voted; `None` where the corpus has none.
    corpora
        The corpus of each clip; empty where all are of one.
    mixtures
        Which variants hold other clips too; `None` where none does.
    public
        float32 [clips, values], what a public embedding says of each clip; `None` where none is
        asked.
    spectra
        What a public teacher hears: log-mel spectra, each float16 [frames, 80], of the first
        variants of every clip; `None` where there is no such teacher.
    vad
        float32 [clips, 3]: valence, arousal, dominance from -1 to 1; NaN where they are not known.
        `None` where they are known of none.

    Raises
    ------
    BadInput
        When shapes or types do not fit.
    """

    features: NDArray[np.int8]
    labels: NDArray[np.int64]
    speakers: tuple[str, ...]
    votes: NDArray[np.float32] | None = None
    corpora: tuple[str, ...] = ()
    mixtures: Mixtures | None = None
    public: NDArray[np.float32] | None = None
    spectra: Spectra | None = None
    vad: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.features.dtype != np.int8 or self.features.ndim != 5:
            raise BadInput(
                f"features are {self.features.dtype} {self.features.shape}",
                hint="give int8 [variants, clips, frames, channels, planes]",
            )
        clips = self.features.shape[1]
        if self.features.shape[0] < 1 or len(self.labels) != clips or len(self.speakers) != clips:
            raise BadInput(
                f"features of {clips} clips come with {len(self.labels)} labels and "
                f"{len(self.speakers)} speakers",
                hint="give one of each a clip",
            )
        if self.votes is not None and self.votes.shape[0] != clips:
            raise BadInput(f"{clips} clips have {self.votes.shape[0]} votes", hint="one a clip")
        if self.corpora and len(self.corpora) != clips:
            raise BadInput(f"{clips} clips have {len(self.corpora)} corpora", hint="one a clip")
        if self.spectra is not None:
            counts = [len(take) for take in self.spectra]
            if not counts or set(counts) != {clips} or len(counts) > self.features.shape[0]:
                raise BadInput(f"{clips} clips have spectra of {counts}")
        if self.public is not None and (self.public.ndim != 2 or len(self.public) != clips):
            raise BadInput(f"{clips} clips have public embeddings {self.public.shape}")
        if self.mixtures is not None and self.mixtures.shares.shape != self.features.shape[:2]:
            raise BadInput(
                f"features of {self.features.shape[:2]} variants and clips come with mixtures of "
                f"{self.mixtures.shares.shape}"
            )
        if self.vad is not None and self.vad.shape != (clips, 3):
            raise BadInput(
                f"{clips} clips have valence, arousal and dominance of shape {self.vad.shape}",
                hint="three a clip",
            )

    def __len__(self) -> int:
        return int(self.features.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """Training and development clips, of different speakers unless clips were divided.

    Parameters
    ----------
    classes
        Emotions in the order of the logits.
    planes
        Names of the feature planes, ``"amplitude"`` first.
    frames
        Frames that the network sees.
    train, development
        Their clips.
    sampling, weights
        How often clips are drawn; the weight of each corpus, 1 where it has none.
    shares_speakers
        Whether the parts may have speakers in common: clips were divided, not speakers.
    vad
        What is made of valence, arousal and dominance where the network has a head for them.
    words
        The encoder that is frozen in the network; `None`: none.
    together
        The features of training clips and, behind them, of development clips in one array, of which
        `train` and `development` have their parts; `None`: they have arrays of their own, and
        `everyone` copies.

    Raises
    ------
    BadInput
        When a speaker is in both parts but should not be, a part is empty, or labels are out of
        range.
    """

    classes: tuple[str, ...]
    planes: tuple[str, ...]
    frames: int
    train: LabelledFeatures
    development: LabelledFeatures
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    weights: Mapping[str, float] = field(default_factory=dict)
    shares_speakers: bool = False
    vad: VadConfig = field(default_factory=VadConfig)
    words: FrozenEncoder | None = None
    together: NDArray[np.int8] | None = None

    def __post_init__(self) -> None:
        shared = sorted(set(self.train.speakers) & set(self.development.speakers))
        if shared and not self.shares_speakers:
            raise BadInput(
                f"speaker {shared[0]} is in both the training and the development set",
                hint="divide by speaker",
            )
        for name, part in (("training", self.train), ("development", self.development)):
            if len(part) == 0:
                raise BadInput(f"the {name} set is empty", hint="use more speakers")
            if part.labels.min() < 0 or part.labels.max() >= len(self.classes):
                raise BadInput(f"a label of the {name} set is not among the classes")
            if part.features.shape[2] < self.frames or part.features.shape[4] != len(self.planes):
                raise BadInput(
                    f"the {name} features have shape {part.features.shape}, the network needs "
                    f"{self.frames} frames and {len(self.planes)} planes"
                )

    def everyone(self) -> LabelledFeatures:
        """Return training and development clips together, with the variants that both have."""
        return joined((self.train, self.development), self.together)

    @property
    def channels(self) -> int:
        """Channels of a plane."""
        return int(self.train.features.shape[3])


def joined(
    parts: Sequence[LabelledFeatures], together: NDArray[np.int8] | None = None
) -> LabelledFeatures:
    """Return the clips of parts together, with the variants that all have.

    `together` are their features where they lie side by side already: gigabytes not to be copied.
    What a public teacher or embedding is to say is there where it is of all parts; votes and
    valence, arousal and dominance are unknown of the clips of a part that has none.
    """
    variants = min(part.features.shape[0] for part in parts)
    if together is None:
        together = np.concatenate([part.features[:variants] for part in parts], axis=1)
    return LabelledFeatures(
        features=together[:variants],
        labels=np.concatenate([part.labels for part in parts]),
        speakers=tuple(name for part in parts for name in part.speakers),
        votes=_rows([part.votes for part in parts], parts, 0.0),
        corpora=tuple(name for part in parts for name in part.corpora),
        mixtures=_all_mixtures(parts, variants),
        public=_all_public(parts),
        spectra=_all_spectra(parts),
        vad=_rows([part.vad for part in parts], parts, np.nan),
    )


def _all_spectra(parts: Sequence[LabelledFeatures]) -> Spectra | None:
    found = [part.spectra for part in parts if part.spectra is not None]
    if len(found) < len(parts):
        return None
    takes = zip(*found, strict=False)
    return tuple(tuple(clip for of_part in take for clip in of_part) for take in takes)


def _all_public(parts: Sequence[LabelledFeatures]) -> NDArray[np.float32] | None:
    found = [part.public for part in parts if part.public is not None]
    return None if len(found) < len(parts) else np.concatenate(found)


def _all_mixtures(parts: Sequence[LabelledFeatures], variants: int) -> Mixtures | None:
    if all(part.mixtures is None for part in parts):
        return None
    partners, shares, before = [], [], 0
    for part in parts:
        own = np.tile(np.arange(len(part)), (variants, 1))
        mixed = part.mixtures or Mixtures(own, np.zeros(own.shape, np.float32))
        partners.append(before + mixed.partners[:variants])
        shares.append(mixed.shares[:variants])
        before += len(part)
    return Mixtures(np.concatenate(partners, axis=1), np.concatenate(shares, axis=1))


def _rows(
    found: Sequence[NDArray[np.float32] | None], parts: Sequence[LabelledFeatures], unknown: float
) -> NDArray[np.float32] | None:
    """Return rows of all parts, with a value for those of a part that has none; `None` of none."""
    width = next((rows.shape[1] for rows in found if rows is not None), 0)
    if width == 0:
        return None
    return np.concatenate(
        [
            np.full((len(part), width), unknown, np.float32) if rows is None else rows
            for rows, part in zip(found, parts, strict=True)
        ]
    )
