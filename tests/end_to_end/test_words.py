"""Words beside the voice by the real command: a keyword network, frozen in another."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load

from edgeser.bundle import load_bundle, load_trained, save_trained
from edgeser.network.state import state_to_bytes
from quantize.convert import activation_ranges
from quantize.tflite import read_model

Edgeser = Callable[..., Any]
EMULATOR = ("arm-none-eabi-gcc", "qemu-system-arm")
ENCODER = (
    *("network.kind=dsresnet-se", "network.inputs=amplitude", "window.frames=32"),
    *("network.dsresnet.widths=[8, 12, 16]", "network.dsresnet.dense=[12, 8]"),
    "training.epochs=3",
)
FUSED = ("words.fusion=gated", "words.width=8", "words.ranges=encoder", "training.epochs=4")
PREFIX = "words.encoder.trunk."


def settings(*pairs: str) -> list[str]:
    return [part for pair in pairs for part in ("--set", pair)]


@pytest.fixture(scope="module")
def encoder(edgeser: Edgeser, tiny_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("words") / "keywords"
    for command in (("train", tiny_recipe, "--out", run, *settings(*ENCODER)), ("export", run)):
        ran = edgeser(*command, timeout_s=600)
        assert ran.code == 0, ran.err
    return run


@pytest.fixture(scope="module")
def fused(
    edgeser: Edgeser, tiny_recipe: Path, encoder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    run = tmp_path_factory.mktemp("words") / "fused"
    chosen = settings(f"words.encoder={encoder}", *FUSED)
    ran = edgeser("run", tiny_recipe, "--out", run, *chosen, "--json", timeout_s=900)
    assert ran.code in (0, 1), ran.err
    return run


def weights_of(path: Path) -> dict[str, Any]:
    return dict(load(load_trained(path).weights))


def test_frozen_is_the_same_bytes_in_float_and_in_int8(encoder: Path, fused: Path) -> None:
    trunk = {
        n.removeprefix("amplitude."): v
        for n, v in weights_of(encoder / "trained.zip").items()
        if n.startswith("amplitude.")
    }
    found = {
        n.removeprefix(PREFIX): v
        for n, v in weights_of(fused / "trained.zip").items()
        if n.startswith(PREFIX)
    }
    assert state_to_bytes(found) == state_to_bytes(trunk)

    def kernels(path: Path) -> list[bytes]:
        graph = read_model((path / "model_int8.tflite").read_bytes()).main
        convolutions = [o for o in graph.operators if o.name.endswith("CONV_2D")]
        return [bytes(graph.tensors[o.inputs[1]].data) for o in convolutions]

    in_fused = kernels(fused)
    _selection, *own = kernels(encoder)
    assert len(own) > 10
    assert [kernel for kernel in own if kernel not in in_fused] == []


def test_its_ranges_in_int8_are_its_own(encoder: Path, fused: Path) -> None:
    own, mine = (load_bundle(path / "bundle.zip") for path in (encoder, fused))
    its = activation_ranges(own.int8_model, own.layer_names)
    found = activation_ranges(mine.int8_model, mine.layer_names)
    kept = [layer for layer in its if layer.startswith(("amplitude.blocks.", "amplitude.dense."))]
    assert len(kept) > 20
    selection = "amplitude.blocks.0"  # of planes: one layer for both branches, and measured
    assert "words.encoder.blocks.0" not in found
    for layer in sorted(set(kept) - {selection}):
        of_words = layer.replace("amplitude.", "words.encoder.")
        assert found[of_words] == pytest.approx(its[layer], rel=1e-5), layer
    assert set(mine.trained.recipe.words.layer_ranges) == {
        layer.replace("amplitude.", "words.encoder.") for layer in kept
    }


def test_an_encoder_without_an_int8_model_has_no_ranges(
    encoder: Path, edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    shutil.copy(encoder / "trained.zip", tmp_path / "trained.zip")
    chosen = settings(f"words.encoder={tmp_path / 'trained.zip'}", "words.ranges=encoder")
    line = one_line(edgeser("train", tiny_recipe, "--out", tmp_path / "run", *chosen))
    assert "has no int8 model" in line
    assert "edgeser export" in line


def test_a_study_takes_an_encoder_in_any_variant(
    encoder: Path, edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    shutil.copy(tiny_recipe, tmp_path / "tiny.toml")
    (tmp_path / "study.toml").write_text(
        f"""name = "s"
