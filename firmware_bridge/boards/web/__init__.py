"""A page in a browser as a board: its C, and the JavaScript that speaks with it."""

from __future__ import annotations

from pathlib import Path

DRIVER = Path(__file__).with_name("device.js")
"""The class ``Device``, for a page or for node."""
