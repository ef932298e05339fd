"""The highest correlation of each of many tones is that of the tone by itself."""

from __future__ import annotations

import numpy as np
import pytest

from edgeser.rerecord.correlation import correlate, highest_correlations
from edgeser.rerecord.markers import sweep

RATE = 16_000


@pytest.mark.parametrize("samples", [4_200, 13_001, 50_000])
@pytest.mark.parametrize("at", ["front", "end", "nowhere"])
def test_many_tones_at_once_are_each_as_high_as_alone(samples: int, at: str) -> None:
    random = np.random.default_rng(samples)
    heard = 0.01 * random.normal(size=samples)
    heard[: samples // 3] = 0.0
    tones = [
        tuple(sweep(ratio * RATE, 0.25, up=up) for up in (True, False))
        for ratio in (0.5, 1.0, 1.04)
    ]
    there = tones[1][0]
    place = {"front": 0, "end": samples - len(there), "nowhere": None}[at]
    if place is not None:
        heard[place : place + len(there)] += there
    alone = [np.abs(correlate(heard, tone, RATE)).max() for group in tones for tone in group]
    found = highest_correlations(heard, tones, RATE)
    np.testing.assert_allclose(found, alone, rtol=1e-9)
    assert (int(np.argmax(found)) == 2 and found[2] > 0.9) == (place is not None)
    assert highest_correlations(heard, [], RATE) == []
