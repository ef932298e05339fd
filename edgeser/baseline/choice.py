"""Which classical baseline: a set of functionals, and what classifies them."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.foundation.string_enum import StrEnum


class FunctionalSet(StrEnum):
    """Which functionals, by openSMILE's name."""

    EGEMAPS = "eGeMAPSv02"
    COMPARE = "ComParE_2016"

    @property
    def features(self) -> int:
        """How many values a clip has."""
        return 88 if self is FunctionalSet.EGEMAPS else 6373


class Classifier(StrEnum):
    """Which classifier, of scikit-learn's."""

    LOGISTIC = "logistic"
    MLP = "mlp"

    @property
    def strengths(self) -> tuple[float, ...]:
        """The L2 penalties that are tried, strongest first, which wins a tie.

        Each is in units of its own: the inverse of scikit-learn's ``C``, and its ``alpha``.
        """
        return (1e4, 1e3, 1e2, 1e1, 1.0) if self is Classifier.LOGISTIC else (10.0, 1.0, 0.1)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A classical baseline.

    Parameters
    ----------
    functionals
        One vector a clip.
    classifier
        Of those vectors.
    """

    functionals: FunctionalSet
    classifier: Classifier

    def __str__(self) -> str:
        name = "logistic regression" if self.classifier is Classifier.LOGISTIC else "a perceptron"
        return f"{name} on {self.functionals}"
