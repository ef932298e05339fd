"""Samples to features, whole files or streams, and features to int8: the C code does it all."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.frontend import _frontend
from firmware_bridge.frontend.config import FrontendConfig
from quantize.foundation.errors import BadInput

_KEPT_FRONTENDS = 4
_of_this_thread = threading.local()


@dataclass(frozen=True, slots=True)
class FrontendFeatures:
    """Raw features of one signal.

    Parameters
    ----------
    amplitude
        uint16, frames x channels, as the MicroFrontend puts it out.
    phase
        int16, frames x channels x `FrontendConfig.signed_planes`: the planes beside the amplitude,
        Q15 of 1 or of pi, and its difference in its own units; the last axis may be empty.
    """

    amplitude: NDArray[np.uint16]
    phase: NDArray[np.int16]


def compute_features(samples: NDArray[np.int16], config: FrontendConfig) -> FrontendFeatures:
    """Compute the features of a whole signal, from a fresh start.

    Parameters
    ----------
    samples
        int16, one-dimensional, at `config.sample_rate`.
    config
        The frontend; its normalisation is not applied.

    Returns
    -------
    One frame per hop: ``1 + (len(samples) - window) // hop``, none when the signal is shorter than
    a window. The GIL is released meanwhile.

    Raises
    ------
    BadInput
        When `samples` is not one-dimensional int16.
    """
    checked = _checked_samples(samples)
    frames = _frames_in(checked.size, config)
    amplitude, phase = _outputs(frames, config)
    _frontend_for(config).process(checked, amplitude, phase)
    return FrontendFeatures(amplitude, phase)


class FrontendStream:
    """Features of a signal that comes in pieces, as on a device.

    Parameters
    ----------
    config
        The frontend; its normalisation is not applied.
    """

    __slots__ = ("_config", "_frontend")

    def __init__(self, config: FrontendConfig) -> None:
        self._config = config
        self._frontend = config.build()

    def push(self, samples: NDArray[np.int16]) -> FrontendFeatures:
        """Take the next samples; return the frames that they complete, perhaps none.

        Raises
        ------
        BadInput
            When `samples` is not one-dimensional int16.
        """
        checked = _checked_samples(samples)
        amplitude, phase = _outputs(self._frontend.frames_after(checked.size), self._config)
        self._frontend.push(checked, amplitude, phase)
        return FrontendFeatures(amplitude, phase)

    def reset(self) -> None:
        """Forget all samples and all history."""
        self._frontend.reset()


def quantise_features(features: FrontendFeatures, config: FrontendConfig) -> NDArray[np.int8]:
    """Apply the configuration's integer normalisation.

    Returns
    -------
    int8, frames x channels x planes: the network's input, scale `INPUT_SCALE`, zero
    point 0.

    Raises
    ------
    BadInput
        When the configuration has no normalisation or the features are not of this frontend.
    """
    if config.normalisation is None:
        raise BadInput(
            "the frontend has no normalisation yet",
            hint="train first, or add one with normalisation_from_statistics",
        )
    amplitude = np.ascontiguousarray(features.amplitude)
    phase = np.ascontiguousarray(features.phase)
    frames = amplitude.shape[0]
    planes = len(config.signed_planes)
    if (
        amplitude.dtype != np.uint16
        or phase.dtype != np.int16
        or amplitude.shape != (frames, config.channels)
        or phase.shape != (frames, config.channels, planes)
    ):
        raise BadInput(
            f"features of shape {amplitude.shape} and {phase.shape} are not those of a frontend "
            f"with {config.channels} channels and {planes} planes beside the amplitude",
            hint="compute them with the same configuration",
        )
    out = np.empty((frames, config.channels, 1 + planes), np.int8)
    affines = config.normalisation.to_affines().view(np.uint8)
    _frontend.quantise(affines, amplitude, phase, out)
    return out


def _frames_in(count: int, config: FrontendConfig) -> int:
    window = config.window_samples
    return 0 if count < window else 1 + (count - window) // config.hop_samples


def _outputs(frames: int, config: FrontendConfig) -> tuple[NDArray[np.uint16], NDArray[np.int16]]:
    amplitude = np.empty((frames, config.channels), np.uint16)
    phase = np.empty((frames, config.channels, len(config.signed_planes)), np.int16)
    return amplitude, phase


def _checked_samples(samples: Any) -> NDArray[np.int16]:
    if not isinstance(samples, np.ndarray) or samples.dtype != np.int16 or samples.ndim != 1:
        shape = getattr(samples, "shape", "no array")
        dtype = getattr(samples, "dtype", type(samples).__name__)
        raise BadInput(
            f"the frontend takes one-dimensional int16 samples, not {dtype} of shape {shape}",
            hint="convert the audio to mono 16-bit samples first",
        )
    return np.ascontiguousarray(samples)


def _frontend_for(config: FrontendConfig) -> _frontend.Frontend:
    """Return this thread's C frontend for `config`: its tables are worth keeping."""
    kept: dict[FrontendConfig, _frontend.Frontend] = _of_this_thread.__dict__.setdefault("kept", {})
    found = kept.get(config)
    if found is None:
        if len(kept) >= _KEPT_FRONTENDS:
            del kept[next(iter(kept))]
        found = kept[config] = config.build()
    return found
