"""Audio files of any rate, width and channel count -> 16-bit mono at one rate."""

from __future__ import annotations

import hashlib
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.content import HEAD_BYTES, no_audio
from edgeser.corpora.audio.riff import AudioBytes, WithPlainHeader, WithRightLength, audio_bytes
from edgeser.corpora.audio.sound import LARGEST_FLOAT, Levels, Remark, remarks
from quantize.foundation.errors import BadInput
from quantize.foundation.files import file_error, open_regular, sha256_of_file

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


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of an audio file: where it begins and how long it is, in seconds."""

    path: Path
    start_s: float
    duration_s: float

    def __str__(self) -> str:
        return f"{self.path} ({self.start_s:g} to {self.start_s + self.duration_s:g} s)"


class MadeSound(ABC):
    """A clip that is in no file: made each time that it is read, always the same.

    Attributes
    ----------
    path
        The file that it stands beside, for messages.
    """

    path: Path

    @abstractmethod
    def made(self) -> Recording:
        """Return it; `BadInput` where what it is made of cannot be used."""

    @abstractmethod
    def made_of(self) -> str:
        """Return SHA-256, in hexadecimal, of all that shapes it; errors as of `made`."""


Sound = Path | Excerpt | MadeSound
"""What can be read as one clip: a file, a stretch of one, or what is made."""


_FORMATS = frozenset({"WAV", "WAVEX", "RF64", "FLAC"})
_ENCODINGS = frozenset(
    {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"}
)
_BLOCK_FRAMES = 1 << 16
_WIDTHS = (16, 24, 32)
_HINT = "record or convert it again as WAV or FLAC, or leave it out"


def read_audio(
    path: Sound, *, sample_rate: int = SAMPLE_RATE, max_seconds: float = MAX_SECONDS
) -> NDArray[np.int16]:
    """Read a WAV or FLAC file, or a stretch of one, as 16-bit mono.

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
        channels or a rate outside 4 to 192 kHz, or holds NaN, infinity or integers as floats.
    """
    return read_recording(path, max_seconds=max_seconds).at(sample_rate)


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
    header
        What is odd about its header; empty where nothing is.
    mix_below_channels_db
        How much less loud the mean of its channels is than they are.
    """

    samples: NDArray[np.int16] | NDArray[np.float64]
    sample_rate: int
    channels: int
    header: str = ""
    mix_below_channels_db: float = 0.0

    def remarks(self, levels: Levels | None = None, *, frame_seconds: float) -> tuple[Remark, ...]:
        """Return what is odd about the sound.

        Parameters
        ----------
        levels
            Of these samples, where they are known already.
        frame_seconds
            The frontend's window.
        """
        if levels is None:
            levels = Levels(self.sample_rate)
            levels.push(self.samples)
        return remarks(
            levels,
            header=self.header,
            mix_below_channels_db=self.mix_below_channels_db,
            frame_seconds=frame_seconds,
        )

    def at(self, sample_rate: int) -> NDArray[np.int16]:
        """Return the audio as int16 at another rate; see `read_audio`."""
        if self.samples.dtype == np.int16:
            if self.sample_rate == sample_rate:
                return self.samples.astype(np.int16)
            scaled = self.samples / 32768.0
        else:
            scaled = self.samples.astype(np.float64)
        return to_int16(resample(scaled, self.sample_rate, sample_rate))


