"""The models that ship: named like bundles, listed with figures, within their size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle.shipping import require_shippable
from edgeser.cli.options import ModelPath
from edgeser.pipeline.ship import is_what_ships, recipe_of, shipped_bundles
from edgeser.pretrained import MOST_BYTES, PRETRAINED, is_pretrained, pretrained_path
from quantize.edgetpu.lint import lint_file
from quantize.foundation.measurement import Evidence
from quantize.tflite import read_model

NAMES = list(PRETRAINED)


def test_all_are_there_and_small() -> None:
    paths = [pretrained_path(name) for name in NAMES]
    assert len(NAMES) >= 2
    assert sum(path.stat().st_size for path in paths if path) <= MOST_BYTES
    sizes = {name: len(bundle.int8_model) for name, bundle in shipped_bundles().items()}
    assert list(sizes) == NAMES
    assert sizes["pretrained-small"] < 100_000
    assert sizes["pretrained"] < 500_000


@pytest.mark.parametrize("name", NAMES)
def test_each_is_of_its_preset_and_of_cremad_alone(name: str) -> None:
    trained = shipped_bundles()[name].trained
    require_shippable(trained)
    assert not trained.corpus.synthetic
    assert trained.corpus.name == "cremad"
    assert "Open Database License" in trained.corpus.licence
    assert trained.recipe == recipe_of(name).without_paths()


@pytest.mark.parametrize("name", NAMES)
def test_each_says_how_well_it_does_and_what_it_costs(name: str) -> None:
    figures = shipped_bundles()[name].metrics
    for key in ("float.uar", "int8.uar"):
        assert figures[key].interval is not None
    unheard = [key for key in figures if key.startswith("int8.uar, never heard: ")]
    assert len(unheard) >= 2
    assert "int8.uar, babble_10db" in figures
    assert figures["instructions"].evidence is Evidence.EMULATED
    assert figures["inference_ms"].evidence is Evidence.PREDICTED
    assert figures["inference_ms"].value < 23.0


@pytest.mark.parametrize("name", NAMES)
def test_every_operator_of_each_is_mapped(name: str) -> None:
    data = shipped_bundles()[name].int8_model
    report = lint_file(data, read_model(data))
    assert report.passed
    assert not report.findings


def test_a_file_of_that_name_goes_before(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ModelPath()
    shipped = asked.convert("pretrained", None, None)
    assert is_pretrained(shipped)
    assert shipped.is_file()
    Path("pretrained").write_text("mine", "utf-8")
    assert asked.convert("pretrained", None, None) == Path("pretrained")
    assert not is_pretrained(Path("pretrained"))


def test_the_list_has_figures_limits_and_law(edgeser: Any) -> None:
    ran = edgeser("models", "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["schema"] == "edgeser.models/1"
    assert [model["name"] for model in told["models"]] == NAMES
    for model in told["models"]:
        assert set(model["labels"]) == {
            "anger", "disgust", "fear", "happiness", "neutral", "sadness",
        }  # fmt: skip
        assert "acted" in model["limits"]
        assert "Article 5(1)(f)" in model["law"]
        assert "no legal advice" in model["law"]
    shown = edgeser("models")
    for name in NAMES:
        assert name in shown.out
    assert "never heard" in shown.out


@pytest.mark.parametrize("option", [("--resume",), ("--only", "pretrained"), ("--unheard", "a:b")])
def test_options_of_making_are_refused_without_it(edgeser: Any, option: tuple[str, ...]) -> None:
    ran = edgeser("models", *option)
    assert ran.code == 2
    assert f"{option[0]} is for --make" in ran.err


def test_other_bytes_are_not_what_ships(tmp_path: Path) -> None:
    shipped = pretrained_path("pretrained")
    assert shipped
    assert is_what_ships("pretrained", shipped)
    other = tmp_path / "pretrained.zip"
    other.write_bytes(shipped.read_bytes()[:-1])
    assert not is_what_ships("pretrained", other)


def test_nothing_ships_under_other_names() -> None:
    assert pretrained_path("cremad") is None
    assert ModelPath().convert("cremad", None, None) == Path("cremad")
