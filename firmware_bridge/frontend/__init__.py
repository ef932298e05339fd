"""The amplitude-phase MicroFrontend: one C11 source for host and device, with its binding.

>>> import numpy as np
>>> features = compute_features(np.zeros(16000, np.int16), MICROFRONTEND)
>>> features.amplitude.shape
(98, 40)
"""

from firmware_bridge.frontend.config import (
    AMPLITUDE_DELTA,
    ANGLE_PLANES,
    COHERENCE_PLANES,
    MICROFRONTEND,
    PHASE_PLANES,
    FrontendConfig,
)
from firmware_bridge.frontend.features import (
    FrontendFeatures,
    FrontendStream,
    compute_features,
    quantise_features,
)
from firmware_bridge.frontend.normalisation import (
    INPUT_SCALE,
    Normalisation,
    normalisation_from_statistics,
)
from firmware_bridge.frontend.standardise import standardised

__all__ = [
    "AMPLITUDE_DELTA",
    "ANGLE_PLANES",
    "COHERENCE_PLANES",
    "INPUT_SCALE",
    "MICROFRONTEND",
    "PHASE_PLANES",
    "FrontendConfig",
    "FrontendFeatures",
    "FrontendStream",
    "Normalisation",
    "compute_features",
    "normalisation_from_statistics",
    "quantise_features",
    "standardised",
]
