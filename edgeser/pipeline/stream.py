"""Decisions on a stream, as a device takes them that listens on: in pieces, in bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora.audio.files import int16_blocks, open_audio
from edgeser.corpora.audio.sound import Levels, is_silence, remarks
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.inference import output_grids
from edgeser.pipeline.int8_inference import int8_logits, int8_outputs
from edgeser.pipeline.predict import vad_named
from edgeser.pipeline.vad import has_vad
from edgeser.wording import silence_has_label
from firmware_bridge.certainty import ONE
from firmware_bridge.streaming import Decision, StreamingClassifier
from quantize.foundation.errors import BadInput

_WINDOWS_AT_ONCE = 64
"""Inferences of a file that are done together: each call starts a process."""
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class StreamDecision:
    """What a stream was taken for at one time.

    Parameters
    ----------
    seconds
        From the start of the recording to the end of the window's last frame.
    label
        As a device decides.
    sums
        Sum of the int8 logits over the last few windows, by label.
    probability
        Of the label, 0 to 1: the device's, which counts in steps of 1/32768.
    unsure
        Whether that is too little to answer.
    silent
        Whether nothing was said in the window, so that the label means nothing; never where
        silence may have a label (`edgeser.wording`).
    vad
        Valence, arousal and dominance, each about -1 to 1, over the windows of the sums; `None`
        without a head for them.
    """

    seconds: float
    label: str
    sums: dict[str, int]
    probability: float
    unsure: bool
    silent: bool
    vad: dict[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the decision as a JSON object."""
        found = asdict(self)
        return found if self.vad is not None else {k: v for k, v in found.items() if k != "vad"}


