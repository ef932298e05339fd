"""Results of trainings that never were, for tables of studies."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeser.study.combine import Cell
from edgeser.study.config import Study, Variant
from edgeser.study.jobs import Job, job_key
from edgeser.study.scores import check_result
from edgeser.study.store import Kept

CLASSES = ["anger", "joy", "sadness"]


def predictions(corpus: str, seed: int, skill: float, clips: range) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    labels = np.array([clip % 3 for clip in clips])
    logits = rng.normal(size=(len(clips), 3))
    logits[np.arange(len(clips)), labels] += skill
    return {
        "corpus": corpus,
        "clip_ids": [f"{corpus}/{clip:03d}" for clip in clips],
        "speakers": [f"{corpus}/{clip // 12}" for clip in clips],
        "labels": labels.tolist(),
        "classes": CLASSES,
        "logits": logits.tolist(),
    }


def cost(value: float) -> dict[str, Any]:
    figure = {"value": value, "unit": "bytes", "evidence": "measured", "source": "the file"}
    return {"int8_bytes": figure}


class Made:
    """Cells with results of their own making."""

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        self.kept: dict[str, Kept] = {}

    def add(
        self,
        variant: str,
        arrangement: str,
        seed: int,
        entries: list[dict[str, Any]] | None,
        *,
        fold: int | None = None,
        costs: dict[str, Any] | None = None,
    ) -> Cell:
        key = job_key({"v": variant, "a": arrangement, "s": seed, "f": fold}, code="")
        job = Job(key, f"{variant}, {arrangement}, seed {seed}", "train", {})
        cell = Cell(variant, arrangement, ("cremad",), seed, fold, job)
        self.cells.append(cell)
        if entries is not None:
            result = {"predictions": entries, "costs": costs, "facts": {}}
            check_result(job, result)
            self.kept[key] = Kept(key, job.name, 1.0, result)
        return cell


def study(**options: Any) -> Study:
    variants = (Variant("a"), Variant("b"), Variant("c"))
    return Study(**{"name": "s", "seeds": (0, 1), "variants": variants} | options)
