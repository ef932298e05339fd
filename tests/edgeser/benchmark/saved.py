"""Benchmarks as they are saved, made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIGURES = {"inference_instructions": 1_000_000.0, "flash_bytes": 50_000, "ram_bytes": 20_000}
BOARD = "mps2-an500"


def figure(name: str, value: float) -> dict[str, Any]:
    endings = {"bytes": "bytes", "ms": "ms", "instructions": "instructions", "s": "1/s"}
    unit = endings[name.rpartition("_")[2]]
    evidence = "emulated" if unit == "instructions" else "measured"
    return {"value": value, "unit": unit, "evidence": evidence, "source": "made up"}


def operator(index: int, cost: float, kind: str = "CONV_2D") -> dict[str, Any]:
    row = {"index": index, "kind": kind, "layer": f"layer {index}", "macs": 7}
    return row | {"cost": figure("operator_instructions", cost)}


def result(
    figures: dict[str, float] | None = None,
    *,
    name: str = BOARD,
    kind: str = "emulator",
    description: str = "a board; gcc 12",
    problem: str = "",
    operators: tuple[dict[str, Any], ...] = (),
    arena: int | None = None,
) -> dict[str, Any]:
    given = FIGURES if figures is None else figures
    part = {"name": "arena", "memory": "ram", "size": figure("arena_bytes", arena or 0)}
    return {
        "target": {"kind": kind, "name": name, "core": None, "description": description},
        "passed": not problem,
        "problem": problem,
        "figures": {key: figure(key, value) for key, value in given.items()},
        "operators": list(operators),
        "memory": [] if arena is None else [part],
        "sections": [],
        "samples_ms": [],
        "budgets": [],
        "parity": None,
    }


def benchmark(*results: dict[str, Any], model: str = "kws") -> dict[str, Any]:
    rows = list(results) or [result()]
    return {"schema": "edgeser.bench/2", "model": model, "passed": True, "results": rows}


def saved(folder: Path, name: str, table: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(table))
    return path