class Listener:
    """Decides on samples as they come: once a window, then once a hop, as the firmware does.

    Parameters
    ----------
    bundle
        The model; its decisions are those of the device, bit for bit.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        config, window = bundle.trained.frontend, bundle.trained.recipe.window
        self._silence_has_label = silence_has_label(
            bundle.trained.corpus.words, bundle.trained.classes
        )
        self._classifier = streaming_classifier(bundle)
        self._vad_grid = output_grids(bundle.int8_model)[1] if _has_vad(bundle) else None
        self._window_samples = config.samples_of(window.frames)
        self.levels = Levels(config.sample_rate)
        self._taken = 0
        self._decided = False
        # Levels of the last frames: of one window before the oldest decision that may be due.
        kept = config.samples_of(window.frames + (_WINDOWS_AT_ONCE + 1) * window.hop_frames)
        self._last: deque[float] = deque(maxlen=2 + kept // self.levels.frame_samples)

    @property
    def samples_at_once(self) -> int:
        """Samples that are worth waiting for where all of them are there."""
        config, window = self._bundle.trained.frontend, self._bundle.trained.recipe.window
        return config.samples_of(_WINDOWS_AT_ONCE * window.hop_frames)

    def push(self, samples: NDArray[np.int16]) -> Iterator[StreamDecision]:
        """Take the next samples, int16 ``[count]``; yield the decisions that they bring."""
        step = self.samples_at_once
        for start in range(0, len(samples), step):
            piece = samples[start : start + step]
            levels = self.levels.push(piece)
            self._last.extend(levels)
            self._taken += len(levels)
            for decision in self._classifier.push(piece):
                self._decided = True
                yield self._named(decision)

    @property
    def undecided(self) -> str:
        """Why there was no decision yet; empty once there was one."""
        if self._decided:
            return ""
        rate = self._bundle.trained.frontend.sample_rate
        heard, wanted = self.levels.samples / rate, self._window_samples / rate
        return f"no decision: {heard:.2f} s were heard, and the first comes after {wanted:.2f} s"

    def _named(self, decision: Decision) -> StreamDecision:
        config, classes = self._bundle.trained.frontend, self._bundle.trained.classes
        end = config.samples_of(decision.end_frame)
        return StreamDecision(
            seconds=end / config.sample_rate,
            label=classes[decision.label],
            sums=dict(zip(classes, decision.sums, strict=True)),
            probability=decision.probability / ONE,
            unsure=decision.unsure,
            silent=not self._silence_has_label and self._is_silent(end),
            vad=self._vad(decision),
        )

    def _vad(self, decision: Decision) -> dict[str, float] | None:
        """Return what a device's sums of its second output stand for."""
        if self._vad_grid is None:
            return None
        windows = min(decision.number + 1, self._bundle.trained.recipe.window.smoothing)
        steps = np.array(decision.further_sums) / windows - self._vad_grid.zero_point
        return vad_named(steps * self._vad_grid.scale)

    def _is_silent(self, end: int) -> bool:
        first, frame = self._taken - len(self._last), self.levels.frame_samples
        begin = max(0, (end - self._window_samples) // frame - first)
        heard = np.array(self._last)[begin : max(0, end // frame - first)]
        if not len(heard):
            return False
        loud, floor = np.percentile(heard, (95, 10))
        return is_silence(float(loud), float(floor), len(heard))


def streaming_classifier(bundle: Bundle) -> StreamingClassifier:
    """Return the host's twin of the bundle's firmware; its int8 model runs in TFLite-Micro."""
    window = bundle.trained.recipe.window

    def infer(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        if _has_vad(bundle):
            return np.concatenate(int8_outputs(bundle.int8_model, windows), axis=1)
        return int8_logits(bundle.int8_model, windows)

    return StreamingClassifier(
        bundle.trained.frontend,
        infer,
        window_frames=window.frames,
        hop_frames=window.hop_frames,
        smoothing=window.smoothing,
        certainty=certainty_of(bundle),
        classes=len(bundle.trained.classes),
    )


def _has_vad(bundle: Bundle) -> bool:
    return has_vad(bundle.trained.recipe)


class FileStream:
    """Decisions on a recording of any length.

    Parameters
    ----------
    bundle
        The model.
    path
        A WAV or FLAC file; it is read in pieces.
    """

    def __init__(self, bundle: Bundle, path: Path) -> None:
        self._bundle = bundle
        self._path = path
        self._remarks: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is odd about the sound, one line each, once all of it was read."""
        return self._remarks

    def decisions(self) -> Iterator[StreamDecision]:
        """Yield decisions as they are taken.

        Raises
        ------
        BadInput
            When the file cannot be read, from the piece on that cannot.
        """
        config, listener = self._bundle.trained.frontend, Listener(self._bundle)
        with open_audio(self._path) as audio:
            frames = round(listener.samples_at_once * audio.sample_rate / config.sample_rate)
            blocks = int16_blocks(audio.blocks(frames), audio.sample_rate, config.sample_rate)
            for block in blocks:
                yield from listener.push(block)
            found = remarks(
                listener.levels,
                header=audio.header,
                mix_below_channels_db=audio.mix_below_channels_db,
                frame_seconds=config.window_ms / 1000.0,
            )
        if not listener.levels.samples:
            raise BadInput(f"cannot use {self._path}: it holds no samples")
        undecided = (listener.undecided,) if listener.undecided else ()
        self._remarks = (*(remark.detail for remark in found), *undecided)


class RawStream:
    """Decisions on raw samples as they come: 16-bit little-endian mono at the model's rate.

    Parameters
    ----------
    bundle
        The model.
    source
        Where bytes come from, such as standard input; it is read as soon as there are any.
    """

    def __init__(self, bundle: Bundle, source: BinaryIO) -> None:
        self._bundle = bundle
        self._source = source
        self._listener = Listener(bundle)

    @property
    def remarks(self) -> tuple[str, ...]:
        """That nothing was decided, once all of it was read."""
        return (self._listener.undecided,) if self._listener.undecided else ()

    def decisions(self) -> Iterator[StreamDecision]:
        """Yield decisions as they are taken.

        Raises
        ------
        BadInput
            When a WAV file comes instead.
        """
        for samples in _raw_samples(self._source, self._bundle.trained.frontend.sample_rate):
            yield from self._listener.push(samples)


def _raw_samples(source: BinaryIO, sample_rate: int) -> Iterable[NDArray[np.int16]]:
    left, begun = b"", False
    while piece := os.read(source.fileno(), _PIECE_BYTES):
        data = left + piece
        if not begun and len(data) >= 4 and data[:4] in (b"RIFF", b"fLaC"):
            raise BadInput(
                "standard input is a file with a header, not raw samples",
                hint="give the file's name, or raw samples: "
                f"arecord -q -t raw -f S16_LE -c 1 -r {sample_rate}",
            )
        begun = begun or len(data) >= 4
        whole = len(data) // 2 * 2
        left = data[whole:]
        yield np.frombuffer(data[:whole], "<i2").astype(np.int16)