recipe = "tiny.toml"
costs = false
set = {{ training.epochs = 2 }}
[[variants]]
name = "voice"
[[variants]]
name = "both"
set = {{ nothing.share = 3.0, words.encoder = "{encoder}" }}
"""
    )
    out = tmp_path / "out"
    ran = edgeser("study", tmp_path / "study.toml", "--out", out, "--json", timeout_s=600)
    assert ran.code == 0, ran.err
    rows = {(row["variant"], row["corpus"]): row for row in json.loads(ran.out)["rows"]}
    both = "synthetic / with 'nothing'"
    wrong = "both; words of another clip"
    assert list(rows) == [
        ("voice", "synthetic"), ("both", "synthetic"), (wrong, "synthetic"),
        ("both", both), (wrong, both),
    ]  # fmt: skip
    assert rows["both", "synthetic"]["comparison"]["against"] == "voice"
    assert rows["both", both]["clips"] > rows["both", "synthetic"]["clips"]
    assert "nothing" in rows["both", both]["classes"]
    assert "nothing" not in rows["both", "synthetic"]["classes"]


def test_one_input_that_the_encoder_was_trained_with(encoder: Path, fused: Path) -> None:
    bundle = load_bundle(fused / "bundle.zip")
    mine, its = bundle.trained.frontend, load_trained(encoder / "trained.zip").frontend
    assert mine.normalisation == its.normalisation  # of the same planes: to the bit
    assert len(read_model(bundle.int8_model).main.inputs) == 1
    words = bundle.trained.recipe.words
    assert (words.encoder, words.kind, words.frames) == (None, "frozen", 32)
    assert words.frontend == its.hash


def test_the_report_has_all_ways_to_hear(fused: Path, edgeser: Edgeser) -> None:
    report = json.loads((fused / "report.json").read_text())
    heard = [row["heard"] for row in report["hearing"]["rows"]]
    assert heard == [
        "words and voice", "voice only", "words only", "words of another clip"
    ]  # fmt: skip
    both = report["hearing"]["rows"][0]
    assert both["uar"]["value"] == pytest.approx(report["float"]["uar"]["value"])
    for suffix in ("html", "md"):
        text = (fused / f"report.{suffix}").read_text()
        assert all(name in text for name in heard)
    ran = edgeser("evaluate", fused)
    assert ran.code == 0, ran.err
    assert "voice only" in ran.out
    ran = edgeser("evaluate", fused, "--json")
    assert json.loads(ran.out)["hearing"]["rows"] == report["hearing"]["rows"]


def test_lint_is_clean_and_the_device_says_the_same(fused: Path, edgeser: Edgeser) -> None:
    linted = edgeser("lint", fused / "model_int8.tflite", "--json")
    assert linted.code == 0, linted.err
    assert json.loads(linted.out)["findings"] == []
    if any(shutil.which(tool) is None for tool in EMULATOR):
        pytest.skip(f"the device is not emulated: apt-get install {' '.join(EMULATOR)}")
    device = edgeser("parity", fused, "--device", "emulator", "--clips", 3, "--json", timeout_s=600)
    assert device.code == 0, device.err
    assert json.loads(device.out)["passed"] is True


def one_line(ran: Any) -> str:
    assert ran.code == 2, ran.err
    (line,) = [line for line in ran.err.strip().splitlines() if line.startswith("edgeser:")]
    return str(line)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (("frontend.pcan=false",), "hears another frontend: its hash is"),
        (("frontend.phase_planes=['if_re']",), "hears another frontend: its hash is"),
        (("frontend.channels=32",), "hears another frontend: its hash is"),
        (("window.frames=24", "window.hop_frames=8"), "[words] hears 32 frames at a time"),
        (("words.branches=words",), "the corpus synthetic has no words"),
    ],
)
def test_what_does_not_fit_the_encoder(
    changes: tuple[str, ...],
    told: str,
    encoder: Path,
    edgeser: Edgeser,
    tiny_recipe: Path,
    tmp_path: Path,
) -> None:
    chosen = settings(f"words.encoder={encoder}", *changes)
    line = one_line(edgeser("train", tiny_recipe, "--out", tmp_path / "run", *chosen))
    assert told in line
    if "another frontend" in told:
        its = load_trained(encoder / "trained.zip").frontend.raw_hash[:16]
        assert its in line
        assert line.count("...") >= 2


def test_an_encoder_that_was_changed_after_the_training(
    encoder: Path, fused: Path, edgeser: Edgeser, tmp_path: Path
) -> None:
    trained = load_trained(fused / "trained.zip")
    weights = dict(load(trained.weights))
    name = next(name for name in weights if name.startswith(PREFIX) and "weight" in name)
    weights[name] = weights[name] + 1.0
    run = tmp_path / "run"
    run.mkdir()
    changed = run / "trained.zip"
    save_trained(changed, dataclasses.replace(trained, weights=state_to_bytes(weights)))
    line = one_line(edgeser("export", run))
    assert "encoder of words was changed after the training" in line
    assert trained.recipe.words.sha256[:16] in line

    recipe = fused / "recipe.toml"
    other = tmp_path / "other.zip"
    own = load_trained(encoder / "trained.zip")
    state = {n: v + 0.5 if v.is_floating_point() else v for n, v in load(own.weights).items()}
    save_trained(other, dataclasses.replace(own, weights=state_to_bytes(state)))
    line = one_line(
        edgeser("train", recipe, "--out", tmp_path / "x", *settings(f"words.encoder={other}"))
    )
    assert "is not the encoder of the recipe" in line
    assert trained.recipe.words.sha256[:16] in line


def test_the_preset_without_an_encoder_says_what_it_needs(
    edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    ran = edgeser("train", tiny_recipe, "--out", tmp_path / "run", *settings("words.kind=frozen"))
    assert "this needs the encoder of [words]" in one_line(ran)
