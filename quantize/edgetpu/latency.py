"""How long an inference takes: a fit to published figures, and what it is worth.

``t = overhead + transferred bytes / bandwidth + compute``, with ``compute`` from the bytes of
activations and the padded multiply-accumulates. Overhead and bandwidth over USB 3 come from a fit
to compiled files with known bytes; the two compute coefficients are refitted here to published
times, in which the program's own transfer over USB 3 is contained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.string_enum import StrEnum

OVERHEAD_MS = 0.73
USB3_BYTES_PER_S = 305e6
FITTED_CLOCK_HZ = 500e6


class Link(StrEnum):
    """How the Edge TPU is reached."""

    USB3 = "usb3"
    USB2 = "usb2"
    MICRO = "micro"


@dataclass(frozen=True, slots=True)
class LinkSpeed:
    """What is known of a link.

    Parameters
    ----------
    bytes_per_s
        Slowest and fastest, bytes a second.
    clock_hz
        The chip's clock there, by default.
    basis
        Where the figures come from.
    """

    bytes_per_s: tuple[float, float]
    clock_hz: float
    basis: str

    @property
    def centre(self) -> float:
        """The bandwidth in the middle, in the sense of times: the geometric mean."""
        return float(np.sqrt(self.bytes_per_s[0] * self.bytes_per_s[1]))


SPEEDS = {
    Link.USB3: LinkSpeed(
        (USB3_BYTES_PER_S, USB3_BYTES_PER_S), 500e6, "fitted to ten published USB 3 figures"
    ),
    Link.USB2: LinkSpeed(
        (18e6, 40e6), 500e6, "chosen to hold the three published times of USB 2 hosts below"
    ),
    Link.MICRO: LinkSpeed(
        (10e6, 25e6), 250e6, "not published: a range; the board's default clock mode"
    ),
}


@dataclass(frozen=True, slots=True)
class PublishedPoint:
    """A published time of a known network over USB 3, the chip at 500 MHz.

    Parameters
    ----------
    name
        The network.
    macs
        Its multiply-accumulates.
    activation_bytes, padded_macs, transferred_bytes
        As `quantize.edgetpu.cost` counts them; transferred are input and output.
    ms
        The published time; the middle where several are published.
    """

    name: str
    macs: float
    activation_bytes: int
    padded_macs: int
    transferred_bytes: int
    ms: float


PUBLISHED = (
    PublishedPoint("MobileNet v1 0.25, 128x128", 13.6e6, 412_649, 23_855_104, 50_160, 0.9),
    PublishedPoint("MobileNet v1 0.5, 160x160", 76.5e6, 1_287_401, 87_359_488, 77_808, 1.4),
    PublishedPoint("MobileNet v1 0.75, 192x192", 239.3e6, 2_779_625, 259_129_344, 111_600, 1.8),
    PublishedPoint("MobileNet v1 1.0, 224x224", 568.7e6, 5_043_689, 569_442_304, 151_536, 2.6),
    PublishedPoint("MobileNet v2 1.0, 224x224", 300.8e6, 6_895_497, 387_966_976, 151_536, 2.75),
    PublishedPoint("PoseNet, 353x481", 1246.2e6, 13_883_867, 1_355_173_632, 591_374, 5.8),
    PublishedPoint("PoseNet, 481x641", 2231.2e6, 25_003_781, 2_428_690_176, 1_071_128, 10.3),
    PublishedPoint("PoseNet, 721x1281", 6574.9e6, 74_187_546, 7_165_007_616, 3_199_293, 32.4),
    PublishedPoint("EfficientNet-EdgeTPU S", 1914.0e6, 9_509_353, 2_079_399_936, 151_536, 5.05),
    PublishedPoint("EfficientNet-EdgeTPU M", 3157.1e6, 15_814_105, 3_541_035_008, 173_808, 8.0),
)
"""Coral's model pages; their times for PoseNet include decoding on the CPU."""


@dataclass(frozen=True, slots=True)
class CheckPoint:
    """A published time that nothing is fitted to: it must lie in the range that is predicted.

    `network` names one of `PUBLISHED`; `instruction_bytes` are predicted, as its file is not known.
    """

    network: str
    host: str
    instruction_bytes: int
    ms: float


