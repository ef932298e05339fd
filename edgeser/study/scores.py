"""What a training's result holds, checked at the door: predictions by corpus, and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeser.evaluation.conditions import CLEAN
from edgeser.evaluation.hearing import SHUFFLED
from edgeser.evaluation.metrics import without_nothing
from edgeser.evaluation.predictions import Predictions
from edgeser.study.jobs import Job
from edgeser.study.tasks import PREDICTING
from edgeser.wording import NOTHING
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.foreign import printable
from quantize.foundation.measurement import Measurement

SHOWN_COSTS = {
    "parameters": "parameters",
    "int8_bytes": "int8 model",
    "arena_bytes": "arena",
    "instructions": "instructions",
    "predicted_ms": "predicted time",
}
"""The costs that a table shows, and what it calls them; others are kept in JSON only."""


HEARINGS = "hearings"
_PART = " / "  # a corpus's own name has no stroke
_WITH_NOTHING = f"with '{NOTHING}'"
_HEARD_SO = "; "
Heard = tuple[str, str]
"""A corpus, and the recording condition under which its clips were heard."""
Groups = dict[str, dict[str, str]]
"""By what clips are grouped (``"sex"``), the group of each clip."""


def predictions_of(result: Any) -> dict[Heard, Predictions]:
    """Return predictions by corpus and condition, clips in order of their names.

    A training's or a baseline's; what names no condition was heard as recorded.

    Raises
    ------
    BadInput
        When the result is not of that form.
    CheckFailed
        When a logit is NaN or infinite.
    """
    try:
        found = {_heard(entry): _predictions(entry) for entry in result["predictions"]}
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"the result of a training is not as it should be: {_said(error)}") from (
            error
        )
    if not found or len(found) != len(result["predictions"]):
        raise BadInput("the result of a training names no corpus, or one twice")
    return found


def with_and_without_nothing(found: Mapping[Heard, Predictions]) -> dict[Heard, Predictions]:
    """Return predictions of clips with a voice by corpus, and where a class "nothing" is, of all.

    The latter is a part of its own (see `part_of`); so what was trained without such a class stands
    beside what was trained with it, on the same clips.
    """
    shown: dict[Heard, Predictions] = {}
    for (corpus, condition), predictions in found.items():
        spoken = without_nothing(predictions)
        shown[corpus, condition] = predictions if spoken is None else spoken
        if spoken is not None:
            shown[part_of(corpus, _WITH_NOTHING), condition] = predictions
    return shown


def hearings_of(result: Any) -> dict[str, dict[Heard, Predictions]]:
    """Return predictions as `predictions_of` does, by what was heard where that was made wrong.

    Of networks of words and voice, with the words of another clip; empty of others.

    Raises
    ------
    BadInput, CheckFailed
        As `predictions_of`.
    """
    found = result.get(HEARINGS) or {}
    if not isinstance(found, dict) or not set(found) <= {SHUFFLED}:
        raise BadInput("the hearings of a training's result are none that are known")
    return {n: predictions_of({"predictions": said}) for n, said in found.items()}


def part_of(corpus: str, part: str) -> str:
    """Return what a part of a corpus's clips is called: ``"spoken / neutral words"``."""
    return f"{corpus}{_PART}{part}"


def corpus_of(name: str) -> str:
    """Return the corpus that a name from `part_of` is of, or the name as it is."""
    return name.partition(_PART)[0]


def has_nothing(name: str) -> bool:
    """Return whether clips of "nothing" are among those that a name stands for."""
    return name.endswith(f"{_PART}{_WITH_NOTHING}")


def heard_so(variant: str, heard: str) -> str:
    """Return what a variant's row is called where something else was heard."""
    return f"{variant}{_HEARD_SO}{heard}"


def _heard(entry: Mapping[str, Any]) -> Heard:
    return _text(entry["corpus"]), _text(entry.get("condition", CLEAN))


