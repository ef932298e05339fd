from __future__ import annotations

import numpy as np
import pytest

from edgeser.evaluation import (
    Bootstrap,
    ConditionRow,
    ConditionTable,
    Predictions,
    age_group,
    condition_row,
    evaluate,
    score_groups,
    score_speakers,
    summarise_seeds,
)
from edgeser.evaluation.bootstrap import BY_CLIP
from edgeser.evaluation.metrics import ratio
from quantize.foundation.errors import BadInput

FEW = Bootstrap(resamples=50)


def predictions(right: float, *, seed: int = 0, speakers: int = 5, each: int = 20) -> Predictions:
    rng = np.random.default_rng(seed)
    n = speakers * each
    labels = np.arange(n, dtype=np.int64) % 2
    called = np.where(rng.random(n) < right, labels, 1 - labels)
    return Predictions(
        clip_ids=tuple(f"clip{i}" for i in range(n)),
        labels=labels,
        speakers=tuple(f"s{i // each}" for i in range(n)),
        logits=np.eye(2, dtype=np.float32)[called],
        classes=("calm", "joy"),
    )


def test_groups_are_scored_by_themselves() -> None:
    made = predictions(0.8)
    sexes = {"s0": "female", "s1": "male", "s2": "female"}
    groups = score_groups("sex", sexes, made, made, source="here", bootstrap=FEW)
    assert [g.name for g in groups] == ["female", "male", "unknown"]
    assert [g.clips for g in groups] == [40, 20, 40]
    assert [g.speakers for g in groups] == [2, 1, 2]
    women = made.select(np.array([s in ("s0", "s2") for s in made.speakers]))
    expected = evaluate(women, source="here", bootstrap=FEW).uar
    assert groups[0].float_uar == expected == groups[0].int8_uar


def test_speakers_have_intervals_over_their_clips() -> None:
    groups = score_speakers(predictions(0.8), source="here", bootstrap=FEW)
    assert len(groups) == 5
    assert {g.float_uar.interval_kind for g in groups} == {BY_CLIP}
    assert all(g.int8_uar is None for g in groups)


def test_age_groups_are_decades() -> None:
    assert [age_group(a) for a in (20, 29, 30, 7, None)] == [
        "20-29", "20-29", "30-39", "0-9", "unknown",
    ]  # fmt: skip


def test_conditions_are_compared_with_clean() -> None:
    rows = [
        condition_row(name, predictions(right), int8, source="here", bootstrap=FEW)
        for name, right, int8 in (
            ("clean", 0.9, predictions(0.85)),
            ("noise", 0.6, predictions(0.55)),
            ("level", 0.95, predictions(0.95)),
        )
    ]
    table = ConditionTable(tuple(rows))
    assert table.clean.name == "clean" and table.worst.name == "noise"
    assert rows[0].int8_uar and rows[1].int8_uar
    assert table.drop(rows[1]) == rows[0].int8_uar.value - rows[1].int8_uar.value
    assert table.drop(rows[2]) < 0 == table.drop(rows[0])
    assert rows[1].float_uar.source == "float model, here, noise"


def test_drop_without_int8_is_that_of_float() -> None:
    clean = ConditionRow("clean", ratio(0.7, "here"))
    noise = ConditionRow("noise", ratio(0.5, "here"), ratio(0.4, "here"))
    assert ConditionTable((clean, noise)).drop(noise) == pytest.approx(0.2)


def test_a_condition_is_called_by_its_words_and_without_them_by_its_key() -> None:
    row = condition_row("noise", predictions(0.6), source="", description="a fan", bootstrap=FEW)
    assert (row.name, row.title) == ("noise", "a fan")
    assert ConditionRow("noise", ratio(0.5, "here")).title == "noise"


@pytest.mark.parametrize("names", [(), ("noise",), ("clean", "clean")])
def test_a_table_needs_one_clean_row(names: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="clean row"):
        ConditionTable(tuple(ConditionRow(name, ratio(0.5, "here")) for name in names))


def test_seeds_are_summarised() -> None:
    runs = {seed: predictions(0.7, seed=seed) for seed in range(3)}
    row = summarise_seeds("both", runs, source="here", bootstrap=FEW)
    uars = [evaluate(run, source="here", bootstrap=FEW).uar.value for run in runs.values()]
    assert row.uars == pytest.approx(uars)
    assert row.mean.value == pytest.approx(np.mean(uars))
    assert (row.lowest, row.highest) == (min(row.uars), max(row.uars))
    assert row.mean.interval is not None
    assert row.mean.interval[0] <= row.mean.value <= row.mean.interval[1]
    assert "mean over 3 seeds" in row.mean.interval_kind
    alone = summarise_seeds("both", {0: runs[0]}, source="here", bootstrap=FEW)
    assert alone.mean.interval == evaluate(runs[0], source="here", bootstrap=FEW).uar.interval


def test_a_variant_is_held_against_the_first_on_the_same_speakers() -> None:
    first = {seed: predictions(0.6, seed=seed) for seed in range(3)}
    better = {seed: predictions(0.8, seed=seed) for seed in range(2)}
    row = summarise_seeds("both", better, source="here", first=first, bootstrap=FEW)
    alone = summarise_seeds("first", first, source="here", bootstrap=FEW)
    above = row.above_first
    assert alone.above_first is None
    assert above is not None
    assert above.interval is not None
    assert above.value == pytest.approx(row.mean.value - alone.mean.value)
    assert above.interval[0] <= above.value <= above.interval[1]
    assert above.interval_kind.endswith("paired")
    equal = summarise_seeds("again", first, source="here", first=first, bootstrap=FEW).above_first
    assert equal is not None
    assert (equal.value, equal.interval) == (0.0, (0.0, 0.0))


def test_seeds_on_different_clips_are_refused() -> None:
    with pytest.raises(BadInput, match="same clips"):
        summarise_seeds("x", {0: predictions(0.7), 1: predictions(0.7, each=10)}, source="here")
    with pytest.raises(BadInput, match="no seeds"):
        summarise_seeds("x", {}, source="here")
    with pytest.raises(BadInput, match="same clips"):
        shorter = {0: predictions(0.7, each=10)}
        summarise_seeds("x", {0: predictions(0.7)}, source="here", first=shorter)