PUBLISHED_USB2 = (
    CheckPoint("MobileNet v1 1.0, 224x224", "32-bit Arm host", 179_777, 9.5),
    CheckPoint("MobileNet v1 1.0, 224x224", "Dev Board Mini", 179_777, 18.1),
    CheckPoint("MobileNet v2 1.0, 224x224", "Dev Board Mini", 116_251, 18.85),
)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What the fit gives: milliseconds for a megabyte of activations, and for a billion MACs."""

    ms_per_activation_mb: float
    ms_per_padded_gmac: float

    def compute_ms(self, activation_bytes: float, padded_macs: float) -> float:
        """Return the compute time at the clock of the fit."""
        return (
            self.ms_per_activation_mb * activation_bytes / 1e6
            + self.ms_per_padded_gmac * padded_macs / 1e9
        )


FITTED = Coefficients(ms_per_activation_mb=0.1404, ms_per_padded_gmac=1.2119)
LEAVE_ONE_OUT_MEAN = 0.0522
LEAVE_ONE_OUT_WORST = 0.0953
"""Relative errors on `PUBLISHED`, each point predicted from the nine others."""
WORST_OF_FILES = 0.24
"""Largest relative error of the earlier fit, to compiled files with known bytes."""
ELSEWHERE = 0.35
"""Band of the compute time on links without published figures for these networks."""
INSTRUCTION_BAND = (0.65, 1.5)
"""Bounds of the predicted instruction bytes, as factors; no file was held out to test them."""


def slower_link_ms(
    link: Link, moved: float, instructions: float, compute_ms: float
) -> tuple[float, float, float]:
    """Return the time over a link other than USB 3: least, middle and most.

    `moved` are the other bytes an inference; `compute_ms` is at the clock of the fit.
    """
    speed = SPEEDS[link]
    slow, fast = speed.bytes_per_s
    fixed = OVERHEAD_MS + compute_ms * FITTED_CLOCK_HZ / speed.clock_hz
    low, high = INSTRUCTION_BAND
    return (
        (1 - ELSEWHERE) * fixed + (moved + low * instructions) / fast * 1e3,
        fixed + (moved + instructions) / speed.centre * 1e3,
        (1 + ELSEWHERE) * fixed + (moved + high * instructions) / slow * 1e3,
    )


def predict_ms(point: PublishedPoint, fitted: Coefficients) -> float:
    """Return the time over USB 3 that the fit gives for a published point."""
    return (
        OVERHEAD_MS
        + point.transferred_bytes / USB3_BYTES_PER_S * 1e3
        + fitted.compute_ms(point.activation_bytes, point.padded_macs)
    )


def refit(points: Sequence[PublishedPoint]) -> Coefficients:
    """Fit both coefficients by least squares of the relative error; neither is negative."""
    times = np.array([point.ms for point in points])
    fixed = np.array([predict_ms(point, Coefficients(0.0, 0.0)) for point in points])
    columns = np.array([(p.activation_bytes / 1e6, p.padded_macs / 1e9) for p in points])
    a, b = _non_negative(columns / times[:, None], (times - fixed) / times)
    return Coefficients(a, b)


def leave_one_out(points: Sequence[PublishedPoint] = PUBLISHED) -> NDArray[np.float64]:
    """Return the relative error of each point, predicted from all the others."""
    errors = []
    for index, point in enumerate(points):
        others = [other for place, other in enumerate(points) if place != index]
        errors.append(predict_ms(point, refit(others)) / point.ms - 1)
    return np.array(errors)


def _non_negative(columns: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[float, float]:
    """Solve two-column least squares with both unknowns at least 0: best of the corner cases."""
    both, *_ = np.linalg.lstsq(columns, wanted, rcond=None)
    candidates = [both] if (both >= 0).all() else []
    for place in range(2):
        column = columns[:, place]
        alone = np.zeros(2)
        alone[place] = max(0.0, float(column @ wanted / (column @ column)))
        candidates.append(alone)
    best = min(candidates, key=lambda x: float(((columns @ x - wanted) ** 2).sum()))
    return float(best[0]), float(best[1])
