"""Features of many recordings on all cores, through the cache; a broken file is only named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora.audio.files import Sound, content_hash, file_of, read_audio, read_recording
from edgeser.corpora.audio.sound import Remark, narrow_band
from edgeser.features.cache import FeatureCache
from firmware_bridge.frontend import FrontendConfig, FrontendFeatures, compute_features
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import EdgeserError

S = TypeVar("S", bound=Sound)

Progress = Callable[[int, int], None]
"""Called with the number of clips done and the number of all."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A change of the waveform before the frontend, such as noise at a given level.

    Parameters
    ----------
    name
        Keys the cache: two variants of one name must do the same to the same samples.
    apply
        int16 samples to int16 samples, with a generator seeded by variant and file, so that the
        outcome depends on nothing else.
    """

    name: str
    apply: Callable[[NDArray[np.int16], np.random.Generator], NDArray[np.int16]]


@dataclass(frozen=True, slots=True)
class ClipResult:
    """Features of one recording, or the one line that says why there are none.

    `remarks` say what is odd about its sound, where that was asked for.
    """

    path: Path
    features: FrontendFeatures | None
    problem: str
    remarks: tuple[Remark, ...] = ()


def extract_features(
    paths: Sequence[Sound],
    config: FrontendConfig,
    *,
    variant: Variant | None = None,
    cache: FeatureCache | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[ClipResult, ...]:
    """Compute the raw features of recordings, in the order of `paths`.

    Parameters
    ----------
    paths
        WAV or FLAC files of any rate and channel count, or stretches of them.
    config
        The frontend; its normalisation is not applied here.
    variant
        A change of the waveform first, or `None`.
    cache
        Where results are kept and looked up, or `None`.
    workers
        Threads; all cores when `None` (decoding and the frontend release the GIL).
    progress
        Told after each clip.

    Returns
    -------
    One result a path; a file that cannot be read has its reason in `problem`.
    """

    def one(sound: Sound) -> ClipResult:
        try:
            features = _features_of(sound, config, variant, cache)
        except EdgeserError as error:
            return ClipResult(file_of(sound), None, str(error))
        return _checked(sound, features, config)

    return _on_all_cores(one, paths, workers=workers, progress=progress)


def hear(
    paths: Sequence[Path], config: FrontendConfig, *, progress: Progress | None = None
) -> tuple[ClipResult, ...]:
    """Compute the raw features of single recordings, and say what is odd about their sound.

    Parameters and result are as in `extract_features`; every file is read.
    """

    def one(path: Path) -> ClipResult:
        try:
            recording = read_recording(path)
        except EdgeserError as error:
            return ClipResult(path, None, str(error))
        found = recording.remarks(frame_seconds=config.window_ms / 1000.0)
        found += narrow_band(recording.sample_rate, config.upper_hz)
        features = compute_features(recording.at(config.sample_rate), config)
        return replace(_checked(path, features, config), remarks=found)

    return _on_all_cores(one, paths, progress=progress)


def _checked(sound: Sound, features: FrontendFeatures, config: FrontendConfig) -> ClipResult:
    path = file_of(sound)
    if features.amplitude.shape[0] == 0:
        problem = f"{sound} is shorter than one window of {config.window_ms:g} ms (leave it out)"
        return ClipResult(path, None, problem)
    return ClipResult(path, features, "")


def _on_all_cores(
    one: Callable[[S], ClipResult],
    paths: Sequence[S],
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> tuple[ClipResult, ...]:

    results: list[ClipResult] = []
    for result in on_all_cores(one, paths, workers=workers):
        results.append(result)
        if progress is not None:
            progress(len(results), len(paths))
    return tuple(results)


def chance_of(file_hash: str, variant: str) -> np.random.Generator:
    """Return what a variant of that name draws from, for the recording of that SHA-256."""
    seed = hashlib.sha256(f"{file_hash}\n{variant}".encode()).digest()
    return np.random.default_rng(list(seed))


def _features_of(
    sound: Sound, config: FrontendConfig, variant: Variant | None, cache: FeatureCache | None
) -> FrontendFeatures:
    file_hash = content_hash(sound)
    name = variant.name if variant else "clean"
    key = FeatureCache.key(frontend_hash=config.raw_hash, file_hash=file_hash, variant=name)
    if cache is not None and (found := cache.load(key)) is not None:
        return found
    samples = read_audio(sound, sample_rate=config.sample_rate)
    if variant is not None:
        samples = variant.apply(samples, chance_of(file_hash, name))
    features = compute_features(samples, config)
    if cache is not None:
        cache.store(key, features)
    return features
