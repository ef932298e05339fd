"""A clip of any length fits the window: its middle is kept, a shorter one is repeated."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeser.features import WindowConfig, fit_window
from quantize.foundation.errors import BadInput


def clip(have: int) -> np.ndarray:
    """Frames that are all different and none of them 0."""
    numbers = np.arange(1, have + 1)
    return np.stack([numbers % 127 + 1, numbers // 127 + 1], axis=1)[:, None, :].astype(np.int8)


@given(have=st.integers(1, 400), frames=st.integers(1, 400))
def test_the_window_has_the_frames_wanted_and_holds_the_middle(have: int, frames: int) -> None:
    features = clip(have)
    window = fit_window(features, frames)
    assert window.shape == (frames, 1, 2)
    assert window.dtype == np.int8
    if have >= frames:
        start = (have - frames) // 2
        np.testing.assert_array_equal(window, features[start : start + frames])
    else:
        before = (frames - have + 1) // 2
        np.testing.assert_array_equal(window[before : before + have], features)
        for position in range(frames):
            np.testing.assert_array_equal(window[position], features[(position - before) % have])


def test_a_clip_that_fits_is_left_as_it_is() -> None:
    features = clip(150)
    np.testing.assert_array_equal(fit_window(features, 150), features)


@pytest.mark.parametrize(("frames", "hop"), [(0, 0), (10, 0), (10, 11), (4097, 1), (-1, -1)])
def test_windows_that_make_no_sense_are_refused(frames: int, hop: int) -> None:
    with pytest.raises(BadInput, match=f"a window of {frames} frames every {hop}"):
        WindowConfig(frames, hop)
