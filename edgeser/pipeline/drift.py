"""Recordings held against what a model was trained on: their features and levels, no labels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import read_audio
from edgeser.corpora.audio.files import Sound
from edgeser.corpora.levels import level_dbfs
from edgeser.corpora.walk import find_audio
from edgeser.evaluation.drift import (
    BINS,
    PERCENTILES,
    Distributions,
    DriftReference,
    DriftReport,
    DriftTolerances,
    compare_with,
    population_stability,
)
from edgeser.pipeline.evaluate import clips_to_test
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.source import corpora_of
from edgeser.pipeline.training_data.dataset import few
from edgeser.progress import SILENT, Reporter
from edgeser.typed_tables import from_table, to_table
from firmware_bridge.frontend import FrontendConfig, compute_features, quantise_features
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.foundation.files import read_bounded, write_atomically

SCHEMA = "edgeser.drift-reference/1"
DRIFT = "drift"
"""The record of a run's last comparison, under which the report finds it."""
_LIMIT_BYTES = 64 << 20
_MOST_SPEAKERS = 200
"""Of so many speakers it is kept what they are like by themselves."""
_FULL_SCALE = (-32768, 32767)


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """One recording: int64 ``[planes, channels, 32]``, ``[planes]``; level, samples."""

    histogram: NDArray[np.int64]
    clipped: NDArray[np.int64]
    level: float
    samples: int
    full_scale: int


def reference_of(
    bundle: Bundle,
    *,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    reporter: Reporter = SILENT,
) -> DriftReference:
    """Return what the recordings that a bundle was trained on are like, as recorded.

    Parameters
    ----------
    bundle, corpora, folder, reporter
        As in `edgeser.pipeline.evaluate.evaluate_bundle`.

    Raises
    ------
    BadInput
        When the corpora hold no clip that it was trained on.
    """
    trained = bundle.trained
    found = corpora_of(
        trained.recipe, arguments=corpora, classes=trained.classes, folder=folder, reporter=reporter
    )
    clips = trained.split.select(found.utterances, "train")
    if not clips:
        raise BadInput(
            f"{found.root} has no clip of the bundle's training speakers",
            hint="give the corpora that the bundle was trained on, or --recordings",
        )
    name = "synthetic voices" if found.synthetic else found.name
    speakers = [clip.speaker if clip.speaker_known else "" for clip in clips]
    return _reference(bundle, [clip.sound for clip in clips], speakers, name, reporter)


def keep_reference(bundle: Bundle, *, folder: RunFolder, reporter: Reporter = SILENT) -> None:
    """Write the reference of a run into its folder, unless it is there."""
    path = folder.drift_reference
    with suppress(BadInput):
        if path.exists() and load_reference(path).frontend_hash == bundle.trained.frontend.hash:
            return
    save_reference(reference_of(bundle, folder=folder, reporter=reporter), path)


def reference_of_recordings(
    bundle: Bundle, sounds: Sequence[Sound], *, name: str, reporter: Reporter = SILENT
) -> DriftReference:
    """Return what other recordings are like, such as those of a board that is known to work."""
    return _reference(bundle, sounds, [""] * len(sounds), name, reporter)


def drift_of(
    bundle: Bundle,
    reference: DriftReference,
    sounds: Sequence[Sound],
    *,
    name: str,
    tolerances: DriftTolerances,
    folder: RunFolder | None = None,
    reporter: Reporter = SILENT,
) -> DriftReport:
    """Return how far recordings are from a reference of the same frontend.

    It is kept for the report of the run in `folder`; nowhere when `None`.

    Raises
    ------
    BadInput
        When the reference is of another frontend, or nothing can be read.
    """
    frontend = bundle.trained.frontend
    if reference.frontend_hash != frontend.hash:
        raise BadInput(
            f"the reference is of another frontend ({reference.frontend_hash[:12]}) than the "
            f"bundle's ({frontend.hash[:12]})",
            hint="make one with this bundle: edgeser evaluate BUNDLE --save-drift FILE",
        )
    clips = _measured(sounds, frontend, reporter)
    found = _together((clip for _, clip in clips), frontend)
    source = f"{found.clips} clips, {found.seconds:.0f} s, of {name}"
    report = compare_with(reference, found, source=source, tolerances=tolerances)
    if folder is not None:
        folder.save_state(DRIFT, report, model_hash=bundle.model_hash)
    return report


def sounds_to_test(
    bundle: Bundle,
    *,
    corpora: Sequence[str],
    everyone: bool,
    folder: RunFolder | None,
) -> list[Sound]:
    """Return the recordings that `edgeser.pipeline.evaluate.evaluate_bundle` tests on."""
    test = clips_to_test(
        bundle,
        corpora=corpora,
        conditions=False,
        everyone=everyone,
        folder=folder,
        cache=None,
        reporter=SILENT,
    )
    return [clip.sound for clip in test.utterances]


def sounds_below(paths: Sequence[Path], reporter: Reporter = SILENT) -> list[Sound]:
    """Return the WAV and FLAC files that are named, or below folders that are named.

    Raises
    ------
    BadInput
        When there are none.
    """
    found: list[Sound] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        below = find_audio(path)
        found += below.audio
        for line in few([f"{fault.path}: {fault.detail}" for fault in below.problems]):
            reporter.note(f"left out: {line}")
    if not found:
        raise BadInput(
            f"{', '.join(map(str, paths))} holds no recording", hint="give WAV or FLAC files"
        )
    return found


def save_reference(reference: DriftReference, path: Path) -> None:
    """Write a reference as JSON."""
    table = {"schema": SCHEMA, **to_table(reference)}
    write_atomically(path, json.dumps(table, allow_nan=False).encode())


