"""A figure comes back from JSON as it was, and what is no figure is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quantize.foundation.measurement import Evidence, Measurement

PLAIN = Measurement(3, "count", Evidence.EMULATED, "QEMU")
WITH_INTERVAL = Measurement(
    0.5, "ratio", Evidence.MEASURED, "10 clips", (0.4, 0.6), "95 % bootstrap"
)


@pytest.mark.parametrize("figure", [PLAIN, WITH_INTERVAL])
def test_a_figure_comes_back_as_it_was(figure: Measurement) -> None:
    assert Measurement.from_json(json.loads(json.dumps(figure.to_json()))) == figure


@pytest.mark.parametrize(
    "change",
    [
        {"value": "0.5"},
        {"value": True},
        {"value": float("nan")},
        {"value": 10**400},
        {"unit": None},
        {"evidence": "guessed"},
        {"source": ["x"]},
        {"interval": [0.1]},
        {"interval": "ab"},
        {"interval": [0.4, float("inf")]},
        {"interval_kind": 3},
    ],
)
def test_what_is_no_figure_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError, OverflowError)):
        Measurement.from_json(WITH_INTERVAL.to_json() | change)


def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="unit"):
        Measurement.from_json({"value": 1.0})
