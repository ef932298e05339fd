"""Labels that are no emotions by the real command: machines by folders, and spoken words."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.corpora.layouts.speechcommands import WORDS

Edgeser = Callable[..., Any]
DONE_ELSEWHERE = {"run", "parity"}  # by `of_machines`; by test_examples.py, on other labels
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "keywords"
RATE = 16_000
STATES = ("bearing worn", "idle", "Überlast")
SETTINGS = (
    *("--set", "training.epochs=12"),
    *("--set", "window.frames=24"),
    *("--set", "window.hop_frames=8"),
)


def hum(pitch: float, seed: int, seconds: float = 0.6) -> np.ndarray:
    """Return a tone with overtones and noise, each a little different."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    pitch *= rng.uniform(0.97, 1.03)
    tones = sum(np.sin(2 * np.pi * pitch * n * time + rng.uniform(0, 6)) / n for n in (1, 2, 3))
    return np.asarray(0.1 * tones + rng.normal(0, 0.01, len(time)))


def write(path: Path, samples: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, RATE, subtype="PCM_16")


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three states of six machines, three recordings each, one folder a state."""
    root = tmp_path_factory.mktemp("machines") / "fans"
    for state, pitch in zip(STATES, (180.0, 420.0, 1000.0), strict=True):
        for machine in range(6):
            for take in range(3):
                seed = int(pitch) + 10 * machine + take
                write(root / state / f"fan{machine}" / f"{take}.wav", hum(pitch, seed))
    return root


@pytest.fixture(scope="module")
def of_machines(
    edgeser: Edgeser, tiny_recipe: Path, machines: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("states") / "run"
    settings = (*SETTINGS, "--set", "labels.kind=any", "--set", "evaluation.conditions=true")
    ran = edgeser(
        "train", tiny_recipe, "--corpus", f"generic:{machines}", "--out", folder, *settings
    )
    assert ran.code == 0, ran.err
    ran = edgeser("run", folder / "recipe.toml", "--out", folder, "--json")
    assert ran.code == 0, ran.err
    return folder


def visible(html: str) -> str:
    """Return a page without the recipe that it ends with, which names every key."""
    return re.sub(r"<pre.*?</pre>", "", html, flags=re.DOTALL)


def test_a_report_on_machines_speaks_of_labels(of_machines: Path) -> None:
    html = visible((of_machines / "report.html").read_text())
    text = (of_machines / "report.md").read_text()
    assert "emotion" not in (html + text).lower()
    assert '<th scope="col">label</th>' in html
    assert "labels of generic" in text
    for state in STATES:
        assert state in html
    report = json.loads((of_machines / "report.json").read_text())
    assert [entry["name"] for entry in report["corpus"]["classes"]] == sorted(STATES)
    assert "label" in report["statement"] or "machines" in report["statement"]
    said = json.dumps({key: value for key, value in report.items() if key != "recipe"})
    assert "emotion" not in said.lower()


def test_no_command_on_machines_speaks_of_emotions(
    edgeser: Edgeser, of_machines: Path, machines: Path, tmp_path: Path
) -> None:
    clip = machines / STATES[0] / "fan0" / "0.wav"
    for command in (
        ("run", of_machines / "recipe.toml", "--out", of_machines),
        ("calibrate", of_machines, "--corpus", f"generic:{machines}", "--out", tmp_path / "c.npz"),
        ("evaluate", of_machines),
        ("compare", of_machines),
        ("report", of_machines),
        ("predict", of_machines, clip),
        ("predict", of_machines, clip, "--stream"),
    ):
        ran = edgeser(*command)
        said = ran.out + ran.err
        assert ran.code == 0, said
        assert said, command
        assert "emotion" not in said.lower(), (command, said)
    assert STATES[0] in said


def test_the_card_of_a_machine_warns_of_no_feelings(of_machines: Path) -> None:
    import zipfile

    with zipfile.ZipFile(of_machines / "bundle.zip") as bundle:
        card = bundle.read("MODEL_CARD.md").decode()
    assert "emotion" not in card.lower()
    assert "feels" not in card
    assert "Überlast" in card


def test_a_quiet_steady_machine_gets_a_label_and_not_silence(
    edgeser: Edgeser, of_machines: Path, tmp_path: Path
) -> None:
    write(tmp_path / "quiet.wav", 0.002 * hum(420.0, 1, seconds=4.0))
    ran = edgeser("predict", of_machines, tmp_path / "quiet.wav", "--json")
    (clip,) = json.loads(ran.out)["clips"]
    assert clip["label"] in STATES
    assert not clip["no_label"]
    assert clip["remarks"]
    ran = edgeser("predict", of_machines, tmp_path / "quiet.wav", "--stream", "--json")
    decisions = json.loads(ran.out)["clips"][0]["decisions"]
    assert decisions
    assert not any(decision["silent"] for decision in decisions)


def test_machines_are_refused_as_emotions_in_one_line(
    edgeser: Edgeser, tiny_recipe: Path, machines: Path, tmp_path: Path
) -> None:
    corpus = f"generic:{machines}"
    ran = edgeser("train", tiny_recipe, "--corpus", corpus, "--out", tmp_path / "run")
    assert ran.code == 2
    assert 'set [labels] kind = "any"' in ran.err
    ran = edgeser("corpus", "check", corpus, "--labels", "any")
    assert ran.code == 0, ran.out + ran.err
    assert "labels: bearing worn 18, idle 18, Überlast 18" in ran.out
    assert "emotion" not in ran.out.lower()


def test_the_example_of_a_folder_of_words(
    edgeser: Edgeser, of_machines: Path, machines: Path, tmp_path: Path
) -> None:
    """Its script names the commands, which a program in the place of `edgeser` writes down."""
    stub, asked = tmp_path / "edgeser", tmp_path / "asked"
    stub.write_text(f'#!/bin/sh\nprintf "%s\\t" "$@" >> {asked}; echo >> {asked}\n')
    stub.chmod(0o755)
    subprocess.run(
        ["/bin/sh", EXAMPLE / "run.sh", machines, of_machines / "recipe.toml", of_machines],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}, check=True,
    )  # fmt: skip
    commands = [line.split("\t")[:-1] for line in asked.read_text().splitlines()]
    assert [command[0] for command in commands] == ["corpus", "run", "export", "parity"]
    for command in commands:
        if command[0] not in DONE_ELSEWHERE:
            ran = edgeser(*command, cwd=tmp_path)
            assert ran.code == 0, ran.out + ran.err
    assert (tmp_path / "firmware" / "model" / "words.h").is_file()


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech Commands as published: a tone a word, nine speakers, two takes; two noises."""
    root = tmp_path_factory.mktemp("spoken") / "speech_commands"
    lists: dict[str, list[str]] = {"validation": [], "testing": []}
    for index, word in enumerate((*WORDS, "bird", "cat", "tree")):
        for speaker in range(9):
            for take in range(2):
                name = f"{word}/{speaker:08x}_nohash_{take}.wav"
                seed = 100 * index + 10 * speaker + take
                write(root / name, hum(110.0 * 1.25**index, seed))
                part = {6: "validation", 7: "testing", 8: "testing"}.get(speaker)
                if part:
                    lists[part].append(name)
    for part, names in lists.items():
        (root / f"{part}_list.txt").write_text("\n".join(names) + "\n")
    for number in range(2):
        noise = np.random.default_rng(number).normal(0, 0.02, 25 * RATE)
        write(root / "_background_noise_" / f"noise{number}.wav", noise)
    return root


