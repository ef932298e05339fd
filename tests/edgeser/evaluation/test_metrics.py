from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeser.evaluation import Bootstrap, Predictions, confusion_matrix, evaluate
from edgeser.evaluation.ablation import summarise_variants
from edgeser.evaluation.bootstrap import (
    BY_CLIP,
    BY_SPEAKER,
    clusters_of,
    paired_interval,
    resampled,
    stack_confusions,
)
from edgeser.evaluation.metrics import (
    Metrics,
    accuracy,
    macro_f1,
    recalls,
    unweighted_average_recall,
    without_nothing,
)
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.measurement import Evidence

CALLS = st.integers(2, 6).flatmap(
    lambda classes: st.lists(
        st.tuples(st.integers(0, classes - 1), st.integers(0, classes - 1), st.integers(0, 4)),
        min_size=1,
        max_size=60,
    ).map(lambda clips: (classes, clips))
)


def predictions(classes: int, clips: list[tuple[int, int, int]]) -> Predictions:
    """Make predictions out of (true class, called class, speaker)."""
    logits = np.zeros((len(clips), classes), dtype=np.float32)
    logits[np.arange(len(clips)), [called for _, called, _ in clips]] = 1.0
    return Predictions(
        clip_ids=tuple(f"clip{i}" for i in range(len(clips))),
        labels=np.array([truth for truth, _, _ in clips], dtype=np.int64),
        speakers=tuple(f"s{speaker}" for _, _, speaker in clips),
        logits=logits,
        classes=tuple(f"class{i}" for i in range(classes)),
    )


def by_definition(classes: int, calls: list[tuple[int, int]]) -> tuple[float, float, float]:
    """UAR, accuracy and macro-F1 counted clip by clip."""
    recall, f1 = [], []
    for c in range(classes):
        own = [called for truth, called in calls if truth == c]
        if not own:
            continue
        hits = own.count(c)
        named = sum(called == c for _, called in calls)
        precision = hits / named if named else 0.0
        recall.append(hits / len(own))
        both = precision + recall[-1]
        f1.append(2 * precision * recall[-1] / both if both else 0.0)
    right = sum(truth == called for truth, called in calls)
    return sum(recall) / len(recall), right / len(calls), sum(f1) / len(f1)


@given(CALLS)
def test_metrics_are_those_of_the_definition(case: tuple[int, list[tuple[int, int, int]]]) -> None:
    classes, clips = case
    result = evaluate(predictions(classes, clips), source="here", bootstrap=Bootstrap(50))
    expected = by_definition(classes, [(truth, called) for truth, called, _ in clips])
    found = (result.uar.value, result.accuracy.value, result.macro_f1.value)
    assert found == pytest.approx(expected, abs=1e-12)
    assert result.confusion.sum() == len(clips) == result.clips
    assert result.speakers == len({speaker for _, _, speaker in clips})


@given(CALLS, st.integers(0, 2**32 - 1))
def test_a_resample_is_the_set_of_clips_of_the_speakers_drawn(
    case: tuple[int, list[tuple[int, int, int]]], seed: int
) -> None:
    classes, clips = case
    made = predictions(classes, clips)
    clusters, kind = clusters_of(made.speakers)
    per_cluster = stack_confusions(made, clusters)
    counts = Bootstrap(5, seed).draw(len(per_cluster))
    assert (counts.sum(axis=1) == len(per_cluster)).all()
    matrices = resampled(per_cluster, counts)
    for drawn, matrix in zip(counts, matrices, strict=True):
        calls = [
            (truth, called)
            for i, (truth, called, _) in enumerate(clips)
            for _ in range(drawn[clusters[i]])
        ]
        scores = [float(f(matrix)) for f in (unweighted_average_recall, accuracy, macro_f1)]
        assert scores == pytest.approx(by_definition(classes, calls), abs=1e-12)
    assert kind == (BY_CLIP if len(set(made.speakers)) == 1 else BY_SPEAKER)


