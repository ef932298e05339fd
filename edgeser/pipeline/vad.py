"""What is known of clips' valence, arousal and dominance: rated, or derived from votes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeser.corpora import COORDINATES, Utterance, Vad, canonical_emotion, derived_vad
from edgeser.corpora.vad_coordinates import SOURCE
from edgeser.evaluation.concordance import VadTruth
from edgeser.recipe import Recipe
from edgeser.training.vad_config import VadConfig
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
