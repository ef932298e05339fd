"""Training clips said again in the voices of other training speakers, in range or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.wav import wav_bytes
from edgeser.corpora.utterance import Utterance
from edgeser.debias.checks import NO_OTHER, NO_VOICE
from edgeser.debias.choice import Wanted, Wish
from edgeser.debias.conversion_counts import DebiasRecord
from edgeser.debias.vocoder import Vocoder
from edgeser.debias.voice import Change, Voice, change_between, voice_of
from edgeser.progress import SILENT, Reporter
from quantize.foundation.files import write_atomically

CLIPS_A_VOICE = 4
"""From which the voice of a speaker in an emotion is taken."""
_AT_ONCE = 128
"""Clips that are heard before the next ones are read."""
_Role = tuple[str, str]
"""Speaker and emotion."""


@dataclass(frozen=True, slots=True, eq=False)
class Converted:
    """A training clip in another voice.

    Parameters
    ----------
    source, voice
        The clip that is said again, and one of whose voice it is.
    change
        What was changed of it.
    samples
        int16 ``[samples]``.
    """

    source: Utterance
    voice: Utterance
    change: Change
    samples: NDArray[np.int16]

    def written(self, path: Path, *, sample_rate: int) -> Utterance:
        """Write it to a file, and return it as a clip of its source's speaker, label and part."""
        write_atomically(path, wav_bytes(self.samples, sample_rate), sync=False)
        name = f"{self.source.clip_id}, in the voice of {self.voice.speaker}"
        return replace(self.source, path=path, clip_id=name, start_s=0.0, duration_s=None)


def converted_clips(
    clips: Sequence[Utterance],
    wanted: Sequence[Wanted],
    vocoder: Vocoder,
    *,
    convert: str,
    reporter: Reporter = SILENT,
) -> tuple[tuple[Converted, ...], DebiasRecord]:
    """Convert what is wanted of training clips; where one is left out, the next best is tried.

    Parameters
    ----------
    clips
        Training clips: nobody else's are heard, neither said again nor as voices.
    wanted
        By emotion, `edgeser.debias.choice.wanted_of`.
    vocoder
        What says them again.
    convert
        How they were chosen, for the record.
    reporter
        Told of how many are done.
    """
    work = _Work(clips, vocoder)
    progress = reporter.stage("Clips said again in other voices")
    total = sum(each.count for each in wanted)
    tried = [0] * len(wanted)
    kept: list[list[Converted]] = [[] for _ in wanted]
    left_out: Counter[str] = Counter()
    while True:
        now: list[tuple[int, Wish]] = []
        for number, each in enumerate(wanted):
            missing = each.count - len(kept[number])
            now += [(number, w) for w in each.wishes[tried[number] : tried[number] + missing]]
            tried[number] += missing
        if not now:
            break
        for first in range(0, len(now), _AT_ONCE):
            part = now[first : first + _AT_ONCE]
            for (number, _), found in zip(part, work.said([w for _, w in part]), strict=True):
                if isinstance(found, str):
                    left_out[found] += 1
                else:
                    kept[number].append(found)
            progress(sum(map(len, kept)), total)
    done = tuple(found for of_emotion in kept for found in of_emotion)
    counts = Counter(found.source.emotion for found in done)
    record = DebiasRecord(
        convert=convert,
        clips=len(clips),
        wanted=total,
        converted=dict(sorted(counts.items())),
        left_out=dict(sorted(left_out.items())),
        voices=len({found.voice.speaker for found in done}),
    )
    return done, record


@dataclass(slots=True, eq=False)
class _Work:
    """Training clips, and the voices that were asked for so far."""

    clips: Sequence[Utterance]
    vocoder: Vocoder
    voices: dict[_Role, Voice | None] = field(default_factory=dict)
    by_role: Mapping[_Role, list[Utterance]] = field(init=False)

    def __post_init__(self) -> None:
        by_role: dict[_Role, list[Utterance]] = {}
        for clip in self.clips:
            by_role.setdefault(_role(clip), []).append(clip)
        self.by_role = by_role

    def said(self, wishes: Sequence[Wish]) -> list[Converted | str]:
        """Return each clip in its new voice, or why there is none."""
        pairs = [
            None if w.voice is None else (self.clips[w.clip], self.clips[w.voice]) for w in wishes
        ]
        self._listen(dict.fromkeys(_role(u) for pair in pairs if pair is not None for u in pair))
        found: list[Converted | str] = []
        todo: list[tuple[int, Utterance, Utterance, Change]] = []
        for place, pair in enumerate(pairs):
            found.append(NO_OTHER if pair is None else NO_VOICE)
            if pair is None:
                continue
            source, target = (self.voices[_role(clip)] for clip in pair)
            if source is not None and target is not None:
                todo.append((place, *pair, change_between(source, target)))
        heard = self.vocoder.convert([t[1].sound for t in todo], [t[3] for t in todo])
        for (place, clip, voice, change), said in zip(todo, heard, strict=True):
            found[place] = said.fault or Converted(clip, voice, change, said.samples)
        return found

    def _listen(self, roles: Mapping[_Role, None]) -> None:
        """Learn the voices of speakers in an emotion that are not known yet."""
        new = [role for role in roles if role not in self.voices]
        chosen = [_spread(self.by_role[role], CLIPS_A_VOICE) for role in new]
        rows = iter(self.vocoder.voices([clip.sound for of in chosen for clip in of]))
        for role, of in zip(new, chosen, strict=True):
            known = [row for row in (next(rows) for _ in of) if len(row)]
            self.voices[role] = voice_of(known, sample_rate=self.vocoder.sample_rate)


def _role(clip: Utterance) -> _Role:
    return clip.speaker, clip.emotion


def _spread(clips: Sequence[Utterance], most: int) -> list[Utterance]:
    """Return so many clips at most, evenly over all."""
    places = np.unique(np.linspace(0, len(clips) - 1, min(most, len(clips))).round().astype(int))
    return [clips[place] for place in places]