@given(CALLS)
def test_intervals_are_ordered_and_repeatable(
    case: tuple[int, list[tuple[int, int, int]]],
) -> None:
    made = predictions(*case)
    first = evaluate(made, source="here", bootstrap=Bootstrap(100, seed=3))
    again = evaluate(made, source="here", bootstrap=Bootstrap(100, seed=3))
    assert first.uar == again.uar
    if len(made) == 1:
        assert first.uar.interval is None and first.uar.interval_kind == ""
        return
    assert first.uar.interval is not None
    low, high = first.uar.interval
    assert 0 <= low <= high <= 1
    assert not math.isnan(low + high)


def test_a_class_without_clips_is_left_out() -> None:
    confusion = np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]], dtype=np.int64)
    assert float(unweighted_average_recall(confusion)) == pytest.approx((0.75 + 1) / 2)
    assert recalls(confusion) == (0.75, 1.0, None)
    assert float(macro_f1(confusion)) == pytest.approx((6 / 7 + 8 / 9) / 2)


def test_macro_f1_agrees_with_scikit_learn_where_every_class_has_clips() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    labels = np.concatenate([np.arange(5), rng.integers(0, 5, 200)])
    called = rng.integers(0, 5, 205)
    confusion = confusion_matrix(labels, called, 5)
    assert np.array_equal(confusion, metrics.confusion_matrix(labels, called))
    assert float(macro_f1(confusion)) == pytest.approx(
        metrics.f1_score(labels, called, average="macro")
    )
    assert float(unweighted_average_recall(confusion)) == pytest.approx(
        metrics.balanced_accuracy_score(labels, called)
    )


def many_speakers(rng: np.random.Generator, skills: NDArray[np.float64]) -> Predictions:
    clips = [
        (i % 2, i % 2 if rng.random() < skill else 1 - i % 2, speaker)
        for speaker, skill in enumerate(skills)
        for i in range(40)
    ]
    return predictions(2, clips)


def test_speaker_intervals_are_wider_than_those_that_take_clips_for_independent() -> None:
    rng = np.random.default_rng(1)
    made = many_speakers(rng, rng.uniform(0.3, 1.0, 30))
    clustered = evaluate(made, source="here").uar
    alone = Predictions(made.clip_ids, made.labels, made.clip_ids, made.logits, made.classes)
    by_clip = evaluate(alone, source="here").uar
    assert clustered.interval is not None and by_clip.interval is not None
    assert np.ptp(clustered.interval) > 2 * np.ptp(by_clip.interval)
    assert clustered.evidence is Evidence.MEASURED
    assert clustered.interval_kind == BY_SPEAKER


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        made = many_speakers(rng, rng.uniform(0.4, 1.0, 40))
        low, high = evaluate(made, source="here", bootstrap=Bootstrap(300)).uar.interval or (1, 0)
        covered += low <= 0.7 <= high
    assert covered >= 85


def test_one_model_against_itself_differs_by_nothing() -> None:
    made = many_speakers(np.random.default_rng(2), np.full(6, 0.7))
    clusters, _ = clusters_of(made.speakers)
    stack = stack_confusions(made, clusters)
    assert paired_interval(stack, stack, unweighted_average_recall) == (0.0, 0.0)
    assert paired_interval(stack[:1], stack[:1], unweighted_average_recall) is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused_by_name(value: float) -> None:
    made = predictions(2, [(0, 0, 0), (1, 1, 1), (1, 0, 2)])
    logits = made.logits.copy()
    logits[1, 0] = value
    with pytest.raises(CheckFailed, match=r"clip1 \(1 of 3 clips\)"):
        Predictions(made.clip_ids, made.labels, made.speakers, logits, made.classes)


