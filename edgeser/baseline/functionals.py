"""Functionals of whole clips by openSMILE: one vector a clip, however long it is.

- ``eGeMAPSv02``, 88 values: Eyben et al., "The Geneva Minimalistic Acoustic Parameter Set", 2016.
- ``ComParE_2016``, 6373 values: Schuller et al., "The INTERSPEECH 2016 Computational
  Paralinguistics Challenge".

openSMILE comes with the extra ``edgeser[baseline]`` and is licensed for research and other
non-commercial use (see `edgeser.baseline.licence`). It runs in child processes, some clips at a
time: its package holds Python's lock while it works, so threads bring nothing, and what crashes is
named instead of taking us along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.baseline.cache import FunctionalsCache
from edgeser.baseline.choice import FunctionalSet
from edgeser.baseline.licence import require_extra
from edgeser.baseline.opensmile_child import compute
from edgeser.corpora.audio.files import SAMPLE_RATE, Sound, content_hash, read_audio
from edgeser.corpora.utterance import Utterance
from edgeser.progress import SILENT, Reporter
from quantize.foundation.child import ChildCrashed, call_in_child
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import EdgeserError

_CLIPS_A_BATCH = 128
_SAMPLES_A_CHILD = 600 * SAMPLE_RATE
"""What a child is given at once: some seconds of its work."""
_SHORTEST_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True, eq=False)
class Functionals:
    """Clips with their functionals, and one line for each that has none.

    Parameters
    ----------
    utterances
        The clips that could be read, in order.
    values
        float32 ``[clips, features]``. A value may be infinite or NaN where openSMILE says so.
    problems
        Of the clips that are left out.
    """

    utterances: tuple[Utterance, ...]
    values: NDArray[np.float32]
    problems: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.utterances)


def functionals_of(
    utterances: Sequence[Utterance],
    chosen: FunctionalSet,
    *,
    title: str = "Computing functionals",
    cache: FunctionalsCache | None = None,
    workers: int | None = None,
    reporter: Reporter = SILENT,
) -> Functionals:
    """Compute the functionals of clips, read as 16-bit mono at 16 kHz.

    Parameters
    ----------
    chosen
        Which functionals.
    title
        What the reporter is told.
    cache
        Where results are kept and looked up, or `None`.
    workers
        Child processes at a time; all cores when `None`.
    reporter
        Told of each batch of clips, and of each clip that is left out.

    Raises
    ------
    ToolMissing
        When the extra is not installed.
    """
    version = require_extra("opensmile")
    progress = reporter.stage(title)
    jobs = [
        _Job(chosen, version, utterances[first : first + _CLIPS_A_BATCH], cache)
        for first in range(0, len(utterances), _CLIPS_A_BATCH)
    ]
    rows: list[_Row] = []
    for found in on_all_cores(_Job.run, jobs, workers=workers):
        rows += found
        progress(len(rows), len(utterances))
    kept = [(u, row) for u, row in zip(utterances, rows, strict=True) if not isinstance(row, str)]
    problems = tuple(row for row in rows if isinstance(row, str))
    for problem in problems:
        reporter.note(f"left out: {problem}")
    values = np.array([row for _, row in kept], np.float32).reshape(-1, chosen.features)
    return Functionals(tuple(u for u, _ in kept), values, problems)


_Row = NDArray[np.float32] | str
"""A clip's values, or why it has none."""
_Heard = tuple[int, str, NDArray[np.int16]]
"""A clip's place in its batch, its key in the cache, its samples."""


@dataclass(frozen=True, slots=True)
class _Job:
    """A batch of clips: those in the cache are read there, the others go to a child."""

    chosen: FunctionalSet
    version: str
    utterances: Sequence[Utterance]
    cache: FunctionalsCache | None

    def run(self) -> list[_Row]:
        """Return a row a clip."""
        rows: dict[int, _Row] = {}
        for heard in self._to_compute(rows):
            for (place, key, _), row in zip(heard, self._computed(heard), strict=True):
                rows[place] = row
                if self.cache is not None and not isinstance(row, str):
                    self.cache.store(key, row)
        return [rows[place] for place in range(len(self.utterances))]

    def _to_compute(self, rows: dict[int, _Row]) -> Iterator[list[_Heard]]:
        """Put into `rows` what needs no child; yield the rest in pieces that fit one."""
        heard: list[_Heard] = []
        samples = 0
        for place, utterance in enumerate(self.utterances):
            found = self._cached_or_heard(place, utterance.sound)
            if not isinstance(found, tuple):
                rows[place] = found
                continue
            heard.append(found)
            samples += found[2].size
            if samples >= _SAMPLES_A_CHILD:
                yield heard
                heard, samples = [], 0
        if heard:
            yield heard

    def _cached_or_heard(self, place: int, sound: Sound) -> _Row | _Heard:
        try:
            file_hash = content_hash(sound)
            key = FunctionalsCache.key(
                functionals=self.chosen, version=self.version, file_hash=file_hash
            )
            if self.cache is not None:
                cached = self.cache.load(key, self.chosen.features)
                if cached is not None:
                    return cached
            return place, key, read_audio(sound, sample_rate=SAMPLE_RATE)
        except EdgeserError as error:
            return str(error)

    def _computed(self, heard: Sequence[_Heard]) -> list[_Row]:
        """Return the rows of clips; halves are tried where a child crashes, to find the clip."""
        samples = [samples for _, _, samples in heard]
        lengths = np.array([item.size for item in samples], np.int64)
        try:
            result = call_in_child(
                compute,
                {"samples": np.concatenate(samples), "lengths": lengths},
                {"set": str(self.chosen), "sample_rate": SAMPLE_RATE},
                what=f"computing {self.chosen} by openSMILE",
                timeout_s=_SHORTEST_TIMEOUT_S + int(lengths.sum()) / SAMPLE_RATE,
            )
        except ChildCrashed:
            if len(heard) == 1:
                return [f"{self._sound(heard[0])}: openSMILE crashes on it"]
            middle = len(heard) // 2
            return [*self._computed(heard[:middle]), *self._computed(heard[middle:])]
        values = result.arrays["functionals"].astype(np.float32)
        return [
            row if np.isfinite(row).any() else f"{self._sound(clip)}: too short for {self.chosen}"
            for clip, row in zip(heard, values, strict=True)
        ]

    def _sound(self, heard: _Heard) -> Sound:
        return self.utterances[heard[0]].sound
