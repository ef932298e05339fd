"""What a debiased training hears beside the recordings: some of them in other voices."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeser.corpora import Utterance
from edgeser.corpora.audio.wav import wav_bytes
from edgeser.debias.choice import wanted_of
from edgeser.debias.conversion import Converted, converted_clips
from edgeser.debias.conversion_counts import DebiasRecord
from edgeser.debias.extra import require_pyworld
from edgeser.debias.ranking import rank_clips
from edgeser.debias.vocoder import Vocoder
from edgeser.features import FeatureCache
from edgeser.pipeline.folder import RunFolder
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe
from edgeser.training.course import Progress
from edgeser.training.data import TrainingData
from edgeser.wording import NOTHING
from quantize.foundation.errors import BadInput
from quantize.foundation.files import write_atomically


def check_debias(recipe: Recipe, *, keep_examples: int = 0) -> None:
    """Refuse what cannot be done before anything is.

    Raises
    ------
    ToolMissing
        When voices are to be converted and pyworld is not installed.
    BadInput
        When examples are asked of a recipe that converts none.
    """
    if recipe.debias.asked:
        require_pyworld()
    elif keep_examples > 0:
        raise BadInput(
            "there are no examples to keep: the recipe converts no voices",
            hint="set [debias] convert = 'confidence', or leave out --keep-examples",
        )


def said_again(
    recipe: Recipe,
    clips: Sequence[Utterance],
    data: TrainingData,
    *,
    folder: RunFolder | None,
    resume: bool,
    cache: FeatureCache | None,
    tell: Progress,
    reporter: Reporter = SILENT,
) -> tuple[tuple[Converted, ...], DebiasRecord]:
    """Return training clips in other voices, chosen as ``[debias]`` says.

    Parameters
    ----------
    recipe
        Every choice.
    clips
        The training clips, in the order of `data`.
    data
        What is trained on without debiasing.
    folder, resume
        Where the networks that rank clips are kept, and whether to go on with them.
    cache
        What was said before is kept beside its features.
    tell, reporter
        Told of epochs; of stages.

    Raises
    ------
    EdgeserError
        As `edgeser.debias.ranking.rank_clips` does; `ToolMissing` without pyworld.
    """
    config = recipe.debias
    vocoder = Vocoder(
        recipe.frontend.sample_rate,
        require_pyworld(),
        folder=None if cache is None else cache.folder,
        workers=recipe.training.threads or None,
    )
    ranks = None
    if config.convert == "confidence":
        ranks = rank_clips(
            recipe.network,
            recipe.training,
            recipe.augmentation,
            data,
            config,
            seed=recipe.seed,
            checkpoint_dir=None if folder is None else folder.checkpoint,
            resume=resume,
            progress=tell,
        )
    wanted = wanted_of(
        data.train.labels,
        data.train.speakers,
        ranks,
        config,
        seed=recipe.seed,
        unspoken=[n for n, label in enumerate(data.classes) if label == NOTHING],
    )
    found, record = converted_clips(
        clips, wanted, vocoder, convert=config.convert, reporter=reporter
    )
    reporter.note(f"debias: {record.describe()}")
    if not found:
        raise BadInput(
            "no training clip could be said again in another voice",
            hint="use recordings of voices by two speakers or more an emotion, or set [debias] "
            "convert = 'none'",
        )
    return found, record


def written_clips(
    found: Sequence[Converted], place: Path, *, sample_rate: int
) -> tuple[Utterance, ...]:
    """Write converted clips into a folder, and return them as clips."""
    return tuple(
        clip.written(place / f"{number:06d}.wav", sample_rate=sample_rate)
        for number, clip in enumerate(found)
    )


def keep_pairs(
    found: Sequence[Converted], folder: RunFolder, count: int, *, sample_rate: int
) -> int:
    """Write pairs of WAV files for people to hear, evenly over what was converted; return how many.

    ``01-recorded.wav`` and ``01-converted.wav``, and what they are in ``examples.json``.
    """
    from edgeser.corpora import read_audio

    places = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))
    told = []
    for number, place in enumerate(places, 1):
        clip = found[place]
        recorded = read_audio(clip.source.sound, sample_rate=sample_rate)
        for name, samples in (("recorded", recorded), ("converted", clip.samples)):
            path = folder.examples / f"{number:02d}-{name}.wav"
            write_atomically(path, wav_bytes(samples, sample_rate))
        told.append(
            {
                "pair": f"{number:02d}",
                "clip": clip.source.clip_id,
                "label": clip.source.emotion,
                "speaker": clip.source.speaker,
                "voice_of": clip.voice.speaker,
                "pitch_semitones": clip.change.semitones,
                "formant_factor": clip.change.formants,
                "aperiodicity_db": clip.change.breath_db,
            }
        )
    text = json.dumps({"schema": "edgeser.examples/1", "pairs": told}, indent=1)
    write_atomically(folder.examples / "examples.json", text.encode())
    return len(places)
