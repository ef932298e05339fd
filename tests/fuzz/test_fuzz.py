"""A few mutants of every format in each run of the suite; many by `python -m tests.fuzz`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.compiler.compile import compile_model
from fuzz.campaign import try_mutants
from fuzz.formats import FORMATS, Material
from fuzz.small_models import small_models
from quantize.foundation.errors import EdgeserError

MUTANTS = 120


@pytest.fixture(scope="module")
def material(road: Any) -> Material:
    """A small run, and the models of others where there are some."""
    beside = Path(__file__).resolve().parents[3] / "shared"
    return Material(road.folder, (beside,) if beside.is_dir() else ())


@pytest.mark.parametrize("name", FORMATS)
def test_mutants_are_read_or_refused_in_one_typed_line(name: str, material: Material) -> None:
    outcome = try_mutants(name, material, seed=20, numbers=range(MUTANTS))
    if not outcome.read + outcome.refused:
        pytest.skip("there is no sample of this format here")
    assert not outcome.faults
    assert outcome.read + outcome.refused == MUTANTS


LINTED = ("tflite-lint", "operators")


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in LINTED])
def test_sound_samples_are_read(name: str, material: Material, tmp_path: Path) -> None:
    """Else a campaign would try nothing but refusals; a C compiler may refuse sound models."""
    samples = FORMATS[name].samples(Material(material.run))
    for number, data in enumerate(samples):
        place = tmp_path / str(number)
        place.mkdir()
        try:
            FORMATS[name].read(data, place, material)
        except EdgeserError as error:
            pytest.fail(f"{name}, sample {number}: {error}")


def test_small_models_are_sound() -> None:
    for data in small_models():
        assert compile_model(data, "small").operators
