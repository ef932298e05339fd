"""What all JSON has in common: NaN and infinity are refused, and text is ASCII.

Every figure is a `Measurement` object with value, unit, evidence and source; counts that follow
from the data alone are plain numbers.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from quantize.foundation.errors import CheckFailed
from quantize.foundation.measurement import Measurement

Json = dict[str, Any]


def dump_json(value: Json) -> str:
    """Return `value` as indented JSON text, in ASCII: no name in it steers a terminal.

    Raises
    ------
    CheckFailed
        When a NaN or an infinity is among the figures; the message says where.
    """
    try:
        return json.dumps(value, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        where = next(_not_finite(value, ""), "an unknown place")
        raise CheckFailed(
            f"a figure of the report is NaN or infinite: {where}", hint="nothing was written"
        ) from error


def optional(figure: Measurement | None) -> Json | None:
    """Return a figure, or `None` where there is none."""
    return None if figure is None else figure.to_json()


def _not_finite(value: object, where: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield f"{where} is {value}"
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _not_finite(member, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, member in enumerate(value):
            yield from _not_finite(member, f"{where}[{index}]")
