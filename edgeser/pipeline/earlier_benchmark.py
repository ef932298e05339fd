"""A device's benchmark as `edgeser.device/1` had it, in the form of `edgeser.bench/2`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NAMES = {
    "per_mac": "instructions_per_mac",
    "features_ms": "frame_ms",
    "flash_bytes": "flash_bytes",
    "ram_bytes": "ram_bytes",
    "scratch_bytes": "scratch_bytes",
    "stack_used_bytes": "stack_used_bytes",
    "inference_ms": "inference_ms",
}
_BY_UNIT = {"inference": "inference", "features": "frame", "features_largest": "worst_frame"}


def as_second_version(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same figures by their newer names.

    Raises
    ------
    KeyError, TypeError
        When the table is not of that form.
    """
    figures = {new: table[old] for old, new in _NAMES.items() if table[old] is not None}
    emulated = table["inference"]["unit"] == "instructions"
    for old, new in _BY_UNIT.items():
        if table[old] is not None:
            figures[f"{new}_{'instructions' if emulated else 'ms'}"] = table[old]
    description = table["device"]
    name = description.partition(";")[0].partition(", emulated")[0]
    result = {
        "target": {
            "kind": "emulator" if emulated else "serial",
            "name": name,
            "description": description,
        },
        "problem": "",
        "figures": figures,
        "operators": table["operators"],
        "memory": table["memory"],
    }
    return {"model": table["model"], "results": [result]}
