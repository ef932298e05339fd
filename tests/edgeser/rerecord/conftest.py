"""A small corpus in a play list, and a room."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeser.corpora import open_corpus
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.rerecord import PlaySettings, write_playlist
from tests.edgeser.rerecord.recording import DIRECT, Played, like_speech

Floats = NDArray[np.float64]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Nine clips of three speakers in blocks of about 4 s."""
    root = tmp_path_factory.mktemp("rerecord")
    corpus = root / "corpus"
    corpus.mkdir()
    random = np.random.default_rng(0)
    lines = ["path,emotion,speaker,sex,age,language,split,valence,arousal,dominance,prosody"]
    splits = ("train", "development", "test")
    for number in range(9):
        speaker = number // 3
        name = f"s{speaker}/clip{number}.wav"
        (corpus / name).parent.mkdir(exist_ok=True)
        (corpus / name).write_bytes(wav_bytes(like_speech(1.0 + 0.1 * number, random)))
        emotion = ("anger", "neutral", "sadness")[number % 3]
        lines.append(
            f"{name},{emotion},s{speaker},female,3{number},en,{splits[speaker]},1,4,7,flat"
        )
    (corpus / "manifest.csv").write_text("\n".join(lines) + "\n")
    folder = root / "list"
    write_playlist(open_corpus("generic", corpus), folder, settings=PlaySettings(block_seconds=4.0))
    return Played(folder, corpus)


@pytest.fixture(scope="session")
def room() -> Floats:
    """The impulse response of a room: the direct sound, and 150 reflections within 0.4 s."""
    random = np.random.default_rng(1)
    response = np.zeros(6500)
    response[DIRECT] = 1.0
    for _ in range(150):
        delay = int(random.integers(DIRECT + 20, 6500))
        response[delay] += 0.2 * random.normal() * np.exp(-delay / 1500.0)
    return response
