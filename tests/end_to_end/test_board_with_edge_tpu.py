"""A board that runs the compiled model on its Edge TPU, by the real commands.

No such board is here. Two things stand in for it: firmware of this computer whose banner carries
the compiled file's hash, and a device that moves the outputs of the emulated one by a step.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from edgeser.benchmark.bench_report import Benchmark
from edgeser.benchmark.budget import Budget
from edgeser.benchmark.firmware_cost import Clock, Stimuli, bench_device
from edgeser.benchmark.target import TargetFacts
from edgeser.bundle import Bundle
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.exports.firmware import compiled_model, export_firmware
from edgeser.pipeline.parity.streams import compare_streams
from edgeser.pipeline.recordings import Recordings
from edgeser.report.figures import bench_rows
from edgeser.report.schemas.bench import bench_json
from edgeser.targets import SERIAL_WITH_EDGE_TPU
from edgeser.targets.attached import AttachedDevice
from firmware_bridge.boards import HOST
from firmware_bridge.emulator import build_firmware
from firmware_bridge.link.banner import Banner
from firmware_bridge.link.device import Device
from firmware_bridge.link.process import open_process
from firmware_bridge.link.replies import MemoryUse
from firmware_bridge.link.session import Session
from firmware_bridge.streaming import Decision, Smoother

Edgeser = Callable[..., Any]
pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None or shutil.which("make") is None, reason="no gcc and make here"
)


@pytest.fixture(scope="module")
def compiled(shared: Path) -> Path:
    """Any file that is compiled: the host reads its hash, and that it is one."""
    return shared / "edgetpu_models" / "testconv1-edgetpu.tflite"


@pytest.fixture(scope="module")
def program(bundle: Bundle, compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Firmware of this computer that says it runs the compiled file."""
    directory = tmp_path_factory.mktemp("firmware") / "project"
    export_firmware(bundle, directory, board=HOST)
    (header,) = (directory / "model").glob("*.h")
    text = header.read_text()
    other = hashlib.sha256(compiled.read_bytes()).hexdigest()
    header.write_text(text.replace(bundle.model_hash, other))
    return build_firmware(directory, HOST).elf


