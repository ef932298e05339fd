"""From training statistics to a frontend whose planes the network can take."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from firmware_bridge.frontend.config import ANGLE_PLANES, FrontendConfig
from firmware_bridge.frontend.normalisation import normalisation_from_statistics

ANGLE_DEVIATION = 8192.0
"""What counts as an angle's standard deviation, in Q15 of pi: a quarter of pi, so that int8 goes
round the circle once, from -128 for -pi to 127, and as angles do."""


def standardised(config: FrontendConfig, mean: ArrayLike, deviation: ArrayLike) -> FrontendConfig:
    """Return `config` with the normalisation of these statistics.

    Angles keep their zero and their circle, whatever the statistics say. A mean of angles on both
    sides of pi lies opposite to them, and a multiple that is cut off at 4 standard deviations tears
    the circle open in two places. So an angle's int8 is ``round(raw / 256)``: both sides of pi are
    at the two ends of int8, one step apart as it wraps.

    Parameters
    ----------
    config
        The frontend.
    mean, deviation
        Of the raw planes over the training frames: planes x channels, in raw units.

    Raises
    ------
    BadInput
        As `normalisation_from_statistics` does, and when they are not of this frontend.
    """
    means, deviations = np.array(mean, np.float64), np.array(deviation, np.float64)
    if means.shape == deviations.shape == (len(config.planes), config.channels):
        angles = [plane in ANGLE_PLANES for plane in config.planes]
        means[angles], deviations[angles] = 0.0, ANGLE_DEVIATION
    return replace(config, normalisation=normalisation_from_statistics(means, deviations))
