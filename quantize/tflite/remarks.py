"""What the reader has to say of a file that is whole: what it does not read, and what is odd.

A damaged file is refused outright. Of one that is whole, `Unread` keeps all but `edgeser inspect`
from going on; an `Oddity` keeps nobody, and is told to everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something that is not as converters write it, in a model that can be used.

    Parameters
    ----------
    where
        The tensor, operator or part of the file, for people; names are fit to be shown.
    what
        What is odd there, and what follows from it.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a file that is not damaged is not used.

    Parameters
    ----------
    where, what
        As for `Oddity`.
    advice
        What to do about it.
    sound
        Whether another tool would rightly use it: false for values that nothing can compute with.
    """

    where: str
    what: str
    advice: str
    sound: bool = True

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def in_groups(remarks: Iterable[Oddity | Unread]) -> tuple[str, ...]:
    """Return a line for each thing that is said, however many places it is said of.

    >>> in_groups([Oddity("tensor 1", "it is odd"), Oddity("tensor 7", "it is odd")])
    ('tensor 1 and 1 more: it is odd',)
    """
    places: dict[str, list[str]] = {}
    for remark in remarks:
        places.setdefault(remark.what, []).append(remark.where)
    return tuple(
        f"{where[0]}{f' and {len(where) - 1} more' if len(where) > 1 else ''}: {what}"
        for what, where in places.items()
    )