def test_speech_commands_on_the_whole_road(
    edgeser: Edgeser, tiny_recipe: Path, spoken: Path, tmp_path: Path
) -> None:
    corpus, folder = f"speechcommands:{spoken}", tmp_path / "run"
    refused = edgeser("train", tiny_recipe, "--corpus", corpus, "--out", tmp_path / "no")
    assert refused.code == 2
    assert "no emotions" in refused.err and "keywords" in refused.err
    checked = edgeser("corpus", "check", corpus)
    assert checked.code == 0, checked.out + checked.err
    assert "validation_list.txt and testing_list.txt" in checked.out
    settings = (*SETTINGS, "--set", "labels.kind=any")
    ran = edgeser("train", tiny_recipe, "--corpus", corpus, "--out", folder, *settings)
    assert ran.code == 0, ran.err
    assert "warning: of 2 of 24 clips the speaker is not known" in ran.out + ran.err
    ran = edgeser("run", folder / "recipe.toml", "--out", folder, "--json")
    assert ran.code in (0, 1), ran.err
    result = json.loads(ran.out)
    report = result["report"]
    assert {entry["name"] for entry in report["corpus"]["classes"]} == {
        *WORDS,
        "silence",
        "unknown",
    }
    parts = {part["name"]: part for part in report["corpus"]["splits"]}
    assert [parts[name]["clips"] for name in ("train", "development", "test")] == [144, 24, 48]
    assert [parts[name]["speakers"] for name in ("train", "development", "test")] == [6, 1, 2]
    assert report["float"]["speakers"] == 2
    assert any("of 4 of 48 clips" in line for line in report["float"]["caveats"])
    assert {group["name"] for group in report["groups"] if group["kind"] == "speaker"} == {
        "speechcommands/00000007",
        "speechcommands/00000008",
    }
    html = visible((folder / "report.html").read_text())
    assert "emotion" not in html.lower()
    assert html.count("clips the speaker is not known") >= 3
