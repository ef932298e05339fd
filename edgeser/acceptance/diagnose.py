"""Samples in, faults out: each is asked for in turn, and what can be mended is before the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgeser.acceptance.alignment import Alignment, align
from edgeser.acceptance.byte_order import find_byte_order, swapped
from edgeser.acceptance.channels import find_channels, one_channel
from edgeser.acceptance.chirps import Chirps, hear_chirps
from edgeser.acceptance.clipping import find_clipping
from edgeser.acceptance.faults import CHECKED, Diagnosis, Fault, Finding, Samples
from edgeser.acceptance.gain import find_gain
from edgeser.acceptance.high_pass import find_high_pass, find_thin_voice
from edgeser.acceptance.hum import find_hum
from edgeser.acceptance.offset import find_offset, offset_of
from edgeser.acceptance.repeats import repeated_blocks
from edgeser.acceptance.timing import doubled_finding, find_jumps, find_rate, rate_finding
from quantize.foundation.errors import BadInput

FEWEST_S = 1.0
_NO_LAGS = np.empty((0, 2))


@dataclass(frozen=True, slots=True)
class _Timing:
    """What came at a wrong rate, not, or twice; what could not be asked; by what it was told."""

    findings: list[Finding]
    unjudged: dict[Fault, str]
    alignment: Alignment | None = None
    chirps: Chirps | None = None
    limits: dict[Fault, str] = field(default_factory=dict)

    def names(self, fault: Fault) -> bool:
        return any(found.fault is fault for found in self.findings)


def diagnose(
    samples: Samples,
    rate: int,
    *,
    played: Samples | None = None,
    played_level: bool = False,
    speech: Sequence[tuple[int, int]] = (),
    trained_dbfs: tuple[float, float, float] | None = None,
) -> Diagnosis:
    """Return what is wrong with samples that a frontend got.

    Parameters
    ----------
    samples
        int16 mono, as the frontend got them.
    rate
        What it believes their rate to be, Hz.
    played
        What should have come, int16 at `rate`; `None` where nobody knows.
    played_level
        Whether it should have come at that very level, as over a wire.
    speech
        Where somebody speaks in what was played, first sample and the one after the last; empty
        where that is not known.
    trained_dbfs
        The least, the middle and the highest level of the training's clips; `None` where that is
        not known.

    Raises
    ------
    BadInput
        When there is less than a second.
    """
    if len(samples) < FEWEST_S * rate:
        raise BadInput(
            f"{len(samples) / rate:.2f} s of samples say nothing", hint="let it hear some seconds"
        )
    findings: list[Finding] = []
    order = find_byte_order(samples, rate)
    if order is not None:
        findings.append(order)
        samples = swapped(samples)
    channels = find_channels(samples, rate)
    if channels is not None and (played is None or find_channels(played, rate) is None):
        findings.append(channels)
        samples = one_channel(samples)
    gain, untold = find_gain(
        samples, rate, played=played, same_level=played_level, trained_dbfs=trained_dbfs
    )
    if gain is not None:
        why = "the gain is off: mend that first"
        asked = list(CHECKED)
        rest = asked[asked.index(Fault.GAIN) + 1 :]
        left: dict[Fault, str] = {fault: why for fault in rest if fault is not Fault.UNLIKE}
        return Diagnosis((*findings, gain), left, {}, samples, _NO_LAGS)
    offset = find_offset(samples, rate)
    clipped = find_clipping(samples)
    findings += [found for found in (offset, clipped) if found is not None]
    if offset is not None:
        samples = _shifted(samples, -offset_of(samples, rate))
    timing = _timing(samples, rate, played, one_clock=played_level)
    findings += timing.findings
    hum, high_pass = _spectral(samples, rate, (played, speech), timing)
    findings += [found for found in (hum, high_pass) if found is not None]
    alignment = timing.alignment
    lags = _NO_LAGS if alignment is None else alignment.lags[:, :2] / (rate, 1.0)
    limits = {Fault.GAIN: untold, **timing.limits}
    told = {fault: limit for fault, limit in limits.items() if limit}
    return Diagnosis(tuple(findings), timing.unjudged, told, samples, lags)


def _shifted(samples: Samples, by: float) -> Samples:
    return np.clip(samples.astype(np.int32) + round(by), -32768, 32767).astype(np.int16)


def _timing(samples: Samples, rate: int, played: Samples | None, *, one_clock: bool) -> _Timing:
    repeats = repeated_blocks(samples)
    if played is None or np.array_equal(samples[: len(played)], played):
        return _alone(samples, rate, repeats, played is None)
    alignment = align(samples, played, rate)
    if alignment is None:
        missing = Finding(
            Fault.NOT_HEARD,
            "nothing of what was played is in the samples",
            "play the file that --play names while the device listens, louder or nearer, without "
            "noise reduction or echo cancelling",
        )
        why = "what was played was not heard"
        return _Timing([missing], dict.fromkeys((Fault.RATE, Fault.LOST, Fault.DOUBLED), why))
    wrong_rate = find_rate(alignment, rate)
    if wrong_rate is not None:
        why = "the rate is wrong: mend that first"
        return _Timing([wrong_rate], {Fault.LOST: why, Fault.DOUBLED: why}, alignment)
    jumps, limits = find_jumps(alignment, rate, one_clock=one_clock)
    stale = [] if repeated_blocks(played) else repeats
    if stale and all(found.fault is not Fault.DOUBLED for found in jumps):
        jumps.append(doubled_finding(stale, rate))
    return _Timing(jumps, {}, alignment, limits=limits)


def _alone(
    samples: Samples, rate: int, repeats: list[tuple[float, float]], unknown: bool
) -> _Timing:
    """Say what samples tell without knowing what they should be."""
    found: list[Finding] = []
    unjudged: dict[Fault, str] = {}
    chirps = hear_chirps(samples, rate)
    wrong_rate = None if chirps is None else rate_finding(chirps.ratio, rate, "a sweep")
    if wrong_rate is not None:
        found.append(wrong_rate)
    if repeats:
        found.append(doubled_finding(repeats, rate))
    if unknown:
        why = "nothing was played that is known: give --play FILE"
        unjudged = {Fault.NOT_HEARD: why, Fault.LOST: why}
        if chirps is None:
            unjudged[Fault.RATE] = why
    return _Timing(found, unjudged, chirps=chirps)


def _spectral(
    samples: Samples,
    rate: int,
    given: tuple[Samples | None, Sequence[tuple[int, int]]],
    timing: _Timing,
) -> tuple[Finding | None, Finding | None]:
    """Ask for hum and a high-pass; neither at a wrong rate, where every frequency is another."""
    unjudged = timing.unjudged
    if timing.names(Fault.RATE):
        why = "the rate is wrong: mend that first"
        unjudged |= {Fault.HUM: why, Fault.HIGH_PASS: why}
        return None, None
    played, speech = given
    hum = find_hum(samples, rate)
    if timing.names(Fault.NOT_HEARD):
        unjudged[Fault.HIGH_PASS] = "what was played was not heard"
        return hum, None
    if played is not None and not np.array_equal(samples[: len(played)], played):
        return hum, find_high_pass(samples, rate, played=played)
    if played is not None and speech:
        spoken = np.concatenate([samples[start:end] for start, end in speech])
    elif timing.chirps is None:
        spoken = samples
    else:
        unjudged[Fault.HIGH_PASS] = "it is not known where in what was played somebody speaks"
        return hum, None
    return hum, find_thin_voice(spoken, rate)
