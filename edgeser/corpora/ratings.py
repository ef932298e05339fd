"""Lists of listeners' ratings, as texts."""

from __future__ import annotations

from pathlib import Path

from edgeser.corpora.utterance import FileProblem
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded

NO_AGREEMENT = "no-agreement"
"""Clips whose listeners did not agree on an emotion, or on another one: they are left out."""
_TEXT_BYTES = 64 << 20


def read_lines(path: Path, problems: list[FileProblem]) -> list[str]:
    """Return a text's lines; none, and a problem more, where it is no text or beyond 64 MiB."""
    try:
        return read_bounded(path, limit_bytes=_TEXT_BYTES).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        problems.append(FileProblem(path, "unreadable", f"it is not UTF-8 text: {error.reason}"))
    except BadInput as error:
        problems.append(FileProblem(path, "unreadable", error.message))
    return []
