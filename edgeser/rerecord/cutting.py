"""Cuts what was recorded into clips: aligned to the sample, with labels, speakers and split."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import Excerpt, read_audio, to_int16
from edgeser.corpora.audio.sound import CLIPPED_SHARE
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.progress import SILENT, Reporter
from edgeser.rerecord.align import Alignment, Place, align
from edgeser.rerecord.fit import Fit, fit_of
from edgeser.rerecord.hear import listen, read_stretch, require_heard, scaled
from edgeser.rerecord.interpolate import reach, values_at
from edgeser.rerecord.outcome import CUT, Outcome, OutcomeFolder
from edgeser.rerecord.playlist import Block, Clip, PlayList, read_playlist
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.foundation.extras import require
from quantize.foundation.files import write_atomically
from quantize.foundation.foreign import printable

LEAST_CLIP_CORRELATION = 0.12
"""Of a clip with what was played; noise alone reaches half of it."""
MOST_LAG = 1.0
"""Samples by which a clip may lie beside what was played."""
_FULL_SCALE = 1.0 - 1.5 / 32768.0


@dataclass(frozen=True, slots=True)
class Rerecorded:
    """What came of all recordings so far.

    Parameters
    ----------
    playlist
        What was played.
    alignments
        Of each block, in the recordings that were given now.
    outcomes
        Of each clip, in the order in which they are played.
    kept
        How many clips were cut by an earlier call.
    """

    playlist: PlayList
    alignments: tuple[Alignment, ...]
    outcomes: tuple[Outcome, ...]
    kept: int

    @property
    def refused(self) -> tuple[Outcome, ...]:
        """The clips that are not there, and why."""
        return tuple(outcome for outcome in self.outcomes if outcome.state != CUT)


def cut(
    playlist_folder: Path,
    recordings: Sequence[Path],
    out: Path,
    *,
    reporter: Reporter = SILENT,
) -> Rerecorded:
    """Cut recordings of a play list into a corpus's folder.

    Clips that an earlier call cut of this list are kept and not cut again: recordings may come one
    after the other, and a call that was interrupted goes on. After every block the manifest and
    the table are whole.

    Parameters
    ----------
    playlist_folder
        What `write_playlist` wrote: the list and the files that were played.
    recordings
        WAV or FLAC, of any rate, gain and length, one or several.
    out
        A new or empty folder, or one that holds clips of this list.

    Raises
    ------
    BadInput
        When the list or a recording cannot be read, no chirp of the list is heard in any, or the
        folder holds something else or cannot be written.
    """
    playlist = read_playlist(playlist_folder)
    require("microphone", what="finding clips in what was recorded")
    folder = OutcomeFolder.of(out, playlist)
    root = playlist_folder if playlist_folder.is_dir() else playlist_folder.parent
    listened = [
        listen(path, playlist.list_id, progress=reporter.stage(f"Listening to {path.name}"))
        for path in dict.fromkeys(recordings)
    ]
    require_heard(listened)
    alignments = align(playlist, listened)
    folder.begin()
    outcomes = folder.earlier()
    kept = sum(outcome.state == CUT for outcome in outcomes.values())
    progress = reporter.stage("Cutting clips")
    done = 0
    for alignment, block in zip(alignments, playlist.blocks, strict=True):
        changed = False
        for clip in block.clips:
            done += 1
            progress(done, playlist.clips)
            before = outcomes.get(clip.name)
            if before is not None and before.state == CUT:
                continue
            outcome = _outcome(folder, playlist, alignment, block, clip, root)
            if before is None or alignment.place is not None:
                outcomes[clip.name] = outcome
                changed = True
        if changed:
            folder.write(outcomes)
    ordered = tuple(outcomes[clip.name] for block in playlist.blocks for clip in block.clips)
    return Rerecorded(playlist, alignments, ordered, kept)


def _outcome(
    folder: OutcomeFolder,
    playlist: PlayList,
    alignment: Alignment,
    block: Block,
    clip: Clip,
    root: Path,
) -> Outcome:
    """Cut one clip, write it, and return what came of it."""
    place = alignment.place
    if place is None:
        return Outcome(clip.name, alignment.number, state=alignment.problem)
    recording = place.listened.path.name
    found = Outcome(
        clip.name,
        alignment.number,
        recording=recording,
        delay_s=place.at(block, clip.start) / place.listened.sample_rate
        - clip.start / playlist.sample_rate,
        drift_ppm=place.drift_ppm,
        chirps=place.correlation,
    )
    try:
        heard = _stretch(place, block, clip)
        played = _played(root / block.file, clip, playlist.sample_rate)
    except EdgeserError as error:
        return found.refused(printable(error.message))
    samples, clipped = heard
    fit = fit_of(samples, played, playlist.sample_rate)
    found = found.fitted(fit.correlation, fit.lag)
    problem = _problem(fit, clipped)
    if problem:
        return found.refused(problem)
    data = wav_bytes(to_int16(samples), playlist.sample_rate)
    write_atomically(folder.path_of(clip.name), data, sync=False)
    return found.written(hashlib.sha256(data).hexdigest())


def _stretch(place: Place, block: Block, clip: Clip) -> tuple[NDArray[np.float64], float]:
    """Return a clip as it was recorded, at the played rate, and the share that was clipped."""
    listened = place.listened
    side = reach(place.step) + 1
    start = place.at(block, clip.start)
    end = place.at(block, clip.start + clip.samples)
    first = max(0, math.floor(start) - side)
    last = min(listened.samples, math.ceil(end) + side)
    samples = scaled(read_stretch(listened.path, listened.sample_rate, first, last - first))
    inside = samples[max(0, math.floor(start) - first) : math.ceil(end) - first]
    clipped = float(np.mean(np.abs(inside) >= _FULL_SCALE)) if len(inside) else 0.0
    return values_at(samples, start - first, place.step, clip.samples), clipped


def _played(path: Path, clip: Clip, rate: int) -> NDArray[np.float64]:
    """Return a clip as it was played."""
    samples = read_audio(Excerpt(path, clip.start / rate, clip.samples / rate), sample_rate=rate)
    if len(samples) != clip.samples:
        raise BadInput(f"{path} is not at {rate} Hz, or ends before the clip does")
    return samples / 32768.0


def _problem(fit: Fit, clipped: float) -> str:
    """Return why a clip is refused; empty where it is not."""
    if clipped > CLIPPED_SHARE:
        return f"clipped: {100 * clipped:.1f} % of its samples are at full scale"
    if fit.correlation < LEAST_CLIP_CORRELATION:
        return f"not heard: its correlation with what was played is {fit.correlation:.2f}"
    if fit.lag is not None and abs(fit.lag) > MOST_LAG:
        return f"{fit.lag:+.1f} samples beside its place: samples were lost in the block"
    return ""
