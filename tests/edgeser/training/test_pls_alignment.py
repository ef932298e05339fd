"""Multiblock PLS against scikit-learn's PLS of the scaled blocks, and cases done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeser.training.pls.alignment import align
from quantize.foundation.errors import BadInput

RNG = np.random.default_rng(5)


def tables(rows: int = 200) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
    """Three blocks of unlike width and size, and targets that two of them explain in part."""
    hidden = RNG.normal(size=(rows, 3))
    blocks = [
        hidden[:, :2] @ RNG.normal(size=(2, 6)) + 0.1 * RNG.normal(size=(rows, 6)),
        100.0 * RNG.normal(size=(rows, 9)) + 7.0,
        hidden[:, 2:] @ RNG.normal(size=(1, 2)) + 0.1 * RNG.normal(size=(rows, 2)),
    ]
    return blocks, hidden @ RNG.normal(size=(3, 5)) + 0.1 * RNG.normal(size=(rows, 5))


def test_it_is_pls_of_the_blocks_side_by_side() -> None:
    regression = pytest.importorskip("sklearn.cross_decomposition").PLSRegression
    blocks, targets = tables()
    found = align(blocks, targets, components=4)
    scaled = [(b - b.mean(0)) / b.std(0) / np.sqrt(b.shape[1]) for b in blocks]
    y = (targets - targets.mean(0)) / targets.std(0)
    peer = regression(4, scale=False, max_iter=2000, tol=1e-14).fit(np.concatenate(scaled, 1), y)
    ours = found.scores(np.concatenate(blocks, axis=1))
    signs = np.sign(np.sum(ours * peer.x_scores_, axis=0))
    np.testing.assert_allclose(ours * signs, peer.x_scores_, rtol=1e-5, atol=1e-6)


def test_a_block_weighs_no_more_for_its_width_or_its_unit() -> None:
    signal = RNG.normal(size=(300, 1))
    narrow, wide = 1e4 * signal, np.repeat(signal, 16, axis=1)
    found = align([narrow, wide], signal, components=1)
    np.testing.assert_allclose(found.block_shares, [[0.5, 0.5]], atol=1e-9)


def test_the_first_direction_is_that_of_largest_covariance_by_hand() -> None:
    # two columns of variance 1 that do not vary together; the target is the second alone
    x = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    found = align([x], x[:, 1:], components=2)
    np.testing.assert_allclose(found.rotation, [[0.0], [np.sqrt(0.5)]], atol=1e-12)
    np.testing.assert_allclose(found.scores(x)[:, 0], x[:, 1] * np.sqrt(0.5))


def test_scores_of_different_components_are_uncorrelated() -> None:
    blocks, targets = tables()
    scores = align(blocks, targets, components=5).scores(np.concatenate(blocks, axis=1))
    correlation = np.corrcoef(scores.T)
    np.testing.assert_allclose(correlation, np.eye(5), atol=1e-8)


def test_a_column_that_does_not_vary_takes_no_part() -> None:
    blocks, targets = tables()
    dead = np.concatenate([blocks[0], np.full((200, 1), 3.0)], axis=1)
    found = align([dead, *blocks[1:]], targets, components=3)
    assert np.all(found.rotation[6] == 0.0)
    assert np.isfinite(found.rotation).all()


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.ones((4, 2)), np.arange(4.0)[:, None]),
        (np.arange(8.0).reshape(4, 2), np.ones((4, 1))),
        (np.arange(8.0).reshape(4, 2), np.arange(3.0)[:, None]),
        (np.array([[1.0], [np.nan]]), np.ones((2, 1))),
    ],
)
def test_what_cannot_be_aligned_is_said(x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    with pytest.raises(BadInput, match="cannot align"):
        align([x], y, components=1)
