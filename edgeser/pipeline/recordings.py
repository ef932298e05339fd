"""Recordings that go into a device as audio."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.host import speech_like_signal
from edgeser.bundle import Bundle
from edgeser.corpora import Utterance, read_audio
from edgeser.corpora.choice import SPOKEN, SYNTHETIC
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.source import corpora_of
from edgeser.progress import SILENT, Reporter
from quantize.foundation.errors import BadInput, EdgeserError


@dataclass(frozen=True, slots=True, eq=False)
class Recordings:
    """Audio, and what it is.

    Parameters
    ----------
    names
        Of the clips.
    samples
        int16 mono at the frontend's rate, one array a clip.
    source
        What they are, in words.
    """

    names: tuple[str, ...]
    samples: tuple[NDArray[np.int16], ...]
    source: str

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.int16]]]:
        return zip(self.names, self.samples, strict=True)

    def __len__(self) -> int:
        return len(self.names)


def clips_to_test_on(
    bundle: Bundle, *, corpora: Sequence[str], folder: RunFolder | None, reporter: Reporter
) -> tuple[Path, Sequence[Utterance]]:
    """Return the corpora's folder, and the clips in them that the bundle's split left to test on.

    Raises
    ------
    BadInput
        When the corpora cannot be opened or hold none of the test speakers.
    """
    trained = bundle.trained
    found = corpora_of(
        trained.recipe,
        arguments=corpora,
        classes=trained.classes,
        folder=folder,
        reporter=reporter,
    )
    chosen = trained.split.select(found.utterances, "test")
    if not chosen:
        raise _no_clip(found.root)
    return found.root, chosen


def _no_clip(root: Path) -> BadInput:
    return BadInput(
        f"{root} has no clip of the bundle's test speakers",
        hint="give the corpus that the bundle was trained on",
    )


def recordings_of_test_speakers(
    bundle: Bundle,
    *,
    count: int,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    reporter: Reporter = SILENT,
) -> Recordings:
    """Return up to `count` clips spread over those of the bundle's test speakers.

    Each is repeated until it fills a window, so that every clip brings a decision; the first one
    fills two hops more, so that decisions over several windows are among them. Of a long one the
    beginning is taken: a byte takes the emulated serial line longer than the emulated core.

    Raises
    ------
    BadInput
        When the corpus cannot be opened or holds no readable clip of the test speakers.
    """
    trained = bundle.trained
    root, utterances = clips_to_test_on(bundle, corpora=corpora, folder=folder, reporter=reporter)
    window = trained.recipe.window
    longest = trained.frontend.samples_of(window.frames + 2 * window.hop_frames)
    shortest = trained.frontend.samples_of(window.frames)
    names: list[str] = []
    recordings: list[NDArray[np.int16]] = []
    for index in spread(len(utterances), count):
        try:
            samples = read_audio(utterances[index].sound, sample_rate=trained.frontend.sample_rate)
        except EdgeserError as error:
            reporter.note(f"left out: {error}")
            continue
        names.append(utterances[index].clip_id)
        recordings.append(repeated(samples, shortest if recordings else longest)[:longest])
    if not names:
        raise _no_clip(root)
    kind = "synthetic voices, not people" if trained.corpus.synthetic else trained.corpus.name
    whose = "kept for testing" if trained.corpus.caveat else "of speakers kept for testing"
    return Recordings(tuple(names), tuple(recordings), f"{whose} ({kind})")


def recordings_at_hand(
    bundle: Bundle,
    *,
    count: int,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    reporter: Reporter = SILENT,
) -> Recordings:
    """Return clips of the test speakers where they are at hand, else noise that is called noise."""
    trained = bundle.trained
    made = all(choice.read_by in (SYNTHETIC, SPOKEN) for choice in trained.recipe.corpora)
    at_hand = bool(corpora) or (folder is not None and (folder.recipe.is_file() or made))
    if at_hand:
        return recordings_of_test_speakers(
            bundle, count=count, corpora=corpora, folder=folder, reporter=reporter
        )
    window = trained.recipe.window
    needed = trained.frontend.samples_of(window.frames + window.hop_frames)
    rate = trained.frontend.sample_rate
    noise = speech_like_signal(needed / rate, rate)
    return Recordings(("noise",), (noise,), "of noise under the envelope of syllables")


def repeated(samples: NDArray[np.int16], shortest: int) -> NDArray[np.int16]:
    """Return a clip repeated to `shortest` samples; a longer one as it is."""
    return samples if len(samples) >= shortest else np.resize(samples, shortest)


def spread(available: int, count: int) -> list[int]:
    """Return up to `count` indices spread evenly over `available`."""
    chosen = min(available, count)
    if chosen == 0:
        return []
    return [int(i) for i in np.linspace(0, available - 1, chosen).round()]
