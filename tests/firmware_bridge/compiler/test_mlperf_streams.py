"""What MLPerf Tiny's public runner sends, byte for byte, played to the emulated device.

The streams were recorded from the runner's own classes (`device_under_test.py`, `script.py` of
benchmark/runner, accuracy mode) at `python -m benchmarks.mlperf`; their SHA-256 is what is kept.
The image models are stand-ins of their input's shape: the mean of each colour.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from operator_models import ModelBuilder
from test_linking import needs_emulator

from edgeser.pipeline.exports.firmware import export_firmware
from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.compiler.compile import CompiledModel
from firmware_bridge.emulator import build_firmware, running_emulator
from firmware_bridge.link.transport import Transport
from quantize.runtimes import Runtime, run_model

BYTES_A_COMMAND = 31
PATIENCE_S = 60.0  # the runner has 5 s a line; other tests may be running beside this one


@dataclass(frozen=True)
class Recorded:
    """A model of the benchmark, and the hash of what the runner sent it."""

    name: str
    model: str
    sha256: str


RECORDED = [
    Recorded(
        "kws01",
        "kws_ref_model.tflite",
        "df50d2b9890e0d7ade90cfbf4d78663ab1c75e4f326a5fcbb25bea98abd8015e",
    ),
    Recorded(
        "ad01",
        "ad01_int8.tflite",
        "caa325b11288a0ca72926302f78183a3c767c8c3ba2a304c197b190fa551a780",
    ),
    Recorded("ic01", "", "4306ea236138a51bac23b76c3e43151581feee0edbfc71bec02cfa7dbd48bb37"),
    Recorded("vww01", "", "adeda196cbad886a7d63c9ef866cfac8182e30026893218fa5157536757ef3f5"),
]
SIDES = {"ic01": 32, "vww01": 96}


def mean_of_colours(side: int) -> bytes:
    builder = ModelBuilder()
    x = builder.tensor((1, side, side, 3), scale=1 / 128, zero_point=-1)
    y = builder.tensor((1, 1, 1, 3), scale=0.25 / 128, zero_point=-7)
    inputs = (x, builder.integers(1, 2))
    builder.operator("MEAN", inputs, (y,), "Reducer", keepDims=True, version=2)
    return builder.build((x,), (y,))


def loaded(name: str, count: int) -> bytes:
    """Return the file that the runner loaded: floats for the anomaly model, else bytes."""
    if name == "ad01":
        return (np.arange(count, dtype=np.float32) / 8 - 40).astype("<f4").tobytes()
    return (np.arange(count, dtype=np.uint32) * 2654435761 >> 24).astype(np.uint8).tobytes()


def commands(data: bytes) -> Iterator[bytes]:
    yield from (b"name%", b"profile%", f"db load {len(data)}%".encode())
    for start in range(0, len(data), BYTES_A_COMMAND):
        yield f"db {data[start : start + BYTES_A_COMMAND].hex()}%".encode()
    yield b"infer 1 0%"


def expected(name: str, model: bytes, compiled: CompiledModel, data: bytes) -> list[float]:
    """Return what TFLite-Micro makes of it, as the reference firmware prints it."""
    given, out = compiled.input, compiled.output
    scale, zero = np.float32(given.quantisation.scale), given.quantisation.zero_point
    values = np.frombuffer(data, "<f4" if name == "ad01" else np.uint8)
    if name == "ad01":
        quotients = (values / scale).astype(np.float64)
        rounded = np.copysign(np.floor(np.abs(quotients) + 0.5), quotients)
        fed = np.clip(rounded + zero, -128, 127).astype(np.int8)
    elif name in SIDES:
        fed = (values.astype(np.int16) - 128).astype(np.int8)
    else:
        fed = values.view(np.int8)
    output = run_model(
        model, fed.reshape(1, *given.shape[1:]), runtime=Runtime.TFLITE_MICRO
    ).ravel()
    numbers = np.float32(out.quantisation.scale) * (
        output.astype(np.float32) - np.float32(out.quantisation.zero_point)
    )
    if name == "ad01":
        error = np.cumsum((numbers - values) ** 2, dtype=np.float32)[-1] / np.float32(values.size)
        numbers = np.array([error])
    return [float(f"{number:.3f}") for number in numbers]


def answer(transport: Transport) -> list[str]:
    """Return the lines up to `m-ready`, without what the runner leaves out of them."""
    text, deadline = b"", time.monotonic() + PATIENCE_S
    while not text.endswith(b"m-ready\r\n"):
        text += transport.read(4096, timeout_s=0.1)
        assert time.monotonic() < deadline, f"no end after {text[-60:]!r}"
    return text.decode().replace("\r", "").replace("\0", "").splitlines()


@needs_emulator
@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded.name)
def test_the_runner_s_bytes_give_the_reference_s_figures(
    recorded: Recorded, shared: Path, tmp_path: Path
) -> None:
    name = recorded.name
    model = (
        mean_of_colours(SIDES[name])
        if name in SIDES
        else (shared / "mlperf_tiny" / recorded.model).read_bytes()
    )
    made = export_firmware(model, tmp_path / name, name="file", chosen=name, board=MPS2_AN500)
    data = loaded(name, made.compiled.input.elements)
    sent = list(commands(data))
    assert hashlib.sha256(b"".join(sent)).hexdigest() == recorded.sha256
    built = build_firmware(made.project.directory, MPS2_AN500)
    with running_emulator(built.emulated_elf, MPS2_AN500) as transport:
        assert answer(transport)[0] == "m-init-done"
        answers = []
        for command in sent:
            transport.write(command)
            answers.append(answer(transport))
    said = [line for lines in answers for line in lines]
    assert f"m-name-dut-[{name}]" in said and f"m-model-[{name}]" in said
    assert not [line for line in said if line.startswith("e-[")]
    (results,) = (
        found[1] for line in said if (found := re.match(r"^m-results-\[([^]]+)\]$", line))
    )
    assert [float(value) for value in results.split(",")] == expected(
        name, model, made.compiled, data
    )
    laps = [int(found[1]) for line in said if (found := re.match(r"^m-lap-us-([0-9]+)$", line))]
    assert len(laps) == 2 and laps[0] < laps[1]
