"""Options of [network] by the real command: trained, exported, linted, the same everywhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

Edgeser = Callable[..., Any]
EMULATOR = ("arm-none-eabi-gcc", "qemu-system-arm")
QUATERNIONS = {
    "frontend.amplitude_delta": "true",
    "frontend.phase_planes": '["if_angle", "gd_angle"]',
    "network.inputs": "quaternion",
}
ATTENTION = {"network.pooling": "attention", "network.self_attention": "8"}
# Each alone is linted and held to TFLite-Micro to the bit in tests/edgeser/network/test_int8.py.
OPTIONS: list[Any] = [
    pytest.param({"network.algebra": "quaternion", **ATTENTION}, id="algebra and attention"),
    pytest.param(
        {**QUATERNIONS, "network.classifier": "pls", "network.encoder_width": "4"},
        id="quaternion inputs and encoders",
    ),
    pytest.param(
        {
            **QUATERNIONS,
            **ATTENTION,
            "frontend.angle_weight": "modulus",
            "network.algebra": "quaternion",
        },
        id="quaternion inputs and all",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("settings", OPTIONS)
def test_the_road_of_options(
    settings: Mapping[str, str], edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    chosen = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    for command in (("train", tiny_recipe, "--out", run, *chosen), ("export", run)):
        ran = edgeser(*command)
        assert ran.code == 0, ran.err

    linted = edgeser("lint", run / "model_int8.tflite", "--json")
    assert linted.code == 0, linted.err
    report = json.loads(linted.out)
    attends = settings.get("network.pooling") == "attention"
    assert {f["rule"] for f in report["findings"]} == ({"softmax-cost"} if attends else set())

    parity = edgeser("parity", run, "--json")
    assert parity.code == 0, parity.err
    assert json.loads(parity.out)["passed"] is True

    if any(shutil.which(tool) is None for tool in EMULATOR):
        pytest.skip(f"the device is not emulated: apt-get install {' '.join(EMULATOR)}")
    device = edgeser("parity", run, "--device", "emulator", "--clips", 3, "--json")
    assert device.code == 0, device.err
    result = json.loads(device.out)
    assert (result["passed"], result["clips"]) == (True, 3)


def test_quaternions_without_their_planes_are_refused_in_one_line(
    edgeser: Edgeser, tiny_recipe: Path, tmp_path: Path
) -> None:
    ran = edgeser("train", tiny_recipe, "--out", tmp_path, "--set", "network.inputs=quaternion")
    assert ran.code == 2
    (line,) = ran.err.strip().splitlines()
    assert "lacks amplitude_delta, if_angle, gd_angle and has if_re, gd_mod too" in line
