"""Text that is not ours, made fit for one line: names in models, manifests, bundles, replies."""

from __future__ import annotations

import re

MOST_QUOTED = 200
"""How many characters of foreign text a message quotes at most."""
LONGEST_NAME = 80
"""How many characters of a name are shown."""


def printable(text: str | bytes, *, limit: int = LONGEST_NAME) -> str:
    r"""Return `text` as one line that a terminal shows and does not obey.

    What is not printable is escaped: control characters, line ends, marks that change the
    direction of writing, half of a surrogate pair. Markup is not: a renderer that has some escapes
    its own.

    Parameters
    ----------
    text
        A string, or bytes of which what is not ASCII is escaped.
    limit
        How many characters are quoted at most; of what is longer the beginning, and "...".

    >>> printable("conv\x1b[31m\n")
    'conv\\x1b[31m\\x0a'
    >>> printable("a" * 20, limit=10)
    'aaaaaaa...'
    >>> printable(b"kws01\xff")
    'kws01\\xff'
    """
    if isinstance(text, bytes):
        text = text[: limit + 1].decode("ascii", "backslashreplace")
    shown = text[: limit + 1]
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else _escaped(c) for c in shown)
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."


def shortened(text: str, *, limit: int = MOST_QUOTED) -> str:
    """Return `text` with every word of more than `limit` characters cut in its middle.

    For whole messages, which may quote a path or a name of any length: what stands before and after
    it is still read.

    >>> shortened("cannot read " + "x" * 30 + ": too long", limit=9)
    'cannot read xxx...xxx: too long'
    """
    half = (limit - 3) // 2
    pattern = re.compile(rf"\S{{{limit + 1},}}")
    return pattern.sub(lambda word: f"{word[0][:half]}...{word[0][-half:]}", text)


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
