"""A model with two outputs on a device: frames, text commands, decisions, and an older host."""

from __future__ import annotations

import dataclasses
import math
import struct
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.boards import HOST
from firmware_bridge.certainty import ONE, Certainty
from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.emulator import build_firmware, running_on_host
from firmware_bridge.frontend import FrontendConfig
from firmware_bridge.frontend.c_tables import emit_frontend
from firmware_bridge.link.device import Device
from firmware_bridge.link.session import Session
from firmware_bridge.project import (
    ModelSources,
    StreamSettings,
    self_test_input,
    write_project,
)
from firmware_bridge.streaming import StreamingClassifier
from quantize.runtimes import Runtime, run_outputs
from tests.firmware_bridge.conftest import SANITIZE
from tests.firmware_bridge.kernels.operator_models import ModelBuilder

DECISIONS, INFER, READ = 4, 6, 7
SURE = Certainty.of_scale(0.03, unsure_below=10_000)
INPUTS = np.random.default_rng(3).integers(-128, 128, (3, 32), dtype=np.int8)


def two_headed() -> bytes:
    """Four classes of scale 0.3, and three numbers of scale 1/64, of 32 inputs."""
    builder = ModelBuilder()
    x = builder.tensor((1, 32), scale=1 / 32, zero_point=0)
    data = np.random.default_rng(5).integers(-127, 128, (7, 32), dtype=np.int8)
    outputs = []
    for rows, scale, zero_point in ((slice(0, 4), 0.3, 7), (slice(4, 7), 1 / 64, -5)):
        w = builder.tensor(data[rows].shape, scale=0.004, data=data[rows])
        y = builder.tensor((1, len(data[rows])), scale=scale, zero_point=zero_point)
        builder.operator("FULLY_CONNECTED", (x, w), (y,), "FullyConnected")
        outputs.append(y)
    return builder.build((x,), tuple(outputs))


def oracle(inputs: NDArray[np.int8]) -> NDArray[np.int8]:
    """Both outputs side by side, int8 [n, 7]."""
    return np.concatenate(
        run_outputs(two_headed(), inputs.reshape(-1, 32), runtime=Runtime.TFLITE_MICRO), axis=1
    )


@pytest.fixture(scope="module")
def compiled() -> CompiledModel:
    return compile_model(two_headed(), "two")


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory,
    compiled: CompiledModel,
    small_frontend: FrontendConfig,
) -> Path:
    folder = tmp_path_factory.mktemp("two") / "project"
    write_project(
        folder,
        board=HOST,
        model=ModelSources(
            name="two", hash=compiled.sha256, header=compiled.header, source=compiled.source
        ),
        frontend=emit_frontend(small_frontend, window_frames=4),
        stream=StreamSettings(hop_frames=3, smoothing=2, certainty=SURE),
        self_test_output=oracle(self_test_input(32)).tobytes(),
    )
    return folder


@pytest.fixture(scope="module")
def program(project: Path) -> Path:
    command = ["make", "-C", str(project), f"OPTIMISE={SANITIZE}"]
    subprocess.run(command, check=True, capture_output=True)
    return build_firmware(project, HOST).emulated_elf


@contextmanager
def opened(program: Path) -> Iterator[tuple[Device, Session]]:
    with running_on_host(program) as transport:
        session = Session(transport)
        yield Device(session), session


def test_the_banner_tells_of_both(program: Path) -> None:
    with opened(program) as (device, _):
        assert (device.banner.output_bytes, device.banner.outputs) == (4, (4, 3))
        assert device.banner.all_output_bytes == 7
        assert device.self_test().passed


def test_both_outputs_are_read_and_checked(program: Path) -> None:
    with opened(program) as (device, session):
        for values, wanted in zip(INPUTS, oracle(INPUTS), strict=True):
            device.write_input(values)
            device.infer()
            np.testing.assert_array_equal(device.read_output(), wanted)
            assert session.request(READ, struct.pack("<IH", 3, 3)) == wanted[3:6].tobytes()


def test_a_host_that_knows_of_one_output_reads_the_first(program: Path) -> None:
    """No flags: replies are those of firmware for a model with one."""
    with opened(program) as (device, session):
        wanted = oracle(INPUTS[:1])[0]
        device.write_input(INPUTS[0])
        _, _, crc = struct.unpack("<3I", session.request(INFER))
        assert crc == zlib.crc32(wanted[:4].tobytes())
        assert session.request(READ, struct.pack("<IH", 0, 4)) == wanted[:4].tobytes()
        device.hear(np.zeros(1600, np.int16))
        reply = session.request(DECISIONS, struct.pack("<I", 0))
        end_frame, label = struct.unpack("<IB", reply[:5])
        assert (end_frame, len(reply) % 28) == (4, 0)
        assert label == int(np.argmax(np.frombuffer(reply[12:28], "<i4")))


def test_decisions_carry_the_further_output(program: Path, small_frontend: FrontendConfig) -> None:
    samples = np.random.default_rng(8).normal(0, 3000, 4000).astype(np.int16)
    twin = StreamingClassifier(
        small_frontend,
        oracle,
        window_frames=4,
        hop_frames=3,
        smoothing=2,
        certainty=SURE,
        classes=4,
    )
    expected = twin.push(samples)
    with opened(program) as (device, _):
        _, decisions = device.hear(samples)
    assert decisions == expected
    assert len(decisions) == 7
    assert [len(d.further) for d in decisions] == [3] * 7
    assert len({d.probability for d in decisions}) > 1
    assert {d.unsure for d in decisions} == {False, True}
    first, second = decisions[:2]
    assert first.further_sums == first.further
    assert second.further_sums == tuple(np.add(first.further, second.further).tolist())


def test_results_show_both_as_numbers(program: Path, talk_to) -> None:
    with running_on_host(program) as transport:
        device = talk_to(transport)
        device.command("db load 32")
        device.command(f"db {INPUTS[0, :16].tobytes().hex()}")
        device.command(f"db {INPUTS[0, 16:].tobytes().hex()}")
        answer = device.command("infer 1 0")
    wanted = oracle(INPUTS[:1])[0].astype(int)
    classes = ",".join(f"{0.3 * (v - 7):.3f}" for v in wanted[:4])
    numbers = ",".join(f"{(v + 5) / 64:.3f}" for v in wanted[4:])
    assert answer[-2:] == [f"m-results-[{classes}]", f"m-output-1-[{numbers}]"]


def test_the_twin_decides_by_the_first_output_alone(small_frontend: FrontendConfig) -> None:
    """Steps of ln 2: 2^-4, 1 and 2^-8 are the shares of 1, 5 and -3, whatever follows them."""

    def infer(windows: NDArray[np.int8]) -> NDArray[np.int8]:
        return np.tile(np.array([[1, 5, -3, 100, 100]], np.int8), (len(windows), 1))

    twin = StreamingClassifier(
        small_frontend,
        infer,
        window_frames=4,
        hop_frames=3,
        smoothing=2,
        certainty=Certainty.of_scale(math.log(2)),
        classes=3,
    )
    (decision, *_) = twin.push(np.zeros(1600, np.int16))
    assert decision.probability == round(ONE / (1 + 2**-4 + 2**-8))
    assert (decision.label, decision.logits, decision.further) == (1, (1, 5, -3), (100, 100))
    assert dataclasses.asdict(decision)["further_sums"] == (100, 100)
