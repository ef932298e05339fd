"""The application for the Coral Dev Board Micro as a process, linked with stand-ins of its SDK."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.project.coral_micro import MicroModel
from quantize.tflite.model import Quantisation, Tensor
from quantize.tflite.schema import DType

STAND_IN = Path(__file__).parent / "coral_micro" / "stand_in"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
_SANITIZE = ["-Og", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
PROGRAM = "micro"
DATA = bytes((37 * i + 11) % 256 for i in range(32))


def tensor(elements: int, *, dtype: DType = DType.INT8) -> Tensor:
    quantisation = Quantisation(np.array([0.5], np.float32), np.array([3]), 0)
    return Tensor(0, "t", (1, elements), (), dtype, quantisation, False, 0, None)


def stand_in_file(*, inputs: int = 32, outputs: int = 4, arena: int = 1024, ms: int = 0) -> bytes:
    """Return what the stand-in for the Edge TPU takes for a compiled model."""
    return b"\0\0\0\0TFL3" + struct.pack("<4I", inputs, outputs, arena, ms) + bytes(32)


MODEL = MicroModel(
    name="hand-made",
    input=tensor(32),
    output=tensor(4),
    cpu_operators=("SOFTMAX",),
    arena_bytes=4096,
    arena_reason="enough for the stand-in",
    room_bytes=4096,
    compiled=stand_in_file(),
)


def expected(data: bytes) -> bytes:
    values = np.frombuffer(data, np.int8).astype(np.int32)
    sums = np.clip(np.maximum(values, 0).reshape(4, 8).sum(1) - 100, -128, 127)
    return np.trunc(sums / 2).astype(np.int8).tobytes()


def build(project: Path) -> None:
    """Compile everything in the project, and link it with the stand-ins, to a program beside it."""
    for program in ("gcc", "g++"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    headers = sorted({path.parent for path in project.rglob("*.h")})
    includes = [f"-I{folder}" for folder in headers] + [f"-I{STAND_IN}"]
    c_files = sorted(project.rglob("*.c"))
    cc_files = sorted(project.rglob("*.cc"))
    place = project.parent / "objects"
    place.mkdir()

    def compile_all(command: list[str], files: list[Path]) -> None:
        subprocess.run(
            [*command, *WARNINGS, *_SANITIZE, *includes, "-c", *map(str, files)],
            cwd=place, check=True, capture_output=True, text=True,
        )  # fmt: skip

    compile_all(["gcc", "-std=gnu11"], c_files)
    compile_all(["g++", "-std=c++17", "-fno-rtti", "-fno-exceptions"], cc_files)
    compile_all(["g++", "-std=c++17"], [STAND_IN / "stand_in.cc"])
    program = project.parent / PROGRAM
    objects = [str(path) for path in sorted(place.glob("*.o"))]
    link = ["g++", *_SANITIZE, *objects, "-pthread", "-lm", "-o", str(program)]
    subprocess.run(link, check=True)


@dataclass
class Board:
    """The application as a process, both of its protocols, and its file system."""

    process: subprocess.Popen[bytes]
    files: Path
    requests: int
    answers: Iterator[str]
    transport: DescriptorTransport

    def call(self, method: str, **arguments: object) -> dict[str, object]:
        text = json.dumps(arguments, separators=(",", ":"))
        os.write(self.requests, f"{method} {text}\n".encode())
        return json.loads(next(self.answers))

    def result(self, method: str, **arguments: object) -> dict[str, object]:
        answer = self.call(method, **arguments)
        assert "error" not in answer, answer
        return answer["result"]

    def refused(self, method: str, **arguments: object) -> str:
        return self.call(method, **arguments)["error"]["message"]


@contextlib.contextmanager
def running(program: Path, files: Path, *, unread_bytes: int = 1 << 20) -> Iterator[Board]:
    request_end, requests = os.pipe()
    answers, answer_end = os.pipe()

    process = subprocess.Popen(
        [str(program), str(request_end), str(answer_end), str(unread_bytes)], cwd=files,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        pass_fds=(request_end, answer_end), bufsize=0,
    )  # fmt: skip
    os.close(request_end)
    os.close(answer_end)
    assert process.stdin is not None and process.stdout is not None
    transport = DescriptorTransport(
        process.stdout.fileno(), process.stdin.fileno(), name="stand-in", close=lambda: None
    )
    try:
        with os.fdopen(answers) as lines:
            yield Board(process, files, requests, iter(lines), transport)
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()
        os.close(requests)
