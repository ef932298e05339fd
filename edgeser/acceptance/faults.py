"""What can be wrong with samples, and what to change for each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgeser.evaluation.drift import DriftReport
from quantize.foundation.measurement import Evidence, Measurement
from quantize.foundation.string_enum import StrEnum

Samples = NDArray[np.int16]
Floats = NDArray[np.float64]
FULL_SCALE = 32768.0


class Fault(StrEnum):
    """What is wrong."""

    FEATURES = "features"
    BYTE_ORDER = "byte order"
    CHANNELS = "channels"
    GAIN = "gain"
    DC = "offset"
    CLIPPING = "clipping"
    RATE = "sample rate"
    LOST = "lost samples"
    DOUBLED = "doubled samples"
    HUM = "mains hum"
    HIGH_PASS = "high-pass"  # noqa: S105  no password
    NOT_HEARD = "not heard"
    UNLIKE = "unlike the training"


CHECKED: dict[Fault, str] = {
    Fault.FEATURES: "the features are the host's, bit for bit",
    Fault.BYTE_ORDER: "the bytes of a sample are in order",
    Fault.CHANNELS: "there is one channel",
    Fault.GAIN: "the gain is not off by a shift of bits",
    Fault.DC: "the samples have no offset",
    Fault.CLIPPING: "the samples are not clipped",
    Fault.NOT_HEARD: "what was played is in the samples",
    Fault.RATE: "the sample rate is the model's",
    Fault.LOST: "no samples are lost",
    Fault.DOUBLED: "no samples are doubled",
    Fault.HUM: "there is no mains hum",
    Fault.HIGH_PASS: "the low frequencies are there",
    Fault.UNLIKE: "the speech is like the training's",
}
"""What is asked, in the order in which it is answered."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault.

    Parameters
    ----------
    fault
        Which.
    sentence
        What is wrong, with its figure.
    change
        What to change.
    figures
        By name, what it was judged by.
    """

    fault: Fault
    sentence: str
    change: str
    figures: dict[str, Measurement] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """What samples say of the way that they came.

    Parameters
    ----------
    findings
        The faults, in the order of `CHECKED`.
    unjudged
        What could not be asked, and why.
    limits
        What of a question that was asked could not be told.
    mended
        The samples without the faults that can be taken out of them, int16.
    lags
        By how many samples each stretch came late, ``[stretches, 2]`` of seconds as played and
        samples; empty where nothing was held against what was played.
    """

    findings: tuple[Finding, ...]
    unjudged: dict[Fault, str]
    limits: dict[Fault, str]
    mended: Samples
    lags: Floats

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Which faults there are."""
        return tuple(finding.fault for finding in self.findings)


@dataclass(frozen=True, slots=True, eq=False)
class AcceptReport:
    """Whether a device's frontend gets what it should.

    Parameters
    ----------
    device
        Its address.
    road
        How the samples came: over the wire, or by its own microphone.
    source
        What they are, in words.
    samples, sample_rate
        As the frontend got them, int16.
    findings, unjudged, limits, lags
        As in `Diagnosis`, with the features and the drift.
    feature_values, feature_differences
        How many were compared with the host's, and how many differ.
    clipped_features
        Share of the int8 features at an end of the range.
    drift
        Of the speech, where it was looked at.
    caveats
        What must be known before this is believed.
    """

    device: str
    road: str
    source: str
    samples: Samples
    sample_rate: int
    findings: tuple[Finding, ...]
    unjudged: dict[Fault, str]
    limits: dict[Fault, str]
    lags: Floats
    feature_values: int
    feature_differences: int
    clipped_features: float
    drift: DriftReport | None
    caveats: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def sentence(self) -> str:
        """What it comes to, in one sentence."""
        seconds = len(self.samples) / self.sample_rate
        if self.passed:
            return (
                f"What reaches the frontend of {self.device} is as it should be ({seconds:.1f} s)."
            )
        named = ", ".join(finding.fault.value for finding in self.findings)
        return f"What reaches the frontend of {self.device} is not as it should be: {named}."


def measured(value: float, unit: str, source: str = "the samples of the device") -> Measurement:
    """Return a figure that was counted on samples."""
    return Measurement(float(value), unit, Evidence.MEASURED, source)


def dbfs(rms: float) -> float:
    """Return a root mean square of samples in dB against full scale; -120 of nothing."""
    return float(20.0 * np.log10(max(rms / FULL_SCALE, 1e-6)))


def rms_of(samples: Samples) -> float:
    """Return the root mean square of samples."""
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))))
