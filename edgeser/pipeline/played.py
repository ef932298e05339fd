"""What is played to a device, or sent: a file, or test clips between two markers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeser.acceptance.faults import Samples
from edgeser.bundle import Bundle
from edgeser.corpora import read_audio
from edgeser.corpora.audio.files import to_int16
from edgeser.corpora.audio.sound import Levels
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.recordings import recordings_at_hand
from edgeser.progress import SILENT, Reporter
from edgeser.rerecord.markers import Kind, Marker, marker_samples
from edgeser.rerecord.playlist import PLAYLIST, read_playlist
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

LONGEST_S = 900.0
_PAUSE_S = 0.3
_LIST = "accept"


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What should reach a frontend.

    Parameters
    ----------
    samples
        int16 mono at the frontend's rate.
    sample_rate
        That rate, Hz.
    clips
        Where speech is in them: first sample, and the one after the last; empty where all may be.
    source
        What it is, in words.
    """

    samples: Samples
    sample_rate: int
    clips: tuple[tuple[int, int], ...]
    source: str

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / self.sample_rate


def file_to_play(path: Path, rate: int) -> Played:
    """Read a WAV or FLAC file; of a play list's file the list beside it says where speech is.

    Raises
    ------
    BadInput
        When it, or a play list beside it, cannot be read, or it is silent.
    """
    samples = read_audio(path, sample_rate=rate, max_seconds=LONGEST_S)
    levels = Levels(rate)
    levels.push(samples)
    if levels.silent:
        raise BadInput(
            f"{printable(str(path))} is silent: by it nothing can be told of a microphone",
            hint="play speech, or a file of edgeser rerecord play",
        )
    clips: list[tuple[int, int]] = []
    if (path.parent / PLAYLIST).exists():
        listed = read_playlist(path.parent)
        scale = rate / listed.sample_rate
        for block in listed.blocks:
            if block.file == path.name:
                clips += [
                    (round(clip.start * scale), round((clip.start + clip.samples) * scale))
                    for clip in block.clips
                ]
    inside = tuple((start, end) for start, end in clips if end <= len(samples))
    return Played(samples, rate, inside, printable(path.name))


def clips_to_play(
    bundle: Bundle,
    *,
    count: int,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    reporter: Reporter = SILENT,
) -> Played:
    """Lay out clips of the test speakers between two markers; noise where no clip is at hand.

    Raises
    ------
    BadInput
        When the corpus cannot be opened or holds no readable clip of the test speakers.
    """
    recordings = recordings_at_hand(
        bundle, count=count, corpora=corpora, folder=folder, reporter=reporter
    )
    rate = bundle.trained.frontend.sample_rate
    pause = np.zeros(round(_PAUSE_S * rate), np.int16)
    parts = [pause, _marker("before", rate), pause]
    clips, at = [], sum(map(len, parts))
    for samples in recordings.samples:
        clips.append((at, at + len(samples)))
        parts += [samples, pause]
        at += len(samples) + len(pause)
    parts += [_marker("after", rate), pause]
    speech = tuple(clips) if recordings.names != ("noise",) else ((0, 0),)
    source = f"{len(recordings)} clips {recordings.source}" if speech[0][1] else recordings.source
    return Played(np.concatenate(parts), rate, speech, source)


def _marker(kind: Kind, rate: int) -> Samples:
    return to_int16(marker_samples(Marker(kind, 0), _LIST, rate))
