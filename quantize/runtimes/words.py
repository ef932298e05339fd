"""What a runtime said, as one sentence for people: LiteRT runs its messages together."""

from __future__ import annotations

import re
from collections import Counter

_LOWER_CASE_BEGINNINGS = "quantized_dimension|num_scales|tflite_tensor|tflite/|failed to "
"""LiteRT's messages begin with a capital letter, but for these and the name of a source file."""
_BETWEEN = re.compile(
    rf"(?<=[\w)\]'\"])\.(?=[A-Z]|{_LOWER_CASE_BEGINNINGS})|(?<=[^\s.])(?=Node number \d)|\n+"
)
_NUMBER = re.compile(r"\d+")


def separated(said: str) -> str:
    """Return messages with semicolons between them; of those that only differ in numbers the first.

    A file's name before a line number (``conv.cc:378``) and a field (``params.scale``) stay whole.
    """
    messages = [" ".join(part.split()).removesuffix(".") for part in _BETWEEN.split(said)]
    kinds = {message: _NUMBER.sub("0", message) for message in messages if message}
    counts = Counter(_NUMBER.sub("0", message) for message in messages if message)
    first: dict[str, str] = {}
    for message, kind in kinds.items():
        more = counts[kind] - 1
        first.setdefault(kind, f"{message} (and {more} more like it)" if more else message)
    return "; ".join(first.values())
