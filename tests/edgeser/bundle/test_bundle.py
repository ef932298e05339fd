"""A trained network and a bundle come back as they were; what is damaged is refused by name."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgeser.bundle import (
    Bundle,
    CalibrationSet,
    CorpusSummary,
    TrainedModel,
    load_bundle,
    load_trained,
    save_bundle,
    save_trained,
)
from edgeser.bundle.archive import MANIFEST, SCHEMA, write_archive
from edgeser.bundle.bundle import DECISION, FLOAT_MODEL, INT8_MODEL, METRICS, MODEL_CARD
from edgeser.bundle.trained import (
    CALIBRATION_FEATURES,
    FRONTEND,
    HELD_OUT,
    LABELS,
    NORMALISATION,
    RECIPE,
    REQUIRED,
    TRAINING,
    VERSIONS,
    WEIGHTS,
)
from edgeser.corpora import SpeakerSplit
from edgeser.decision import DecisionConfig, DecisionRule, HeldOut, rule_from
from edgeser.network import AmplitudePhaseNetwork, save_weights
from edgeser.pipeline.inference import float_logits, load_network
from edgeser.recipe import load_recipe
from edgeser.report.model_card import model_card
from edgeser.training.result import EpochRecord
from firmware_bridge.frontend import normalisation_from_statistics
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Evidence, Measurement

CLASSES = ("anger", "neutral", "sadness")
SPLIT = SpeakerSplit(frozenset({"a", "b"}), frozenset({"c"}), frozenset({"d"}))
SUMMARY = CorpusSummary(
    name="generic",
    licence="the owner's",
    citation="",
    synthetic=False,
    clips_train=20,
    clips_development=10,
    clips_test=10,
    class_counts=(("anger", 20), ("neutral", 10), ("sadness", 10)),
    problems=("x.wav: the file is empty",),
    input_hash="0" * 64,
)


@pytest.fixture(scope="module")
def trained() -> TrainedModel:
    """A network with random weights."""
    recipe = load_recipe(str(Path(__file__).parents[2] / "tiny_recipe.toml"))
    planes, channels = len(recipe.frontend.planes), recipe.frontend.channels
    means, deviations = np.full((planes, channels), 300.0), np.full((planes, channels), 90.0)
    normalisation = normalisation_from_statistics(means, deviations)
    frontend = replace(recipe.frontend, normalisation=normalisation)
    torch.manual_seed(0)
    network = AmplitudePhaseNetwork(
        recipe.network, frontend.planes, recipe.window.frames, channels, len(CLASSES)
    )
    shape = (4, recipe.window.frames, channels, planes)
    features = np.random.default_rng(0).integers(-128, 128, shape, np.int8)
    return TrainedModel(
        recipe=recipe,
        frontend=frontend,
        classes=CLASSES,
        split=SPLIT,
        corpus=SUMMARY,
        weights=save_weights(network),
        calibration=CalibrationSet("4 clips", ("w", "x", "y", "z"), features),
        history=(
            EpochRecord(0, 1e-3, 1.7, 1.6, 0.3, 0.2),
            EpochRecord(1, 1e-3, 1.5, 1.6, 0.4, 0.3),
        ),
        best_epoch=1,
        seconds=2.5,
        versions={"python": "3.11.0", "torch": "2.13.0"},
    )


@pytest.fixture(scope="module")
def bundle(trained: TrainedModel) -> Bundle:
    """The network with model files that nothing here opens."""
    figure = Measurement(0.5, "ratio", Evidence.MEASURED, "10 clips", (0.4, 0.6), "95 % bootstrap")
    return Bundle(
        trained=replace(trained, calibration=None),
        int8_model=bytes(range(256)) * 8,
        float_model=bytes(range(255, -1, -1)) * 9,
        layer_names={"tensor": "amplitude.stem"},
        calibration={"source": "4 clips", "count": 4, "clips": ["w", "x", "y", "z"]},
        metrics={"int8.uar": figure},
    )


def save(path: Path, bundle: Bundle) -> None:
    """Save a bundle with the card that the pipeline gives it."""
    save_bundle(path, bundle, card=model_card(bundle))


@pytest.fixture
def members(bundle: Bundle, tmp_path: Path) -> dict[str, bytes]:
    """The members of a saved bundle, but for the manifest."""
    save(tmp_path / "source.zip", bundle)
    with zipfile.ZipFile(tmp_path / "source.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}


def edited(data: bytes, change: Callable[[Any], Any]) -> bytes:
    """Return JSON after `change`; what it returns counts, if it is not None."""
    value = json.loads(data)
    changed = change(value)
    return json.dumps(value if changed is None else changed).encode()


def refused(path: Path) -> str:
    """Return the one line of the refusal; it names the file and what to do."""
    with pytest.raises(BadInput) as caught:
        load_bundle(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    return caught.value.message


def test_a_trained_network_comes_back_as_it_was(trained: TrainedModel, tmp_path: Path) -> None:
    save_trained(tmp_path / "t.zip", trained)
    again = load_trained(tmp_path / "t.zip")
    assert replace(again, calibration=None) == replace(trained, calibration=None)
    assert again.calibration is not None
    assert trained.calibration is not None
    assert again.calibration.clips == trained.calibration.clips
    np.testing.assert_array_equal(again.calibration.features, trained.calibration.features)


def test_the_network_of_a_file_answers_bit_for_bit_as_before(
    trained: TrainedModel, tmp_path: Path
) -> None:
    save_trained(tmp_path / "t.zip", trained)
    assert trained.calibration is not None
    before = float_logits(trained, trained.calibration.features)
    after = float_logits(load_trained(tmp_path / "t.zip"), trained.calibration.features)
    np.testing.assert_array_equal(before, after)
    assert before.shape == (4, len(CLASSES))


def test_a_bundle_comes_back_as_it_was(bundle: Bundle, tmp_path: Path) -> None:
    save(tmp_path / "b.zip", bundle)
    again = load_bundle(tmp_path / "b.zip")
    assert again == bundle
    assert again.model_hash == hashlib.sha256(bundle.int8_model).hexdigest()


def test_what_it_decides_with_comes_back(bundle: Bundle, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    heard = HeldOut(
        source="5 clips",
        labels=np.array([0, 1, 2, 1, 0]),
        speakers=("m", "m", "n", "n", "n"),
        takes=np.array([0, 0, 0, 1, 1]),
        logits=rng.normal(0, 1, (5, 3)).astype(np.float32),
        int8_logits=rng.integers(-128, 128, (5, 3), np.int8),
    )
    rule = DecisionRule(
        calibrated=True, float_temperature=1.3, int8_temperature=1.25, unsure_below=19_000,
        wanted="risk 0.3", risk=0.28, coverage=0.6, source="5 clips",
    )  # fmt: skip
    trained = replace(bundle.trained, held_out=heard)
    save(tmp_path / "b.zip", replace(bundle, trained=trained, rule=rule))
    again = load_bundle(tmp_path / "b.zip")
    assert again.rule == rule
    assert again.trained.held_out is not None
    assert again.trained.held_out.speakers == heard.speakers
    np.testing.assert_array_equal(again.trained.held_out.logits, heard.logits)
    np.testing.assert_array_equal(again.trained.held_out.int8_logits, heard.int8_logits)


def test_a_bundle_from_before_there_was_a_rule_is_not_calibrated(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    older = {name: data for name, data in members.items() if name not in (DECISION, HELD_OUT)}
    write_archive(tmp_path / "b.zip", older)
    found = load_bundle(tmp_path / "b.zip")
    assert found.rule == DecisionRule(calibrated=False, int8_temperature=1.0, unsure_below=0)
    assert found.trained.held_out is None
    with pytest.raises(BadInput, match="not calibrated"):
        rule_from(found.trained.held_out, DecisionConfig(risk=0.2), scale=0.1)


def test_the_same_bundle_is_the_same_bytes(bundle: Bundle, tmp_path: Path) -> None:
    save(tmp_path / "a.zip", bundle)
    save(tmp_path / "b.zip", load_bundle(tmp_path / "a.zip"))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_bundle_holds_what_it_promises(members: dict[str, bytes], bundle: Bundle) -> None:
    assert set(REQUIRED) < set(members)
    assert members[INT8_MODEL] == bundle.int8_model
    assert CALIBRATION_FEATURES not in members
    assert json.loads(members[LABELS]) == list(CLASSES)
    assert json.loads(members[FRONTEND])["hash"] == bundle.trained.frontend.hash
    assert json.loads(members[VERSIONS])["torch"] == "2.13.0"


def test_the_model_card_says_what_the_model_is(members: dict[str, bytes], bundle: Bundle) -> None:
    card = members[MODEL_CARD].decode()
    for part in (bundle.model_hash, "anger, neutral, sadness", "[1, 48, 40, 3]", "0.4 to 0.6"):
        assert part in card
    assert "Trained on acted speech" in card


def test_the_model_card_says_how_sure_it_is(bundle: Bundle) -> None:
    assert "Not calibrated" in model_card(bundle)
    rule = DecisionRule(
        calibrated=True, float_temperature=1.3, int8_temperature=1.25, unsure_below=16_384,
        wanted="risk 0.3", risk=0.28, coverage=0.61, source="5 clips",
    )  # fmt: skip
    card = model_card(replace(bundle, rule=rule))
    assert "Temperature 1.250 (int8), 1.300 (float), fitted on 5 clips." in card
    assert "Below a probability of 0.500" in card
    assert "28.0 % of the answers are wrong, and 61.0 % of the clips" in card


def test_the_card_of_synthetic_voices_says_so(bundle: Bundle, tmp_path: Path) -> None:
    corpus = replace(SUMMARY, synthetic=True)
    synthetic = replace(bundle, trained=replace(bundle.trained, corpus=corpus), metrics={})
    save(tmp_path / "b.zip", synthetic)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        card = archive.read(MODEL_CARD).decode()
    assert "Trained on synthetic voices" in card
    assert "None measured yet" in card


def test_figures_are_added_not_replaced(bundle: Bundle) -> None:
    more = bundle.with_metrics({"label_flip_rate": bundle.metrics["int8.uar"]})
    assert set(more.metrics) == {"int8.uar", "label_flip_rate"}
    assert set(bundle.metrics) == {"int8.uar"}


@pytest.mark.parametrize("name", [*REQUIRED, INT8_MODEL, METRICS])
def test_a_missing_member_is_named(name: str, members: dict[str, bytes], tmp_path: Path) -> None:
    del members[name]
    write_archive(tmp_path / "b.zip", members)
    assert f"its member {name} is missing" in refused(tmp_path / "b.zip")


def test_the_float_graph_may_be_left_out(bundle: Bundle, tmp_path: Path) -> None:
    small = replace(bundle, float_model=b"")
    save_bundle(tmp_path / "b.zip", small, card="")
    assert FLOAT_MODEL not in zipfile.ZipFile(tmp_path / "b.zip").namelist()
    found = load_bundle(tmp_path / "b.zip")
    assert found.float_model == b""
    assert found.model_hash == bundle.model_hash


@pytest.mark.parametrize("name", [WEIGHTS, INT8_MODEL, RECIPE, FRONTEND, TRAINING])
def test_a_changed_byte_is_refused_by_its_hash(
    name: str, members: dict[str, bytes], tmp_path: Path
) -> None:
    hashes = {n: {"sha256": hashlib.sha256(d).hexdigest()} for n, d in members.items()}
    members[name] = members[name][:-1] + bytes([members[name][-1] ^ 1])
    members[MANIFEST] = json.dumps({"schema": SCHEMA, "files": hashes}).encode()
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        for member, data in members.items():
            archive.writestr(member, data)
    assert f"its member {name} is not what the manifest" in refused(tmp_path / "b.zip")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd"])
def test_a_member_that_leaves_the_folder_is_refused(
    name: str, members: dict[str, bytes], tmp_path: Path
) -> None:
    write_archive(tmp_path / "b.zip", {**members, name: b"x"})
    assert "not a plain file name" in refused(tmp_path / "b.zip")


@pytest.mark.parametrize("name", [FRONTEND, NORMALISATION, LABELS, TRAINING, VERSIONS, METRICS])
@pytest.mark.parametrize("data", [b"", b"nul", b"3", b"[]", b'"text"', b"\xff", b"[" * 5000])
def test_members_of_another_form_are_refused_though_their_hashes_fit(
    name: str, data: bytes, members: dict[str, bytes], tmp_path: Path
) -> None:
    write_archive(tmp_path / "b.zip", {**members, name: data})
    refused(tmp_path / "b.zip")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (LABELS, lambda labels: labels[:1] + labels),
        (LABELS, lambda labels: []),
        (TRAINING, lambda training: training.update(best_epoch=99)),
        (TRAINING, lambda training: training.update(best_epoch=-1)),
        (TRAINING, lambda training: training.update(best_epoch="last")),
        (TRAINING, lambda training: training.update(best_epoch=float("inf"))),
        (TRAINING, lambda training: training.update(history=[])),
        (TRAINING, lambda training: training.update(history=[{"epoch": 0}])),
        (TRAINING, lambda training: training.update(seconds=None)),
        (TRAINING, lambda training: training.update(split={"train": ["a"]})),
        (TRAINING, lambda training: training["split"].update(test=["a"])),
        (TRAINING, lambda training: training["corpus"].update(clips_train="many")),
        (TRAINING, lambda training: training["corpus"].pop("synthetic")),
        (METRICS, lambda metrics: metrics.update(x=3)),
        (DECISION, lambda rule: rule.update(int8_temperature=0.0)),
        (DECISION, lambda rule: rule.update(int8_temperature="warm")),
        (DECISION, lambda rule: rule.update(unsure_below=-1)),
        (DECISION, lambda rule: rule.update(unsure_over=1)),
        (METRICS, lambda metrics: metrics.update(x={"value": "high"})),
        (FRONTEND, lambda frontend: frontend.pop("config")),
        (FRONTEND, lambda frontend: frontend["config"].update(channels=3)),
        (FRONTEND, lambda frontend: frontend["config"].update(hop_ms="long")),
        (NORMALISATION, lambda normalisation: normalisation.pop("shift")),
        (NORMALISATION, lambda normalisation: normalisation["shift"][0].__setitem__(0, 99)),
    ],
)
def test_members_that_contradict_are_refused_though_their_hashes_fit(
    name: str, change: Callable[[Any], Any], members: dict[str, bytes], tmp_path: Path
) -> None:
    write_archive(tmp_path / "b.zip", {**members, name: edited(members[name], change)})
    refused(tmp_path / "b.zip")


def test_a_frontend_of_another_hash_is_refused(members: dict[str, bytes], tmp_path: Path) -> None:
    other = edited(members[FRONTEND], lambda frontend: frontend.update(hash="1" * 64))
    write_archive(tmp_path / "b.zip", {**members, FRONTEND: other})
    assert "it was trained with 1111" in refused(tmp_path / "b.zip")


def test_a_changed_normalisation_is_another_frontend(
    members: dict[str, bytes], tmp_path: Path
) -> None:
    def shift_one(normalisation: Any) -> None:
        normalisation["offset"][0][0] += 1

    write_archive(
        tmp_path / "b.zip",
        {**members, NORMALISATION: edited(members[NORMALISATION], shift_one)},
    )
    assert "its frontend has hash" in refused(tmp_path / "b.zip")


@pytest.mark.parametrize("data", [b"name = 3", b"\xff\xfe", b"name = 'x'\nsize = 3", b"[["])
def test_a_damaged_recipe_is_refused(
    data: bytes, members: dict[str, bytes], tmp_path: Path
) -> None:
    write_archive(tmp_path / "b.zip", {**members, RECIPE: data})
    refused(tmp_path / "b.zip")


@pytest.mark.parametrize("weights", [b"", b"not safetensors", bytes(100), b"\xff" * 100])
def test_damaged_weights_are_refused_when_they_are_used(
    weights: bytes, trained: TrainedModel
) -> None:
    with pytest.raises(BadInput, match="weights"):
        load_network(replace(trained, weights=weights))


def test_weights_of_another_network_are_refused(trained: TrainedModel) -> None:
    wider = replace(trained.recipe.network, stem_width=9)
    with pytest.raises(BadInput, match="not those of this network"):
        load_network(replace(trained, recipe=replace(trained.recipe, network=wider)))


def test_a_folder_that_cannot_be_written_is_named(bundle: Bundle, unwritable_folder: Path) -> None:
    with pytest.raises(BadInput, match="cannot write") as caught:
        save(unwritable_folder / "b.zip", bundle)
    assert str(unwritable_folder / "b.zip") in caught.value.message
    assert caught.value.hint


def test_a_full_disk_keeps_the_earlier_bundle(bundle: Bundle, small_disk: Path) -> None:
    path = small_disk / "b.zip"
    save(path, bundle)
    earlier = path.read_bytes()
    noise = np.random.default_rng(0).bytes(100_000)
    with pytest.raises(BadInput, match="No space left"):
        save(path, replace(bundle, int8_model=noise))
    assert path.read_bytes() == earlier
    assert [p.name for p in small_disk.iterdir()] == ["b.zip"]
    assert load_bundle(path) == bundle
