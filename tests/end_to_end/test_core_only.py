"""What the core does by itself: no PyTorch, no TensorFlow, no runtime, no SciPy is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import load_bundle
from edgeser.pipeline.exports.firmware import export_firmware
from edgeser.pretrained import pretrained_path
from tests.core_environment import ROOT, core_distributions, make_core_environment

# Runs the command lines that it is given in one process, so that the imports are paid for once.
DRIVER = """
import contextlib, io, json, sys
from edgeser.cli import main
for line in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(line)
        except SystemExit as ended:
            code = ended.code or 0
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""
CLIP = ROOT / "calibration_data" / "clips" / "sadness" / "s01_s01_sadness_01.flac"
FIRMWARE = ("export", "pretrained-small", "--target", "firmware", "--out", "firmware")
RUNS = (
    ("--version",),
    ("doctor",),
    ("models",),
    ("corpus", "list"),
    ("lint", "m.tflite"),
    ("lint", "pretrained-small"),
    ("inspect", "m.tflite"),
    ("estimate", "m.tflite"),
    ("features", str(CLIP)),
    FIRMWARE,
    ("export", "m.tflite", "--target", "edgetpu", "--no-compile", "--out", "edgetpu"),
    ("predict", "pretrained-small", str(CLIP)),
)
EMULATED = ("bench", "pretrained-small", "--device", "emulator", "--json")
LACK = {
    ("run", "demo"): "pip install 'edgeser[train,export,runtimes,parity]'",
    ("train", "demo"): "pip install 'edgeser[train]'",
    ("parity", "pretrained-small"): "pip install 'edgeser[train,runtimes,parity]'",
    ("bench", "m.tflite"): "pip install 'edgeser[runtimes]', or --device emulator",
    ("explain", "pretrained-small", str(CLIP)): "pip install 'edgeser[explain]'",
    ("accept", "pretrained-small", "--device", "emulator"): "pip install 'edgeser[microphone]'",
}
NOT_THERE = {
    ("bench", "m.tflite", "--device", "edgetpu"): "no Edge TPU is attached",
    ("bench", "m.tflite", "--device", "serial:/dev/no-board"): "no device at serial:/dev/no-board",
}


class Core:
    """The command in an environment of the core alone, with a model in its folder."""

    def __init__(self, folder: Path) -> None:
        self.python = make_core_environment(folder / "environment")
        self.folder = folder / "work"
        self.folder.mkdir()
        bundle = load_bundle(pretrained_path("pretrained-small"))
        (self.folder / "m.tflite").write_bytes(bundle.int8_model)

    def run(self, *lines: tuple[str, ...]) -> list[tuple[int, str, str]]:
        done = subprocess.run(
            [self.python, "-c", DRIVER, json.dumps(lines)],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [tuple(json.loads(line)) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    return Core(tmp_path_factory.mktemp("core"))


def test_the_environment_holds_the_core_and_nothing_else(core: Core) -> None:
    heavy = ("torch", "scipy", "tensorflow", "onnx", "librosa", "tflite_micro", "ai_edge_litert")
    code = f"import importlib.util as u; print([m for m in {heavy} if u.find_spec(m)])"
    done = subprocess.run([core.python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert {"numpy", "click", "soundfile", "cffi"} <= core_distributions()


@pytest.fixture(scope="module")
def found(core: Core) -> dict[tuple[str, ...], tuple[int, str, str]]:
    """What each of `RUNS` said."""
    return dict(zip(RUNS, core.run(*RUNS), strict=True))


def test_commands_of_the_core_run(core: Core, found: Any) -> None:
    assert {line: err for line, (code, _, err) in found.items() if code} == {}
    doctor = found[("doctor",)][1]
    assert "edgeser[train]" in doctor and "without torch, scipy" in doctor
    assert doctor.count("pip install 'edgeser[export]'") == 1
    assert (core.folder / "firmware" / "Makefile").is_file()
    assert "as TFLite-Micro is not installed" in found[RUNS[-1]][2]
    told = "not tried in LiteRT: it is not installed; pip install 'edgeser[runtimes]'\n"
    assert found[("lint", "m.tflite")][2] == told


@pytest.mark.skipif(
    not all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm", "make", "gcc"))),
    reason="needs gcc, gcc-arm-none-eabi, qemu-system-arm and make",
)
def test_an_emulated_board_is_held_to_the_firmwares_c(core: Core) -> None:
    ((code, out, err),) = core.run(EMULATED)
    assert code == 0, err
    (result,) = json.loads(out)["results"]
    parity: dict[str, Any] = result["parity"]
    compared = {held["check"]: held["compared"] for held in parity["comparisons"]}
    assert parity["passed"] and compared["outputs as on the host"] > 0
    assert parity["source"].endswith("C on this computer, as TFLite-Micro is not installed,")


def test_what_lacks_an_extra_says_which_in_one_line(core: Core) -> None:
    for (line, wanted), (code, out, err) in zip(LACK.items(), core.run(*LACK), strict=True):
        *_, last = err.splitlines()
        assert (code, out) == (3, ""), (line, err)
        assert last.startswith("edgeser: ") and last.endswith(wanted), line
        assert "Traceback" not in err


def test_devices_that_are_not_there_are_told_from_extras(core: Core) -> None:
    for wanted, (code, _, err) in zip(NOT_THERE.values(), core.run(*NOT_THERE), strict=True):
        assert code == 3 and wanted in err and "pip install" not in err


def test_an_exported_firmware_is_the_same_without_tflite_micro(
    core: Core, found: Any, tmp_path: Path
) -> None:
    bundle = load_bundle(pretrained_path("pretrained-small"))
    export_firmware(bundle, tmp_path / "firmware")
    assert found[FIRMWARE][0] == 0
    manifest = core.folder / "firmware" / "manifest.json"
    assert manifest.read_bytes() == (tmp_path / "firmware" / "manifest.json").read_bytes()
    header = (core.folder / "firmware" / "runtime" / "include" / "app_config.h").read_text()
    assert "APP_SELF_TEST_OUTPUT_CRC" in header
