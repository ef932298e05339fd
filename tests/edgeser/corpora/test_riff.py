"""WAV headers of writers to a pipe, or that were stopped: read to the end, and said."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from edgeser.corpora.audio.files import Excerpt, read_recording
from quantize.foundation.errors import BadInput

SAMPLES = np.random.default_rng(3).integers(-9000, 9000, 8000).astype("<i2")
AUDIO = SAMPLES.tobytes()


def wav(
    claimed: int, *, audio: bytes = AUDIO, behind: bytes = b"", riff: int | None = None
) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    head = struct.pack("<4sI4s", b"RIFF", claimed + 36 if riff is None else riff, b"WAVE")
    return head + form + struct.pack("<4sI", b"data", claimed) + audio + behind


@pytest.mark.parametrize(
    "claimed", [0, 0x7FFF_F000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1000, 15_000]
)
def test_what_the_header_does_not_know_is_read_to_the_end_and_said(
    claimed: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(claimed, riff=0 if claimed == 0 else 0xFFFF_FFFF))
    found = read_recording(path)
    np.testing.assert_array_equal(found.samples, SAMPLES)
    assert found.header == f"its header claims {claimed:,} bytes of audio; 16,000 were read"
    assert [remark.kind for remark in found.remarks(frame_seconds=0.03)] == ["odd-header"]


@pytest.mark.parametrize(
    "behind",
    [
        b"",
        b"LIST" + struct.pack("<I", 4) + b"INFO",
        b"id3 " + struct.pack("<I", 2) + b"xy",
        b"\0\0",
    ],
)
def test_a_right_header_is_not_spoken_of_whatever_follows(behind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(len(AUDIO), behind=behind))
    found = read_recording(path)
    np.testing.assert_array_equal(found.samples, SAMPLES)
    assert found.header == ""


@pytest.mark.parametrize("missing", [2, 8000, 15_998])
def test_what_ends_before_its_plain_number_of_bytes_is_cut_short(
    missing: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(len(AUDIO), audio=AUDIO[:-missing]))
    with pytest.raises(BadInput, match="it is cut short"):
        read_recording(path)


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST" + struct.pack("<I", 4) + b"INFO",
        b"LIST" + struct.pack("<I", 4) + b"INFO" + b"id3 " + struct.pack("<I", 3) + b"xyz\0",
    ],
)
def test_chunks_behind_no_audio_are_no_audio(behind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(0, audio=b"", behind=behind))
    with pytest.raises(BadInput, match="it holds no samples"):
        read_recording(path)


def rf64(claimed: int, audio: bytes = AUDIO) -> bytes:
    plain = wav(0xFFFF_FFFF, audio=audio, riff=0)
    sizes = struct.pack("<4sIQQQI", b"ds64", 28, len(audio) + 72, claimed, len(audio) // 2, 0)
    return b"RF64" + b"\xff" * 4 + b"WAVE" + sizes + plain[12:]


def test_rf64_is_read_as_it_says(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(rf64(len(AUDIO)))
    found = read_recording(path)
    np.testing.assert_array_equal(found.samples, SAMPLES)
    assert found.header == ""


@pytest.mark.parametrize("claimed", [0, 1000, 1 << 63, 0xFFFF_FFFF_FFFF_FFFF])
def test_rf64_that_does_not_know_is_read_to_the_end_and_said(claimed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(rf64(claimed))
    found = read_recording(path)
    np.testing.assert_array_equal(found.samples, SAMPLES)
    assert found.header == f"its header claims {claimed:,} bytes of audio; 16,000 were read"


def test_rf64_that_ends_before_its_plain_number_of_bytes_is_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(rf64(len(AUDIO), AUDIO[:9000]))
    with pytest.raises(BadInput, match=r"it is cut short \(9000 of 16000 bytes\)"):
        read_recording(path)


INFO = b"INFOISFT\x05\0\0\0abcde"  # 17 bytes


def chunk(name: bytes, content: bytes, pad: bytes = b"") -> bytes:
    return name + struct.pack("<I", len(content)) + content + pad


def form_of(width: int) -> bytes:
    return struct.pack("<HHIIHH", 1, 1, 16_000, 16_000 * width, width, 8 * width)


def riff(*parts: bytes) -> bytes:
    body = b"WAVE" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("pad", [b"", b"\0", b"d"])
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("name", [b"LIST", b"note", b"xyz "])
def test_an_odd_chunk_before_the_audio_may_lack_its_padding(
    name: bytes, early: bool, pad: bytes, tmp_path: Path
) -> None:
    odd, form = chunk(name, INFO, pad), chunk(b"fmt ", form_of(2))
    path = tmp_path / "a.wav"
    path.write_bytes(riff(*((odd, form) if early else (form, odd)), chunk(b"data", AUDIO)))
    found = read_recording(path)
    np.testing.assert_array_equal(found.samples, SAMPLES)
    assert found.header == ""
    part = read_recording(Excerpt(path, 0.1, 0.2))
    np.testing.assert_array_equal(part.samples, SAMPLES[1600:4800])


@pytest.mark.parametrize("audio", [bytes(16_000), b"\x20\0" + bytes(15_998)])
def test_silence_behind_a_name_is_no_length(audio: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    form = chunk(b"fmt ", form_of(2))
    path.write_bytes(riff(form, chunk(b"LIST", INFO), chunk(b"data", audio)))
    np.testing.assert_array_equal(read_recording(path).samples, np.frombuffer(audio, "<i2"))


@pytest.mark.parametrize("pad", [b"", b"\0"])
@pytest.mark.parametrize(
    "behind", [b"", chunk(b"LIST", b"INFO"), chunk(b"id3 ", b"abc") + chunk(b"LIST", INFO)]
)
@pytest.mark.parametrize("width", [1, 3])
def test_an_odd_number_of_bytes_of_audio_is_all_that_is_read(
    width: int, behind: bytes, pad: bytes, tmp_path: Path
) -> None:
    audio = bytes(range(100, 200)) * 30 * width
    audio = audio[: 2999 * width]
    path = tmp_path / "a.wav"
    path.write_bytes(riff(chunk(b"fmt ", form_of(width)), chunk(b"data", audio, pad), behind))
    found = read_recording(path)
    assert len(found.samples) == 2999
    assert found.header == ""


def test_what_lacks_padding_may_not_know_its_length_or_be_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    head = chunk(b"fmt ", form_of(2)) + chunk(b"LIST", INFO)
    path.write_bytes(riff(head, struct.pack("<4sI", b"data", 0xFFFF_FFFF), AUDIO))
    found = read_recording(path)
    np.testing.assert_array_equal(found.samples, SAMPLES)
    assert found.header == "its header claims 4,294,967,295 bytes of audio; 16,000 were read"
    path.write_bytes(riff(head, chunk(b"data", AUDIO))[:-100])
    with pytest.raises(BadInput, match=r"it is cut short \(15900 of 16000 bytes\)"):
        read_recording(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (b"PEAK", b"\1"), (b"PEAK", bytes(7)), (b"bext", b"\1\2"), (b"fact", b"\1"), (b"id3 ", b""),
        (b"\0\0\0\0", bytes(26)), (b"abc\xff", b"\1\2\3\4"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", range(3))
def test_a_chunk_that_only_tells_about_the_audio_never_costs_it(
    name: bytes, content: bytes, place: int, tmp_path: Path
) -> None:
    if place == 2 and not (name.isascii() and name.strip(b"\0")):
        place = 1  # behind the audio that is more audio, of a header that claims too little
    parts = [chunk(b"fmt ", form_of(2)), chunk(b"data", AUDIO)]
    parts.insert(place, chunk(name, content, b"\0" * (len(content) % 2)))
    path = tmp_path / "a.wav"
    path.write_bytes(riff(*parts))
    found = read_recording(path)
    np.testing.assert_array_equal(found.samples, SAMPLES)
    assert found.header == ""


def test_what_libsndfile_refuses_with_a_plain_header_too_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(riff(chunk(b"fmt ", b"\x99\x99" + form_of(2)[2:]), chunk(b"data", AUDIO)))
    with pytest.raises(BadInput, match=r"cannot read .*a\.wav as audio: "):
        read_recording(path)