def read_recording(sound: Sound, *, max_seconds: float = MAX_SECONDS) -> Recording:
    """Read a WAV or FLAC file, or a stretch of one, at its own rate, averaged over its channels.

    Raises
    ------
    BadInput
        As `read_audio` does; also when a file ends before the stretch does.
    """
    if isinstance(sound, MadeSound):
        return sound.made()
    path = file_of(sound)
    with open_audio(path) as audio:
        blocks: list[NDArray[Any]] = []
        done = 0
        for block in audio.excerpt(sound) if isinstance(sound, Excerpt) else audio.blocks():
            done += len(block)
            if done > max_seconds * audio.sample_rate:
                raise BadInput(
                    f"cannot use {path}: it is longer than {max_seconds:g} s",
                    hint="cut it into utterances, or label it as it goes with 'predict --stream'",
                )
            blocks.append(block)
        if not done:
            raise NoSamples(f"cannot use {path}: it holds no samples", hint=_HINT)
        return Recording(
            np.concatenate(blocks),
            audio.sample_rate,
            audio.channels,
            audio.header,
            audio.mix_below_channels_db,
        )


def file_of(sound: Sound) -> Path:
    """Return the file that a sound is, is a stretch of, or stands beside."""
    return sound if isinstance(sound, Path) else sound.path


def content_hash(sound: Sound) -> str:
    """Return SHA-256, in hexadecimal, of a file; of a stretch that of its samples and their rate.

    Of a made sound it is of what shapes it.

    Raises
    ------
    EdgeserError
        When it cannot be read.
    """
    if isinstance(sound, MadeSound):
        return sound.made_of()
    if not isinstance(sound, Excerpt):
        return sha256_of_file(sound)
    recording = read_recording(sound)
    form = f"{recording.sample_rate} Hz {recording.samples.dtype.str}\n".encode()
    return hashlib.sha256(form + recording.samples.tobytes()).hexdigest()


