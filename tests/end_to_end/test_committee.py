"""Several runs as one committee, by the real command, and what it would cost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.bundle import Bundle, load_bundle
from edgeser.decision import DecisionConfig
from edgeser.decision.committee import by_inverse_entropy, logs_of
from edgeser.decision.temperature import softmax
from edgeser.pipeline.committee import committee_of
from quantize.foundation.errors import BadInput

Edgeser = Callable[..., Any]


@pytest.fixture(scope="module")
def another(another_seed: Path) -> Path:
    """The same recordings and division, another seed."""
    return another_seed


@pytest.fixture(scope="module")
def another_bundle(another: Path) -> Bundle:
    return load_bundle(another / "bundle.zip")


def test_predict_together_is_the_weighted_mean(
    edgeser: Edgeser, road: Any, another: Path, road_bundle: Bundle, another_bundle: Bundle
) -> None:
    voices = sorted((road.folder / "synthetic-voices" / "audio").iterdir())[:6]
    runs = [
        json.loads(edgeser("predict", *arguments, "--json").out)
        for arguments in (
            (road.folder, *voices),
            (another, *voices),
            (road.folder, *voices, "--committee", another, "--coverage", 0.5),
        )
    ]
    one, two, both = (
        np.array([list(clip["probabilities"].values()) for clip in run["clips"]]) for run in runs
    )
    rule = runs[2]["decision"]
    together = by_inverse_entropy([one, two])
    np.testing.assert_allclose(both, softmax(logs_of(together), rule["int8_temperature"]))
    assert runs[2]["committee"] == [another_bundle.model_hash]
    assert (rule["wanted"], rule["calibrated"]) == ("coverage 0.5", True)
    for clip, row in zip(runs[2]["clips"], both, strict=True):
        assert clip["probability"] == row.max()
        assert clip["unsure"] == (row.max() < rule["unsure_below"] / 32768)
    assert road_bundle.rule != rule


def test_evaluate_together_says_what_each_scores_and_what_it_costs(
    edgeser: Edgeser, road: Any, another: Path, road_bundle: Bundle, another_bundle: Bundle
) -> None:
    arguments = ("evaluate", road.folder, "--committee", another)
    ran = edgeser(*arguments, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    members = found["committee"]["members"]
    assert [member["seed"] for member in members] == [0, 1]
    cost = found["committee"]["cost"]
    models = (road_bundle.int8_model, another_bundle.int8_model)
    assert cost["model_bytes"]["value"] == sum(map(len, models))
    assert (cost["members"], cost["frontends"]) == (2, 1)
    (row,) = found["certainty"]["rows"]
    assert row["int8"]["clips"] == found["int8"]["clips"]
    if shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc"):
        alone = json.loads(edgeser("bench", another, "--device", "emulator", "--json").out)
        # Both have the same operators and shapes.
        assert cost["instructions"]["value"] == pytest.approx(
            2 * alone["results"][0]["figures"]["inference_instructions"]["value"], rel=0.02
        )
        assert cost["instructions"]["evidence"] == "emulated"
        assert cost["milliseconds"]["evidence"] == "predicted"


def test_what_is_no_committee_is_refused(
    edgeser: Edgeser, road: Any, another: Path, road_bundle: Bundle, clips: dict[str, Path]
) -> None:
    with pytest.raises(BadInput, match="two members at least"):
        committee_of([road_bundle])
    twice = edgeser("predict", road.folder, clips["plain"], "--committee", road.folder)
    assert (twice.code, "twice" in twice.err) == (2, True)
    stream = edgeser("predict", road.folder, clips["plain"], "--stream", "--committee", another)
    assert (stream.code, "--stream" in stream.err) == (2, True)
    risk = edgeser("evaluate", road.folder, "--committee", another, "--risk", 0.0001)
    assert (risk.code, "cannot be had on the development clips" in risk.err) == (2, True)


def test_members_of_other_development_clips_have_no_threshold(
    road_bundle: Bundle, another_bundle: Bundle
) -> None:
    older = replace(another_bundle, trained=replace(another_bundle.trained, held_out=None))
    committee = committee_of([road_bundle, older])
    assert not committee.decides.rule.calibrated
    assert committee.decides.int8_sets == ()
    with pytest.raises(BadInput, match="did not keep the same development clips"):
        committee_of([road_bundle, older], DecisionConfig(risk=0.3))
    shuffled = replace(another_bundle, trained=replace(another_bundle.trained, classes=("a", "b")))
    with pytest.raises(BadInput, match="same labels"):
        committee_of([road_bundle, shuffled])
