"""Silence is told from quiet speech by its ups and downs; what cancels or clips is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from edgeser.corpora.audio.files import (
    MAX_SECONDS,
    int16_blocks,
    open_audio,
    read_audio,
    read_recording,
)
from edgeser.corpora.audio.sound import Levels, narrow_band, says_nothing
from quantize.foundation.errors import BadInput

RATE = 16_000
RNG = np.random.default_rng(4)
TIME = np.arange(2 * RATE) / RATE
SPEECH = RNG.normal(0, 0.1, 2 * RATE) * (0.02 + np.maximum(0, np.sin(2 * np.pi * 3 * TIME)))
SILENT = {
    "zeros": np.zeros(2 * RATE),
    "one value": np.full(2 * RATE, 0.25),
    "dither": RNG.integers(-1, 2, 2 * RATE) / 32768,
    "noise at -80 dBFS": RNG.normal(0, 1e-4, 2 * RATE),
    "noise at -55 dBFS": RNG.normal(0, 10 ** (-55 / 20), 2 * RATE),
    "hum at -60 dBFS": 10 ** (-57 / 20) * np.sin(2 * np.pi * 50 * TIME),
    "hum on an offset": 0.1 + 10 ** (-60 / 20) * np.sin(2 * np.pi * 60 * TIME),
}
WRITE = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> WRITE:
    def written(samples: NDArray[np.float64], name: str = "a.wav", **options: str) -> Path:
        soundfile.write(tmp_path / name, samples, RATE, **options)
        return tmp_path / name

    return written


def kinds(path: Path) -> set[str]:
    return {remark.kind for remark in read_recording(path).remarks(frame_seconds=0.03)}


@pytest.mark.parametrize("name", SILENT)
def test_silence_of_every_kind_is_silent(name: str, write: WRITE) -> None:
    found = read_recording(write(SILENT[name])).remarks(frame_seconds=0.03)
    assert [remark.kind for remark in found] == ["silent"]
    assert "it is silent" in says_nothing(found)


@pytest.mark.parametrize("level", [-20, -40, -62, -75])
def test_speech_is_speech_however_quiet(level: int, write: WRITE) -> None:
    rms = np.sqrt(np.mean(SPEECH**2))
    assert kinds(write(SPEECH / rms * 10 ** (level / 20))) == set()


def test_steady_noise_that_is_loud_is_no_silence(write: WRITE) -> None:
    assert kinds(write(RNG.normal(0, 0.05, 2 * RATE))) == set()


@pytest.mark.parametrize("corpus", ["RAVDESS", "CREMA-D", "nEMO", "EMO-DB"])
def test_no_clip_of_people_speaking_is_silent(shared: Path, corpus: str) -> None:
    for path in sorted((shared / "corpora" / corpus).rglob("*.flac"))[::7]:
        assert "silent" not in kinds(path), path


def test_channels_that_cancel_are_named_and_others_are_not(write: WRITE) -> None:
    assert kinds(write(np.stack([SPEECH, -SPEECH], 1))) == {"cancelling-channels"}
    nearly = np.stack([SPEECH, -SPEECH + RNG.normal(0, 1e-5, len(SPEECH))], 1)
    assert kinds(write(nearly)) == {"cancelling-channels"}
    assert kinds(write(np.stack([SPEECH, 0.5 * SPEECH], 1))) == set()
    assert kinds(write(np.stack([SPEECH, np.zeros(len(SPEECH))], 1))) == set()


def test_clipping_and_clips_shorter_than_a_window_are_named(write: WRITE) -> None:
    assert kinds(write(np.clip(SPEECH * 50, -1, 1))) == {"clipped"}
    found = read_recording(write(SPEECH[:300])).remarks(frame_seconds=0.03)
    assert says_nothing(found) == "it is 18.8 ms long, one window 30"


@pytest.mark.parametrize(
    ("reach", "bits"), [(32767.0, 16), (1000.0, 16), (33.0, 16), (32769.0, 24), (2.0**31, 32)]
)
def test_integers_as_floats_are_refused_not_saturated(
    reach: float, bits: int, write: WRITE
) -> None:
    loud = SPEECH / np.abs(SPEECH).max() * reach
    with pytest.raises(BadInput, match=f"they are {bits}-bit numbers") as caught:
        read_audio(write(loud, subtype="FLOAT"))
    assert caught.value.hint == f"divide them by {2 ** (bits - 1)}, or write it as {bits}-bit PCM"


def test_floats_of_no_width_are_refused_in_a_short_line(write: WRITE) -> None:
    loud = SPEECH / np.abs(SPEECH).max() * 3e38
    with pytest.raises(BadInput, match=r"floats up to 3\.0e\+38, where 1\.0 is full scale \("):
        read_audio(write(loud, subtype="FLOAT"))


def test_floats_a_little_over_full_scale_are_read_and_called_clipped(write: WRITE) -> None:
    path = write(SPEECH / np.abs(SPEECH).max() * 2.0, subtype="FLOAT")
    assert kinds(path) == {"clipped"}


@pytest.mark.parametrize("pieces", [1, 7, 333, 5000])
def test_levels_in_pieces_are_those_of_the_whole(pieces: int) -> None:
    whole, parts = Levels(RATE), Levels(RATE)
    whole.push(SPEECH)
    for piece in np.array_split(SPEECH, pieces):
        parts.push(piece)
    assert (parts.samples, parts.clipped_share) == (whole.samples, whole.clipped_share)
    assert (parts.loud_dbfs, parts.floor_dbfs) == (whole.loud_dbfs, whole.floor_dbfs)


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("frames", [1000, 20_000])
def test_audio_in_pieces_is_bit_for_bit_that_of_the_whole(
    rate: int, frames: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.stack([SPEECH, 0.3 * SPEECH], 1), rate)
    with open_audio(path) as audio:
        pieces = list(int16_blocks(audio.blocks(frames), audio.sample_rate, RATE))
    assert len(pieces) > 1
    np.testing.assert_array_equal(np.concatenate(pieces), read_audio(path))


def test_length_is_limited_for_clips_and_not_for_streams(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(int(4000 * (MAX_SECONDS + 1))), 4000)
    with pytest.raises(BadInput, match="longer than 300 s") as caught:
        read_audio(path)
    assert "--stream" in caught.value.hint
    with open_audio(path) as audio:
        assert sum(map(len, audio.blocks())) == int(4000 * (MAX_SECONDS + 1))


def test_a_rate_that_leaves_channels_empty_is_told() -> None:
    (remark,) = narrow_band(8000, 7500.0)
    assert remark.kind == "narrow-band"
    assert "nothing is above 4000 Hz" in remark.detail
    assert not remark.says_nothing
    assert narrow_band(15_000, 7500.0) == narrow_band(44_100, 7500.0) == ()
