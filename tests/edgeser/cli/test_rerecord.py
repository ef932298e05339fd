"""`edgeser rerecord` and `edgeser corpus spoken` as a user sees them: lines, JSON, exit codes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.corpora import read_audio
from edgeser.corpora.audio.wav import wav_bytes
from tests.edgeser.rerecord.recording import RATE, like_speech

Edgeser = Callable[..., Any]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Three clips with labels of their own, one of a name that a terminal would obey."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    random = np.random.default_rng(3)
    rows = ["path,label,speaker"]
    for number, label in enumerate(("idle", "worn\u202e", "idle")):
        (folder / f"m{number}.wav").write_bytes(wav_bytes(like_speech(1.0, random)))
        rows.append(f"m{number}.wav,{label.rstrip(chr(0x202E))},fan\x1b[3{number}m")
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n", "utf-8")
    return folder


def test_played_cut_and_read_again(edgeser: Edgeser, corpus: Path, tmp_path: Path) -> None:
    arguments = ("--labels", "any", "--block-seconds", "2", "--out", tmp_path / "list")
    ran = edgeser("rerecord", "play", f"generic:{corpus}", *arguments, "--json")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert said["schema"] == "edgeser.rerecord-play/1"
    assert (said["clips"], said["blocks"], said["left_out"]) == (3, 3, [])
    sound = read_audio(tmp_path / "list" / "play-001.wav")
    blocks = json.loads((tmp_path / "list" / "playlist.json").read_text())["blocks"]
    soundfile.write(tmp_path / "half.wav", sound[: blocks[1]["after"] - 10], RATE)
    soundfile.write(tmp_path / "rest.wav", sound[blocks[1]["before"] - 10 :], RATE)

    ran = edgeser(
        "rerecord", "cut", tmp_path / "list", tmp_path / "half.wav", "--out", tmp_path / "o"
    )
    assert ran.code == 1, ran.err
    assert "1 of 3 clips" in ran.out
    assert "the chirp after it was not heard" in ran.out
    ran = edgeser(
        "rerecord",
        "cut",
        tmp_path / "list",
        tmp_path / "rest.wav",
        "--out",
        tmp_path / "o",
        "--json",
    )
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert (said["schema"], said["clips"], said["kept"]) == ("edgeser.rerecord-cut/1", 3, 1)
    assert said["refused"] == []
    assert said["synthetic"] is False
    assert [o["state"] for o in said["outcomes"]] == ["cut"] * 3
    assert [block["block"] for block in said["blocks"]] == [0, 1, 2]
    assert "\x1b" not in ran.out + ran.err

    checked = edgeser(
        "corpus", "check", f"rerecorded:{tmp_path / 'o'}", "--labels", "any", "--json"
    )
    found = json.loads(checked.out)
    assert found["labels"] == {"idle": 2, "worn": 1}
    assert len(found["speakers"]) == 3
    refused = edgeser("corpus", "check", f"rerecorded:{tmp_path / 'o'}")
    assert refused.code == 2
    assert "are no emotions" in refused.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("play", "generic:{none}", "--out", "{out}"), "none"),
        (("play", "nothing:{none}", "--out", "{out}"), "no corpus named 'nothing'"),
        (("cut", "{none}", "{wav}", "--out", "{out}"), "none"),
        (("cut", "{corpus}", "{wav}", "--out", "{out}"), "playlist.json"),
        (("cut", "{list}", "{none}", "--out", "{out}"), "none"),
        (("cut", "{list}", "{wav}", "--out", "{out}"), "no chirp was heard"),
        (("cut", "{list}", "{wav}", "--out", "{corpus}"), "holds something else"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(
    edgeser: Edgeser, corpus: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    listed = edgeser(
        "rerecord", "play", f"generic:{corpus}", "--labels", "any", "--out", tmp_path / "list"
    )
    assert listed.code == 0, listed.err
    places = {
        "none": tmp_path / "none",
        "out": tmp_path / "out",
        "wav": corpus / "m0.wav",
        "corpus": corpus,
        "list": tmp_path / "list",
    }
    ran = edgeser("rerecord", *(word.format(**places) for word in arguments))
    assert ran.code == 2, ran.err
    (line,) = [line for line in ran.err.splitlines() if line.startswith("edgeser: ")]
    assert said in line
    assert ran.out == ""
    assert not (tmp_path / "out").exists()


def test_speech_is_synthetic_wherever_it_is_named(edgeser: Edgeser, tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: apt-get install it")
    options = ("--speakers", "2", "--utterances", "1", "--out", tmp_path / "c")
    ran = edgeser("corpus", "spoken", *options)
    assert ran.code == 0, ran.err
    assert "32 synthetic clips" in ran.out
    checked = json.loads(edgeser("corpus", "check", f"spoken:{tmp_path / 'c'}", "--json").out)
    assert checked["synthetic"] is True
    assert checked["clean"] is True
    ran = edgeser("rerecord", "play", f"spoken:{tmp_path / 'c'}", "--out", tmp_path / "l", "--json")
    assert json.loads(ran.out)["synthetic"] is True
