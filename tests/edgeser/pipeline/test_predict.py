"""A recording of any length becomes windows of which none leaves a frame out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeser.decision import softmax
from edgeser.features import WindowConfig, fit_window
from edgeser.pipeline.predict import ClipLabel, sliding_windows


@given(
    have=st.integers(1, 500),
    window=st.integers(1, 200).flatmap(
        lambda frames: st.builds(WindowConfig, st.just(frames), st.integers(1, frames))
    ),
)
def test_windows_cover_every_frame(have: int, window: WindowConfig) -> None:
    numbers = np.arange(have)
    features = np.stack([numbers % 128, numbers // 128], axis=1).astype(np.int8)[:, None]
    windows = sliding_windows(features, window)
    assert windows.shape[1:] == (window.frames, 1, 2)
    seen = windows[..., 0].astype(int) + 128 * windows[..., 1].astype(int)
    assert set(seen.ravel()) == set(range(have))
    if have <= window.frames:
        np.testing.assert_array_equal(windows[0], fit_window(features, window.frames))
        assert len(windows) == 1
    else:
        starts = seen[:, 0, 0]
        assert (np.diff(starts) <= window.hop_frames).all()
        assert (np.diff(starts) > 0).all()
        assert seen[-1, -1, 0] == have - 1


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=8))
def test_probabilities_sum_to_1_and_keep_the_order(logits: list[float]) -> None:
    shares = softmax(np.array(logits, np.float32))
    assert np.isfinite(shares).all()
    assert shares.sum() == pytest.approx(1.0)
    assert shares[int(np.argmax(logits))] == shares.max()


def test_the_label_is_the_likeliest_and_a_problem_has_none() -> None:
    good = ClipLabel(Path("a.wav"), {"anger": 0.3, "fear": 0.7}, 2, "")
    assert good.label == "fear"
    assert (good.to_json()["label"], good.to_json()["probability"]) == ("fear", 0.7)
    alike = ClipLabel(Path("d.wav"), {"anger": 0.5, "fear": 0.5}, 9, "", answer="fear")
    assert (alike.label, alike.to_json()["probability"]) == ("fear", 0.5)
    bad = ClipLabel(Path("b.wav"), {}, 0, "cannot use b.wav")
    assert bad.to_json() == {
        "path": "b.wav",
        "label": "",
        "probabilities": {},
        "probability": None,
        "unsure": False,
        "windows": 0,
        "problem": "cannot use b.wav",
        "no_label": "",
        "remarks": [],
    }
    silent = ClipLabel(Path("c.wav"), {}, 0, "", "it is silent", ("it is silent",))
    assert (silent.label, silent.to_json()["no_label"]) == ("", "it is silent")
