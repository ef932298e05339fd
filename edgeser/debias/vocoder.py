"""Clips through WORLD, in child processes and through a cache."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import Sound, content_hash, read_audio
from edgeser.debias.checks import CRASHED, UNREADABLE, fault_of
from edgeser.debias.voice import Change
from edgeser.debias.world_child import FIGURES, analyse, convert
from edgeser.entries import Entries, entry_key
from quantize.foundation.child import ChildCrashed, call_in_child
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import EdgeserError

_VERSION = 1
_LIMIT_BYTES = 1 << 26
_SAMPLES_A_CHILD = 60 * 16_000
_SHORTEST_TIMEOUT_S = 120.0
_SECONDS_A_SECOND = 10.0
_FIGURES_BYTES = 8 * len(FIGURES)
Samples = NDArray[np.int16]
Row = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """A clip said again, int16 ``[samples]``, and why it is left out; empty where it is not."""

    samples: Samples
    fault: str


@dataclass(frozen=True, slots=True)
class Vocoder:
    """WORLD, with what it said before.

    Parameters
    ----------
    sample_rate
        At which clips are read, in Hz.
    version
        Of pyworld.
    folder
        Where results are kept, each under the hash of the recording and of what was asked;
        nowhere when ``None``.
    workers
        Child processes at a time; all cores when ``None``.
    """

    sample_rate: int
    version: str
    folder: Path | None = None
    workers: int | None = None

    def voices(self, sounds: Sequence[Sound]) -> list[Row]:
        """Return a row a clip as `analyse` has them; empty where it cannot be heard."""
        bodies = self._done([_Job(sound, None) for sound in sounds])
        return [np.frombuffer(b"" if isinstance(b, str) else b, "<f4") for b in bodies]

    def convert(self, sounds: Sequence[Sound], changes: Sequence[Change]) -> list[Said]:
        """Return clips said again, each with its own change, checked."""
        jobs = [_Job(sound, change) for sound, change in zip(sounds, changes, strict=True)]
        return [_said(body) for body in self._done(jobs)]

    def _done(self, jobs: Sequence[_Job]) -> list[bytes | str]:
        """Return each job's result from the cache, else from a child; or why there is none."""
        found: dict[int, bytes | str] = {}
        batches = list(self._batches(jobs, found))
        done = on_all_cores(self._in_child, batches, workers=self.workers)
        for batch, bodies in zip(batches, done, strict=True):
            for task, body in zip(batch, bodies, strict=True):
                found[task.place] = body
                if self._entries is not None and isinstance(body, bytes):
                    self._entries.store(task.key, body)
        return [found[place] for place in range(len(jobs))]

    def _batches(
        self, jobs: Sequence[_Job], found: dict[int, bytes | str]
    ) -> Iterator[tuple[_Task, ...]]:
        """Put into `found` what needs no child; yield the rest in pieces that fit one."""
        batch: list[_Task] = []
        for place, job in enumerate(jobs):
            try:
                key = self._key(job)
                kept = None if self._entries is None else self._entries.load(key)
                if kept is not None:
                    found[place] = kept
                    continue
                samples = read_audio(job.sound, sample_rate=self.sample_rate)
            except EdgeserError:
                found[place] = UNREADABLE
                continue
            batch.append(_Task(place, key, samples, job.change))
            if sum(len(task.samples) for task in batch) >= _SAMPLES_A_CHILD:
                yield tuple(batch)
                batch = []
        if batch:
            yield tuple(batch)

    def _in_child(self, batch: Sequence[_Task]) -> list[bytes | str]:
        """Return results; halves are tried where a child crashes, to find the clip."""
        lengths = np.array([len(task.samples) for task in batch], np.int64)
        arrays = {"samples": np.concatenate([t.samples for t in batch]), "lengths": lengths}
        changes = [task.change for task in batch if task.change is not None]
        if changes:
            arrays["changes"] = np.array([change.values for change in changes])
        try:
            done = call_in_child(
                convert if changes else analyse,
                arrays,
                {"sample_rate": self.sample_rate},
                what="converting voices by WORLD" if changes else "describing voices by WORLD",
                timeout_s=_SHORTEST_TIMEOUT_S
                + _SECONDS_A_SECOND * int(lengths.sum()) / self.sample_rate,
            )
        except ChildCrashed:
            if len(batch) == 1:
                return [CRASHED]
            middle = len(batch) // 2
            return [*self._in_child(batch[:middle]), *self._in_child(batch[middle:])]
        if not changes:
            return [row.astype("<f4").tobytes() for row in done.arrays["voices"]]
        figures = done.arrays["figures"].astype("<f8")
        samples = np.split(done.arrays["samples"].astype("<i2"), np.cumsum(lengths)[:-1])
        return [f.tobytes() + s.tobytes() for f, s in zip(figures, samples, strict=True)]

    def _key(self, job: _Job) -> str:
        asked = () if job.change is None else job.change.values
        sha256 = content_hash(job.sound)
        return entry_key(_VERSION, "pyworld", self.version, self.sample_rate, sha256, *asked)

    @property
    def _entries(self) -> Entries | None:
        return None if self.folder is None else Entries(self.folder, "voice", _LIMIT_BYTES)


@dataclass(frozen=True, slots=True)
class _Job:
    """A clip to describe, or with a change to say again."""

    sound: Sound
    change: Change | None


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A job that no cache answers: its place, its entry's key, what is heard."""

    place: int
    key: str
    samples: Samples
    change: Change | None


def _said(body: bytes | str) -> Said:
    if isinstance(body, str):
        return Said(np.zeros(0, np.int16), body)
    figures = np.frombuffer(body[:_FIGURES_BYTES], "<f8")
    samples = np.frombuffer(body[_FIGURES_BYTES:], "<i2")
    return Said(samples.astype(np.int16), fault_of([float(value) for value in figures]))
