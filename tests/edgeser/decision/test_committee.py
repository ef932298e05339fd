"""Committees: weights by hand, and what no weighting may do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeser.decision import softmax
from edgeser.decision.committee import LEAST_ENTROPY, by_inverse_entropy, entropies, logs_of


def test_entropies_by_hand() -> None:
    shares = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    expected = [math.log(2), 0.25 * math.log(4) + 0.75 * math.log(4 / 3), 0.0]
    np.testing.assert_allclose(entropies(shares), expected, atol=1e-12)


def test_who_is_sure_counts_more() -> None:
    # Entropies log 2 and log 4 of uniform halves and quarters: weights 2 to 1.
    half = np.array([[0.5, 0.5, 0.0, 0.0]])
    quarter = np.array([[0.25, 0.25, 0.25, 0.25]])
    found = by_inverse_entropy([half, quarter])
    np.testing.assert_allclose(found, [[1.25 / 3, 1.25 / 3, 0.25 / 3, 0.25 / 3]], atol=1e-12)


def test_nobody_outvotes_all_others() -> None:
    certain, unsure = np.array([[1.0, 0.0]]), np.array([[0.4, 0.6]])
    weights = np.array([1 / LEAST_ENTROPY, 1 / float(entropies(unsure)[0])])
    first = (weights * [1.0, 0.4]).sum() / weights.sum()
    np.testing.assert_allclose(by_inverse_entropy([certain, unsure]), [[first, 1 - first]])
    assert first < 1.0


def test_weights_are_of_each_clip() -> None:
    one = np.array([[0.9, 0.1], [0.5, 0.5]])
    two = np.array([[0.5, 0.5], [0.1, 0.9]])
    found = by_inverse_entropy([one, two])
    assert found[0, 0] == pytest.approx(found[1, 1])
    assert found[0, 0] > 0.7


def test_alone_or_all_alike_they_say_what_one_says() -> None:
    shares = softmax(np.random.default_rng(1).normal(0, 2, (20, 5)))
    np.testing.assert_allclose(by_inverse_entropy([shares]), shares)
    np.testing.assert_allclose(by_inverse_entropy([shares] * 3), shares)
    np.testing.assert_allclose(softmax(logs_of(shares)), shares, atol=1e-9)


@given(seed=st.integers(0, 99), members=st.integers(1, 5))
@settings(max_examples=50)
def test_it_is_a_distribution_between_its_members(seed: int, members: int) -> None:
    rng = np.random.default_rng(seed)
    shares = [softmax(rng.normal(0, rng.uniform(0.1, 30), (8, 4))) for _ in range(members)]
    found = by_inverse_entropy(shares)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (found <= np.max(shares, axis=0) + 1e-12).all()
    assert (found >= np.min(shares, axis=0) - 1e-12).all()
