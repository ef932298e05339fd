"""What lags say: a wrong rate, samples that were lost, samples that came twice."""

from __future__ import annotations

import numpy as np

from edgeser.acceptance.alignment import EXACT, KNOWN_RATES, Alignment
from edgeser.acceptance.faults import Fault, Finding, Floats, measured
from edgeser.acceptance.steps import steps_in

MOST_PPM = 1000.0
"""Crystals differ by 100 ppm; clocks made by dividing another by a thousand and more."""
_NEAR_KNOWN = 0.004
_LEAST_JUMP = 16.0
"""Samples: a room's reflections move a lag by some."""
_ACROSS = 2
"""Stretches that lie across one place; they overlap by half."""
_TAKEN_BACK = 1.0
"""Samples; what was lost is not doubled to the sample."""
_FEWEST = 4


def find_rate(alignment: Alignment, rate: int) -> Finding | None:
    """Name a rate that is off by more than 1000 ppm."""
    ratio = alignment.ratio * (1.0 + slope_of(alignment.lags) / alignment.ratio)
    return rate_finding(ratio, rate, "what was played")


def rate_finding(ratio: float, rate: int, what: str) -> Finding | None:
    """Name a rate by how many samples were heard to one that should have been."""
    if abs(ratio - 1.0) * 1e6 <= MOST_PPM:
        return None
    found = ratio * rate
    known = min(KNOWN_RATES, key=lambda hz: abs(np.log(hz / found)))
    near = abs(known / found - 1.0) <= _NEAR_KNOWN
    said = f"{known} Hz" if near else f"about {found:.0f} Hz"
    slower = "slower and lower" if ratio > 1.0 else "faster and higher"
    return Finding(
        Fault.RATE,
        f"the samples come at {said}, not at {rate} Hz: {what} is {max(ratio, 1 / ratio):.3f} "
        f"times {slower}",
        f"set the microphone's clock or decimation so that it gives {rate} Hz, or resample before "
        "the frontend",
        {"rate": measured(found, "Hz")},
    )


def slope_of(lags: Floats) -> float:
    """Return by how much the lag grows with each sample, jumps left out."""
    if len(lags) < _FEWEST:
        return 0.0
    steps = np.diff(lags[:, 1]) / np.diff(lags[:, 0])
    small = np.abs(steps) < 0.002
    if small.sum() < _FEWEST - 1:
        return 0.0
    # The mean over what did not jump: whole samples, so a single step says little.
    times = np.diff(lags[:, 0])[small]
    return float((np.diff(lags[:, 1])[small]).sum() / times.sum())


def jumps_of(lags: Floats, *, one_clock: bool) -> tuple[list[tuple[float, float]], float]:
    """Return where lags jump, and how large a jump must be to be found.

    By one clock, where the waveforms are the same, a jump is what one stretch says. Else a lag is
    what the middle one of five says, since reflections and filters move single ones; and what is
    left of the lags then, steps of a few samples, is told from the clocks' drift.

    Parameters
    ----------
    lags
        Of an `Alignment`.
    one_clock
        Whether what was played and what was heard have the same clock, as over a wire.

    Returns
    -------
    jumps
        Samples played until then, and how many were lost, below 0, or doubled, above.
    least
        Samples.
    """
    if len(lags) < 2:
        return [], _LEAST_JUMP
    if one_clock and float(np.median(lags[:, 2])) >= EXACT:
        sure = lags[lags[:, 2] >= EXACT]
        across = _ACROSS * float(np.diff(lags[:, 0]).min())
        return _joined(_jumps(sure[:, 0], np.round(sure[:, 1]), 1.0), across), 1.0
    starts = lags[:, 0]
    level = lags[:, 1] - slope_of(lags) * starts
    found, level = _lasting(starts, level)
    steps, least = steps_in(starts, level)
    found += [(float(starts[k]), float(by)) for k, by in steps if abs(by) < _LEAST_JUMP]
    return sorted(found), min(least, _LEAST_JUMP)


