"""The one family of errors that users see, each with its exit code."""

from __future__ import annotations


class EdgeserError(Exception):
    """An error that a user can act on: what failed and why, and what to do next.

    Parameters
    ----------
    message
        One line: what failed, on which file or setting, and why.
    hint
        One line: what to do next. Empty where there is nothing to add.
    """

    exit_code = 4

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class CheckFailed(EdgeserError):
    """A check did its work and says no: parity, budget, lint or regression."""

    exit_code = 1


class BadInput(EdgeserError):
    """A file, a recipe or an argument that cannot be used as it is."""

    exit_code = 2


class ToolMissing(EdgeserError):
    """A tool, a package or a device is not there, or does not answer."""

    exit_code = 3


class InternalError(EdgeserError):
    """A fault of edgeser itself, or of native code that it runs."""

    exit_code = 4
