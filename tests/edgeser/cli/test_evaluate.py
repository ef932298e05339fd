"""The gate on groups of speakers as CI meets it: exit code, lines, JUnit, Markdown, recipe."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from click.testing import CliRunner, Result

from edgeser.cli.evaluate import command
from edgeser.corpora import Utterance
from edgeser.decision import DecisionRule, softmax
from edgeser.evaluation.predictions import Predictions
from edgeser.pipeline.certainty import Decides, Said
from edgeser.pipeline.evaluate import scored
from edgeser.recipe import EvaluationConfig, Recipe

CLASSES = ("anger", "sadness")
EVIL = "x\x1b[31m | <b>"


def said(wrong: dict[str, int], *, speakers: int) -> Said:
    """Return ten clips of anger and ten of sadness a speaker; of a sex some anger is missed."""
    utterances, labels, answers = [], [], []
    for sex, missed in wrong.items():
        for person in range(speakers):
            for clip in range(20):
                label = clip % 2
                name = f"{sex}{person}-{clip}"
                utterances.append(
                    Utterance(
                        *(Path(f"{name}.wav"), name, "made-up", CLASSES[label], f"{sex}{person}"),
                        sex=sex,
                        ethnicity=EVIL if person % 2 else "other",
                    )
                )
                labels.append(label)
                answers.append(1 if label == 0 and clip // 2 < missed else label)
    logits = np.zeros((len(labels), 2), np.float32)
    logits[np.arange(len(labels)), answers] = 2.0
    made = Predictions(
        tuple(u.clip_id for u in utterances),
        np.array(labels, np.int64),
        tuple(u.speaker for u in utterances),
        logits,
        CLASSES,
    )
    shares = softmax(logits.astype(np.float64))
    return Said("clean", tuple(utterances), made, made, shares, shares, "made-up voices")


@dataclass
class Made:
    """In place of a bundle: of it the recipe is asked for."""

    recipe: Recipe

    @property
    def trained(self) -> Made:
        return self


@pytest.fixture
def evaluate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run `evaluate` on made-up answers."""
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def run(
        *options: str,
        wrong: dict[str, int] | None = None,
        speakers: int = 5,
        recipe: EvaluationConfig | None = None,
    ) -> Result:
        found = scored(
            Decides(DecisionRule()),
            [said(wrong or {"female": 1, "male": 4}, speakers=speakers)],
            frozenset({"made-up"}),
        )
        made = Made(replace(Recipe("made_up"), evaluation=recipe or EvaluationConfig()))
        monkeypatch.setattr("edgeser.cli.places.open_bundle", lambda path: made)
        monkeypatch.setattr("edgeser.cli.places.run_folder_of", lambda path: None)
        monkeypatch.setattr("edgeser.cli.places.deciding", lambda bundle, wanted: bundle)
        monkeypatch.setattr("edgeser.cli.places.feature_cache", lambda: None)
        monkeypatch.setattr(
            "edgeser.pipeline.evaluate.evaluate_bundle", lambda *given, **more: found
        )
        result = CliRunner(env={"COLUMNS": "80"}).invoke(
            command, [str(tmp_path), *options], standalone_mode=False
        )
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return run


def code(result: Result) -> int:
    return int(result.return_value)


def test_a_gap_above_the_tolerance_is_exit_code_1_and_is_named(
    evaluate: Any, tmp_path: Path
) -> None:
    junit, markdown = tmp_path / "x.xml", tmp_path / "x.md"
    files = ("--junit", str(junit), "--markdown", str(markdown))
    ran = evaluate("--max-tpr-gap", "0.29", *files)
    assert code(ran) == 1
    failure = "int8 recall of anger by sex is 30.0 points apart"
    assert f"edgeser: groups failed: {failure}" in ran.stderr
    assert "male 60.0 %, female 90.0 %" in ran.stderr
    assert "groups FAILED" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80
    suite = ET.parse(junit).getroot().find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    assert (suite.get("name"), suite.get("failures")) == ("edgeser.evaluate", "1")
    failed = [case for case in suite.iter("testcase") if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == ["true-positive rate by sex"]
    text = markdown.read_text(encoding="utf-8")
    assert text.startswith("## Groups of speakers: failed")
    assert f"- {failure}" in text


def test_at_the_tolerance_and_without_one_it_is_exit_code_0(evaluate: Any) -> None:
    assert code(evaluate("--max-tpr-gap", "0.3")) == 0
    assert code(evaluate("--groups")) == 0
    assert code(evaluate()) == 0


def test_demographic_parity_has_its_own_tolerance(evaluate: Any) -> None:
    # Called anger: women 9 of 20, men 6 of 20.
    assert code(evaluate("--max-dp-gap", "0.15")) == 0
    ran = evaluate("--max-dp-gap", "0.14")
    assert code(ran) == 1
    assert "share of clips called anger by sex is 15.0 points apart" in ran.stderr


def test_the_recipe_has_tolerances_too_and_the_command_line_goes_before_it(evaluate: Any) -> None:
    strict = EvaluationConfig(max_tpr_gap=0.1)
    assert code(evaluate("--groups", recipe=strict)) == 1
    assert code(evaluate("--max-tpr-gap", "0.5", recipe=strict)) == 0
    assert code(evaluate("--max-dp-gap", "0.5", recipe=strict)) == 1
    assert code(evaluate(recipe=strict)) == 0  # groups were not asked for


def test_groups_of_four_are_shown_and_judge_nothing(evaluate: Any, tmp_path: Path) -> None:
    junit = tmp_path / "x.xml"
    gate = ("--max-tpr-gap", "0", "--junit", str(junit))
    ran = evaluate(*gate, wrong={"female": 0, "male": 10}, speakers=4)
    assert code(ran) == 0
    assert "fewer than two groups have 5 speakers" in ran.stderr
    assert "4 few" in ran.stdout and "groups not judged" in ran.stdout
    suite = ET.parse(junit).getroot().find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    assert (suite.get("failures"), int(suite.get("skipped", "0")) > 0) == ("0", True)


def test_json_has_the_gaps_the_verdict_and_the_worst_speaker(evaluate: Any) -> None:
    ran = evaluate("--max-tpr-gap", "0.2", "--json")
    assert code(ran) == 1
    result = json.loads(ran.stdout)
    (sex,) = [gaps for gaps in result["gaps"] if gaps["kind"] == "sex"]
    (anger,) = [gap for gap in sex["true_positive_rate"] if gap["label"] == "anger"]
    assert anger["int8"]["value"] == pytest.approx(0.3)
    assert anger["widened"]["value"] == 0.0
    assert result["groups_verdict"]["passed"] is False
    assert result["worst_speaker"] == "male0"
    assert "groups_verdict" not in json.loads(evaluate("--json").stdout)


def test_the_worst_speaker_has_a_line_and_hostile_names_none(evaluate: Any) -> None:
    plain, groups = evaluate(), evaluate("--groups")
    for ran in (plain, groups):
        assert "Worst speaker: male0, int8 UAR 80.0 %" in ran.stdout
    assert "\x1b[31m" not in groups.stdout and "\\x1b[31m" in groups.stdout