@contextmanager
def at_an_address(program: Path) -> Iterator[str]:
    """Put the program behind a TCP port, once."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        relay = (
            "import socket, subprocess, sys\n"
            "server = socket.socket(fileno=int(sys.argv[1]))\n"
            "connection, _ = server.accept()\n"
            "subprocess.run([sys.argv[2]], stdin=connection, stdout=connection)\n"
        )
        command = [sys.executable, "-c", relay, str(server.fileno()), str(program)]
        with subprocess.Popen(command, pass_fds=(server.fileno(),)) as process:
            try:
                yield f"tcp:127.0.0.1:{server.getsockname()[1]}"
            finally:
                process.kill()


@pytest.fixture
def address(program: Path) -> Iterator[str]:
    with at_an_address(program) as place:
        yield place


def test_parity_tells_features_from_outputs(
    edgeser: Edgeser, run_folder: Path, compiled: Path, address: str
) -> None:
    command = ("parity", run_folder, "--device", address, "--clips", 3, "--json")
    ran = edgeser(*command, "--compiled", compiled)
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    assert found["passed"] is True
    features, outputs, _ = found["comparisons"]
    assert features["compared"] > 1000 and features["differing"]["value"] == 0
    near = found["within_tolerances"]
    assert near["lsb_histogram"] == [{"difference": 0, "values": outputs["compared"]}]
    assert near["label_flips"] == near["label_flip_rate"]["value"] == 0


def test_without_the_compiled_file_the_board_is_refused_with_both_hashes(
    edgeser: Edgeser, run_folder: Path, bundle: Bundle, compiled: Path, address: str
) -> None:
    ran = edgeser("parity", run_folder, "--device", address, "--clips", 1)
    assert ran.code == 1
    assert bundle.model_hash[:12] in ran.err
    assert hashlib.sha256(compiled.read_bytes()).hexdigest()[:12] in ran.err


def test_bench_measures_it(
    edgeser: Edgeser, run_folder: Path, compiled: Path, address: str
) -> None:
    ran = edgeser("bench", run_folder, "--device", address, "--compiled", compiled, "--json")
    assert ran.code in (0, 1), ran.err  # the budgets are a microcontroller's
    (found,) = json.loads(ran.out)["results"]
    assert (found["target"]["kind"], found["target"]["name"]) == ("serial", address)
    assert found["figures"]["inference_ms"]["evidence"] == "measured"
    assert found["figures"]["inference_ms"]["value"] > 0
    assert found["parity"]["passed"] is True
    assert found["parity"]["within_tolerances"]["max_lsb"]["value"] == 0
    report = edgeser("report", run_folder, "--format", "json")
    assert report.code == 0, report.err
    shown = json.loads((run_folder / "report.json").read_text())["bench"]["results"][-1]
    assert shown == found


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("bench", "--device", "host"), "is for a board's address, not --device host"),
        (("bench", "--device", "emulator"), "is for a board's address, not --device emulator"),
        (
            ("parity", "--device", "emulator"),
            "is for a board's address and --device edgetpu, not --device emulator",
        ),
        (("parity",), "is for a board's address and --device edgetpu, not --device host"),
    ],
)
def test_compiled_files_are_for_boards(
    edgeser: Edgeser, run_folder: Path, compiled: Path, arguments: tuple[str, ...], reason: str
) -> None:
    ran = edgeser(arguments[0], run_folder, *arguments[1:], "--compiled", compiled)
    assert ran.code == 2
    assert f"--compiled {reason}" in ran.err


def test_a_file_that_is_not_compiled_is_refused(
    edgeser: Edgeser, run_folder: Path, address: str
) -> None:
    ran = edgeser(
        "parity", run_folder, "--device", address, "--compiled", run_folder / "model_int8.tflite"
    )
    assert ran.code == 2
    assert "Edge TPU" in ran.err


class Moved(Device):
    """A stand-in for an Edge TPU: its first output is some steps off, its decisions follow.

    A `lie` is added to the sums, so that they no longer follow from the outputs.
    """

    steps = 1
    lie = 0
    smoother: Smoother

    def decisions(self, first: int) -> tuple[Decision, ...]:
        moved = []
        for taken in super().decisions(first):
            logits = np.array(taken.logits, np.int8)
            logits[0] += self.steps if logits[0] < 0 else -self.steps
            decided = self.smoother.decide(logits)
            moved.append(replace(decided, sums=(decided.sums[0] + self.lie, *decided.sums[1:])))
        return tuple(moved)


@pytest.mark.parametrize(
    ("steps", "lie", "passed", "says"),
    [
        (0, 0, True, "up to 0 steps"),
        (1, 0, True, "up to 1 steps"),
        (30, 0, False, "up to 30 steps"),
        (1, 3, False, "decision 0, which does not follow from the device's outputs"),
    ],
)
def test_outputs_are_held_to_tolerances_and_decisions_to_the_outputs(
    bundle: Bundle, run_folder: Path, program: Path, steps: int, lie: int, passed: bool, says: str
) -> None:
    clip = sorted((run_folder / "synthetic-voices").rglob("*.wav"))[0]
    recordings = Recordings(("a clip",), (soundfile.read(clip, dtype="int16")[0],), "for a test")
    window = bundle.trained.recipe.window
    with closing(open_process([program])) as transport:
        device = Moved(Session(transport))
        device.steps, device.lie = steps, lie
        device.smoother = Smoother(
            window_frames=window.frames,
            hop_frames=window.hop_frames,
            smoothing=window.smoothing,
            certainty=certainty_of(bundle),
        )
        found = AttachedDevice(device, compiled_model(bundle), kind=SERIAL_WITH_EDGE_TPU)
        parity = compare_streams(bundle, found, recordings)
    assert parity.passed is passed
    assert parity.feature_differences == 0
    assert says in parity.describe()
    assert passed or says in parity.failure


class InOnePiece(Device):
    """A stand-in for a board that hands the whole model to its Edge TPU, and watches no stack."""

    @property
    def banner(self) -> Banner:
        return replace(super().banner, operators=1)

    def profile(self) -> np.ndarray[Any, np.dtype[np.uint32]]:
        return super().profile().sum(keepdims=True)

    def memory(self) -> MemoryUse:
        return replace(super().memory(), stack_bytes=0, stack_used=0)


def test_what_such_a_board_does_not_tell_is_left_out(bundle: Bundle, program: Path) -> None:
    compiled = compiled_model(bundle)
    window = np.zeros(compiled.input.shape[1:], np.int8)
    with closing(open_process([program])) as transport:
        device = InOnePiece(Session(transport))
        report = bench_device(
            device,
            compiled=compiled,
            clock=Clock(
                None,
                device.banner.clock_hz,
                800.0,
                TargetFacts("serial", "a port", "a stand-in"),
            ),
            stimuli=Stimuli([window, window]),
            limits=Budget().limits,
        )
    (whole,) = report.operators
    assert (whole.kind, whole.macs) == ("the whole model", compiled.macs)
    assert whole.cost == report.inference
    (table,) = bench_json(Benchmark.of(report))["results"]
    assert set(table["figures"]) == {"inference_ms"}
    assert [name for name, _ in bench_rows(report)] == ["one inference, time"]
