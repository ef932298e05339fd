from __future__ import annotations

import numpy as np
import pytest

from edgeser.evaluation.bootstrap import BY_SPEAKER, Bootstrap
from edgeser.evaluation.group_gaps import PARITY, TRUE_POSITIVES, KindGaps, gaps_between
from edgeser.evaluation.group_verdict import GroupTolerances, judge_groups
from edgeser.evaluation.groups import GroupScore, score_groups, score_speakers, worst_speaker
from edgeser.evaluation.predictions import Predictions
from quantize.foundation.errors import BadInput

FEW = Bootstrap(resamples=300)
CLASSES = ("anger", "sadness")


def said(answers: dict[str, str], *, classes: tuple[str, ...] = CLASSES) -> Predictions:
    """Return predictions: of each speaker, such as ``"as"`` for anger called sadness."""
    letters = [c[0] for c in classes]
    rows = [
        (speaker, letters.index(truth), letters.index(answer))
        for speaker, pairs in answers.items()
        for truth, answer in pairs.split()
    ]
    logits = np.zeros((len(rows), len(classes)), np.float32)
    logits[np.arange(len(rows)), [answer for _, _, answer in rows]] = 1.0
    return Predictions(
        tuple(str(i) for i in range(len(rows))),
        np.array([truth for _, truth, _ in rows], np.int64),
        tuple(speaker for speaker, _, _ in rows),
        logits,
        classes,
    )


def people(female: str, male: str, count: int = 5) -> dict[str, str]:
    return {f"f{i}": female for i in range(count)} | {f"m{i}": male for i in range(count)}


def by_sex(
    made: Predictions, int8: Predictions | None = None, *, kind: str = "sex"
) -> KindGaps | None:
    names = [{"f": "female", "m": "male", "x": "unknown"}[s[0]] for s in made.speakers]
    return gaps_between(kind, names, made, int8, source="here", bootstrap=FEW)


def test_gaps_are_those_that_a_hand_counts() -> None:
    # Women: anger 4 of 4, sadness 2 of 4. Men: anger 1 of 4, sadness 4 of 4.
    made = said(people("aa aa aa aa ss ss sa sa", "aa as as as ss ss ss ss"))
    found = by_sex(made)
    assert found is not None and found.judged and found.groups == ("female", "male")
    anger, sadness = found.true_positives
    assert (anger.label, anger.of_float.value, anger.lowest, anger.highest) == (
        *("anger", 0.75, "male", "female"),
    )
    assert (anger.lowest_rate, anger.highest_rate) == (0.25, 1.0)
    assert (sadness.of_float.value, sadness.lowest) == (0.5, "female")
    # Called anger: of women's 8 clips 6, of men's 8 clips 1.
    parity = found.parity[0]
    assert (parity.of_float.value, parity.lowest, parity.highest) == (0.625, "male", "female")
    assert [gap.of_truth for gap in found.parity] == [0.0, 0.0]
    assert anger.of_float.interval_kind == BY_SPEAKER
    assert anger.of_float.interval == (0.75, 0.75)  # all speakers of a sex answer alike
    largest = found.largest(TRUE_POSITIVES)
    assert largest is not None and largest.label == "anger"


def test_int8_may_widen_a_gap() -> None:
    of_float = said(people("aa aa ss ss", "aa aa ss ss"))
    of_int8 = said(people("aa aa ss ss", "aa as ss ss"))
    found = by_sex(of_float, of_int8)
    assert found is not None
    anger = found.true_positives[0]
    assert anger.of_int8 is not None and anger.widened is not None
    assert (anger.of_float.value, anger.of_int8.value, anger.widened.value) == (0.0, 0.5, 0.5)
    assert anger.gap is anger.of_int8 and anger.lowest == "male"
    assert anger.widened.interval == (0.5, 0.5)


def test_groups_under_five_speakers_take_no_part_in_a_gate() -> None:
    made = said(people("aa ss", "as sa", count=4))
    found = by_sex(made)
    assert found is not None and not found.judged and found.left_out == ("female", "male")
    assert found.true_positives[0].of_float.value == 1.0  # shown all the same
    verdict = judge_groups([found], GroupTolerances(max_tpr_gap=0.0, max_dp_gap=0.0))
    assert verdict.passed and not verdict.checks
    assert [name for name, _ in verdict.skipped] == [f"{TRUE_POSITIVES} by sex", f"{PARITY} by sex"]
    assert "fewer than two groups have 5 speakers" in verdict.skipped[0][1]


