"""Occlusion finds what a model rests on, exactly, and in every window that a frame is in."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeser.explanation.clip import HeardClip, Scorer
from edgeser.explanation.config import COARSE, PUBLISHED, Fill, Occlusion
from edgeser.explanation.occlusion import filling, occlude, patches_of
from edgeser.explanation.salient import band_shares, plane_shares, salient_stretches
from edgeser.features import WindowConfig
from edgeser.pipeline.explanation.checks import heard_clip
from quantize.foundation.errors import BadInput

SCORER = Scorer(label=0, step=0.1, windows=1)


def sums_of(*cells: tuple[int, int, int]):
    """A model that sums up a few cells for its first class, and says 0 of the second."""

    def run(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        found = sum(windows[:, f, c, p].astype(np.int64) for f, c, p in cells)
        return np.stack([np.clip(found, -128, 127), np.zeros(len(windows))], axis=1).astype(np.int8)

    return run


def clip_of(features: NDArray[np.int8]) -> HeardClip:
    return HeardClip(features, np.arange(len(features))[None])


def test_published_patches_are_1_920_a_plane_for_three_seconds() -> None:
    assert len(patches_of((150, 40, 1), PUBLISHED)) == 1920
    assert len(patches_of((149, 40, 1), PUBLISHED)) == 1920
    assert len(patches_of((150, 40, 1), COARSE)) < 1920 / 7


@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 12), st.integers(1, 4), st.data())
def test_patches_cover_every_cell_and_end_with_the_clip(
    frames: int, channels: int, length: int, high: int, data: st.DataObject
) -> None:
    occlusion = Occlusion(
        channels=high,
        frames=length,
        channel_stride=data.draw(st.integers(1, high)),
        frame_stride=data.draw(st.integers(1, length)),
    )
    covered = np.zeros((frames, channels, 2), bool)
    for patch in patches_of(covered.shape, occlusion):
        assert patch.frame >= 0
        assert patch.frame + patch.frames <= frames
        assert patch.channel + patch.channels <= channels
        covered[patch.cells] = True
    assert covered.all()


def test_a_drop_is_what_the_model_itself_says() -> None:
    features = np.zeros((30, 4, 2), np.int8)
    features[12, 2, 1] = 60
    clip = clip_of(features)
    run = sums_of((12, 2, 1))
    found = occlude(run, clip, Occlusion(fill=Fill.ZERO), SCORER, base=run(clip.windows))
    touched = [p.plane == 1 and p.channel == 2 and p.frame <= 12 < p.frame + 10
               for p in found.patches]  # fmt: skip
    np.testing.assert_allclose(found.drops[touched], 6.0)
    np.testing.assert_array_equal(found.drops[np.invert(touched)], 0.0)
    assert found.inferences == len(found.patches)
    assert np.unravel_index(found.cells.argmax(), features.shape)[1:] == (2, 1)
    assert plane_shares(found.cells, ["amplitude", "if_re"]) == {"amplitude": 0.0, "if_re": 1.0}
    assert band_shares(found.cells)[1] == pytest.approx(1.0)
    assert np.argmax(band_shares(found.cells[:, :3])) == 2


def test_what_hides_is_the_clips_mean_of_that_channel_or_0() -> None:
    features = np.stack([np.full((5, 2), 10), np.full((5, 2), -3)], axis=2).astype(np.int8)
    features[0, 0, 0] = 20
    np.testing.assert_array_equal(filling(features, Fill.MEAN), [[12, -3], [10, -3]])
    np.testing.assert_array_equal(filling(features, Fill.ZERO), 0)


def test_a_frame_is_hidden_wherever_it_is_repeated() -> None:
    """A clip of 4 frames fills a window of 10: each frame is there two or three times."""
    features = np.zeros((4, 1, 1), np.int8)
    features[1] = 8
    clip = heard_clip(features, WindowConfig(frames=10, hop_frames=5))
    assert clip.windows.shape == (1, 10, 1, 1)
    times = int((clip.index == 1).sum())
    assert times in (2, 3)

    def run(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        return np.stack([windows.sum(axis=(1, 2, 3)), np.zeros(len(windows))], axis=1).astype(
            np.int8
        )

    occlusion = Occlusion(frames=1, frame_stride=1, fill=Fill.ZERO)
    found = occlude(run, clip, occlusion, SCORER, base=run(clip.windows))
    np.testing.assert_allclose(found.drops, [0.0, 0.8 * times, 0.0, 0.0])


def test_only_windows_that_a_patch_touches_are_run_and_the_sum_is_exact() -> None:
    rng = np.random.default_rng(0)
    features = rng.integers(-20, 20, (40, 3, 1)).astype(np.int8)
    clip = heard_clip(features, WindowConfig(frames=16, hop_frames=8))
    ran = 0

    def run(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        nonlocal ran
        ran += len(windows)
        first = windows.astype(np.int64).sum(axis=(1, 2, 3)) % 100
        return np.stack([first, windows[:, 3, 1, 0]], axis=1).astype(np.int8)

    base = run(clip.windows)
    scorer = Scorer(0, 0.05, len(base))
    occlusion = Occlusion(frames=4, frame_stride=4)
    found = occlude(run, clip, occlusion, scorer, base=base)
    assert ran == found.inferences + len(base)
    assert found.inferences < len(found.patches) * len(base)
    fill = filling(features, Fill.MEAN)
    whole = scorer.log_odds(base.sum(axis=0, dtype=np.int64)[None])[0]
    for patch, drop in zip(found.patches, found.drops, strict=True):
        hidden = features.copy()
        hidden[patch.cells] = fill[patch.channel : patch.channel + 1, 0]
        sums = run(clip.of(hidden)).sum(axis=0, dtype=np.int64)
        assert drop == pytest.approx(whole - scorer.log_odds(sums[None])[0])


def test_log_odds_are_those_of_the_probabilities() -> None:
    sums = np.array([[30, -5, 12], [0, 0, 0]])
    scorer = Scorer(label=2, step=0.1, windows=2)
    shares = scorer.probabilities(sums)[:, 2]
    np.testing.assert_allclose(scorer.log_odds(sums), np.log(shares / (1 - shares)))
    sure = Scorer(0, 1.0, 1).log_odds(np.array([[120, -120]]))
    assert sure == pytest.approx(240)


def test_stretches_are_the_strongest_and_do_not_overlap() -> None:
    cells = np.zeros((100, 4, 1))
    cells[10:12, 1, 0] = 5.0
    cells[14, 2, 0] = 1.0
    cells[60, 0, 0] = 3.0
    cells[80, 0, 0] = -9.0
    found = salient_stretches(cells, hop_ms=20.0)
    assert [s.share for s in found] == pytest.approx([11 / 14, 3 / 14])
    assert found[0].first <= 10
    assert found[0].first + found[0].frames > 14
    assert found[0].end_s - found[0].start_s == pytest.approx(0.15)
    for one, other in itertools.pairwise(found):
        assert abs(one.first - other.first) >= one.frames


def test_where_nothing_speaks_for_the_answer_there_are_no_stretches() -> None:
    assert salient_stretches(np.zeros((20, 4, 1)), hop_ms=20.0) == ()
    assert salient_stretches(np.full((20, 4, 1), -1.0), hop_ms=20.0) == ()
    assert plane_shares(np.full((20, 4, 1), -1.0), ["amplitude"]) == {"amplitude": 0.0}


@pytest.mark.parametrize(
    "wrong", [{"frames": 0}, {"channels": 5000}, {"frame_stride": 11}, {"channel_stride": 2}]
)
def test_patches_that_leave_gaps_or_are_none_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        Occlusion(**wrong)