def test_what_does_not_fit_together_is_refused() -> None:
    made = predictions(2, [(0, 0, 0), (1, 1, 1)])
    ids, labels, speakers, logits, classes = (
        made.clip_ids, made.labels, made.speakers, made.logits, made.classes,
    )  # fmt: skip
    with pytest.raises(BadInput, match="same clip twice"):
        Predictions(("a", "a"), labels, speakers, logits, classes)
    with pytest.raises(BadInput, match="outside"):
        Predictions(ids, labels + 1, speakers, logits, classes)
    with pytest.raises(BadInput, match="float32"):
        Predictions(ids, labels, speakers, logits.astype(np.float64), classes)
    with pytest.raises(BadInput, match="do not fit"):
        Predictions(ids, labels[:1], speakers, logits, classes)
    with pytest.raises(BadInput, match="0 clips"):
        Predictions((), labels[:0], (), logits[:0], classes)


def test_select_keeps_rows_together() -> None:
    made = predictions(3, [(0, 1, 0), (1, 1, 1), (2, 0, 2)])
    kept = made.select(np.array([True, False, True]))
    assert kept.clip_ids == ("clip0", "clip2") and kept.speakers == ("s0", "s2")
    assert kept.predicted.tolist() == [1, 0] and kept.labels.tolist() == [0, 2]


def scored(labels: list[int], called: list[int], speakers: list[str]) -> Metrics:
    classes = ("anger", "fear", "joy", "sadness")
    logits = np.eye(len(classes), dtype=np.float32)[called]
    ids = tuple(map(str, range(len(labels))))
    predictions = Predictions(ids, np.array(labels), tuple(speakers), logits, classes)
    return evaluate(predictions, source="a test")


def test_a_constant_answer_has_chance_and_no_more_whatever_is_missing() -> None:
    labels = [0, 0, 0, 2, 2, 3]
    found = scored(labels, [2] * 6, ["a", "b"] * 3)
    assert found.in_play == ("anger", "joy", "sadness")
    assert found.missing == ("fear",)
    assert found.uar.value == pytest.approx(1 / 3)
    assert found.chance == pytest.approx(found.uar.value)
    assert scored(labels, [1] * 6, ["a", "b"] * 3).uar.value == 0.0


def test_few_clips_or_speakers_and_missing_emotions_are_caveats() -> None:
    few = scored([0, 2], [0, 2], ["a", "a"])
    assert few.uar.value == 1.0
    missing, small = few.caveats
    assert missing == "no clip of fear and sadness: UAR is over anger and joy"
    assert small.startswith("2 clips of 1 speaker are too few to judge by")
    many = [i % 4 for i in range(400)]
    assert scored(many, many, [str(i % 7) for i in range(400)]).caveats == ()
    assert scored(many, many, [str(i % 4) for i in range(400)]).caveats != ()