def load_reference(path: Path) -> DriftReference:
    """Read a reference that `save_reference` wrote.

    Raises
    ------
    BadInput
        When it cannot be read or is none.
    """
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    hint = "make one: edgeser evaluate BUNDLE --save-drift FILE"
    try:
        table = json.loads(data)
        schema = table.pop("schema")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"{path} is no reference of a training", hint=hint) from error
    if schema != SCHEMA:
        raise BadInput(f"{path} is not of the schema {SCHEMA}", hint=hint)
    return from_table(DriftReference, table, where=str(path))


def _reference(
    bundle: Bundle,
    sounds: Sequence[Sound],
    speakers: Sequence[str],
    name: str,
    reporter: Reporter,
) -> DriftReference:
    frontend = bundle.trained.frontend
    by_speaker: dict[str, NDArray[np.int64]] = {}

    def kept_by_speaker() -> Iterator[_Clip]:
        for index, clip in _measured(sounds, frontend, reporter):
            speaker = speakers[index]
            if speaker and (speaker in by_speaker or len(by_speaker) < _MOST_SPEAKERS):
                own = by_speaker.setdefault(speaker, np.zeros_like(clip.histogram))
                own += clip.histogram
            yield clip

    found = _together(kept_by_speaker(), frontend)
    known = len(set(speakers) - {""})
    people = f" of {known} speakers" if known else ""
    return DriftReference(
        frontend_hash=frontend.hash,
        planes=frontend.planes,
        source=f"{found.clips} clips{people} of {name}",
        speakers=known,
        distributions=found,
        speakers_psi=_between(found.histogram, list(by_speaker.values())),
    )


def _between(
    whole: NDArray[np.int64], by_speaker: Sequence[NDArray[np.int64]]
) -> tuple[tuple[float, float], ...]:
    """Return median and 95th percentile of each plane's index, each speaker against the others."""
    rows = [
        [
            population_stability(rest, own).mean()
            for rest, own in zip(whole - each, each, strict=True)
        ]
        for each in by_speaker
        if (whole - each).any()
    ]
    if len(rows) < 2:
        return ()
    spread = np.percentile(np.array(rows), (50, 95), axis=0).round(4)
    return tuple((float(middle), float(high)) for middle, high in spread.T)


def _measured(
    sounds: Sequence[Sound], frontend: FrontendConfig, reporter: Reporter
) -> Iterator[tuple[int, _Clip]]:
    """Yield each recording that can be read, with its place; name the others at the end.

    Raises
    ------
    BadInput
        When none can be read, with why the first cannot.
    """
    progress = reporter.stage("Features and levels")
    problems: list[str] = []
    found = on_all_cores(lambda sound: _clip(sound, frontend), sounds)
    for index, clip in enumerate(found):
        progress(index + 1, len(sounds))
        if isinstance(clip, _Clip):
            yield index, clip
        else:
            problems.append(clip)
    if len(problems) == len(sounds):
        why = f": {problems[0]}" if problems else ""
        raise BadInput(
            f"no recording can be read{why}", hint="give WAV or FLAC files of some seconds"
        )
    for line in few(problems):
        reporter.note(f"left out: {line}")


def distributions_of(clips: Iterable[NDArray[np.int16]], frontend: FrontendConfig) -> Distributions:
    """Return what clips in memory are like, int16 at the frontend's rate, each at least a frame."""
    return _together((_clip_of(samples, frontend) for samples in clips), frontend)


def _clip(sound: Sound, frontend: FrontendConfig) -> _Clip | str:
    try:
        samples = read_audio(sound, sample_rate=frontend.sample_rate)
        if len(samples) < frontend.samples_of(1):
            return f"{sound}: it is shorter than one frame"
        return _clip_of(samples, frontend)
    except EdgeserError as error:
        return str(error)


def _clip_of(samples: NDArray[np.int16], frontend: FrontendConfig) -> _Clip:
    values = quantise_features(compute_features(samples, frontend), frontend)
    _, channels, planes = values.shape
    places = np.arange(planes)[None, None, :] * channels + np.arange(channels)[None, :, None]
    flat = places * BINS + ((values.astype(np.int64) + 128) * BINS >> 8)
    counts = np.bincount(flat.ravel(), minlength=planes * channels * BINS)
    return _Clip(
        histogram=counts.reshape(planes, channels, BINS).astype(np.int64),
        clipped=((values == -128) | (values == 127)).sum(axis=(0, 1)).astype(np.int64),
        level=level_dbfs(samples),
        samples=len(samples),
        full_scale=int(np.isin(samples, _FULL_SCALE).sum()),
    )


def _together(clips: Iterable[_Clip], frontend: FrontendConfig) -> Distributions:
    """Return what at least one clip is like; the clips are not kept."""
    shape = (len(frontend.planes), frontend.channels, BINS)
    histogram, clipped = np.zeros(shape, np.int64), np.zeros(shape[0], np.int64)
    levels: list[float] = []
    samples = full_scale = 0
    for clip in clips:
        histogram += clip.histogram
        clipped += clip.clipped
        levels.append(clip.level)
        samples += clip.samples
        full_scale += clip.full_scale
    low, middle, high = np.percentile(levels, PERCENTILES)
    return Distributions(
        histogram=histogram,
        clipped=clipped,
        levels_dbfs=(round(float(low), 1), round(float(middle), 1), round(float(high), 1)),
        full_scale=full_scale / samples,
        clips=len(levels),
        seconds=samples / frontend.sample_rate,
    )
