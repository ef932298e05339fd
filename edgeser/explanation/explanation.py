"""What an explanation found, of one clip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.explanation.agreement import Shuffled, Stability
from edgeser.explanation.config import Occlusion
from edgeser.explanation.cues import StretchCues
from edgeser.explanation.faithfulness import Faithfulness
from edgeser.explanation.gradients import IntegratedGradients
from edgeser.explanation.literature import Verdict
from edgeser.explanation.occlusion import Saliency
from edgeser.explanation.salient import Stretch


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of a clip beside its sound.

    Parameters
    ----------
    name
        What it is called.
    label
        Its true label; empty where nobody says it.
    speaker
        Who speaks; empty where nobody says it.
    remarks
        What is odd about its sound.
    """

    name: str
    label: str = ""
    speaker: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """What a map is worth.

    Parameters
    ----------
    gradients
        Integrated gradients of the float network beside it.
    occlusion
        Patches of the maps that are compared below: coarser ones.
    shuffled
        The map by models with more and more layers shuffled.
    stability
        The map after changes that leave what is said as it is.
    """

    gradients: IntegratedGradients
    occlusion: Occlusion
    shuffled: tuple[Shuffled, ...]
    stability: tuple[Stability, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HeardCues:
    """What experts would hear in the salient stretches.

    Parameters
    ----------
    stretches
        The cues of each.
    whole
        Mean standard scores of all stretches of the clip with a voice, by what they are held to:
        how it sounds wherever the model listened.
    verdicts
        What the literature expects of the answer, held to them; empty where it expects nothing.
    version
        openSMILE's.
    """

    stretches: tuple[StretchCues, ...]
    whole: Mapping[str, NDArray[np.float64]]
    verdicts: tuple[Verdict, ...]
    version: str


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why the int8 model answers as it does.

    Parameters
    ----------
    told
        What is known of the clip.
    answer
        The label that is explained: what the device answers, or what was asked for.
    probabilities
        Of each label, as the device says them.
    log_odds
        Natural logarithm of the answer's odds, over the temperature.
    unsure
        Whether its probability is too little to answer, by the bundle's rule.
    windows
        Windows that the clip was cut into.
    samples, sample_rate
        The clip, int16, and its rate in Hz.
    features
        int8 ``[frames, channels, planes]``, as the model sees them.
    planes, band_hz, hop_ms
        What they are.
    occlusion, saliency
        What was hidden, and what that did.
    stretches
        The most salient ones, the strongest first.
    shares
        Each plane's share of what speaks for the answer.
    hidden_planes
        How far the log-odds fall when all of a plane is hidden.
    bands
        Shares of the lower, middle and upper third of the channels.
    engine
        What ran the model, in words.
    seconds
        How long occlusion took.
    faithfulness
        Deletion and insertion; `None` where no checks were wanted.
    worth
        Further checks; `None` where they were not wanted of this clip.
    cues
        `None` where they were not wanted, or cannot be had.
    """

    told: Told
    answer: str
    probabilities: dict[str, float]
    log_odds: float
    unsure: bool
    windows: int
    samples: NDArray[np.int16]
    sample_rate: int
    features: NDArray[np.int8]
    planes: tuple[str, ...]
    band_hz: tuple[float, float]
    hop_ms: float
    occlusion: Occlusion
    saliency: Saliency
    stretches: tuple[Stretch, ...]
    shares: dict[str, float]
    hidden_planes: dict[str, float]
    bands: tuple[float, ...]
    engine: str
    seconds: float
    faithfulness: Faithfulness | None = None
    worth: Worth | None = None
    cues: HeardCues | None = None

    @property
    def lean(self) -> Explanation:
        """It without its sound and its patches: of hundreds of clips they are most of the bytes."""
        saliency = replace(self.saliency, patches=(), drops=self.saliency.drops[:0])
        return replace(self, samples=self.samples[:0], saliency=saliency)
