"""Every kind of audio comes in as 16-bit mono, or gets one clear line."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgeser.corpora.audio.files import (
    Excerpt,
    NoSamples,
    content_hash,
    read_audio,
    read_recording,
    to_int16,
)
from edgeser.corpora.audio.wav import wav_bytes
from quantize.foundation.errors import BadInput

SINE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)


def one_line(error: BadInput, path: Path) -> None:
    assert str(path) in error.message
    assert "\n" not in str(error)
    assert error.hint


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_16_bit_mono_passes_through_bit_for_bit(tmp_path: Path, suffix: str) -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 5000, dtype=np.int16)
    samples[:2] = (-32768, 32767)
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, samples, 16_000, subtype="PCM_16")
    read = read_audio(path)
    assert read.dtype == np.int16
    assert np.array_equal(read, samples)


def test_our_own_writer_is_read_bit_for_bit(tmp_path: Path) -> None:
    samples = np.arange(-500, 500, dtype=np.int16)
    (tmp_path / "a.wav").write_bytes(wav_bytes(samples))
    assert np.array_equal(read_audio(tmp_path / "a.wav"), samples)


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [("PCM_U8", 256), ("PCM_24", 1), ("PCM_32", 1), ("FLOAT", 1), ("DOUBLE", 1), ("ULAW", 600)],
)
def test_other_widths(tmp_path: Path, subtype: str, tolerance: int) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, SINE, 16_000, subtype=subtype)
    wanted = to_int16(SINE).astype(int)
    assert np.abs(read_audio(path).astype(int) - wanted).max() <= tolerance


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_414, 44_100, 96_000])
def test_other_rates_keep_pitch_level_and_duration(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.wav"
    time = np.arange(rate) / rate
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 440 * time), rate, subtype="PCM_24")
    read = read_audio(path)
    assert abs(len(read) - 16_000) <= 1
    middle = read[2000:14000].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    assert np.argmax(spectrum) * 16_000 / len(middle) == pytest.approx(440, abs=1.5)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.5 / np.sqrt(2) * 32768, rel=0.01)


def test_eight_channels_are_averaged(tmp_path: Path) -> None:
    channels = np.random.default_rng(1).integers(-9000, 9000, (700, 8), dtype=np.int16)
    path = tmp_path / "a.wav"
    soundfile.write(path, channels, 16_000, subtype="PCM_16")
    wanted = np.rint(channels.astype(float).mean(axis=1)).astype(np.int16)
    assert np.array_equal(read_audio(path), wanted)


def test_8_channel_96_khz_float(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(SINE[:9600, None], (1, 8)), 96_000, subtype="FLOAT")
    assert len(read_audio(path)) == 1600


def test_rounding_is_half_to_even_and_saturates() -> None:
    halves = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 40000.0, -40000.0]) / 32768.0
    assert to_int16(halves).tolist() == [0, 2, 2, 0, -2, 32767, -32768]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(tmp_path: Path, bad: float) -> None:
    samples = SINE.copy()
    samples[1234] = bad
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    with pytest.raises(BadInput, match="NaN or infinity") as caught:
        read_audio(path)
    one_line(caught.value, path)


def test_missing_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(BadInput) as caught:
            read_audio(path)
        one_line(caught.value, path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a text, renamed\n",
        b"RIFF",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"fLaC",
        b"\xff\xfb\x90" * 99,
    ],
)
def test_what_is_no_audio(tmp_path: Path, content: bytes) -> None:
    for name in ("a.wav", "a.flac"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadInput) as caught:
            read_audio(path)
        one_line(caught.value, path)


def test_no_samples(tmp_path: Path) -> None:
    for name in ("a.wav", "a.flac"):
        path = tmp_path / name
        soundfile.write(path, np.zeros(0, dtype=np.int16), 16_000)
        with pytest.raises(NoSamples):
            read_audio(path)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_truncated_files_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, SINE, 16_000, subtype="PCM_16")
    whole = path.read_bytes()
    for share in (0.05, 0.4, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(BadInput) as caught:
            read_audio(path)
        one_line(caught.value, path)


def test_a_streamed_wav_without_length_is_read(tmp_path: Path) -> None:
    samples = np.arange(1000, dtype=np.int16)
    data = bytearray(wav_bytes(samples))
    data[40:44] = struct.pack("<I", 0xFFFFFFFF)
    (tmp_path / "a.wav").write_bytes(data)
    assert np.array_equal(read_audio(tmp_path / "a.wav"), samples)


def test_too_long_too_wide_too_slow(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, SINE, 16_000)
    with pytest.raises(BadInput, match=r"longer than 0\.5 s"):
        read_audio(path, max_seconds=0.5)
    assert len(read_audio(path, max_seconds=1.0)) == 16_000
    soundfile.write(path, np.zeros((10, 33)), 16_000)
    with pytest.raises(BadInput, match="33 channels"):
        read_audio(path)
    soundfile.write(path, SINE, 100)
    with pytest.raises(BadInput, match="100 Hz"):
        read_audio(path)


def test_other_containers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, SINE, 16_000, format="AIFF")
    with pytest.raises(BadInput, match="AIFF"):
        read_audio(path)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    import os

    path = tmp_path / "pipe.wav"
    os.mkfifo(path)
    with pytest.raises(BadInput, match="not a regular file"):
        read_audio(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutants_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(["wav", "flac"]))
    path = tmp_path / f"seed.{suffix}"
    soundfile.write(path, SINE[:800], 16_000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(len(content) - 1, 120)))
        content[place] = data.draw(st.integers(0, 255))
    mutant = tmp_path / f"mutant.{suffix}"
    mutant.write_bytes(content)
    try:
        samples = read_audio(mutant, max_seconds=20.0)
    except BadInput as error:
        one_line(error, mutant)
    else:
        assert samples.dtype == np.int16
        assert 0 < len(samples) <= 20 * 16_000 + 1


@pytest.mark.parametrize("suffix", ["wav", "flac"])
@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (48_000, 2)])
def test_a_stretch_is_those_samples_of_the_file(
    tmp_path: Path, suffix: str, rate: int, channels: int
) -> None:
    path = tmp_path / f"long.{suffix}"
    samples = np.random.default_rng(0).integers(-9000, 9000, (3 * rate, channels), np.int16)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    found = read_recording(Excerpt(path, 1.25, 0.5))
    begin, end = round(1.25 * rate), round(1.75 * rate)
    expected = samples[begin:end, 0] if channels == 1 else samples[begin:end].mean(axis=1) / 32768
    np.testing.assert_allclose(found.samples, expected, atol=1e-12)
    assert len(read_audio(Excerpt(path, 1.25, 0.5))) == 8_000
    last = Excerpt(path, 2.75, 0.5)
    with pytest.raises(BadInput, match=r"2.75 to 3.25 s.*ends before"):
        read_recording(last)


def test_the_hash_of_a_stretch_is_that_of_its_samples(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.tile(np.arange(16_000, dtype=np.int16), 2), 16_000)
    first, second, other = (content_hash(Excerpt(path, at, 1.0)) for at in (0.0, 1.0, 0.5))
    assert first == second != other
    assert content_hash(path) not in (first, other)


@pytest.mark.parametrize(
    ("content", "what", "advice"),
    [
        (
            b"version https://git-lfs.github.com/spec/v1\nsize 9\n",
            "Git-LFS pointer",
            "git lfs pull",
        ),
        (b"/annex/objects/SHA256E-s1--a.wav\n", "git-annex link", "git annex get"),
        (b"ID3\x04" + bytes(900), "MP3", "convert it to WAV"),
        (b"\xff\xfb\x90\0" + bytes(900), "MP3 or AAC", "convert it to WAV"),
        (b"OggS" + bytes(900), "Ogg", "convert it to WAV"),
        (b"\0\0\0\x1cftypM4A " + bytes(900), "MP4 or M4A", "convert it to WAV"),
        (b"FORM\0\0\0\x04AIFF", "AIFF", "convert it to WAV"),
        (b"PK\x03\x04" + bytes(900), "a zip archive", "unpack it"),
        (b"\n<!DOCTYPE html><html>", "a web page", "fetch the recording itself"),
    ],
)
def test_what_only_bears_the_name_of_a_recording_is_named(
    content: bytes, what: str, advice: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=f"as audio: it is (a )?{what}") as caught:
        read_audio(path)
    assert advice in caught.value.hint
    assert capfd.readouterr() == ("", "")  # the libraries for other formats print notes
