"""What a map is worth is said right: of a model of which the right map is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgeser.bundle import load_bundle
from edgeser.explanation.agreement import rank_correlation
from edgeser.explanation.clip import HeardClip, Scorer
from edgeser.explanation.config import Fill, Occlusion
from edgeser.explanation.faithfulness import SHARES, faithfulness
from edgeser.explanation.gradients import integrated_gradients
from edgeser.explanation.occlusion import Saliency, filling, occlude, spread_over
from edgeser.explanation.shuffle import shuffled_models
from edgeser.pretrained import pretrained_path
from quantize.tflite import read_model

STEP = 0.05
WEIGHTS = np.random.default_rng(3).normal(0, 0.02, (20, 6, 1))


def linear(windows: NDArray[np.int8]) -> NDArray[np.int8]:
    """A model whose first logit is a weighted sum of the features."""
    first = (windows * WEIGHTS[None]).sum(axis=(1, 2, 3))
    return np.stack([np.clip(np.rint(first), -128, 127), np.zeros(len(windows))], axis=1).astype(
        np.int8
    )


@pytest.fixture
def clip() -> HeardClip:
    features = np.random.default_rng(4).integers(-60, 60, (20, 6, 1)).astype(np.int8)
    features[WEIGHTS > 0.008] = 90  # so that something speaks for the first class
    return HeardClip(features, np.arange(20)[None])


@pytest.fixture
def found(clip: HeardClip) -> Saliency:
    occlusion = Occlusion(frames=2, frame_stride=1, fill=Fill.ZERO)
    return occlude(linear, clip, occlusion, Scorer(0, STEP, 1), base=linear(clip.windows))


def test_a_right_map_beats_random_ones_and_a_reversed_one_loses(
    clip: HeardClip, found: Saliency
) -> None:
    fill = filling(clip.features, Fill.ZERO)
    scorer = Scorer(0, STEP, 1)
    right = faithfulness(linear, clip, found, fill, scorer)
    assert right.deletion.interval[0] > 0
    assert right.insertion.interval[0] > 0
    assert right.deletion.gain == pytest.approx(right.deletion.gains.mean())
    turned = Saliency(found.patches, -found.drops, -found.cells, found.inferences)
    wrong = faithfulness(linear, clip, turned, fill, scorer)
    assert wrong.deletion.interval[1] < 0
    assert wrong.insertion.interval[1] < 0


def test_curves_begin_and_end_where_they_must(clip: HeardClip, found: Saliency) -> None:
    fill = filling(clip.features, Fill.ZERO)
    scorer = Scorer(0, STEP, 1)
    curves = faithfulness(linear, clip, found, fill, scorer, orders=3)
    assert SHARES[0] == 0.0
    assert SHARES[-1] == 1.0
    whole = scorer.probabilities(linear(clip.windows).astype(np.int64))[0, 0]
    hidden = clip.of(np.broadcast_to(fill, clip.features.shape))
    nothing = scorer.probabilities(linear(hidden).astype(np.int64))[0, 0]
    for curve, first, last in (
        (curves.deletion, whole, nothing),
        (curves.insertion, nothing, whole),
    ):
        for values in (curve.of_map, *curve.of_random):
            assert values[0] == pytest.approx(first)
            assert values[-1] == pytest.approx(last)


class _Network(torch.nn.Module):
    """The linear model in float, behind a non-linear function of the input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = torch.from_numpy(WEIGHTS.transpose(2, 0, 1)[None].copy()).float()
        first = (torch.tanh(x) * weights).sum(dim=(1, 2, 3))
        return torch.stack([first, torch.zeros_like(first)], dim=1)


def test_gradients_add_up_to_the_rise_and_agree_with_occlusion(
    clip: HeardClip, found: Saliency
) -> None:
    fill = filling(clip.features, Fill.ZERO)
    gradients = integrated_gradients(_Network(), clip, fill, 0, found, scale=0.02)
    assert gradients.rise == pytest.approx(gradients.cells.sum() + gradients.residual)
    assert abs(gradients.residual) < 0.01 * abs(gradients.rise)
    assert gradients.correlation is not None
    assert gradients.correlation > 0.9
    spread = spread_over(clip.features.shape, found.patches, found.drops)
    np.testing.assert_allclose(spread, found.cells)


def test_gradients_go_to_the_frame_wherever_it_is_repeated(found: Saliency) -> None:
    features = np.zeros((10, 6, 1), np.int8)
    features[3] = 50
    clip = HeardClip(features, (np.arange(20) % 10)[None])
    gradients = integrated_gradients(
        _Network(), clip, np.zeros((6, 1), np.int8), 0, found, scale=0.02
    )
    both = WEIGHTS[3] + WEIGHTS[13]
    np.testing.assert_allclose(gradients.cells[3], np.tanh(1.0) * both, atol=1e-3)
    assert not gradients.cells[[0, 1, 2, *range(4, 10)]].any()


def test_rank_correlation_is_spearmans_with_ties() -> None:
    a, b = np.array([1.0, 2.0, 2.0, 9.0]), np.array([3.0, 5.0, 4.0, 70.0])
    assert rank_correlation(a, b) == pytest.approx(0.9486832980505138)
    assert rank_correlation(a, -a) == pytest.approx(-1.0)
    assert rank_correlation(a, np.ones(4)) is None


def test_weights_are_shuffled_from_the_last_layer_on_and_nothing_else() -> None:
    path = pretrained_path("pretrained-small")
    assert path is not None
    model = load_bundle(path).int8_model
    shuffled = list(shuffled_models(model, stages=4, seed=1))
    assert [item.layers for item in shuffled] == sorted({item.layers for item in shuffled})
    assert shuffled[0].layers == 1
    assert shuffled[-1].layers == shuffled[-1].of
    before = read_model(model).main.tensors
    changed = []
    for item in shuffled:
        after = read_model(item.data).main.tensors
        differ = [t.index for t, u in zip(before, after, strict=True)
                  if t.data is not None and t.data.tobytes() != u.data.tobytes()]  # fmt: skip
        for index in differ:
            was, now = before[index].data, after[index].data
            assert was is not None
            assert now is not None
            assert was.dtype == np.int8
            np.testing.assert_array_equal(np.sort(was.ravel()), np.sort(now.ravel()))
        changed.append(len(differ))
    assert changed == sorted(changed)
    assert changed[0] == 1
    assert changed[-1] >= shuffled[-1].of - 1  # a layer of one weight stays as it is
    assert [m.data for m in shuffled_models(model, stages=4, seed=1)] == [m.data for m in shuffled]
