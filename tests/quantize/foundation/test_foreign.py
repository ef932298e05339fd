"""Foreign text as one line."""

from __future__ import annotations

import pytest

from quantize.foundation.foreign import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv\x1b[31m", "conv\\x1b[31m"),
        ("a\nfully int8: yes", "a\\x0afully int8: yes"),
        ("\x9b2J", "\\x9b2J"),
        ("left\u202eright", "left\\u202eright"),
        ("\ud800", "\\ud800"),
        ("\U000e0001", "\\U000e0001"),
        ("Ekel, \u5acc\u60e1", "Ekel, \u5acc\u60e1"),
        (b"kws01\xff\r", "kws01\\xff\\x0d"),
    ],
)
def test_nothing_steers_a_terminal(text: str | bytes, shown: str) -> None:
    assert printable(text) == shown


def test_the_limit_holds_after_escaping() -> None:
    assert len(printable("\x00" * 500)) <= 80
    assert printable("a" * 10, limit=10) == "a" * 10
    assert printable("a" * 11, limit=10) == "a" * 7 + "..."
