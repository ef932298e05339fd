"""`--board` by the real command: one model on every emulated board, and a board by its name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import load_bundle
from edgeser.pretrained import pretrained_path
from firmware_bridge.boards import EMULATED_BOARDS
from firmware_bridge.emulator.tools import PACKAGES, install_hint

NAMES = [board.name for board in EMULATED_BOARDS]
TOOLS = sorted({tool for board in EMULATED_BOARDS for tool in (board.compiler, board.emulator)})
missing = [PACKAGES[tool] for tool in TOOLS if shutil.which(tool) is None]
needs_all = pytest.mark.skipif(bool(missing), reason=f"apt-get install {' '.join(missing)}")


def table(edgeser: Any, model: object) -> dict[str, Any]:
    ran = edgeser("bench", model, "--device", "emulator", "--board", "all", "--json", timeout_s=600)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def instructions(row: dict[str, Any]) -> float:
    return float(row["figures"]["inference_instructions"]["value"])


@needs_all
def test_what_ships_is_exact_on_every_board_audio_in(edgeser) -> None:
    result = table(edgeser, "pretrained-small")
    assert (result["schema"], result["passed"]) == ("edgeser.bench/2", True)
    shipped = load_bundle(pretrained_path("pretrained-small"))
    assert result["model_sha256"] == shipped.model_hash
    assert [row["target"]["name"] for row in result["results"]] == NAMES
    assert [row["target"]["core"] for row in result["results"]] == [
        board.cpu for board in EMULATED_BOARDS
    ]
    for row in result["results"]:
        assert (row["parity"]["passed"], row["problem"]) == (True, ""), row
        features, outputs, decisions = row["parity"]["comparisons"]
        assert features["compared"] > 10_000 and decisions["compared"] > 0
        assert not features["differing"]["value"] and not outputs["differing"]["value"]
        assert row["figures"]["inference_instructions"]["evidence"] == "emulated"
        # Time is predicted where cycles are known, and nowhere else.
        known = row["target"]["name"] == "mps2-an500"
        assert ("inference_ms" in row["figures"]) == known
    assert len(NAMES) == 7
    by_board = {row["target"]["name"]: instructions(row) for row in result["results"]}
    assert by_board["mps2-an386"] == pytest.approx(by_board["mps2-an500"], rel=0.05)
    assert by_board["mps2-an385-m0plus"] > by_board["riscv32-virt"] > by_board["mps2-an500"]


@needs_all
def test_the_keyword_model_is_exact_on_every_board(edgeser, shared: Path) -> None:
    result = table(edgeser, shared / "mlperf_tiny" / "kws_ref_model.tflite")
    assert [row["parity"]["passed"] for row in result["results"]] == [True] * len(NAMES)
    for row in result["results"]:
        core = row["target"]["core"]
        if core.startswith("cortex-m") and core != "cortex-m0plus":  # with DSP
            assert instructions(row) <= 4_000_000, core


@needs_all
def test_parity_and_export_take_a_board(edgeser, run_folder: Path, tmp_path: Path) -> None:
    kept = run_folder / "results" / "device.json"
    before = kept.read_bytes() if kept.exists() else None
    on_board = ("--device", "emulator", "--board", "mps2-an505")
    ran = edgeser("parity", run_folder, *on_board, "--clips", "3", "--json")
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert said["passed"] is True
    assert said["model_sha256"] == load_bundle(run_folder / "bundle.zip").model_hash
    ran = edgeser("bench", run_folder, *on_board)
    assert ran.code == 0, ran.err
    assert "nothing is known of the cycles of a cortex-m33" in " ".join(ran.err.split())
    assert "Cortex-M33" in ran.out
    # The report of a run shows the default board, whatever was tried beside it.
    assert (kept.read_bytes() if kept.exists() else None) == before
    ran = edgeser("export", run_folder, "--target", "firmware", "--board", "mps2-an505",
                  "--out", tmp_path / "firmware")  # fmt: skip
    assert ran.code == 0, ran.err
    assert "-mcpu=cortex-m33" in (tmp_path / "firmware" / "Makefile").read_text()
    assert json.loads((tmp_path / "firmware" / "manifest.json").read_bytes())["board"] == NAMES[2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--board", "stm32"), f"no emulated board 'stm32'; they are {', '.join(NAMES)}"),
        (("--board", "host"), "no emulated board 'host'"),
        (("--board", "mps2-an386", "--max-latency", "5"), "--max-latency is for boards whose time"),
        (("--board", "riscv32-virt", "--clock-mhz", "5"), "of the cycles of a rv32imc nothing"),
        (("--board", "all", "--clock-mhz", "5"), "--clock-mhz is for one board"),
    ],
)
def test_what_cannot_be_is_refused(edgeser, arguments: tuple[str, ...], words: str) -> None:
    ran = edgeser("bench", "pretrained-small", "--device", "emulator", *arguments)
    assert ran.code == 2
    assert words in " ".join(ran.err.split())


def test_a_board_without_its_tools_says_what_to_install(edgeser, tmp_path: Path) -> None:
    """Every one of them on a computer that has none; none in the way of another."""
    bin_only = tmp_path / "bin"
    bin_only.mkdir()
    for tool in ("make", "sh"):
        (bin_only / tool).symlink_to(str(shutil.which(tool)))
    on = ("bench", "pretrained-small", "--device", "emulator", "--board")
    ran = edgeser(*on, "riscv32-virt", PATH=str(bin_only))
    assert ran.code == 3
    last = ran.err.strip().splitlines()[-1]
    tools = ("riscv64-unknown-elf-gcc", "qemu-system-riscv32")
    assert last == f"edgeser: {' and '.join(tools)} are not installed; {install_hint(*tools)}"
    ran = edgeser(*on, "all", "--json", PATH=str(bin_only))
    assert ran.code == 3
    rows = json.loads(ran.out)["results"]
    assert [row["target"]["name"] for row in rows] == NAMES
    assert all(row["parity"] is None and row["figures"] == {} for row in rows)
    assert all("apt-get install --no-install-recommends " in row["problem"] for row in rows)
