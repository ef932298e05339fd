"""Files as tables name them and as they are called: other forms of accents, other separators."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path


def composed(text: str) -> str:
    """Return text with its accents in one form (NFC): two spellings of one name become one."""
    return unicodedata.normalize("NFC", text)


@dataclass
class Finder:
    """Finds files below a folder by names that may be written otherwise.

    Linux compares names byte by byte. macOS writes accents as letter and mark (NFD), most tables
    as one letter (NFC); Windows separates folders by backslashes.
    """

    _listings: dict[Path, dict[str, str]] = field(default_factory=dict, repr=False)

    def find(self, root: Path, named: str) -> str:
        """Return how the file that a table calls `named` is called below `root`.

        A name that is there as it stands comes first. Where no form of it is there, backslashes
        become slashes only if the first part is a folder, and the rest stays as named.
        """
        if _exists(root / named):
            return named
        forward = named.replace("\\", "/")
        for candidate in dict.fromkeys((named, forward)):
            found = self._by_parts(root, candidate)
            if found is not None:
                return found
        return forward

    def _by_parts(self, root: Path, named: str) -> str | None:
        """Look the parts of a path up one after the other, whatever the form of their accents."""
        parts = Path(named).parts
        here = root
        for part in parts:
            if part in ("..", os.sep) or _exists(here / part):
                here = here / part
                continue
            called = self._listing(here).get(composed(part))
            if called is None:
                return None
            here = here / called
        return str(here.relative_to(root)) if here.is_relative_to(root) else str(here)

    def _listing(self, folder: Path) -> dict[str, str]:
        """Return a folder's names by their composed form."""
        if folder not in self._listings:
            try:
                names = sorted(os.listdir(folder))  # noqa: PTH208 - names, not paths
            except OSError:
                names = []
            self._listings[folder] = {composed(name): name for name in reversed(names)}
        return self._listings[folder]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
