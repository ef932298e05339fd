"""Audio files of any rate, width and channel count -> 16-bit mono at one rate."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.foundation.files import file_error, open_regular

SAMPLE_RATE = 16_000
"""Hz; the rate of every feature and model here."""
MAX_SECONDS = 300.0
"""Longest clip that is read unless the caller asks for more."""
MAX_CHANNELS = 32
LOWEST_RATE = 4_000
HIGHEST_RATE = 192_000
AUDIO_SUFFIXES = (".flac", ".wav")
"""Suffixes, in lower case, of the files that are taken for audio."""


class NoSamples(BadInput):
    """An audio file that is fine but for having nothing in it."""


_FORMATS = frozenset({"WAV", "WAVEX", "RF64", "FLAC"})
_ENCODINGS = frozenset(
    {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
)
_BLOCK_FRAMES = 1 << 16
_SIZE_UNKNOWN = frozenset({0, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF})
_HINT = "record or convert it again as WAV or FLAC, or leave it out"


def read_audio(
    path: Path, *, sample_rate: int = SAMPLE_RATE, max_seconds: float = MAX_SECONDS
) -> NDArray[np.int16]:
    """Read a WAV or FLAC file as 16-bit mono.

    A file that is 16-bit mono at `sample_rate` already comes back bit for bit. Any other is
    read as float64 with full scale 1.0, averaged over its channels, resampled by soxr (HQ) and
    converted as ``rint(x * 32768)`` (halves to even), saturated at -32768 and 32767.

    Parameters
    ----------
    sample_rate
        Of the result, in Hz.
    max_seconds
        Longest duration that is accepted, in seconds.

    Returns
    -------
    samples
        int16, shape ``[samples]``, at least one.

    Raises
    ------
    BadInput
        When the file is missing, empty, cut short, no WAV or FLAC, too long, has more than 32
        channels or a rate outside 4 to 192 kHz, or holds NaN or infinity.
    """
    recording = read_recording(path, max_seconds=max_seconds)
    samples = recording.samples
    if samples.dtype == np.int16:
        if recording.sample_rate == sample_rate:
            return samples.astype(np.int16)
        samples = samples / 32768.0
    return to_int16(resample(samples.astype(np.float64), recording.sample_rate, sample_rate))


@dataclass(frozen=True, slots=True)
class Recording:
    """A file's audio at its own rate, as mono.

    Parameters
    ----------
    samples
        ``[samples]``: int16 where the file is 16-bit mono, else float64 with full scale 1.0.
    sample_rate
        In Hz.
    channels
        How many the file has.
    """

    samples: NDArray[np.int16] | NDArray[np.float64]
    sample_rate: int
    channels: int


def read_recording(path: Path, *, max_seconds: float = MAX_SECONDS) -> Recording:
    """Read a WAV or FLAC file at its own rate, averaged over its channels.

    Raises
    ------
    BadInput
        As `read_audio` does.
    """
    import soundfile

    path = Path(path)
    try:
        with open_regular(path, buffering=0) as handle:
            _refuse_what_is_cut_short(handle, path)
            handle.seek(0)
            with soundfile.SoundFile(handle.fileno(), closefd=False) as sound:
                _refuse_by_header(sound, path)
                narrow = sound.subtype == "PCM_16" and sound.channels == 1
                samples = _read_blocks(sound, path, "int16" if narrow else "float64", max_seconds)
                return Recording(samples, sound.samplerate, sound.channels)
    except OSError as error:
        raise file_error(error, path, "read") from error
    except (soundfile.SoundFileError, RuntimeError, TypeError, ValueError) as error:
        raise BadInput(f"cannot read {path} as audio: {_reason(error)}", hint=_HINT) from error


def resample(samples: NDArray[np.float64], rate: int, wanted: int) -> NDArray[np.float64]:
    """Resample ``[samples]`` from `rate` to `wanted` Hz with soxr's HQ setting."""
    if rate == wanted:
        return samples
    import soxr

    out: NDArray[np.float64] = soxr.resample(samples, rate, wanted, quality="HQ")
    return out if out.size else np.zeros(1, dtype=np.float64)


def to_int16(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """Convert full scale 1.0 to int16: ``rint(x * 32768)``, halves to even, saturated."""
    return np.clip(np.rint(samples * 32768.0), -32768, 32767).astype(np.int16)


def _reason(error: Exception) -> str:
    text = str(getattr(error, "error_string", error)).strip()
    return (text.splitlines() or ["unknown format"])[0].rstrip(".")


def _refuse_by_header(sound: Any, path: Path) -> None:
    problem = ""
    if sound.format not in _FORMATS:
        problem = f"it is {sound.format}, not WAV or FLAC"
    elif sound.subtype not in _ENCODINGS:
        problem = f"its encoding {sound.subtype} is not supported"
    elif not 1 <= sound.channels <= MAX_CHANNELS:
        problem = f"it has {sound.channels} channels; at most {MAX_CHANNELS} are read"
    elif not LOWEST_RATE <= sound.samplerate <= HIGHEST_RATE:
        problem = f"its sample rate {sound.samplerate} Hz is outside {LOWEST_RATE}-{HIGHEST_RATE}"
    if problem:
        raise BadInput(f"cannot use {path}: {problem}", hint=_HINT)


def _read_blocks(sound: Any, path: Path, dtype: str, max_seconds: float) -> NDArray[Any]:
    """Read and average the channels block by block: a header's claim allocates nothing."""
    limit = int(max_seconds * sound.samplerate)
    blocks: list[NDArray[Any]] = []
    done = 0
    while True:
        block = sound.read(_BLOCK_FRAMES, dtype=dtype, always_2d=True)
        if not len(block):
            break
        done += len(block)
        if done > limit:
            raise BadInput(
                f"cannot use {path}: it is longer than {max_seconds:g} s",
                hint="cut it into utterances",
            )
        if block.dtype.kind == "f" and not np.isfinite(block).all():
            raise BadInput(f"cannot use {path}: it holds NaN or infinity", hint=_HINT)
        blocks.append(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1))
    if not done:
        raise NoSamples(f"cannot use {path}: it holds no samples", hint=_HINT)
    return np.concatenate(blocks)


def _refuse_what_is_cut_short(handle: IO[bytes], path: Path) -> None:
    """Compare a RIFF file's data chunk with what is there; libsndfile reads on regardless."""
    size = path.stat().st_size
    if size == 0:
        raise NoSamples(f"cannot use {path}: the file is empty", hint=_HINT)
    if handle.read(4) != b"RIFF":
        return
    handle.seek(12)
    for _ in range(64):
        header = handle.read(8)
        if len(header) < 8:
            return
        name, length = struct.unpack("<4sI", header)
        here = handle.tell()
        if name == b"data":
            if length not in _SIZE_UNKNOWN and here + length > size:
                raise BadInput(
                    f"cannot use {path}: it is cut short ({size - here} of {length} bytes)",
                    hint=_HINT,
                )
            return
        handle.seek(here + length + (length & 1))
