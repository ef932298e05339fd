"""Every parameter of the features, frozen, with a stable hash."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from firmware_bridge.frontend import _frontend, _frontend_packed
from firmware_bridge.frontend.normalisation import Normalisation
from quantize.foundation.errors import BadInput

PHASE_PLANES = (
    *("if_re", "if_im", "if_mod", "if_angle"),
    *("gd_re", "gd_im", "gd_mod", "gd_angle"),
)
"""Phase planes in the order in which they are put out: instantaneous-frequency coherence (frame to
frame) and group-delay coherence (bin to bin), real part, imaginary part and modulus in Q15, angle
in Q15 of pi."""

ANGLE_PLANES = ("if_angle", "gd_angle")
"""Those that go round: -32768 and 32767 are neighbours."""

COHERENCE_PLANES = tuple(name for name in PHASE_PLANES if name not in ANGLE_PLANES)
"""Parts and moduli of both coherences."""

AMPLITUDE_DELTA = "amplitude_delta"
"""The plane of the amplitude's difference in time."""

AngleWeight = Literal["none", "modulus"]

DEFINITION = 1
"""Version of the phase planes' and int8 step's arithmetic; part of every hash."""

_RANGES: dict[str, tuple[float, float]] = {
    "sample_rate": (1000, 384_000),
    "window_ms": (0, 16_384),
    "hop_ms": (0, 16_384),
    "channels": (1, 256),
    "lower_hz": (0, 192_000),
    "upper_hz": (0, 192_000),
    "smoothing_bits": (0, 20),
    "even_smoothing": (0, 1),
    "odd_smoothing": (0, 1),
    "min_signal_remaining": (0, 1),
    "pcan_strength": (0, 10),
    "pcan_offset": (0, 1e9),
    "pcan_gain_bits": (0, 31),
    "log_scale_shift": (0, 16),
}
_ADDED_LATER = {"amplitude_delta": False, "angle_weight": "none"}
_MIN_WINDOW, _MAX_WINDOW = 4, 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontendConfig:
    """What turns samples into features. The defaults are pymicro-features' settings.

    Parameters
    ----------
    sample_rate
        Hz.
    window_ms, hop_ms
        Length of a window and the step to the next, in milliseconds; samples are rounded down. The
        hop is at most the window. The FFT has the next power of two of the window's samples.
    channels
        Mel channels.
    lower_hz, upper_hz
        The band: where the lowest channel begins and the highest ends. `upper_hz` must leave the
        last bin, at half the sample rate, unused.
    noise_reduction
        Whether the noise estimate is subtracted. It is tracked in any case: PCAN reads it.
    smoothing_bits
        Fractional bits of the noise estimate.
    even_smoothing, odd_smoothing
        Share of the newest frame in the estimate, for channels 0, 2, ... and 1, 3, ...
    min_signal_remaining
        Share of the signal that noise reduction always keeps.
    pcan
        Whether per-channel automatic gain is applied.
    pcan_strength, pcan_offset, pcan_gain_bits
        Exponent of the gain (0 none, 1 full), what is added to the estimate, and the fractional
        bits of the gain.
    log
        Whether the logarithm is taken; without it the amplitude saturates at 65535.
    log_scale_shift
        The amplitude is ``ln(signal) * 2**log_scale_shift``. Above 11 loud values wrap in 32 bits,
        as in the MicroFrontend.
    amplitude_delta
        Whether the amplitude's difference to the frame before is a plane too, right behind the
        amplitude: saturated to int16, 0 in the first frame.
    phase_planes
        Any of `PHASE_PLANES`, put into that order.
    angle_weight
        What angles are multiplied by: ``"none"``, or the ``"modulus"`` of their coherence.
    normalisation
        The step to int8, from training statistics; `None` before training.

    Raises
    ------
    BadInput
        When a value has the wrong type, is out of range or does not go with the others.
    """

    sample_rate: int = 16_000
    window_ms: float = 30.0
    hop_ms: float = 10.0
    channels: int = 40
    lower_hz: float = 125.0
    upper_hz: float = 7500.0
    noise_reduction: bool = True
    smoothing_bits: int = 10
    even_smoothing: float = 0.025
    odd_smoothing: float = 0.06
    min_signal_remaining: float = 0.05
    pcan: bool = True
    pcan_strength: float = 0.95
    pcan_offset: float = 80.0
    pcan_gain_bits: int = 21
    log: bool = True
    log_scale_shift: int = 6
    amplitude_delta: bool = False
    phase_planes: tuple[str, ...] = ()
    angle_weight: AngleWeight = "none"
    normalisation: Normalisation | None = None

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.type in ("int", "float", "bool"):
                object.__setattr__(self, field.name, _checked(self, field.name, str(field.type)))
        object.__setattr__(self, "phase_planes", _ordered_planes(self.phase_planes))
        if self.angle_weight not in get_args(AngleWeight):
            raise BadInput(
                f"angle_weight is {self.angle_weight!r:.80}",
                hint=f"it must be one of {', '.join(get_args(AngleWeight))}",
            )
        self._check_window()
        if self.lower_hz >= self.upper_hz or self.upper_hz > self.sample_rate / 2:
            raise BadInput(
                f"the band {self.lower_hz:g} to {self.upper_hz:g} Hz cannot be used at "
                f"{self.sample_rate} Hz",
                hint="lower_hz < upper_hz < sample_rate / 2",
            )
        self.build()
        self._check_normalisation()

    @property
    def window_samples(self) -> int:
        """Samples of a window."""
        return _samples(self.window_ms, self.sample_rate)

    @property
    def hop_samples(self) -> int:
        """Samples from one window to the next."""
        return _samples(self.hop_ms, self.sample_rate)

    def samples_of(self, frames: int) -> int:
        """Return how many samples bring so many frames, at least one."""
        return self.window_samples + (frames - 1) * self.hop_samples

    @property
    def fft_size(self) -> int:
        """Samples of the FFT: the window, filled up with zeros to a power of two."""
        return 1 << (self.window_samples - 1).bit_length()

    @property
    def planes(self) -> tuple[str, ...]:
        """``"amplitude"``, its difference where that is wanted, and the phase planes."""
        return ("amplitude", *self.signed_planes)

    @property
    def signed_planes(self) -> tuple[str, ...]:
        """The planes beside the amplitude, all int16: those of `FrontendFeatures.phase`."""
        return (*(AMPLITUDE_DELTA,) * self.amplitude_delta, *self.phase_planes)

    @property
    def phase_bits(self) -> int:
        """The phase planes as `apf_phase.h` has them: one bit each."""
        return sum(1 << PHASE_PLANES.index(name) for name in self.phase_planes)

    @property
    def raw_hash(self) -> str:
        """SHA-256 of everything that raw features depend on: all but the normalisation."""
        values = self.to_dict()
        del values["normalisation"]
        return _hash(values)

    @property
    def hash(self) -> str:
        """SHA-256 of the whole configuration as canonical JSON, 64 hexadecimal digits."""
        return _hash(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values that `from_dict` reads back.

        Settings that came later are left out at their defaults, under which they change nothing:
        so configurations from before keep their hashes.
        """
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name, default in _ADDED_LATER.items():
            if values[name] == default:
                del values[name]
        values["phase_planes"] = list(self.phase_planes)
        if self.normalisation is not None:
            values["normalisation"] = self.normalisation.to_dict()
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FrontendConfig:
        """Read what `to_dict` wrote; missing keys have their defaults.

        Raises
        ------
        BadInput
            On unknown keys and on values that the constructor refuses.
        """
        if not isinstance(values, Mapping):
            raise BadInput("the frontend configuration is not a table of names and values")
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(str(key) for key in values if key not in known):
            raise BadInput(
                f"the frontend configuration has unknown keys: {', '.join(unknown)[:200]}",
                hint=f"known are {', '.join(sorted(known))}",
            )
        changed = dict(values)
        if changed.get("normalisation") is not None:
            changed["normalisation"] = Normalisation.from_dict(changed["normalisation"])
        return cls(**changed)

    def build(self, *, packed: bool = False) -> _frontend.Frontend:
        """Return a C frontend of these settings, for use by one thread at a time.

        Parameters
        ----------
        packed
            Build the one that devices run. It computes the same features, and its tables and memory
            are theirs.

        Raises
        ------
        BadInput
            When the C code refuses them.
        """
        try:
            return (_frontend_packed.Frontend if packed else _frontend.Frontend)(
                sample_rate=self.sample_rate,
                window_samples=self.window_samples,
                hop_samples=self.hop_samples,
                channels=self.channels,
                lower_hz=self.lower_hz,
                upper_hz=self.upper_hz,
                noise_reduction=self.noise_reduction,
                smoothing_bits=self.smoothing_bits,
                even_smoothing=self.even_smoothing,
                odd_smoothing=self.odd_smoothing,
                min_signal_remaining=self.min_signal_remaining,
                pcan=self.pcan,
                pcan_strength=self.pcan_strength,
                pcan_offset=self.pcan_offset,
                pcan_gain_bits=self.pcan_gain_bits,
                log=self.log,
                log_scale_shift=self.log_scale_shift,
                amplitude_delta=self.amplitude_delta,
                phase_planes=self.phase_bits,
                angles_by_modulus=self.angle_weight == "modulus",
            )
        except ValueError as error:
            raise BadInput(
                f"cannot use the frontend's settings: {error}",
                hint="compare them with the defaults, which are pymicro-features' settings",
            ) from error

    def _check_window(self) -> None:
        window, hop = self.window_samples, self.hop_samples
        if not _MIN_WINDOW <= window <= _MAX_WINDOW:
            raise BadInput(
                f"window_ms = {self.window_ms:g} is {window} samples at {self.sample_rate} Hz",
                hint=f"a window has {_MIN_WINDOW} to {_MAX_WINDOW} samples",
            )
        if not 1 <= hop <= window:
            raise BadInput(
                f"hop_ms = {self.hop_ms:g} is {hop} samples, the window has {window}",
                hint="the hop is at least one sample and at most the window",
            )

    def _check_normalisation(self) -> None:
        given = self.normalisation
        if given is None:
            return
        if not isinstance(given, Normalisation):
            raise BadInput("normalisation is not a Normalisation")
        if (given.planes, given.channels) != (len(self.planes), self.channels):
            raise BadInput(
                f"the normalisation is for {given.planes} planes x {given.channels} channels, "
                f"the frontend has {len(self.planes)} x {self.channels}",
                hint="build it from features of this frontend",
            )


def _samples(milliseconds: float, sample_rate: int) -> int:
    # The small addition keeps decimal fractions such as 0.1 ms from losing their last sample.
    return math.floor(milliseconds * sample_rate / 1000 + 1e-6)


def _checked(config: FrontendConfig, name: str, kind: str) -> int | float | bool:
    value = getattr(config, name)
    if kind == "bool":
        if isinstance(value, bool):
            return value
        raise BadInput(f"{name} is {value!r:.80}, not true or false")
    whole = isinstance(value, int) and not isinstance(value, bool)
    if not whole and not (kind == "float" and isinstance(value, float)):
        raise BadInput(
            f"{name} is {value!r:.80}, not {'an integer' if kind == 'int' else 'a number'}"
        )
    low, high = _RANGES[name]
    if not low <= value <= high:  # NaN fails too
        raise BadInput(f"{name} is {value!r:.80}", hint=f"it must be {low:g} to {high:g}")
    return float(value) if kind == "float" else value


def _ordered_planes(planes: Any) -> tuple[str, ...]:
    if isinstance(planes, str) or not isinstance(planes, list | tuple):
        raise BadInput(f"phase_planes is {planes!r:.80}, not a list of names")
    unknown = [name for name in planes if name not in PHASE_PLANES]
    if unknown or len(set(planes)) != len(planes):
        raise BadInput(
            f"phase_planes is {list(planes)!r:.200}",
            hint=f"name each at most once: {', '.join(PHASE_PLANES)}",
        )
    return tuple(name for name in PHASE_PLANES if name in planes)


def _hash(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(
        {"definition": DEFINITION, **values},
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


MICROFRONTEND = FrontendConfig()
"""pymicro-features' settings: 30/10 ms, 40 channels of 125 to 7500 Hz, amplitude only."""
