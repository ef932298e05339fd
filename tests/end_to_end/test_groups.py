"""`evaluate --groups` and `evaluate --drift` on a finished run: gates with exit codes, for CI."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

Edgeser = Callable[..., Any]
Road = Any  # of conftest.py
HOSTILE = "</td><script>x</script> | a"


@pytest.fixture(scope="module")
def people(road: Road, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The run's voices as twelve other people: six women and six men, in a manifest."""
    folder = tmp_path_factory.mktemp("people")
    voices = sorted((road.folder / "synthetic-voices" / "audio").iterdir())
    emotions = ["anger", "disgust", "fear", "happiness", "neutral", "sadness"]
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["path", "emotion", "speaker", "sex", "age", "language", "ethnicity"])
        for number in range(72):
            samples, rate = soundfile.read(voices[number % len(voices)], dtype="int16")
            person = number // 6
            soundfile.write(folder / f"{number:03}.wav", samples // (1 + person % 3), rate)
            words = HOSTILE if person < 6 else "other"
            sex = "female" if person % 2 else "male"
            row = (f"{number:03}.wav", emotions[number % 6], f"p{person}", sex, 20 + person, "en")
            table.writerow([*row, words])
    return f"generic:{folder}"


def test_groups_are_scored_and_compared(
    road: Road, people: str, edgeser: Edgeser, tmp_path: Path
) -> None:
    files = ("--junit", tmp_path / "groups.xml", "--markdown", tmp_path / "groups.md")
    given = ("evaluate", road.folder, "--corpus", people, "--all-speakers", "--groups")
    ran = edgeser(*given, "--json", *files)
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    kinds = {group["kind"] for group in result["groups"]}
    assert {"speaker", "sex", "age group", "ethnicity"} <= kinds
    sex = next(gaps for gaps in result["gaps"] if gaps["kind"] == "sex")
    assert sex["judged"] and sex["groups"] == ["female", "male"]
    women = next(g for g in result["groups"] if g["name"] == "female")
    assert women["speakers"] == 6 and not women["too_few"]
    for gap in sex["true_positive_rate"] + sex["demographic_parity"]:
        rates = gap["highest_rate"] - gap["lowest_rate"]
        assert gap["int8"]["value"] == pytest.approx(rates)
        apart = gap["int8"]["value"] - gap["float"]["value"]
        assert gap["widened"]["value"] == pytest.approx(apart)
    assert "groups_verdict" not in result  # nothing was asked of them
    speakers = [group for group in result["groups"] if group["kind"] == "speaker"]
    uars = {speaker["name"]: speaker["int8_uar"]["value"] for speaker in speakers}
    assert uars[result["worst_speaker"]] == min(uars.values())
    text = (tmp_path / "groups.md").read_text(encoding="utf-8")
    assert "<script>" not in text and f"Worst speaker: {result['worst_speaker']}" in text
    suite = ET.fromstring((tmp_path / "groups.xml").read_text()).find("testsuite")  # noqa: S314
    assert suite is not None and suite.get("failures") == "0"


def test_groups_that_are_too_small_do_not_fail_a_build(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    gate = ("--max-tpr-gap", "0", "--max-dp-gap", "0", "--junit", tmp_path / "x.xml")
    ran = edgeser("evaluate", road.folder, *gate)
    result = ran.out + ran.err
    assert ran.code == 0, ran.err
    assert "not judged" in result
    suite = ET.fromstring((tmp_path / "x.xml").read_text()).find("testsuite")  # noqa: S314
    assert suite is not None and int(suite.get("skipped", "0")) >= 1


def test_the_worst_speaker_is_named_without_being_asked(road: Road, edgeser: Edgeser) -> None:
    assert "Worst speaker: " in edgeser("evaluate", road.folder).out
    report = road.folder / "report.html"
    assert "Worst speaker: " in report.read_text(encoding="utf-8")
    assert "Worst speaker: " in (road.folder / "report.md").read_text(encoding="utf-8")


def test_a_run_keeps_a_reference_and_its_own_clips_are_near_it(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    kept = road.folder / "drift-reference.json"
    ran = edgeser("evaluate", road.folder, "--save-drift", tmp_path / "again.json")
    assert ran.code == 0, ran.err
    assert (tmp_path / "again.json").read_bytes() == kept.read_bytes()
    recordings = ("--recordings", road.folder / "synthetic-voices", "--max-psi", "0.5")
    ran = edgeser("evaluate", road.folder, "--drift", kept, *recordings, "--json")
    assert ran.code == 0, ran.err
    result = json.loads(ran.out)
    assert result["schema"] == "edgeser.drift/1" and result["passed"]


def test_a_quiet_microphone_is_told_without_labels(
    road: Road, edgeser: Edgeser, tmp_path: Path
) -> None:
    board = tmp_path / "board"
    board.mkdir()
    for path in sorted((road.folder / "synthetic-voices" / "audio").iterdir())[:20]:
        samples, rate = soundfile.read(path, dtype="int16")
        soundfile.write(board / path.name, (samples >> 8).astype(np.int16), rate)
    files = ("--junit", tmp_path / "d.xml", "--markdown", tmp_path / "d.md")
    reference = ("--drift", road.folder / "drift-reference.json", "--recordings", board)
    ran = edgeser("evaluate", road.folder, *reference, *files, COLUMNS="80")
    assert ran.code == 1
    assert "too far from the training: the level is" in ran.err and "raise the gain" in ran.err
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "This microphone is too far" in (tmp_path / "d.md").read_text(encoding="utf-8")
    suite = ET.fromstring((tmp_path / "d.xml").read_text()).find("testsuite")  # noqa: S314
    assert suite is not None and int(suite.get("failures", "0")) >= 1


def test_drift_and_scores_stand_beside_each_other(road: Road, edgeser: Edgeser) -> None:
    reference = ("--drift", road.folder / "drift-reference.json", "--max-psi", "9")
    ran = edgeser("evaluate", road.folder, *reference, "--json")
    result = json.loads(ran.out)
    assert result["schema"] == "edgeser.evaluate/1"
    assert result["drift"]["schema"] == "edgeser.drift/1"
    assert ran.code == (0 if result["drift"]["passed"] else 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--recordings", "x"), "give --drift or --save-drift too"),
        (("--drift", "a.json", "--save-drift", "b.json"), "--save-drift writes one"),
        (("--max-psi", "0.1"), "--max-psi is for --drift"),
        (("--drift", "a.json", "--recordings", "x", "--groups"), "--groups needs labels"),
        (("--drift", "a.json", "--recordings", "x", "--corpus", "y:z"), "--corpus needs labels"),
        (("--save-drift", "a.json", "--junit", "x.xml"), "leave out --junit"),
        (("--drift", "nowhere.json"), "nowhere.json"),
        (("--max-tpr-gap", "2"), "--max-tpr-gap"),
    ],
)
def test_what_does_not_fit_is_refused(
    options: tuple[str, ...], said: str, road: Road, edgeser: Edgeser
) -> None:
    ran = edgeser("evaluate", road.folder, *options)
    assert ran.code == 2
    assert said in ran.err
