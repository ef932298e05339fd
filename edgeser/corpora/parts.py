"""What recordings are divided into: a part to train on, one to choose by, one to test on."""

from __future__ import annotations

from dataclasses import dataclass

PARTS = ("train", "development", "test")


@dataclass(frozen=True, slots=True)
class Parts:
    """Names by part.

    Parameters
    ----------
    train, development, test
        Names of speakers, or of clips: what is divided says which.
    """

    train: frozenset[str]
    development: frozenset[str]
    test: frozenset[str]

    def of(self, part: str) -> frozenset[str]:
        """Return the names in ``"train"``, ``"development"`` or ``"test"``."""
        return {"train": self.train, "development": self.development, "test": self.test}[part]

    def in_two(self) -> list[str]:
        """Return the names that are in more than one part, sorted."""
        both = self.train & self.development
        return sorted(both | (self.train & self.test) | (self.development & self.test))
