"""All test clips of a corpus explained, one after another, with the corpus to hold them to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle
from edgeser.corpora import Utterance, read_audio
from edgeser.explanation.config import Plan
from edgeser.explanation.cues import Spread, all_stretches, spread_of
from edgeser.explanation.explanation import Explanation, Told
from edgeser.pipeline.explanation.descriptors import descriptors_of
from edgeser.pipeline.explanation.explainer import (
    Explainer,
    Rows,
    Unexplained,
    explainer,
    with_cues,
)
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.recordings import clips_to_test_on, spread
from edgeser.progress import SILENT, Reporter
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import EdgeserError

_CLIPS_AT_A_TIME = 64
CHECKED_CLIPS = 24
"""Clips of a corpus, spread over it, on which all checks are made."""
_ORDERS = 5
"""Random orders of each clip's curves: the interval is over clips and speakers."""


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """What cues are held to: all stretches of each speaker, and of the corpus.

    Parameters
    ----------
    rows
        Descriptors of each clip, in order.
    speakers
        By speaker.
    corpus
        Of all.
    """

    rows: tuple[Rows, ...]
    speakers: Mapping[str, Spread]
    corpus: Spread


def clips_of_test_speakers(
    bundle: Bundle,
    *,
    corpora: Sequence[str],
    folder: RunFolder | None = None,
    clips: int | None = None,
    reporter: Reporter = SILENT,
) -> tuple[Utterance, ...]:
    """Return the clips of the bundle's test speakers, or `clips` of them spread evenly.

    Raises
    ------
    BadInput
        When the corpus cannot be opened, or holds none.
    """
    _root, chosen = clips_to_test_on(bundle, corpora=corpora, folder=folder, reporter=reporter)
    return tuple(chosen[i] for i in spread(len(chosen), clips or len(chosen)))


def references_of(
    utterances: Sequence[Utterance], *, sample_rate: int, reporter: Reporter = SILENT
) -> References:
    """Compute the descriptors of clips, and how they are distributed.

    Raises
    ------
    ToolMissing
        When openSMILE is not installed.
    """
    progress = reporter.stage("Computing descriptors")
    rows: list[Rows] = []
    for first in range(0, len(utterances), _CLIPS_AT_A_TIME):
        batch = utterances[first : first + _CLIPS_AT_A_TIME]
        samples = [_samples(utterance, sample_rate) for utterance in batch]
        rows += descriptors_of(samples, sample_rate=sample_rate)
        progress(len(rows), len(utterances))
    stretches = [all_stretches(of_clip) for of_clip in rows]
    by_speaker: dict[str, list[NDArray[np.float64]]] = {}
    for utterance, found in zip(utterances, stretches, strict=True):
        by_speaker.setdefault(utterance.speaker, []).append(found)
    speakers = {name: spread_of(found) for name, found in by_speaker.items()}
    return References(tuple(rows), speakers, spread_of(stretches))


def explain_clips(
    bundle: Bundle,
    utterances: Sequence[Utterance],
    plan: Plan,
    *,
    references: References | None,
    checked: int = CHECKED_CLIPS,
    builds: Path | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[Explanation | Unexplained]:
    """Explain clips of a corpus; one that cannot be read has its reason.

    Parameters
    ----------
    bundle, utterances, plan
        The model, the clips, and what is done.
    references
        What cues are held to; `None` where there are none.
    checked
        On how many clips all checks are made.
    builds
        Where programs are kept once they are built.
    reporter
        Told of stages.
    """
    thorough = set(spread(len(utterances), checked))
    with explainer(bundle, plan, builds=builds, reporter=reporter) as explains:
        progress = reporter.stage("Explaining clips")

        def one(number: int) -> Explanation | Unexplained:
            utterance = utterances[number]
            rows = None if references is None else references.rows[number]
            against = {} if references is None else _against(references, utterance)
            return _explained(explains, utterance, rows, against, thorough=number in thorough)

        for done, found in enumerate(on_all_cores(one, range(len(utterances))), start=1):
            yield found
            progress(done, len(utterances))


def _against(references: References, utterance: Utterance) -> dict[str, Spread]:
    known = {"speaker": references.speakers[utterance.speaker]} if utterance.speaker_known else {}
    return {**known, "corpus": references.corpus}


def _explained(
    explains: Explainer,
    utterance: Utterance,
    rows: Rows | None,
    against: Mapping[str, Spread],
    *,
    thorough: bool,
) -> Explanation | Unexplained:
    speaker = utterance.speaker if utterance.speaker_known else ""
    told = Told(utterance.clip_id, utterance.emotion, speaker)
    rate = explains.bundle.trained.frontend.sample_rate
    try:
        samples = read_audio(utterance.sound, sample_rate=rate)
    except EdgeserError as error:
        return Unexplained(told, str(error))
    if len(samples) < explains.bundle.trained.frontend.samples_of(1):
        return Unexplained(told, f"{utterance.sound} is shorter than one window")
    found = explains.explain(samples, told, thorough=thorough, orders=_ORDERS)
    return found if rows is None else with_cues(found, rows, against)


def _samples(utterance: Utterance, sample_rate: int) -> NDArray[np.int16]:
    """Return a clip's samples; none of one that cannot be read, which is named later."""
    try:
        return read_audio(utterance.sound, sample_rate=sample_rate)
    except EdgeserError:
        return np.zeros(0, np.int16)