def test_a_score_that_guessing_has_too_is_said_to_be_one() -> None:
    truth, speakers = [i % 4 for i in range(400)], [str(i // 4 % 10) for i in range(400)]
    assert scored(truth, [2] * 400, speakers).caveats == (
        "it calls every clip 'joy': its UAR is that of guessing, 25.0 %",
    )
    turned = [(i + 1) % 4 for i in truth]
    assert scored(truth, turned, speakers).caveats == (
        "its UAR is not above that of guessing, 25.0 %",
    )
    hardly = [i if int(speaker) == 3 else 0 for i, speaker in zip(truth, speakers, strict=True)]
    found = scored(truth, hardly, speakers)
    assert found.uar.value == pytest.approx(0.325)
    assert found.caveats == (
        "its UAR may be that of guessing, 25.0 %: the interval reaches as far down",
    )


def test_clips_of_no_known_speaker_are_said_and_are_no_speakers() -> None:
    made = predictions(2, [(n % 2, n % 2, n // 4) for n in range(40)])
    known = evaluate(made, source="here")
    assert (known.speakers, known.anonymous, known.caveats) == (10, 0, ())
    unknown = frozenset(made.speakers[:8])
    some = evaluate(replace(made, anonymous=unknown), source="here")
    assert (some.speakers, some.anonymous) == (8, 8)
    assert "of 8 of 40 clips the speaker is not known" in some.caveats[0]
    assert some.uar.interval_kind == known.uar.interval_kind
    nobody = replace(made, anonymous=frozenset(made.speakers))
    assert evaluate(nobody, source="here").uar.interval_kind == BY_CLIP
    assert any("0 speakers are too few" in c for c in evaluate(nobody, source="here").caveats)
    assert made.describe() == "40 clips of 10 speakers"
    assert replace(made, anonymous=unknown).describe("unseen speakers") == (
        "40 clips of 8 unseen speakers (8 of no known speaker)"
    )
    kept = replace(made, anonymous=unknown).select(np.arange(40) < 4)
    assert (kept.known_speakers, kept.anonymous_clips) == (0, 4)


# Two clips of class 0 (one called nothing), two of class 1 (both right), three of nothing.
WITH_NOTHING = [(0, 0, 0), (0, 2, 1), (1, 1, 0), (1, 1, 1), (2, 2, 0), (2, 2, 1), (2, 2, 2)]


def with_nothing(clips: list[tuple[int, int, int]]) -> Predictions:
    return replace(predictions(3, clips), classes=("anger", "calm", "nothing"))


def test_with_a_class_nothing_scores_are_always_both() -> None:
    metrics = evaluate(with_nothing(WITH_NOTHING), source="made by hand")
    # recalls 1/2, 1, 1; F1 2/3, 1, 6/7
    assert metrics.uar.value == pytest.approx((0.5 + 1 + 1) / 3)
    assert metrics.macro_f1.value == pytest.approx((2 / 3 + 1 + 6 / 7) / 3)
    rest = metrics.without_nothing
    assert rest is not None
    assert rest.uar.value == pytest.approx((0.5 + 1) / 2)
    assert rest.macro_f1.value == pytest.approx((2 / 3 + 1) / 2)
    assert rest.clips == 4
    assert rest.uar.interval is not None
    assert [name for name, _ in metrics.scores] == [
        "UAR", "accuracy", "macro-F1", "UAR without 'nothing'", "macro-F1 without 'nothing'"
    ]  # fmt: skip
    assert any("3 of the clips are of 'nothing'; without them UAR is 75.0 %" in c
               for c in metrics.caveats)  # fmt: skip


def test_what_is_left_without_nothing_is_what_a_set_without_it_scores() -> None:
    rest = without_nothing(with_nothing(WITH_NOTHING))
    alone = with_nothing([clip for clip in WITH_NOTHING if clip[0] != 2])
    assert rest is not None
    assert rest.labels.tolist() == alone.labels.tolist()
    metrics = evaluate(alone, source="made by hand")
    whole = evaluate(with_nothing(WITH_NOTHING), source="made by hand").without_nothing
    assert whole is not None
    assert whole.uar.value == metrics.uar.value
    assert whole.uar.interval == metrics.uar.interval
    assert metrics.without_nothing is None  # no clip of it: there is nothing to leave out
    assert len(metrics.scores) == 3
    only = with_nothing([clip for clip in WITH_NOTHING if clip[0] == 2])
    assert without_nothing(only) is None
    assert without_nothing(predictions(3, WITH_NOTHING)) is None


def test_variants_are_said_without_nothing_too() -> None:
    runs = {0: with_nothing(WITH_NOTHING)}
    table = summarise_variants({"a": runs, "b": runs}, source="made by hand")
    assert table.caveats == ("without the clips of 'nothing' UAR is: a 75.0 %, b 75.0 %",)
    plain = {0: predictions(3, WITH_NOTHING)}
    assert summarise_variants({"a": plain}, source="made by hand").caveats == ()


def test_a_record_that_contradicts_itself_is_refused() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(2), 20)
    predictions = Predictions(
        clip_ids=tuple(map(str, range(40))),
        labels=labels,
        logits=rng.normal(size=(40, 2)).astype(np.float32),
        speakers=tuple(f"s{clip % 5}" for clip in range(40)),
        classes=("anger", "fear"),
    )
    found = evaluate(predictions, source="a test")
    for classes in ((), ("anger",), ("anger", "fear", "joy")):
        with pytest.raises(BadInput, match="is not one of"):
            replace(found, classes=classes)
    with pytest.raises(BadInput, match="no clip"):
        replace(found, confusion=np.zeros((2, 2), np.int64))
