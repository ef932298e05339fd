"""A page in a browser as a board: its C, and the JavaScript that speaks with it."""

from __future__ import annotations

from pathlib import Path

_DRIVER = Path(__file__).with_name("device.js")


def driver_code() -> str:
    """Return JavaScript with the class ``Device``, for a page or for node."""
    return _DRIVER.read_text("utf-8")
