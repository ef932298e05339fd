"""A recipe's public teacher: its weights, and what it hears of the clips of a training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgeser.corpora import Utterance, read_audio
from edgeser.corpora.audio.files import content_hash
from edgeser.features import Variant, chance_of
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from edgeser.training.data import Spectra
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import BadInput
from quantize.foundation.files import sha256_of_file

if TYPE_CHECKING:
    from edgeser.training.teaching import PublicTeacher

_LEAST_SAMPLES = 1600
"""A tenth of a second; a shorter clip is repeated."""


def with_teacher(recipe: Recipe, path: Path | None) -> Recipe:
    """Return the recipe with its teacher's weights named by what is in them.

    Parameters
    ----------
    recipe
        It may name a path, also where it has no teacher: variants of a study may.
    path
        From the command line, before the recipe's; where the recipe has no teacher, it has
        Whisper then.

    Raises
    ------
    BadInput
        When the file cannot be read, or the recipe names other contents.
    """
    teacher = recipe.teacher
    if path is not None:
        kind = "whisper" if teacher.kind == "none" else teacher.kind
        teacher = replace(teacher, kind=kind, path=str(path))
    if teacher.path is None:
        return recipe
    found = sha256_of_file(Path(teacher.path))
    if teacher.sha256 not in ("", found):
        raise BadInput(
            f"{teacher.path} is not the teacher of the recipe: its SHA-256 is {found[:16]}..., "
            f"not {teacher.sha256[:16]}...",
            hint="give the recipe's weights, or set [teacher] sha256 = ''",
        )
    return replace(recipe, teacher=replace(teacher, sha256=found))


def teacher_of(recipe: Recipe) -> PublicTeacher | None:
    """Load the recipe's teacher; `None` where it has none.

    Raises
    ------
    BadInput
        When there is no path, or the weights are not what they should be.
    """
    if recipe.teacher.kind == "none":
        return None
    from edgeser.teacher.weights import read_encoder
    from edgeser.training.teaching import PublicTeacher

    path = recipe.teacher.path
    if path is None:
        raise BadInput("this needs the weights of Whisper's encoder", hint="give --teacher PATH")
    weights = read_encoder(Path(path))
    if recipe.teacher.sha256 not in ("", weights.sha256):
        raise BadInput(f"{path} was changed while the run was planned", hint="begin anew")
    return PublicTeacher(recipe.teacher, weights)


def spectra_of(
    utterances: Sequence[Utterance],
    variants: Sequence[Variant],
    recipe: Recipe,
    *,
    title: str,
    reporter: Reporter = SILENT,
) -> Spectra:
    """Return the log-mel spectra of clips: as recorded, then in each variant.

    Of a clip that is longer than the network may hear of it, the middle; a shorter one is as long
    as it is. The variants are those that the network hears, to the sample.

    Raises
    ------
    EdgeserError
        When a clip can no longer be read.
    """
    takes: tuple[Variant | None, ...] = (None, *variants)
    frames = recipe.window.frames + 2 * recipe.augmentation.shift_frames
    longest = frames * recipe.frontend.hop_samples
    one = partial(_spectra, takes=takes, longest=max(longest, _LEAST_SAMPLES))
    progress = reporter.stage(title)
    found = []
    for spectra in on_all_cores(one, utterances):
        found.append(spectra)
        progress(len(found), len(utterances))
    return tuple(zip(*found, strict=True))


def _spectra(
    utterance: Utterance, *, takes: Sequence[Variant | None], longest: int
) -> list[NDArray[np.float16]]:
    from edgeser.teacher.log_mel import SAMPLE_RATE, log_mel

    recorded = read_audio(utterance.sound, sample_rate=SAMPLE_RATE)
    digest = content_hash(utterance.sound)
    spectra = []
    for variant in takes:
        samples = recorded
        if variant is not None:
            samples = variant.apply(recorded, chance_of(digest, variant.name))
        if samples.size < _LEAST_SAMPLES:
            samples = np.resize(samples, _LEAST_SAMPLES)
        first = max(0, samples.size - longest) // 2
        spectra.append(log_mel(samples[first : first + longest]).astype(np.float16))
    return spectra
