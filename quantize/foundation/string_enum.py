"""Enumerations whose members are strings: the standard library has them since Python 3.11."""

from __future__ import annotations

import sys

if sys.version_info >= (3, 11):
    from enum import StrEnum
else:
    from enum import Enum

    class StrEnum(str, Enum):
        """Members are strings, and are shown as their value."""

        __str__ = str.__str__
        __format__ = str.__format__


__all__ = ["StrEnum"]
