"""The study of debiasing that ships, on a tiny corpus in CREMA-D's layout: its table is whole."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.corpora.audio.wav import wav_bytes
from edgeser.corpora.synthesis.voice.render import render_utterance
from edgeser.corpora.synthesis.voice.speaker import make_speaker

Edgeser = Callable[..., Any]
STUDY = Path(__file__).parents[2] / "studies" / "debias.toml"
SMALLER = {
    'recipe = "cremad"': 'recipe = "tiny.toml"',
    "seeds = [0, 1, 2]": "seeds = [0]",
    "folds = 3": "folds = 2",
    "epochs = 15": "epochs = 1",
    'test = ["cremad", "ravdess", "nemo"]': 'test = ["cremad"]',
    "conditions.variants = 4": "conditions.variants = 0\ndebias.epochs = 1",
}
"""What is made smaller of what ships; all else, its variants among it, is as it is."""
SPEAKERS = 10
EMOTIONS = {"ANG": "anger", "SAD": "sadness"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two clips of each of two emotions by each of ten to train on, and of one who tests."""
    root = tmp_path_factory.mktemp("cremad")
    (root / "AudioWAV").mkdir()
    people = ["ActorID,Age,Sex,Race,Ethnicity"]
    for index in range(SPEAKERS + 1):
        speaker = make_speaker(index, seed=7)
        people.append(f"{1001 + index},{speaker.age},{speaker.sex.capitalize()},Unknown,Unknown")
        for letters, emotion in EMOTIONS.items():
            for take, sentence in enumerate(("DFA", "IEO")):
                random = np.random.default_rng([7, index, take, len(emotion)])
                path = root / "AudioWAV" / f"{1001 + index}_{sentence}_{letters}_XX.wav"
                path.write_bytes(wav_bytes(render_utterance(speaker, emotion, random)))
    (root / "VideoDemographics.csv").write_text("\n".join(people) + "\n")
    train = [1001 + index for index in range(SPEAKERS)]
    parts = {"train": train[:-1], "dev": train[-1:], "test": [1001 + SPEAKERS]}
    (root / "speaker_splits.json").write_text(json.dumps(parts))
    return root


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("pyworld") is None, reason="no pyworld: install edgeser[debias]"
)
def test_the_study_that_ships_ends_in_gaps_and_worst_speakers(
    edgeser: Edgeser, corpus: Path, tiny_recipe: Path, tmp_path: Path
) -> None:
    text = STUDY.read_text("utf-8")
    for old, new in SMALLER.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (tmp_path / "tiny.toml").write_text(tiny_recipe.read_text("utf-8"), "utf-8")
    (tmp_path / "debias.toml").write_text(text, "utf-8")
    out = tmp_path / "out"
    asked = ("study", tmp_path / "debias.toml", "--corpus", f"cremad:{corpus}", "--out", out)
    ran = edgeser(*asked, "--json")
    assert ran.code == 0, ran.err
    rows = json.loads(ran.out)["rows"]
    assert [row["variant"] for row in rows] == [
        "plain", "debiased by confidence", "as many clips converted at random"
    ]  # fmt: skip
    for row in rows:
        assert row["speakers"] == SPEAKERS, "who tests in the published split takes no part"
        assert row["macro_f1"]["value"] > 0.0
        assert {(g["kind"], g["measure"]) for g in row["gaps"]} == {
            ("sex", "true-positive rate"), ("sex", "demographic parity")
        }  # fmt: skip
        held = [gap["above_first"] for gap in row["gaps"]]
        assert all(value is None for value in held) == (row["variant"] == "plain")
        assert row["worst_speaker"]["speaker"].startswith("cremad/10")
    said = {}
    for path in (out / "results").glob("*.json"):
        kept = json.loads(path.read_text())
        problems = kept["result"]["facts"]["problems"]
        lines = [line for line in problems if "said again in other voices" in line]
        said[path.name] = lines[0].split(" said again")[0] if lines else ""
    assert len(said) == 6
    counts = sorted(filter(None, said.values()))
    assert len(counts) == 4, "both ways of conversion, in two folds"
    assert len(set(counts)) <= 2, "as many by confidence as at random"
