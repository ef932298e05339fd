from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantize.calibration import select_balanced
from quantize.foundation.errors import BadInput


def _skewed(count: int, seed: int) -> list[tuple[str, str]]:
    rng = np.random.default_rng(seed)
    first = rng.choice(["a", "b", "c"], count, p=[0.8, 0.15, 0.05])
    second = rng.choice(["x", "y"], count, p=[0.9, 0.1])
    return [(str(one), str(other)) for one, other in zip(first, second, strict=True)]


def test_rare_labels_get_their_share() -> None:
    strata = _skewed(2000, seed=1)
    chosen = select_balanced(strata, 60, seed=0)
    first = Counter(strata[index][0] for index in chosen)
    second = Counter(strata[index][1] for index in chosen)
    assert all(abs(count - 20) <= 1 for count in first.values())
    assert all(abs(count - 30) <= 1 for count in second.values())
    assert len(Counter(strata[index] for index in chosen)) == 6


def test_the_first_of_a_choice_are_balanced_too() -> None:
    strata = _skewed(2000, seed=2)
    chosen = select_balanced(strata, 60, seed=0)
    first = Counter(strata[index][0] for index in chosen[:12])
    assert all(abs(count - 4) <= 1 for count in first.values())


def test_the_seed_decides_among_equals() -> None:
    strata = _skewed(500, seed=3)
    again = [select_balanced(strata, 20, seed=seed) for seed in (5, 5, 6)]
    assert again[0].tolist() == again[1].tolist()
    assert again[0].tolist() != again[2].tolist()


def test_labels_of_two_categories_are_never_mixed_up() -> None:
    strata = [("low", "high")] * 9 + [("high", "low")]
    assert 9 in select_balanced(strata, 2, seed=0).tolist()


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), min_size=1, max_size=40),
    st.data(),
)
def test_each_sample_is_chosen_once(strata: list[tuple[str, str]], data: st.DataObject) -> None:
    count = data.draw(st.integers(1, len(strata)))
    chosen = select_balanced(strata, count, seed=0).tolist()
    assert len(chosen) == len(set(chosen)) == count
    assert set(chosen) <= set(range(len(strata)))


@pytest.mark.parametrize(
    ("strata", "count", "seed"),
    [
        ([("a",)], 2, 0),
        ([("a",)], 0, 0),
        ([], 1, 0),
        ([("a",), ("a", "b")], 1, 0),
        ([("a",), (1,)], 1, 0),
        (["a", "b"], 1, 0),
        ([("a",)], True, 0),
        ([("a",)], 1, -1),
        ([("a",)], 1, "x"),
    ],
)
def test_what_cannot_be_balanced_is_refused(strata: Any, count: Any, seed: Any) -> None:
    with pytest.raises(BadInput):
        select_balanced(strata, count, seed)
