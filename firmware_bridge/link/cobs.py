r"""Consistent overhead byte stuffing: any bytes, written without a zero (Cheshire and Baker, 1999).

Zeros are taken out: each block of bytes other than zero, at most 254 long, is led by its length
plus one. Blocks shorter than 254 stand for a zero at their end, but for the last.

>>> encode(b"a\0b").hex()
'02610262'
>>> decode(encode(b"a\0b"))
b'a\x00b'
"""

from __future__ import annotations

_LONGEST_BLOCK = 254


class NotCobs(ValueError):
    """The bytes are not the encoding of anything."""


def encode(data: bytes) -> bytes:
    """Return `data` without zeros: at most ``1 + len(data) // 254`` bytes longer."""
    encoded = bytearray()
    runs = data.split(b"\0")
    for number, run in enumerate(runs, 1):
        full, rest = divmod(len(run), _LONGEST_BLOCK)
        for start in range(0, full * _LONGEST_BLOCK, _LONGEST_BLOCK):
            encoded.append(_LONGEST_BLOCK + 1)
            encoded += run[start : start + _LONGEST_BLOCK]
        # A full block stands for no zero, so that a shorter one follows; not at the very end.
        if rest or not full or number < len(runs):
            encoded.append(rest + 1)
            encoded += run[len(run) - rest :]
    return bytes(encoded)


def decode(encoded: bytes) -> bytes:
    """Undo `encode`.

    Raises
    ------
    NotCobs
        When there is a zero, nothing at all, or a block that ends early.
    """
    if not encoded:
        raise NotCobs("nothing to decode")
    if 0 in encoded:
        raise NotCobs("a zero inside")
    decoded = bytearray()
    at = 0
    while at < len(encoded):
        code = encoded[at]
        block = encoded[at + 1 : at + code]
        if len(block) != code - 1:
            raise NotCobs("the last block ends early")
        decoded += block
        at += code
        if code <= _LONGEST_BLOCK and at < len(encoded):
            decoded.append(0)
    return bytes(decoded)
