"""What the labels of a corpus are called, wherever a run speaks of them: one vocabulary a kind."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

NOTHING = "nothing"
"""The label of clips on which nobody says anything: no emotion, and scored apart too."""
LabelKind = Literal["emotions", "any"]
"""``"emotions"``: of the vocabulary of emotions. ``"any"``: whatever the corpus calls its clips."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words for one kind of labels.

    Parameters
    ----------
    one, many
        A label, and several.
    title
        Of a report; ``{corpus}`` is the corpus.
    model
        What the model is, to begin a sentence with.
    limits
        What figures measured on test clips are not, one sentence.
    card
        What a model card warns of; ``{corpus}`` is the corpus.
    law
        What the law says of such models, and that this is no legal advice; empty where nothing is
        said.
    silence_has_label
        Whether a recording on which nothing is said may have a label all the same: a machine hums
        steadily, and silence can be a class.
    """

    one: str
    many: str
    title: str
    model: str
    limits: str
    card: str
    law: str
    silence_has_label: bool


_WORDINGS: dict[LabelKind, Wording] = {
    "emotions": Wording(
        one="emotion",
        many="emotions",
        title="speech emotion on {corpus}",
        model="A speech-emotion model",
        limits="Where speech is acted, or speakers are few, this is no measure of how people are "
        "understood in daily life.",
        card="Trained on acted speech. It labels how speech *sounds*; it does not know what a "
        "person feels. Do not use it to judge people at work, in education, or where they cannot "
        "object.",
        law="In the European Union it is forbidden to infer the emotions of people at work or in "
        "education by a system like this, but for medical or safety reasons (AI Act, Article "
        "5(1)(f)); elsewhere people must be told that one is used on them (Article 50(3)). This is "
        "no legal advice.",
        silence_has_label=False,
    ),
    "any": Wording(
        one="label",
        many="labels",
        title="labels of {corpus}",
        model="A sound classifier",
        limits="Other voices, machines, rooms and microphones than those of these recordings may "
        "be recognised less well.",
        card="Trained on recordings of {corpus}. It knows its own labels only, and takes whatever "
        "it hears for one of them. Measure it in the place where it is to work before anything "
        "depends on it.",
        law="",
        silence_has_label=True,
    ),
}


def silence_has_label(words: Wording, classes: Collection[str]) -> bool:
    """Whether a recording on which nothing is said has a label, of a model of such `classes`."""
    return words.silence_has_label or NOTHING in classes


def wording(kind: LabelKind) -> Wording:
    """Return the words for labels of this kind.

    Examples
    --------
    >>> wording("any").many
    'labels'
    """
    return _WORDINGS[kind]


def plural(word: str, count: int) -> str:
    """Return the word as it goes with a number: ``"clip"``, ``"clips"``."""
    return word if count == 1 else f"{word}s"