def _jumps(starts: Floats, level: Floats, least: float) -> list[tuple[float, float]]:
    """Return where a level changes by so much from one stretch to the next, and by how much."""
    at = np.flatnonzero(np.abs(np.diff(level)) >= least) + 1
    return [(float(starts[i]), float(level[i] - level[i - 1])) for i in at]


def _middle_of_five(values: Floats) -> Floats:
    padded = np.pad(values, 2, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1))


def _lasting(starts: Floats, level: Floats) -> tuple[list[tuple[float, float]], Floats]:
    """Return the jumps of a level that stay, and the level without any.

    One that the next takes back is none: a reflection was heard for a while.
    """
    lasting: list[tuple[float, float]] = []
    for at, by in _jumps(starts, _middle_of_five(level), _LEAST_JUMP):
        if lasting and abs(lasting[-1][1] + by) <= _TAKEN_BACK:
            level = level + lasting.pop()[1] * (starts >= at)
        else:
            lasting.append((at, by))
            level = level - by * (starts >= at)
    return lasting, level


def _joined(jumps: list[tuple[float, float]], across: float) -> list[tuple[float, float]]:
    """Return jumps, those of stretches that lie across one place as one."""
    joined: list[tuple[float, float]] = []
    for at, by in jumps:
        if joined and at - joined[-1][0] <= across and by * joined[-1][1] > 0:
            joined[-1] = (joined[-1][0], joined[-1][1] + by)
        else:
            joined.append((at, by))
    return joined


def find_jumps(
    alignment: Alignment, rate: int, *, one_clock: bool
) -> tuple[list[Finding], dict[Fault, str]]:
    """Name samples that were lost, and samples that came twice; say how few would not be seen."""
    jumps, least = jumps_of(alignment.lags, one_clock=one_clock)
    lost = [(at, -by) for at, by in jumps if by < 0]
    more = [(at, by) for at, by in jumps if by > 0]
    found = []
    if lost:
        found.append(lost_finding(lost, rate))
    if more:
        found.append(doubled_finding(more, rate))
    return found, {} if one_clock and least <= 1.0 else {Fault.LOST: _limit(least)}


def _limit(least: float) -> str:
    """Say what cannot be told from the drift of two clocks."""
    few = f"fewer than {least:.0f} lost or doubled at a place, and " if least > 1.0 else ""
    return f"{few}single ones again and again cannot be told from the drift of the two clocks"


def lost_finding(places: list[tuple[float, float]], rate: int) -> Finding:
    """Say where samples were lost, of places in samples and how many."""
    return Finding(
        Fault.LOST,
        f"{_counted(places, rate)} lost",
        "give the microphone's buffer more room or its task a higher priority: nothing may hold "
        "the interrupt longer than one buffer lasts (an inference does, where it runs first)",
        {"samples": measured(sum(n for _, n in places), "count")},
    )


def doubled_finding(places: list[tuple[float, float]], rate: int) -> Finding:
    """Say where samples came twice, of places in samples and how many."""
    return Finding(
        Fault.DOUBLED,
        f"{_counted(places, rate)} doubled",
        "hand each buffer of the microphone over once: see that the half that is read is not the "
        "half that was read before (half-transfer and transfer-complete of the DMA)",
        {"samples": measured(sum(n for _, n in places), "count")},
    )


def _counted(places: list[tuple[float, float]], rate: int) -> str:
    sizes = {round(n) for _, n in places}
    total = round(sum(n for _, n in places))
    each = f"{len(places)} times {sizes.pop()}, " if len(sizes) == 1 < len(places) else ""
    first = ", ".join(f"{at / rate:.2f} s" for at, _ in places[:3])
    more = f" and {len(places) - 3} more places" if len(places) > 3 else ""
    samples = "sample (" if total == 1 else "samples ("
    return f"{total} {samples}{each}near {first}{more}) {'was' if total == 1 else 'were'}"