def test_a_small_group_is_left_out_beside_large_ones() -> None:
    answers = people("aa ss", "aa ss") | {"x0": "as sa"}
    made = said(answers)
    names = [{"f": "one", "m": "two", "x": "three"}[s[0]] for s in made.speakers]
    found = gaps_between("race", names, made, source="here", bootstrap=FEW)
    assert found is not None and found.judged
    assert found.groups == ("one", "two") and found.left_out == ("three",)
    assert [gap.of_float.value for gap in found.true_positives] == [0.0, 0.0]


def test_who_is_unknown_is_no_group() -> None:
    made = said({"f0": "aa ss", "x0": "as sa"})
    assert by_sex(made) is None


def test_a_class_that_one_group_never_said_has_no_recall_to_compare() -> None:
    made = said(people("aa aa", "ss sa"))
    found = by_sex(made)
    assert found is not None and found.true_positives == ()
    # All of women's clips are called anger, half of men's; they said it in all and in none.
    assert (found.parity[0].of_float.value, found.parity[0].of_truth) == (0.5, 1.0)


def test_the_gap_by_chance_is_that_of_speakers_dealt_at_random() -> None:
    alike = by_sex(said(people("aa ss", "aa ss")))
    assert alike is not None and alike.true_positives[0].by_chance == 0.0
    # Ten speakers, five always right: dealt in fives, k of them right in one group; the gap is
    # |2k - 5| / 5 with k hypergeometric: the mean is 2 / 7 (all ways of choosing 5 of 10).
    found = by_sex(said(people("aa ss", "as sa")))
    assert found is not None
    chance = found.true_positives[0].by_chance
    assert chance is not None and chance == pytest.approx(2 / 7, abs=0.03)


def test_a_speaker_in_two_groups_has_no_chance_but_a_gap() -> None:
    made = said({f"s{i}": "aa aa as as ss ss" for i in range(5)})
    names = ["en", "en", "de", "de", "en", "de"] * 5
    found = gaps_between("language", names, made, source="here", bootstrap=FEW)
    assert found is not None and found.judged
    assert found.true_positives[0].of_float.value == 1.0
    assert found.true_positives[0].by_chance is None


def test_the_gate_fails_above_its_tolerance_and_holds_at_it() -> None:
    # 0.9 - 0.7 is a bit more than 0.2 in binary.
    made = said(people("aa " * 9 + "as ss", "aa " * 7 + "as as as ss"))
    found = by_sex(made)
    assert found is not None
    assert judge_groups([found], GroupTolerances(max_tpr_gap=0.2)).passed
    verdict = judge_groups([found], GroupTolerances(max_tpr_gap=0.19))
    assert not verdict.passed
    (failure,) = verdict.failures
    assert "recall of anger by sex is 20.0 points apart" in failure
    assert "male 70.0 %, female 90.0 %" in failure and "tolerance 19.0 points" in failure
    assert judge_groups([found], GroupTolerances()).checks == ()


def test_tolerances_are_ratios() -> None:
    for value in (-0.1, 1.1, float("nan")):
        with pytest.raises(BadInput, match="max_dp_gap"):
            GroupTolerances(max_dp_gap=value)


def test_the_worst_speaker_is_the_one_of_the_lowest_int8_uar() -> None:
    of_float = said({"kim": "aa ss", "lee": "as ss", "max": "aa ss"})
    of_int8 = said({"kim": "aa ss", "lee": "as ss", "max": "as sa"})
    groups = score_speakers(of_float, of_int8, source="here", bootstrap=FEW)
    worst = worst_speaker(groups)
    assert isinstance(worst, GroupScore)
    assert (worst.name, worst.uar.value, worst.float_uar.value) == ("max", 0.0, 1.0)
    assert not worst.too_few
    assert worst_speaker(()) is None


def test_groups_have_macro_f1_and_say_when_they_are_too_small() -> None:
    made = said(people("aa aa ss sa", "aa ss", count=4) | {"f4": "aa ss"})
    sexes = {s: "female" if s[0] == "f" else "male" for s in made.speakers}
    female, male = score_groups("sex", sexes, made, made, source="here", bootstrap=FEW)
    assert (female.speakers, female.too_few) == (5, False)
    assert (male.speakers, male.too_few) == (4, True)
    # Of women: anger 9 of 9, called so 13 times; sadness 5 of 9, called so 5 times.
    expected = (2 * 9 / (9 + 13) + 2 * 5 / (9 + 5)) / 2
    assert female.float_macro_f1 is not None and female.int8_macro_f1 is not None
    assert female.float_macro_f1.value == pytest.approx(expected)
    assert female.int8_macro_f1.value == pytest.approx(expected)
