"""Configurations: every bad one is refused, every good one survives JSON with its hash."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.frontend import (
    MICROFRONTEND,
    PHASE_PLANES,
    FrontendConfig,
    Normalisation,
    compute_features,
    normalisation_from_statistics,
)
from quantize.foundation.errors import BadInput

ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
FIELDS = [field.name for field in dataclasses.fields(FrontendConfig)]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"sample_rate": 0}, "sample_rate"),
        ({"sample_rate": 16000.5}, "sample_rate"),
        ({"sample_rate": True}, "sample_rate"),
        ({"window_ms": 0.1}, "window_ms"),
        ({"window_ms": float("nan")}, "window_ms"),
        ({"window_ms": "30"}, "window_ms"),
        ({"window_ms": 2000}, "window_ms"),
        ({"hop_ms": 0}, "hop_ms"),
        ({"hop_ms": 31}, "hop"),
        ({"channels": 0}, "channels"),
        ({"channels": 257}, "channels"),
        ({"channels": -1}, "channels"),
        ({"lower_hz": 7500.0}, "band"),
        ({"lower_hz": -1.0}, "lower_hz"),
        ({"upper_hz": 8000.0}, "band"),
        ({"upper_hz": 8001.0}, "band"),
        ({"upper_hz": float("inf")}, "upper_hz"),
        ({"noise_reduction": 1}, "noise_reduction"),
        ({"smoothing_bits": 21}, "smoothing_bits"),
        ({"even_smoothing": 1.5}, "even_smoothing"),
        ({"odd_smoothing": -0.1}, "odd_smoothing"),
        ({"min_signal_remaining": 2}, "min_signal_remaining"),
        ({"pcan_strength": -1.0}, "pcan_strength"),
        ({"pcan_offset": -1.0}, "pcan_offset"),
        ({"pcan_gain_bits": 32}, "pcan_gain_bits"),
        ({"pcan_gain_bits": 10}, "PCAN"),
        ({"smoothing_bits": 1}, "PCAN"),
        ({"log": "yes"}, "log"),
        ({"log_scale_shift": 17}, "log_scale_shift"),
        ({"phase_planes": ["if_re", "if_re"]}, "phase_planes"),
        ({"phase_planes": ["phase"]}, "phase_planes"),
        ({"phase_planes": "if_re"}, "phase_planes"),
        ({"phase_planes": [["if_re"]]}, "phase_planes"),
        ({"amplitude_delta": 1}, "amplitude_delta"),
        ({"phase_planes": ["amplitude_delta"]}, "phase_planes"),
        ({"angle_weight": "energy"}, "angle_weight"),
        ({"angle_weight": None}, "angle_weight"),
        ({"angle_weight": ["none"]}, "angle_weight"),
        ({"colour": 1}, "colour"),
        ({"normalisation": {"multiplier": [[1]]}}, "normalisation"),
    ],
)
def test_bad_settings_are_refused_by_name(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(BadInput, match=word):
        FrontendConfig.from_dict(changes)


@given(st.sampled_from(FIELDS), ANY)
@settings(max_examples=300)
def test_no_value_does_worse_than_bad_input(name: str, value: object) -> None:
    try:
        config = FrontendConfig.from_dict({name: value})
    except BadInput:
        return
    compute_features(np.zeros(config.window_samples, np.int16), config)


def test_json_and_hash_survive(random_configs: Callable[..., list[FrontendConfig]]) -> None:
    configs = random_configs(11, 50, phase=True)
    for config in configs:
        again = FrontendConfig.from_dict(json.loads(json.dumps(config.to_dict())))
        assert again == config
        assert again.hash == config.hash
        assert again.raw_hash == config.raw_hash
    assert len({config.hash for config in configs}) == len(configs)


def test_hash_is_pinned() -> None:
    # Whoever changes this number changes the features of every trained model: see DEFINITION.
    assert MICROFRONTEND.hash == "784a7e7a6c8fbfca37fad4154efad61e08df577344a8aacc8f63a2d3c74bd6ff"


def test_each_setting_changes_the_hash() -> None:
    changed = {
        "sample_rate": 22050, "window_ms": 25, "hop_ms": 20, "channels": 32, "lower_hz": 60.0,
        "upper_hz": 7000.0, "noise_reduction": False, "smoothing_bits": 9, "even_smoothing": 0.03,
        "odd_smoothing": 0.05, "min_signal_remaining": 0.1, "pcan": False, "pcan_strength": 0.5,
        "pcan_offset": 70.0, "pcan_gain_bits": 20, "log": False, "log_scale_shift": 7,
        "phase_planes": ["if_re"], "amplitude_delta": True, "angle_weight": "modulus",
    }  # fmt: skip
    assert set(changed) == set(FIELDS) - {"normalisation"}
    for name, value in changed.items():
        config = FrontendConfig.from_dict({name: value})
        assert config.hash != MICROFRONTEND.hash, name
        assert config.raw_hash != MICROFRONTEND.raw_hash, name


def test_normalisation_changes_only_the_whole_hash() -> None:
    normalisation = normalisation_from_statistics(np.full((1, 40), 5.0), np.full((1, 40), 2.0))
    config = dataclasses.replace(MICROFRONTEND, normalisation=normalisation)
    assert config.raw_hash == MICROFRONTEND.raw_hash
    assert config.hash != MICROFRONTEND.hash


def test_whole_numbers_and_floats_of_one_value_are_one_configuration() -> None:
    assert FrontendConfig(window_ms=30) == FrontendConfig(window_ms=30.0)
    assert FrontendConfig(window_ms=30).hash == MICROFRONTEND.hash


def test_planes_take_their_order() -> None:
    config = FrontendConfig(phase_planes=tuple(reversed(PHASE_PLANES)))
    assert config.planes == ("amplitude", *PHASE_PLANES)


def test_difference_comes_before_the_phase() -> None:
    config = FrontendConfig(amplitude_delta=True, phase_planes=("gd_angle", "if_angle"))
    assert config.planes == ("amplitude", "amplitude_delta", "if_angle", "gd_angle")
    assert config.signed_planes == config.planes[1:]


def test_settings_that_came_later_leave_hashes_as_they_were() -> None:
    # Of the preset `speech` before there were angles: bundles made then say so.
    config = FrontendConfig(
        hop_ms=20.0,
        noise_reduction=False,
        pcan=False,
        phase_planes=("if_re", "if_im", "gd_re", "gd_im"),
    )
    assert config.hash == "3c7da8bcd9ef662e9f0e967b181a86c95bcc999712e9393820c47a90cb916884"
    assert not {"amplitude_delta", "angle_weight"} & set(config.to_dict())


def test_fractional_milliseconds_become_samples() -> None:
    config = FrontendConfig(window_ms=22.5, hop_ms=0.1, sample_rate=10_000, upper_hz=4000.0)
    assert (config.window_samples, config.hop_samples, config.fft_size) == (225, 1, 256)


def test_normalisation_must_fit() -> None:
    one = Normalisation(((1,),), ((0,),), ((1,),))
    with pytest.raises(BadInput, match="1 planes x 1 channels"):
        FrontendConfig(normalisation=one)
