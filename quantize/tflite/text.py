"""Names from files, made fit for a line of text on a terminal."""

from __future__ import annotations


def printable(text: str, *, limit: int = 80) -> str:
    r"""Escape what is not printable, and cut what is longer than `limit` characters.

    >>> printable("conv\x1b[31m\n")
    'conv\\x1b[31m\\x0a'
    >>> printable("a" * 20, limit=10)
    'aaaaaaa...'
    """
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