class OpenAudio:
    """A WAV or FLAC file that is read block by block: a header's claim allocates nothing.

    Parameters
    ----------
    sound
        The file, open.
    path
        For messages.
    header
        What is odd about its header.
    """

    def __init__(self, sound: Any, path: Path, header: str) -> None:
        self.header = header
        self.sample_rate = int(sound.samplerate)
        self.channels = int(sound.channels)
        self.frames = int(sound.frames)
        self._sound = sound
        self._path = path
        self._mixed_power = self._channel_power = 0.0

    def excerpt(self, piece: Excerpt) -> Iterator[NDArray[Any]]:
        """Yield a stretch of the audio, as `blocks` does.

        Raises
        ------
        BadInput
            As `blocks` does; also when the audio ends before the stretch does.
        """
        left = max(1, round(piece.duration_s * self.sample_rate))
        with _reading(self._path):
            self._sound.seek(round(piece.start_s * self.sample_rate))
        for block in self.blocks(min(left, _BLOCK_FRAMES)):
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return
        raise BadInput(f"cannot use {piece}: the file ends before that", hint=_HINT)

    def blocks(self, frames: int = _BLOCK_FRAMES) -> Iterator[NDArray[Any]]:
        """Yield the audio as mono, ``[samples]`` of at most `frames`: int16 where the file is so.

        Raises
        ------
        BadInput
            When it holds NaN, infinity, or integers as floats.
        """
        narrow = self._sound.subtype == "PCM_16" and self.channels == 1
        while True:
            with _reading(self._path):
                dtype = "int16" if narrow else "float64"
                block = self._sound.read(frames, dtype=dtype, always_2d=True)
            if not len(block):
                return
            if block.dtype.kind == "f":
                self._check_floats(block)
            yield block[:, 0] if self.channels == 1 else self._mixed(block)

    @property
    def mix_below_channels_db(self) -> float:
        """How much less loud the mean of the channels was than they were, so far."""
        if self._channel_power <= 0.0:
            return 0.0
        return -10.0 * math.log10(max(self._mixed_power / self._channel_power, 1e-12))

    def _mixed(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        mixed: NDArray[np.float64] = block.mean(axis=1)
        self._mixed_power += float(np.square(mixed).sum())
        self._channel_power += float(np.square(block).sum()) / self.channels
        return mixed

    def _check_floats(self, block: NDArray[np.float64]) -> None:
        if not np.isfinite(block).all():
            raise BadInput(f"cannot use {self._path}: it holds NaN or infinity", hint=_HINT)
        peak = float(np.abs(block).max())
        if peak > LARGEST_FLOAT:
            bits = next((bits for bits in _WIDTHS if peak <= 1 << (bits - 1)), None)
            told = f"up to {peak:,.0f}" if bits else f"up to {peak:.1e}"
            raise BadInput(
                f"cannot use {self._path}: its samples are floats {told}, where 1.0 is full scale"
                + (f": they are {bits}-bit numbers" if bits else ""),
                hint=f"divide them by {1 << (bits - 1)}, or write it as {bits}-bit PCM"
                if bits
                else _HINT,
            )


@contextmanager
def open_audio(path: Path) -> Iterator[OpenAudio]:
    """Open a WAV or FLAC file for reading in pieces.

    Raises
    ------
    BadInput
        As `read_audio` does, but for its length.
    """
    path = Path(path)
    with ExitStack() as stack:
        with _reading(path):
            handle = stack.enter_context(open_regular(path, buffering=0))
            audio = _checked_length(handle, path)
            sound = stack.enter_context(_opened(handle, audio))
            _refuse_by_header(sound, path)
        yield OpenAudio(sound, path, audio.remark if audio else "")


def _opened(handle: IO[bytes], audio: AudioBytes | None) -> Any:
    """Open what libsndfile is given: the file itself, unless its header leads astray."""
    import soundfile

    handle.seek(0)
    source: Any = handle.fileno()
    plain = audio is not None and bool(audio.form)
    if audio is not None and plain and not audio.padded:
        source = WithPlainHeader(handle, audio)
    elif audio is not None and audio.open_ended:
        source = WithRightLength(handle, audio)
    try:
        return soundfile.SoundFile(source, closefd=False)
    except soundfile.SoundFileError:
        if audio is None or not plain or isinstance(source, WithPlainHeader):
            raise
        # Chunks that only tell about the audio, such as of peaks or a cover, cost nobody the audio.
        with suppress(soundfile.SoundFileError):
            return soundfile.SoundFile(WithPlainHeader(handle, audio), closefd=False)
        raise


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong when a file is read into `BadInput` that names it."""
    import soundfile

    try:
        yield
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


def int16_blocks(
    blocks: Iterable[NDArray[Any]], rate: int, wanted: int
) -> Iterator[NDArray[np.int16]]:
    """Convert blocks of `rate` to int16 blocks of `wanted` Hz: the bits of the whole at once.

    Parameters
    ----------
    blocks
        ``[samples]``: int16, or float64 with full scale 1.0.
    """
    if rate == wanted:
        for block in blocks:
            yield block if block.dtype == np.int16 else to_int16(block)
        return
    import soxr

    stream = soxr.ResampleStream(rate, wanted, 1, dtype="float64", quality="HQ")
    for block in blocks:
        scaled = block / 32768.0 if block.dtype == np.int16 else block
        yield to_int16(stream.resample_chunk(np.asarray(scaled, np.float64)))
    yield to_int16(stream.resample_chunk(np.zeros(0), last=True))


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


def _checked_length(handle: IO[bytes], path: Path) -> AudioBytes | None:
    """Refuse what is no audio; hold a RIFF file's claim against what is there.

    libsndfile names no cause of the former, and reads on regardless of the latter.
    """
    size = os.fstat(handle.fileno()).st_size
    if size == 0:
        raise NoSamples(f"cannot use {path}: the file is empty", hint=_HINT)
    told = no_audio(handle.read(HEAD_BYTES), size)
    if told is not None:
        raise BadInput(f"cannot read {path} as audio: {told[0]}", hint=told[1])
    audio = audio_bytes(handle, size)
    if audio is not None and audio.cut_short:
        raise BadInput(
            f"cannot use {path}: it is cut short ({audio.there} of {audio.claimed} bytes)",
            hint=_HINT,
        )
    return audio
