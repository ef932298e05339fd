"""MLPerf Tiny's image models: its runner sends pixels, of which the device takes 128."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from operator_models import ModelBuilder, micro_outputs
from test_linking import needs_emulator

from firmware_bridge.boards import HOST, MPS2_AN500
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.emulator import build_firmware, running_emulator, running_on_host
from firmware_bridge.link import MlperfRunner, Patience
from firmware_bridge.link.transport import Transport
from firmware_bridge.project import ModelSources, write_project

SHAPE = (1, 32, 32, 3)
SCALE, ZERO_POINT = 0.25, -7


def image_model() -> bytes:
    """The mean of each colour."""
    builder = ModelBuilder()
    x = builder.tensor(SHAPE, scale=1 / 128, zero_point=-1)
    y = builder.tensor((1, 1, 1, 3), scale=SCALE / 128, zero_point=ZERO_POINT)
    inputs = (x, builder.integers(1, 2))
    builder.operator("MEAN", inputs, (y,), "Reducer", keepDims=True, version=2)
    return builder.build((x,), (y,))


def pixels() -> np.ndarray:
    random = np.random.default_rng(6)
    values = random.integers(0, 200, SHAPE) * np.array([1.0, 0.8, 0.5])
    image = values.astype(np.uint8)
    image.flat[:4] = 0, 127, 128, 255
    return image


def printed(output: np.ndarray) -> tuple[float, ...]:
    numbers = np.float32(SCALE / 128) * (output.ravel().astype(np.float32) - ZERO_POINT)
    return tuple(float(f"{number:.3f}") for number in numbers)


def build(name: str, board, folder: Path):
    made = compile_model(image_model(), name, prefix=name)
    model = ModelSources(
        name=made.name, hash=made.sha256, header=made.header, source=made.source, prefix=name
    )
    return build_firmware(write_project(folder / name, board=board, model=model).directory, board)


def drive(transport: Transport, name: str, wanted: tuple[float, ...]) -> None:
    sent = pixels().tobytes()
    runner = MlperfRunner(transport, patience=Patience(attempt_s=20.0))
    assert runner.profile().model == name
    runner.load(sent)
    assert runner.loaded() == sent
    assert runner.infer(2, 1).results == wanted


@pytest.mark.parametrize("name", ["ic01", "vww01"])
def test_pixels_become_int8(name: str, tmp_path: Path) -> None:
    given = (pixels().astype(np.int16) - 128).astype(np.int8)
    wanted = printed(micro_outputs(image_model(), given[None]))
    with running_on_host(build(name, HOST, tmp_path).elf) as transport:
        drive(transport, name, wanted)


@pytest.mark.parametrize("name", ["ic01_int8", "kws01", "ic02"])
def test_bytes_of_other_models_stay_as_they_are(name: str, tmp_path: Path) -> None:
    wanted = printed(micro_outputs(image_model(), pixels().view(np.int8)[None]))
    with running_on_host(build(name, HOST, tmp_path).elf) as transport:
        drive(transport, name, wanted)


@needs_emulator
def test_pixels_become_int8_on_the_device(tmp_path: Path) -> None:
    given = (pixels().astype(np.int16) - 128).astype(np.int8)
    wanted = printed(micro_outputs(image_model(), given[None]))
    built = build("ic01", MPS2_AN500, tmp_path)
    with running_emulator(built.emulated_elf, MPS2_AN500) as transport:
        drive(transport, "ic01", wanted)


def test_the_text_protocol_shows_pixels_as_they_came(tmp_path: Path, talk_to) -> None:
    with running_on_host(build("ic01", HOST, tmp_path).elf) as transport:
        device = talk_to(transport)
        assert device.command("db load 4") == ["m-[Expecting 4 bytes]"]
        assert device.command("db 007f80ff") == ["m-load-done"]
        assert device.command("db print") == ["m-buffer-00-7f-80-ff"]
        device_sees = device.request(0x06)[4:8]  # CRC-32 of the input, in int8
    loaded = bytes((value - 128) & 0xFF for value in (0, 127, 128, 255))
    assert device_sees == zlib.crc32(loaded + bytes(3068)).to_bytes(4, "little")
