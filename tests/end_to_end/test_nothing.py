"""The class "nothing" on the whole pipeline: trained, int8, on the device, scored both ways."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.bundle import load_bundle, load_trained

Edgeser = Callable[..., Any]
EMULATOR = ("arm-none-eabi-gcc", "qemu-system-arm")
SETTINGS = ("--set", "nothing.share=3.0", "--set", "training.epochs=10")


@pytest.fixture(scope="module")
def run(edgeser: Edgeser, tiny_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nothing") / "run"
    ran = edgeser("run", tiny_recipe, "--out", folder, *SETTINGS, timeout_s=900)
    assert ran.code in (0, 1), ran.err
    return folder


@pytest.fixture(scope="module")
def silence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("silence") / "silence.wav"
    soundfile.write(path, np.zeros(32_000, np.int16), 16_000)
    return path


def test_it_is_a_class_of_speakers_who_stay_where_they_were(
    run: Path, edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    trained = load_trained(run / "trained.zip")
    assert "nothing" in trained.classes
    assert len(trained.classes) == 7
    plain = edgeser("train", tiny_recipe, "--out", tmp_path / "plain", "--set", "training.epochs=1")
    assert plain.code == 0, plain.err
    without = load_trained(tmp_path / "plain" / "trained.zip")
    assert without.split == trained.split
    assert without.classes == tuple(name for name in trained.classes if name != "nothing")
    # levels are of voices: what is silent by design says nothing of a corpus
    levels = [[member.levels for member in t.corpus.members] for t in (without, trained)]
    assert levels[0] == levels[1]
    assert None not in levels[0]


def test_every_score_is_there_with_it_and_without_it(run: Path, edgeser: Edgeser) -> None:
    report = json.loads((run / "report.json").read_text())
    for form in ("float", "int8"):
        scores = report[form]
        names = scores["classes"]
        place = names.index("nothing")
        confusion = np.array(scores["confusion"])
        assert scores["without_nothing"]["clips"] == scores["clips"] - confusion[place].sum()
        recalls = np.diag(confusion)[:place].tolist() + np.diag(confusion)[place + 1 :].tolist()
        counts = np.delete(confusion, place, axis=0).sum(axis=1)
        uar = np.mean([hit / count for hit, count in zip(recalls, counts, strict=True)])
        assert scores["without_nothing"]["uar"]["value"] == pytest.approx(uar)
        assert any("are of 'nothing'; without them UAR is" in line for line in scores["caveats"])
    for suffix in ("html", "md"):
        text = (run / f"report.{suffix}").read_text().replace("&#39;", "'")
        assert "UAR without 'nothing'" in text
    ran = edgeser("evaluate", run)
    assert ran.code == 0, ran.err
    assert "are of 'nothing'; without them UAR is" in ran.out
    ran = edgeser("evaluate", run, "--json")
    found = json.loads(ran.out)["int8"]["without_nothing"]
    there = report["int8"]["without_nothing"]
    assert found["clips"] == there["clips"]
    for name in ("uar", "macro_f1"):
        assert found[name]["value"] == there[name]["value"]
        assert found[name]["interval"] == there[name]["interval"]


def test_silence_has_a_label_then(run: Path, silence: Path, edgeser: Edgeser) -> None:
    bundle = run / "bundle.zip"
    ran = edgeser("predict", bundle, silence, "--json")
    assert ran.code == 0, ran.err
    (clip,) = json.loads(ran.out)["clips"]
    assert clip["no_label"] == ""
    assert set(clip["probabilities"]) == set(load_bundle(bundle).trained.classes)


def test_int8_is_parted_from_float_as_ever_and_the_device_says_the_same(
    run: Path, edgeser: Edgeser
) -> None:
    parity = edgeser("parity", run, "--json", timeout_s=600)
    compared = json.loads(parity.out)["float_against_int8"]
    assert compared["int8"]["without_nothing"]["clips"] > 0
    if any(shutil.which(tool) is None for tool in EMULATOR):
        pytest.skip(f"the device is not emulated: apt-get install {' '.join(EMULATOR)}")
    device = edgeser("parity", run, "--device", "emulator", "--clips", 3, "--json", timeout_s=600)
    assert device.code == 0, device.err
    assert json.loads(device.out)["passed"] is True


def test_what_cannot_be_is_one_line(edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path) -> None:
    for setting, told in (
        ("nothing.share=-1", "[nothing] share is -1"),
        ("nothing.pause=1", "did you mean 'pauses'?"),
    ):
        ran = edgeser("train", tiny_recipe, "--out", tmp_path / "no", "--set", setting)
        assert ran.code == 2, ran.err
        (line,) = [line for line in ran.err.strip().splitlines() if line.startswith("edgeser:")]
        assert told in line
