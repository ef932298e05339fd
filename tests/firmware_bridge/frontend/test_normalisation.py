"""The step to int8: the float formula, and the C code against NumPy."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    INPUT_SCALE,
    MICROFRONTEND,
    FrontendConfig,
    FrontendFeatures,
    Normalisation,
    compute_features,
    normalisation_from_statistics,
    quantise_features,
    standardised,
)
from quantize.foundation.errors import BadInput

TWO_PLANES = FrontendConfig(channels=3, phase_planes=("if_re",))
ROWS = 2 * 3


def features_of(amplitude: list[int], phase: list[int]) -> FrontendFeatures:
    """Return features of 3 channels, one value repeated over them."""
    return FrontendFeatures(
        np.repeat(np.array(amplitude, np.uint16)[:, None], 3, axis=1),
        np.repeat(np.array(phase, np.int16)[:, None, None], 3, axis=1),
    )


def numpy_quantise(raw: NDArray[np.int64], affine: Normalisation) -> NDArray[np.int64]:
    """The documented formula in Python integers, frames x channels x planes."""
    out = np.empty(raw.shape, np.int64)
    for frame, channel, plane in np.ndindex(raw.shape):
        value = int(raw[frame, channel, plane]) * affine.multiplier[plane][channel]
        value = (value + affine.offset[plane][channel]) >> affine.shift[plane][channel]
        out[frame, channel, plane] = min(127, max(-128, value))
    return out


def grid(low: int, high: int, shape: tuple[int, int]) -> st.SearchStrategy[Any]:
    row = st.lists(st.integers(low, high), min_size=shape[1], max_size=shape[1])
    return st.lists(row, min_size=shape[0], max_size=shape[0])


@given(
    grid(-(1 << 30), 1 << 30, (2, 3)),
    grid(-(1 << 61), 1 << 61, (2, 3)),
    grid(1, 62, (2, 3)),
    st.lists(st.integers(0, 65535), min_size=4, max_size=4),
    st.lists(st.integers(-32768, 32767), min_size=4, max_size=4),
)
@settings(max_examples=200)
def test_c_code_equals_integers(
    multiplier: Any, offset: Any, shift: Any, amplitude: list[int], phase: list[int]
) -> None:
    normalisation = Normalisation(multiplier, offset, shift)
    config = dataclasses.replace(TWO_PLANES, normalisation=normalisation)
    features = features_of(amplitude, phase)
    raw = np.concatenate([features.amplitude[:, :, None].astype(np.int64), features.phase], axis=2)
    actual = quantise_features(features, config)
    np.testing.assert_array_equal(actual, numpy_quantise(raw, normalisation))


@given(
    st.floats(-32768, 65535),
    st.floats(0, 65536),
    st.lists(st.integers(0, 65535), min_size=8, max_size=8),
    st.lists(st.integers(-32768, 32767), min_size=8, max_size=8),
)
@settings(max_examples=200)
def test_statistics_give_the_float_formula(
    mean: float, deviation: float, amplitude: list[int], phase: list[int]
) -> None:
    statistics = np.full((2, 3), mean), np.full((2, 3), deviation)
    config = dataclasses.replace(
        TWO_PLANES, normalisation=normalisation_from_statistics(*statistics)
    )
    features = features_of(amplitude, phase)
    raw = np.concatenate([features.amplitude[:, :, None].astype(float), features.phase], axis=2)
    exact = (raw - mean) / max(deviation, 1.0) * 32
    quantised = quantise_features(features, config)
    # A value within 2^-9 of a half may round either way; no other may differ.
    near_half = np.abs(exact - np.floor(exact) - 0.5) < 2.0**-9
    expected = np.clip(np.floor(exact + 0.5), -128, 127)
    assert ((quantised == expected) | near_half).all()
    assert (np.abs(quantised - np.clip(exact, -128, 127)) <= 0.5 + 2.0**-9).all()


def test_training_statistics_give_mean_zero_and_unit_deviation() -> None:
    samples = np.random.default_rng(2).normal(0, 2000, 48_000).astype(np.int16)
    config = FrontendConfig(phase_planes=("if_re", "if_im", "gd_mod"))
    features = compute_features(samples, config)
    raw = np.concatenate([features.amplitude[:, :, None].astype(float), features.phase], axis=2)
    normalisation = normalisation_from_statistics(raw.mean(axis=0).T, raw.std(axis=0).T)
    config = dataclasses.replace(config, normalisation=normalisation)
    network_input = quantise_features(features, config) * INPUT_SCALE
    assert network_input.shape == (298, 40, 4)
    assert np.abs(network_input.mean(axis=0)).max() < 0.06
    assert np.abs(network_input.std(axis=0) - 1.0).max() < 0.1


def test_angles_keep_their_circle_whatever_the_statistics_say() -> None:
    config = FrontendConfig(
        channels=3, amplitude_delta=True, phase_planes=("if_re", "if_angle", "gd_angle")
    )
    statistics = np.full((5, 3), 9000.0), np.full((5, 3), 400.0)
    config = standardised(config, *statistics)
    raw = np.arange(-32768, 32768)
    phase = np.repeat(raw.astype(np.int16), 3 * 4).reshape(-1, 3, 4)
    features = FrontendFeatures(np.zeros((raw.size, 3), np.uint16), phase)
    _, delta, part, *angles = np.moveaxis(quantise_features(features, config), 2, 0)
    for angle in angles:
        rounded = np.minimum((raw + 128) // 256, 127)
        np.testing.assert_array_equal(angle, np.repeat(rounded[:, None], 3, axis=1))
        # The two ends of int8 meet at pi, one step apart as they wrap.
        assert (angle[0, 0], angle[-1, 0]) == (-128, 127)
    plain = standardised(FrontendConfig(channels=3), [[7.0] * 3], [[5.0] * 3])
    assert plain.normalisation == normalisation_from_statistics([[7.0] * 3], [[5.0] * 3])
    for plane in (delta, part):  # the usual way: the mean is 0, and 4 deviations fill int8
        assert plane[raw == 9000, 0] == 0
        assert plane[raw == 9400, 0] == 32
        assert plane[raw == 12_000, 0] == 127


def test_statistics_of_another_frontend_are_refused() -> None:
    with pytest.raises(BadInput, match="2 planes x 3 channels"):
        standardised(FrontendConfig(phase_planes=("if_angle",)), np.ones((2, 3)), np.ones((2, 3)))


def test_json_survives() -> None:
    normalisation = normalisation_from_statistics(np.ones((2, 3)), np.full((2, 3), 7.0))
    assert Normalisation.from_dict(json.loads(json.dumps(normalisation.to_dict()))) == normalisation


@pytest.mark.parametrize(
    "bad",
    [
        ([[1]], [[0]], [[0]]),
        ([[1]], [[0]], [[63]]),
        ([[1 << 31]], [[0]], [[1]]),
        ([[1]], [[1 << 62]], [[1]]),
        ([[1]], [[0, 0]], [[1]]),
        ([[1], [1, 2]], [[0], [0, 0]], [[1], [1, 1]]),
        ([], [], []),
        ([[]], [[]], [[]]),
        ([[1.0]], [[0]], [[1]]),
        ([[True]], [[0]], [[1]]),
        (1, 2, 3),
    ],
)
def test_bad_affines_are_refused(bad: Any) -> None:
    with pytest.raises(BadInput, match="normalisation"):
        Normalisation(*bad)


@pytest.mark.parametrize(
    ("mean", "deviation"),
    [
        ([[np.nan]], [[1.0]]),
        ([[1.0]], [[np.inf]]),
        ([[1.0]], [[-1.0]]),
        ([[1.0]], [[1.0, 2.0]]),
        ([1.0], [1.0]),
        ([[1e9]], [[1.0]]),
    ],
)
def test_bad_statistics_are_refused(mean: Any, deviation: Any) -> None:
    with pytest.raises(BadInput, match="normalisation"):
        normalisation_from_statistics(mean, deviation)


def test_quantise_refuses_what_does_not_fit() -> None:
    features = compute_features(np.zeros(480, np.int16), MICROFRONTEND)
    with pytest.raises(BadInput, match="no normalisation"):
        quantise_features(features, MICROFRONTEND)
    normalisation = normalisation_from_statistics(np.ones((2, 3)), np.ones((2, 3)))
    config = dataclasses.replace(TWO_PLANES, normalisation=normalisation)
    with pytest.raises(BadInput, match="3 channels"):
        quantise_features(features, config)
    wrong = FrontendFeatures(np.zeros((1, 3), np.uint16), np.zeros((1, 3, 1), np.uint16))
    with pytest.raises(BadInput):
        quantise_features(wrong, config)
