"""What is known of clips' valence, arousal and dominance: rated, or derived from votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.bundle import Bundle, VadSummary
from edgeser.corpora import COORDINATES, Utterance, Vad, canonical_emotion, derived_vad
from edgeser.corpora.parts import PARTS
from edgeser.corpora.vad_coordinates import SOURCE
from edgeser.evaluation.concordance import VadTruth
from edgeser.pipeline.inference import output_grids
from edgeser.pipeline.training_data.dataset import RawClips
from edgeser.recipe import Recipe
from edgeser.training.vad import VadConfig
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable


def vad_truth(utterances: Sequence[Utterance], recipe: Recipe) -> VadTruth:
    """Return each clip's values: as rated; else, where the recipe says so, derived from its votes.

    Raises
    ------
    BadInput
        When the recipe gives coordinates for a word that is no emotion.
    """
    config = recipe.vad
    coordinates = _coordinates(config, recipe)
    values = np.full((len(utterances), 3), np.nan, np.float32)
    derived = np.zeros(len(utterances), np.bool_)
    for row, utterance in enumerate(utterances):
        vad = utterance.vad
        if vad is None and config.derive == "votes":
            vad = derived_vad(utterance.votes, coordinates)
            derived[row] = vad is not None
        if vad is not None:
            values[row] = vad.values
    return VadTruth(
        values=values,
        derived=derived,
        derived_from=_source(config) if derived.any() else "",
        speakers=tuple(u.speaker for u in utterances),
        anonymous=frozenset(u.speaker for u in utterances if not u.speaker_known),
    )


@dataclass(frozen=True, slots=True, eq=False)
class VadSaid:
    """What both forms of a model say of clips' valence, arousal and dominance.

    Parameters
    ----------
    values
        Of the float network and of the int8 model, float32 [clips, 3] each, in real units.
    truth
        What is known of them.
    """

    values: tuple[NDArray[np.float32], NDArray[np.float32]]
    truth: VadTruth


def vad_said(
    bundle: Bundle,
    utterances: Sequence[Utterance],
    further: Sequence[NDArray[np.float32]],
    further_steps: Sequence[NDArray[np.int8]],
) -> VadSaid | None:
    """Bind what follows the logits of both forms to clips; `None` where nothing does.

    Parameters
    ----------
    bundle
        Whose model.
    utterances
        The clips.
    further, further_steps
        Outputs of the float network and of the int8 model but for the first.
    """
    if not further:
        return None
    grid = output_grids(bundle.int8_model)[1]
    values = further[0], grid.dequantise(further_steps[0])
    return VadSaid(values, vad_truth(utterances, bundle.trained.recipe))


def vad_together(members: Sequence[VadSaid | None]) -> VadSaid | None:
    """Return the mean of what the members of a committee say.

    `None` unless each says something and all are held against the same values.
    """
    said = [member for member in members if member is not None]
    truth = said[0].truth if said else None
    if truth is None or len(said) < len(members):
        return None
    if not all(np.array_equal(s.truth.values, truth.values, equal_nan=True) for s in said):
        return None
    of_float, of_int8 = (np.stack([s.values[form] for s in said]) for form in (0, 1))
    return VadSaid((of_float.mean(axis=0), of_int8.mean(axis=0)), truth)


def vad_summary(recipe: Recipe, parts: Mapping[str, RawClips]) -> VadSummary | None:
    """Return of how many clips of each part the values are known, and how; `None` of no head."""
    if not has_vad(recipe):
        return None
    train, development, test = (vad_truth(parts[part].utterances, recipe) for part in PARTS)
    sources = [found.derived_from for found in (train, development, test) if found.derived_from]
    return VadSummary(
        clips=(int(train.known.sum()), int(development.known.sum()), int(test.known.sum())),
        derived=(int(train.derived.sum()), int(development.derived.sum()), int(test.derived.sum())),
        derived_from=sources[0] if sources else "",
    )


def has_vad(recipe: Recipe) -> bool:
    """Return whether a recipe's network has a head for them."""
    return "vad" in recipe.network.heads


def _coordinates(config: VadConfig, recipe: Recipe) -> dict[str, Vad]:
    """Return where emotions lie: the recipe's coordinates before those that ship."""
    own = {}
    for word, values in config.coordinates.items():
        name = word if recipe.labels.kind == "any" else canonical_emotion(word)
        if name is None:
            raise BadInput(
                f"[vad] coordinates has '{printable(word)}', which is no emotion",
                hint="write it as in a manifest, or leave it out",
            )
        own[name] = Vad(*values)
    return {**COORDINATES, **own}


def _source(config: VadConfig) -> str:
    if not config.coordinates:
        return SOURCE
    return f"{printable(config.coordinates_source)}; else {SOURCE}"
