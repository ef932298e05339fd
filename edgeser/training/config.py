"""What a training does, as frozen records that a recipe's TOML fills in."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from quantize.foundation.errors import BadInput

Device = Literal["cpu", "cuda", "auto"]
LabelSource = Literal["hard", "votes"]
BoardName = Literal["coral-micro"]
AbsentLabels = Literal["free", "wrong"]
_SANE = {"_range": (0.25, 4.0), "_db": (-120.0, 120.0), "_hz": (0.0, 1e6), "_decay_s": (0.0, 10.0)}
"""Bounds of a condition's values by the end of its name: beyond them no sound is left, or no room
in memory for it."""


@dataclass(frozen=True, slots=True)
class ConditionsConfig:
    """How the recording conditions of the training variants are drawn.

    A variant passes through speed, tilt, band limits, high-pass, room, floor, noise and level, in
    this order: each with its own probability, each value uniform in its range; last of all through
    a board's microphone, where one is named.

    Parameters
    ----------
    variants
        Variants made of each training clip, beside the clip as it is. 0: none.
    speed_probability, speed_range
        Playing speed as a factor; moves tempo, pitch and formants like another speaker.
    tilt_probability, tilt_db
        Spectral tilt in dB from 125 Hz to 7.5 kHz.
    band_probability, band_lower_hz, band_upper_hz
        Band limits in Hz.
    high_pass_probability, high_pass_hz
        First-order high-pass in Hz.
    room_probability, room_decay_s, room_ratio_db
        RT60 in seconds, direct to reverberant energy in dB.
    floor_raise_probability, floor_raise_db
        Noise floor up, in dB.
    gate_probability, gate_db
        Noise floor gated down, in dB; never together with a raised floor.
    noise_probability, noise_snr_db
        White, pink or babble noise, at a mean-power ratio in dB.
    babble_share
        How often that noise is babble; white and pink share the rest alike.
    level_probability, level_db
        Level, in dB; loud clips clip.
    board
        Every variant is then heard through this board's microphone, see
        `edgeser.training.microphone`; ``None``: through none.
    """

    variants: int = 4
    speed_probability: float = 0.5
    speed_range: tuple[float, float] = (0.9, 1.1)
    tilt_probability: float = 0.5
    tilt_db: tuple[float, float] = (-9.0, 9.0)
    band_probability: float = 0.15
    band_lower_hz: tuple[float, float] = (50.0, 250.0)
    band_upper_hz: tuple[float, float] = (3500.0, 7500.0)
    high_pass_probability: float = 0.3
    high_pass_hz: tuple[float, float] = (50.0, 250.0)
    room_probability: float = 0.25
    room_decay_s: tuple[float, float] = (0.1, 0.5)
    room_ratio_db: tuple[float, float] = (0.0, 15.0)
    floor_raise_probability: float = 0.25
    floor_raise_db: tuple[float, float] = (3.0, 25.0)
    gate_probability: float = 0.2
    gate_db: tuple[float, float] = (5.0, 30.0)
    noise_probability: float = 0.5
    noise_snr_db: tuple[float, float] = (5.0, 30.0)
    babble_share: float = 0.34
    level_probability: float = 0.8
    level_db: tuple[float, float] = (-15.0, 15.0)
    board: BoardName | None = None

    def __post_init__(self) -> None:
        _check_probabilities(self)
        _check_share(self, "babble_share")
        _check_ranges(self)
        _check_minimum(self, "variants", 0)
        _check_most(self, variants=1000)
        for name in ("speed_range", "band_lower_hz", "band_upper_hz", "high_pass_hz"):
            _check_positive_range(self, name)
        _check_positive_range(self, "room_decay_s")


@dataclass(frozen=True, slots=True)
class AugmentationConfig:
    """What is done to the features of a batch, on the fly.

    Parameters
    ----------
    shift_frames
        Largest shift in time, in frames, either way; what runs out is padded as silence.
    gain
        Largest amount added to the whole amplitude plane, either way, in standard deviations.
    channel_gain
        Standard deviation of a smooth random offset per channel, in standard deviations.
    warp
        Largest relative stretch of the channel axis, either way: moves formants like another
        vocal tract.
    time_masks, time_mask_frames
        SpecAugment: how many stretches of frames are blanked, and the longest, in frames.
    channel_masks, channel_mask_channels
        SpecAugment: how many bands are blanked, and the widest, in channels.
    mixup
        Parameter of the Beta distribution that mixes two clips and their labels; 0: off.
    """

    shift_frames: int = 15
    gain: float = 0.3
    channel_gain: float = 0.1
    warp: float = 0.08
    time_masks: int = 2
    time_mask_frames: int = 20
    channel_masks: int = 2
    channel_mask_channels: int = 6
    mixup: float = 0.2

    def __post_init__(self) -> None:
        for item in fields(self):
            _check_minimum(self, item.name, 0)
        _check_most(self, shift_frames=4096, time_masks=64, channel_masks=64)
        _check_most(self, time_mask_frames=4096, channel_mask_channels=256)
        _check_most(self, gain=100, channel_gain=100, mixup=1000)
        if self.warp >= 0.5:
            raise BadInput(f"warp = {self.warp} is too much", hint="give a value below 0.5")


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """How often a clip is drawn, where corpora, labels and speakers have unlike many clips.

    Each is an exponent: 0 draws all clips alike; 1 gives every corpus (every label of a corpus,
    every speaker of a label) the same number of draws; between, a compromise. Corpora are weighed
    besides, as ``[[corpora]] weight`` says. Every batch has its share of each.

    Parameters
    ----------
    corpus, label, speaker
        Exponents, 0 to 1.
    absent_labels
        ``"free"``: a label that a clip's corpus does not have at all takes no part in that clip's
        loss, so that a room is no proof against it. ``"wrong"``: it counts as not said.
    """

    corpus: float = 0.0
    label: float = 0.0
    speaker: float = 0.0
    absent_labels: AbsentLabels = "free"

    def __post_init__(self) -> None:
        for name in ("corpus", "label", "speaker"):
            _check_share(self, name)


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """The optimisation.

    Parameters
    ----------
    epochs
        Passes over the training clips; each sees one variant of every clip.
    batch_size
        Clips a step.
    learning_rate
        Peak of the one-cycle schedule of AdamW.
    weight_decay
        Of AdamW, on the weights of convolutions only.
    warm_up
        Share of the steps in which the learning rate rises.
    label_smoothing
        Share of the target spread evenly over the classes.
    labels
        ``"hard"``: the acted emotion. ``"votes"``: mixed with the crowd's votes where published.
    vote_share
        Share of the crowd's votes in the target when `labels` is ``"votes"``.
    clean_share
        Share of the clips that are taken as they are in an epoch; the others as a variant.
    class_balance
        Weigh the classes so that each counts alike.
    ema_decay
        Decay a step of the averaged weights, which are those that count; 0: none.
    early_stopping_epochs
        Stop when the development UAR has not risen for so many epochs; 0: never.
    development_conditions
        Choose the epoch on the development clips as recorded and on a variant of each.
    refit
        Then train again, for as many epochs, on training and development speakers together.
    teachers
        Networks that are trained so before the last one, which learns from their answers too.
    teachers_share
        Share of the teachers' answers in the last network's targets.
    gradient_clip
        Largest norm of the gradient.
    threads
        Of PyTorch; 0: as it is set. The weights' bits depend on it.
    device
        ``"cpu"``, ``"cuda"`` or ``"auto"`` (CUDA when it is there).
    """

    epochs: int = 40
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 0.02
    warm_up: float = 0.2
    label_smoothing: float = 0.1
    labels: LabelSource = "hard"
    vote_share: float = 0.3
    clean_share: float = 0.3
    class_balance: bool = True
    ema_decay: float = 0.995
    early_stopping_epochs: int = 0
    development_conditions: bool = True
    refit: bool = False
    teachers: int = 0
    teachers_share: float = 0.8
    gradient_clip: float = 5.0
    threads: int = 0
    device: Device = "cpu"

    @property
    def committee(self) -> int:
        """How many networks teach the last one: the one that chose the epoch is among them."""
        return self.teachers + 1 if self.teachers > 0 else 0

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 2), ("early_stopping_epochs", 0)):
            _check_minimum(self, name, least)
        for name in ("label_smoothing", "vote_share", "clean_share", "warm_up", "teachers_share"):
            _check_share(self, name)
        for name in ("learning_rate", "gradient_clip"):
            value = float(getattr(self, name))
            if not (math.isfinite(value) and value > 0.0):
                raise BadInput(f"{name} = {value} must be above 0", hint="correct the recipe")
        for name in ("weight_decay", "threads", "ema_decay", "teachers"):
            _check_minimum(self, name, 0)
        _check_most(self, epochs=100_000, batch_size=65_536, teachers=64, threads=1024)
        _check_most(self, learning_rate=1e30, weight_decay=1e30, gradient_clip=1e30)  # float32
        if self.teachers > 0 and not self.refit:
            raise BadInput(
                f"teachers = {self.teachers} teach a second training; refit = false leaves it out",
                hint="set refit = true",
            )
        if self.ema_decay >= 1.0:
            raise BadInput(f"ema_decay = {self.ema_decay} must be below 1", hint="try 0.995")
        if self.device not in ("cpu", "cuda", "auto"):
            raise BadInput(f"device = {self.device!r} is unknown", hint="cpu, cuda or auto")
        if self.labels not in ("hard", "votes"):
            raise BadInput(f"labels = {self.labels!r} is unknown", hint="hard or votes")


def _check_probabilities(config: ConditionsConfig) -> None:
    for item in fields(config):
        if item.name.endswith("_probability"):
            _check_share(config, item.name)


def _check_ranges(config: ConditionsConfig) -> None:
    for item in fields(config):
        value = getattr(config, item.name)
        if not isinstance(value, tuple):
            continue
        if len(value) != 2 or not all(map(math.isfinite, value)) or value[0] > value[1]:
            raise BadInput(
                f"{item.name} = {list(value)} is not a range",
                hint="give the low end, then the high",
            )
        low, high = next(_SANE[end] for end in _SANE if item.name.endswith(end))
        if not low <= value[0] <= value[1] <= high:
            raise BadInput(
                f"{item.name} = {list(value)} is out of bounds", hint=f"give {low:g} to {high:g}"
            )


def _check_share(config: object, name: str) -> None:
    value = float(getattr(config, name))
    if not 0.0 <= value <= 1.0:
        raise BadInput(f"{name} = {value} must lie between 0 and 1", hint="correct the recipe")


def _check_most(config: object, **limits: float) -> None:
    for name, most in limits.items():
        if getattr(config, name) > most:
            raise BadInput(
                f"{name} = {getattr(config, name)} is too many", hint=f"at most {most:g}"
            )


def _check_minimum(config: object, name: str, least: float) -> None:
    value = float(getattr(config, name))
    if not (math.isfinite(value) and value >= least):
        raise BadInput(f"{name} = {value} must be at least {least}", hint="correct the recipe")


def _check_positive_range(config: object, name: str) -> None:
    low, _high = getattr(config, name)
    if low <= 0.0:
        raise BadInput(f"{name} must start above 0, not at {low}", hint="correct the recipe")
