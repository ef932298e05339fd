"""Results of trainings are checked before they are used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from edgeser.evaluation.hearing import SHUFFLED
from edgeser.evaluation.predictions import Predictions
from edgeser.study.scores import check_result, hearings_of, predictions_of
from quantize.foundation.errors import BadInput, CheckFailed
from tests.edgeser.study.made_results import Made, predictions


def test_a_corpus_under_one_condition_twice_is_refused() -> None:
    entry = {**predictions("cremad", 1, 1.0, range(30)), "condition": "white_10db"}
    assert list(predictions_of({"predictions": [entry]})) == [("cremad", "white_10db")]
    for wrong in ([entry, entry], [{**entry, "condition": 5}]):
        with pytest.raises(BadInput, match="result of a training"):
            predictions_of({"predictions": wrong})


def test_clips_may_come_in_any_order() -> None:
    entry = predictions("cremad", 1, 1.0, range(30))
    turned = {
        key: value[::-1] if key in {"clip_ids", "speakers", "labels", "logits"} else value
        for key, value in entry.items()
    }
    found: list[Predictions] = [
        predictions_of({"predictions": [e]})["cremad", "clean"] for e in (entry, turned)
    ]
    assert found[0].clip_ids == found[1].clip_ids
    np.testing.assert_array_equal(found[0].logits, found[1].logits)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {},
        lambda r: [],
        lambda r: None,
        lambda r: {"predictions": []},
        lambda r: {"predictions": r["predictions"] * 2},
        lambda r: {"predictions": [{**r["predictions"][0], "labels": [0]}]},
        lambda r: {"predictions": [{**r["predictions"][0], "labels": [9] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "labels": ["x"] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "logits": [[1.0]] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "clip_ids": ["a"] * 30}]},
        lambda r: {"predictions": [{**r["predictions"][0], "speakers": [1] * 30}]},
        lambda r: {**r, "costs": {"int8_bytes": 3}},
        lambda r: {**r, "costs": 3},
    ],
)
def test_a_result_that_is_not_as_it_should_be_is_one_line(change: Callable[[Any], Any]) -> None:
    result = {"predictions": [predictions("cremad", 1, 1.0, range(30))], "costs": None}
    job = Made().add("a", "one", 0, None).job
    check_result(job, result)
    with pytest.raises((BadInput, CheckFailed)) as error:
        check_result(job, change(result))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "wrong", [[1], "text", {"other": []}, {SHUFFLED: 3}, {SHUFFLED: [{"corpus": "a"}]}]
)
def test_hearings_that_are_none(wrong: Any) -> None:
    with pytest.raises(BadInput):
        hearings_of({"hearings": wrong})
