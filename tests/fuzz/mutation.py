"""How bytes are damaged: cut, flipped, overwritten, spliced, and their texts made hostile."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

Mutation = Callable[[bytes, np.random.Generator], bytes]

_TEXT = re.compile(rb"[A-Za-z0-9_./:; \[\]\"'=,-]{4,}")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
HOSTILE = (
    "\x1b[2J\x1b]0;x\x07",
    "\nfully int8: yes\n",
    "[/red][bold]",
    "*/ int x; /*",
    "??/\n",
    "$(touch x)`touch x`",
    "</script><b>",
    "]]>&amp;",
    "| a | b |\r\n",
    "\u202egnp.exe\u2066",
    "\x00",
    "../../etc/x",
    "%s%n{}{0.__class__}",
)
NUMBERS = (b"-1", b"0", b"1e999", b"nan", b"9223372036854775808", b"0.1", b"true", b"9" * 420)


def truncated(data: bytes, rng: np.random.Generator) -> bytes:
    """Keep the beginning."""
    return data[: rng.integers(0, len(data))]


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip one to eight bits, wherever they are."""
    mutant = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        mutant[rng.integers(0, len(mutant))] ^= 1 << int(rng.integers(0, 8))
    return bytes(mutant)


def flipped_in_structure(data: bytes, rng: np.random.Generator) -> bytes:
    """Flip near the ends, where tables and offsets are: large files hold payload in between."""
    mutant = bytearray(data)
    size = len(mutant)
    for _ in range(rng.integers(1, 5)):
        near = int(rng.integers(0, min(size, 4096)))
        mutant[near if rng.random() < 0.5 else size - 1 - near] ^= 1 << int(rng.integers(0, 8))
    return bytes(mutant)


def extreme_words(data: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite aligned words with values that overflow careless arithmetic."""
    mutant = bytearray(data)
    if len(mutant) < 8:
        return flipped(data, rng)
    words = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, len(data), len(data) - 4)
    for _ in range(rng.integers(1, 4)):
        near = int(rng.integers(0, min(len(mutant), 4096) // 4)) * 4
        at = near if rng.random() < 0.5 else max(0, len(mutant) - 4 - near)
        mutant[at : at + 4] = int(rng.choice(words)).to_bytes(4, "little")
    return bytes(mutant)


def spliced(data: bytes, rng: np.random.Generator) -> bytes:
    """Cut a slice out, double it, or overwrite it with another one."""
    start, end = sorted(int(i) for i in rng.integers(0, len(data) + 1, 2))
    kind = rng.integers(0, 3)
    if kind == 0:
        return data[:start] + data[end:]
    if kind == 1:
        return data[:end] + data[start:]
    to = int(rng.integers(0, len(data)))
    return data[:to] + data[start:end] + data[to + end - start :]


def hostile_text(data: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite a text, such as a tensor's or a custom operator's name, with a hostile one.

    No byte moves, so that the file around it stays as it was.
    """
    texts = [match.span() for match in _TEXT.finditer(data)]
    if not texts:
        return flipped(data, rng)
    start, end = texts[rng.integers(0, len(texts))]
    hostile = HOSTILE[rng.integers(0, len(HOSTILE))].encode()
    if rng.random() < 0.2:
        hostile = bytes(rng.integers(0, 256, end - start, dtype=np.uint8))
    filling = (hostile * ((end - start) // len(hostile) + 1))[: end - start]
    return data[:start] + filling + data[end:]


def hostile_number(data: bytes, rng: np.random.Generator) -> bytes:
    """Write another number in the place of one; in texts only, since what follows moves."""
    numbers = [match.span() for match in _NUMBER.finditer(data)]
    if not numbers:
        return hostile_text(data, rng)
    start, end = numbers[rng.integers(0, len(numbers))]
    return data[:start] + NUMBERS[rng.integers(0, len(NUMBERS))] + data[end:]


BINARY: tuple[Mutation, ...] = (
    truncated,
    flipped,
    flipped_in_structure,
    extreme_words,
    spliced,
    hostile_text,
)
TEXT: tuple[Mutation, ...] = (truncated, flipped, spliced, hostile_text, hostile_number)
