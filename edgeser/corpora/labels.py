"""Labels of a corpus's own: which text may be one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from edgeser.corpora.names import composed
from edgeser.corpora.utterance import FileProblem
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

LONGEST_LABEL = 40
"""Characters of a label, after its accents are composed."""
MOST_LABELS = 128
"""Labels of one corpus: a decision of the firmware holds so many."""
SIMILAR = "similar-labels"
_NOT_SAID = frozenset({"", "unknown", "n/a", "na", "none", "not stated"})
_BLANK = "Zs"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def own_label(word: str) -> str:
    r"""Return a word as the label that it is, or an empty string where it cannot be one.

    Accents are composed (NFC), blanks around it dropped, blanks in it become one space. What is
    empty then, longer than `LONGEST_LABEL`, or has control characters, line ends or characters
    that are not seen, is no label.

    Examples
    --------
    >>> own_label("  bearing worn "), own_label("U\u0308bersteuert")
    ('bearing worn', 'Übersteuert')
    >>> own_label("a\nb"), own_label("\u202eno"), own_label("x" * 41)
    ('', '', '')
    """
    text = composed(word)
    kinds = {unicodedata.category(character) for character in text}
    if kinds & _INVISIBLE:
        return ""
    label = " ".join("".join(" " if unicodedata.category(c) == _BLANK else c for c in text).split())
    return label if len(label) <= LONGEST_LABEL else ""


def own_words(text: str) -> str | None:
    """Return what a corpus says of a person in its own words; `None` where it says nothing.

    The rules for characters and length are those of `own_label`.

    Examples
    --------
    >>> own_words("African  American"), own_words("Unknown")
    ('African American', None)
    """
    words = own_label(text)
    return None if words.casefold() in _NOT_SAID else words


def why_no_label(word: str) -> str:
    """Return why `own_label` refuses a word, one line."""
    if not word.strip():
        return "the label is empty"
    if len(composed(word).strip()) > LONGEST_LABEL:
        return f"the label '{printable(word)}' is longer than {LONGEST_LABEL} characters"
    return f"the label '{printable(word)}' has characters that are not shown"


def check_labels(labels: Iterable[str], root: Path) -> list[FileProblem]:
    """Refuse more labels than a device can tell apart; name those that differ in case only.

    Raises
    ------
    BadInput
        When there are more than `MOST_LABELS`.
    """
    distinct = sorted(set(labels))
    if len(distinct) > MOST_LABELS:
        raise BadInput(
            f"{root} has {len(distinct):,} labels; at most {MOST_LABELS} can be told apart",
            hint="is it the right column or folder? labels are classes, not names of clips",
        )
    alike: dict[str, list[str]] = {}
    for label in distinct:
        alike.setdefault(label.casefold(), []).append(label)
    return [
        FileProblem(root, SIMILAR, f"{', '.join(same)} differ in case only, and are labels each")
        for same in alike.values()
        if len(same) > 1
    ]
