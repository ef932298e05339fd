"""What the microphone path of a board does to sound, to train for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from edgeser.training.conditions import Samples, first_order_high_pass, to_samples
from edgeser.training.config import BoardName


@dataclass(frozen=True, slots=True)
class Microphone:
    """A microphone path: a high-pass, then a gain, then int16, which clips.

    Parameters
    ----------
    high_pass_hz
        Where the first-order high-pass that removes DC has fallen by 3 dB, in Hz.
    gain
        Factor of the amplitude.
    """

    high_pass_hz: float
    gain: float


MICROPHONES: Mapping[BoardName, Microphone] = MappingProxyType(
    # google-coral/coralmicro, libs/audio/audio_driver.cc: kPDM_DcRemoverCutOff152Hz and
    # kPDM_DfOutputGain5. NXP's header gives the gain no unit; it is taken as a factor here.
    {"coral-micro": Microphone(high_pass_hz=152.0, gain=5.0)}
)


def hear_through(microphone: Microphone, samples: Samples, *, sample_rate: int = 16000) -> Samples:
    """Return int16 samples, as many, as the board would give them."""
    filtered = first_order_high_pass(samples, microphone.high_pass_hz, sample_rate=sample_rate)
    # The gain comes before the rounding: quiet sound keeps what it would lose in int16.
    return to_samples(np.asarray(filtered * microphone.gain))