def _predictions(entry: Mapping[str, Any]) -> Predictions:
    clip_ids = [_text(name) for name in entry["clip_ids"]]
    order = sorted(range(len(clip_ids)), key=lambda index: clip_ids[index])
    speakers = [_text(name) for name in entry["speakers"]]
    labels = np.array(entry["labels"], np.int64)
    logits = np.array(entry["logits"], np.float32)
    if len(speakers) != len(order) or len(labels) != len(order) or len(logits) != len(order):
        raise ValueError("its lists are not equally long")
    return Predictions(
        clip_ids=tuple(clip_ids[index] for index in order),
        labels=labels[order],
        speakers=tuple(speakers[index] for index in order),
        logits=logits[order],
        classes=tuple(_text(name) for name in entry["classes"]),
        anonymous=frozenset(_text(name) for name in entry.get("anonymous", ())),
    )


def groups_of(result: Any) -> dict[Heard, Groups]:
    """Return what each clip can be grouped by, by corpus and condition; empty where none is known.

    Raises
    ------
    BadInput
        When the result is not of that form.
    """
    try:
        return {
            _heard(entry): {
                _text(kind): {
                    _text(clip): _text(name)
                    for clip, name in zip(entry["clip_ids"], names, strict=True)
                }
                for kind, names in entry.get("groups", {}).items()
            }
            for entry in result["predictions"]
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the groups of a result are not as they should be: {_said(error)}") from (
            error
        )


def costs_of(result: Any) -> dict[str, Measurement]:
    """Return the costs that a result names; none where it has none.

    Raises
    ------
    BadInput
        When they are not figures by name.
    """
    try:
        costs = result.get("costs") or {}
        return {_text(name): Measurement.from_json(table) for name, table in costs.items()}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadInput(f"the costs of a result are not as they should be: {_said(error)}") from (
            error
        )


def check_result(job: Job, result: Any) -> None:
    """Raise what `predictions_of` would of a training's result, and `costs_of` of any."""
    if job.task in PREDICTING:
        predictions_of(result)
        groups_of(result)
        hearings_of(result)
    costs_of(result)


def over_folds(runs: Sequence[Predictions]) -> list[Predictions]:
    """Join the runs of several folds that were scored on different clips.

    Runs on the same clips, such as on a corpus that is never trained on, stay apart.

    Raises
    ------
    CheckFailed
        When two runs share some clips and not others, or clips of a speaker.
    """
    kept: list[list[Predictions]] = []
    for run in runs:
        place = next((group for group in kept if _is_apart(run, group)), None)
        if place is None:
            kept.append([run])
        else:
            place.append(run)
    return [group[0] if len(group) == 1 else _joined(group) for group in kept]


def _is_apart(run: Predictions, group: Sequence[Predictions]) -> bool:
    clips = set(run.clip_ids)
    shared = [clips & set(other.clip_ids) for other in group]
    if not any(shared):
        return all(run.classes == other.classes for other in group)
    if not any(both == clips == set(o.clip_ids) for both, o in zip(shared, group, strict=True)):
        raise CheckFailed("two folds test some of the same clips, and others not")
    return False


def _joined(runs: Sequence[Predictions]) -> Predictions:
    clip_ids = [name for run in runs for name in run.clip_ids]
    order = sorted(range(len(clip_ids)), key=lambda index: clip_ids[index])
    speakers = [name for run in runs for name in run.speakers]
    return Predictions(
        clip_ids=tuple(clip_ids[index] for index in order),
        labels=np.concatenate([run.labels for run in runs])[order],
        speakers=tuple(speakers[index] for index in order),
        logits=np.concatenate([run.logits for run in runs])[order],
        classes=runs[0].classes,
        anonymous=frozenset().union(*(run.anonymous for run in runs)),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a name is no text")
    return value


def _said(error: Exception) -> str:
    name = type(error).__name__ if isinstance(error, KeyError) else ""
    return printable(f"{name} {error}".strip())
