from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mutation import extreme_words, flipped, flipped_in_structure, spliced, truncated

from edgeser.report.schemas.inspection import inspection_json
from quantize.foundation.errors import BadInput
from quantize.tflite import read_model
from quantize.tflite.inspect import inspect_model

MUTANTS = 1000
SLOWEST_S = 1.0
"""The reader's work is bounded by the file's size, so the largest model here sets the time."""


OPERATIONS = (truncated, flipped, flipped_in_structure, extreme_words, spliced)


def try_mutants(models: list[bytes], count: int, seed: int) -> dict[str, int]:
    rng = np.random.default_rng(seed)
    outcomes = {"read": 0, "refused": 0}
    for index in range(count):
        mutant = OPERATIONS[index % len(OPERATIONS)](models[rng.integers(0, len(models))], rng)
        started = time.process_time()
        try:
            found = inspect_model(read_model(mutant))
            json.dumps(inspection_json(found), allow_nan=False)
            outcomes["read"] += 1
        except BadInput as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
        assert time.process_time() - started < SLOWEST_S
    return outcomes


def test_mutants_of_real_models(shared: Path) -> None:
    models = [path.read_bytes() for path in sorted(shared.glob("*/*.tflite"))]
    outcomes = try_mutants(models, MUTANTS, seed=1)
    # Flips inside weights make other models, not broken ones; both outcomes must occur.
    assert outcomes["refused"] > MUTANTS // 4
    assert outcomes["read"] > MUTANTS // 20


def test_mutants_of_the_small_model(build_model: Callable[..., bytes]) -> None:
    outcomes = try_mutants([build_model()], MUTANTS, seed=2)
    assert outcomes["refused"] > MUTANTS // 4
    assert outcomes["read"] > 0


@pytest.mark.parametrize("bit", range(8))
def test_every_byte_of_the_small_model_flipped(build_model: Callable[..., bytes], bit: int) -> None:
    data = build_model()
    for position in range(len(data)):
        mutant = bytearray(data)
        mutant[position] ^= 1 << bit
        try:
            inspect_model(read_model(bytes(mutant)))
        except BadInput:
            continue
