"""Where emotions lie in valence, arousal and dominance, and what votes for them come to.

The coordinates are those of Russell and Mehrabian, "Evidence for a three-factor theory of
emotions", Journal of Research in Personality 11, 273-294, 1977 (mean ratings of 151 terms, -1 to
1). They were not read from the paper but from public tables that quote it and agree with each
other; terms on which such tables disagree, or which none has (calm, contempt, frustration), are
left out: a recipe may give its own. Neutral is the middle by definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from edgeser.corpora.vad import Vad

SOURCE = "Russell and Mehrabian 1977, as widely tabulated; neutral is 0"
COORDINATES: dict[str, Vad] = {
    "anger": Vad(-0.51, 0.59, 0.25),  # angry
    "boredom": Vad(-0.65, -0.62, -0.33),  # bored
    "disgust": Vad(-0.60, 0.35, 0.11),  # disgusted
    "excitement": Vad(0.62, 0.75, 0.38),  # excited
    "fear": Vad(-0.64, 0.60, -0.43),  # fearful
    "happiness": Vad(0.81, 0.51, 0.46),  # happy
    "neutral": Vad(0.0, 0.0, 0.0),
    "sadness": Vad(-0.63, -0.27, -0.33),  # sad
    "surprise": Vad(0.40, 0.67, -0.13),  # surprised
}
"""By canonical noun; the term of the table stands behind it."""
_LEAST_KNOWN = 0.5


def derived_vad(
    votes: Iterable[tuple[str, float]] | None, coordinates: Mapping[str, Vad]
) -> Vad | None:
    """Return the expected coordinates under votes, over the words that have some.

    `None` where there are no votes, or more than half of them went to words without coordinates.

    >>> derived_vad([("anger", 0.5), ("neutral", 0.5)], COORDINATES)
    Vad(valence=-0.255, arousal=0.295, dominance=0.125)
    """
    known = [(coordinates[word], share) for word, share in votes or () if word in coordinates]
    total = sum(share for _, share in known)
    if total < _LEAST_KNOWN:
        return None
    sums = [sum(place.values[axis] * share for place, share in known) / total for axis in range(3)]
    return Vad(*sums)
