"""A stream is heard in pieces, whatever they are, and decided on as the device decides."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.pipeline import stream
from edgeser.pipeline.stream import FileStream, Listener, RawStream
from edgeser.recipe import load_recipe
from edgeser.wording import wording
from firmware_bridge.certainty import ONE, Certainty
from firmware_bridge.frontend import normalisation_from_statistics
from quantize.foundation.errors import BadInput

RATE = 16_000
CERTAINTY = Certainty.of_scale(0.1, unsure_below=20_000)
RNG = np.random.default_rng(8)


def told(samples: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(samples * 32767), np.int16)


def voice(seconds: float) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    envelope = np.maximum(0.01, np.sin(2 * np.pi * 2.5 * time))
    return 0.2 * RNG.normal(0, 1, len(time)) * envelope / 3


class Model:
    """As much of a bundle as a stream needs; the network is a sum over the window."""

    def __init__(self, recipe: Any) -> None:
        planes, channels = 1 + len(recipe.frontend.phase_planes), recipe.frontend.channels
        shape = (planes, channels)
        normalisation = normalisation_from_statistics(np.full(shape, 300.0), np.full(shape, 90.0))
        self.int8_model = b""
        self.trained = self
        self.recipe = recipe
        self.frontend = replace(recipe.frontend, normalisation=normalisation)
        self.classes = ("anger", "neutral", "sadness")
        self.corpus = SimpleNamespace(words=wording("emotions"))


@pytest.fixture
def model(tiny_recipe: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def logits(_: bytes, windows: np.ndarray) -> np.ndarray:
        sums = windows.astype(np.int64).reshape(len(windows), -1, 3)[:, :, :3].sum(axis=1)
        return np.clip(sums // 500, -128, 127).astype(np.int8)

    monkeypatch.setattr(stream, "int8_logits", logits)
    monkeypatch.setattr(stream, "certainty_of", lambda _: CERTAINTY)
    return Model(load_recipe(str(tiny_recipe)))


def test_pieces_of_any_size_bring_the_decisions_of_the_whole(model: Any) -> None:
    samples = told(voice(6))
    whole = list(Listener(model).push(samples))
    assert len(whole) > 10
    for number, decision in enumerate(whole):
        sums = np.array(list(decision.sums.values()))
        shares = CERTAINTY.probabilities(sums, min(number + 1, 3)) / ONE
        assert decision.probability == shares.max()
        assert decision.unsure == (shares.max() < 20_000 / ONE)
    for size in (97, 1600, 33_333):
        listener = Listener(model)
        pieces = [samples[i : i + size] for i in range(0, len(samples), size)]
        assert [d for piece in pieces for d in listener.push(piece)] == whole


def test_a_window_in_which_nothing_is_said_is_called_silent(model: Any) -> None:
    quiet = RNG.normal(0, 1e-4, 4 * RATE)
    samples = told(np.concatenate([voice(4), quiet, voice(4)]))
    found = list(Listener(model).push(samples))
    assert all(d.silent for d in found if 5.2 < d.seconds <= 8.0)
    assert not any(d.silent for d in found if d.seconds <= 4.0 or d.seconds > 9.0)


def test_where_silence_may_have_a_label_no_window_is_called_silent(model: Any) -> None:
    model.corpus = SimpleNamespace(words=wording("any"))
    found = list(Listener(model).push(told(RNG.normal(0, 1e-4, 4 * RATE))))
    assert found
    assert not any(decision.silent for decision in found)


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_a_file_is_decided_on_as_its_samples_are(model: Any, rate: int, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, voice(5), rate, subtype="PCM_16")
    from edgeser.corpora import read_audio

    heard = FileStream(model, path)
    assert list(heard.decisions()) == list(Listener(model).push(read_audio(path)))
    assert heard.remarks == ()


def test_what_is_odd_about_a_file_is_said_at_its_end(model: Any, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(3 * RATE), RATE)
    heard = FileStream(model, tmp_path / "a.wav")
    assert all(decision.silent for decision in heard.decisions())
    assert "it is silent" in heard.remarks[0]
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), RATE)
    with pytest.raises(BadInput, match="holds no samples"):
        list(FileStream(model, tmp_path / "empty.wav").decisions())


def test_what_is_shorter_than_a_window_is_said_to_have_no_decision(
    model: Any, tmp_path: Path
) -> None:
    frontend, window = model.trained.frontend, model.trained.recipe.window
    wanted = frontend.samples_of(window.frames)
    for samples in (wanted - 1, wanted):
        sound = voice(5)[:samples]
        soundfile.write(tmp_path / "a.wav", sound, RATE)
        (tmp_path / "a.raw").write_bytes(told(sound).astype("<i2").tobytes())
        with (tmp_path / "a.raw").open("rb") as source:
            for stream in (FileStream(model, tmp_path / "a.wav"), RawStream(model, source)):
                count = sum(1 for _ in stream.decisions())
                missed = [remark for remark in stream.remarks if remark.startswith("no decision")]
                assert (count, len(missed)) == ((0, 1) if samples < wanted else (1, 0))
    assert f"the first comes after {wanted / RATE:.2f} s" in RawStream(model, source).remarks[0]


def test_memory_does_not_grow_with_the_length(model: Any, tmp_path: Path) -> None:
    most = []
    for seconds in (120, 960):
        path = tmp_path / f"{seconds}.wav"
        with soundfile.SoundFile(path, "w", 8000, 1, "PCM_16") as file:
            for _ in range(seconds // 60):
                file.write(np.tile(voice(5), 12)[::2])
        tracemalloc.start()
        count = sum(1 for _ in FileStream(model, path).decisions())
        most.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count > seconds
    assert most[1] < 1.2 * most[0]


@pytest.fixture
def pipe() -> Callable[[bytes, int], io.FileIO]:
    """Write bytes in pieces of a size to a pipe, whose other end is returned."""

    def made(data: bytes, size: int) -> io.FileIO:
        ours, theirs = os.pipe()

        def write() -> None:
            with os.fdopen(theirs, "wb", 0) as out:
                for at in range(0, len(data), size):
                    out.write(data[at : at + size])

        threading.Thread(target=write, daemon=True).start()
        return io.FileIO(ours)

    return made


@pytest.mark.parametrize("size", [1001, 4096])
def test_raw_samples_come_from_a_pipe_in_any_pieces(model: Any, pipe: Any, size: int) -> None:
    samples = told(voice(3))
    with pipe(samples.astype("<i2").tobytes(), size) as source:
        assert list(RawStream(model, source).decisions()) == list(Listener(model).push(samples))


@pytest.mark.parametrize("head", [b"RIFF\x24\x00\x00\x80WAVE", b"fLaC\x00\x00\x00\x22"])
def test_a_file_on_standard_input_is_told_from_raw_samples(
    model: Any, pipe: Any, head: bytes
) -> None:
    with pipe(head + bytes(4000), 4096) as source, pytest.raises(BadInput) as caught:
        list(RawStream(model, source).decisions())
    assert "-t raw" in caught.value.hint
