"""The application for the Coral Dev Board Micro, built and run against stand-ins of its SDK."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.frontend import FrontendConfig, compute_features
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.device import Device
from firmware_bridge.link.errors import DeviceTimeout, HashMismatch
from firmware_bridge.link.session import Patience, Session
from firmware_bridge.project import StreamSettings
from firmware_bridge.project.coral_micro import MicroModel, write_coral_micro
from firmware_bridge.streaming import StreamingClassifier
from quantize.foundation.errors import BadInput
from quantize.tflite.model import Quantisation, Tensor
from quantize.tflite.schema import DType

STAND_IN = Path(__file__).parent / "coral_micro" / "stand_in"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZE = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
RESTARTED = 42
BANNER, WRITE, INFER, READ, DECISIONS = 1, 5, 6, 7, 4
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


def build(project: Path) -> Path:
    """Compile everything in the project, and link it with the stand-ins."""
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
            [*command, *WARNINGS, *SANITIZE, *includes, "-c", *map(str, files)],
            cwd=place, check=True, capture_output=True, text=True,
        )  # fmt: skip

    compile_all(["gcc", "-std=gnu11"], c_files)
    compile_all(["g++", "-std=c++17", "-fno-rtti", "-fno-exceptions"], cc_files)
    compile_all(["g++", "-std=c++17"], [STAND_IN / "stand_in.cc"])
    program = project.parent / "micro"
    objects = [str(path) for path in sorted(place.glob("*.o"))]
    link = ["g++", *SANITIZE, *objects, "-pthread", "-lm", "-o", str(program)]
    subprocess.run(link, check=True)
    return program


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


@pytest.fixture(scope="module")
def program(
    tmp_path_factory: pytest.TempPathFactory, small_frontend_sources: FrontendSources
) -> Path:
    project = tmp_path_factory.mktemp("micro") / "project"
    write_coral_micro(
        project,
        model=MODEL,
        frontend=small_frontend_sources,
        stream=StreamSettings(hop_frames=3, smoothing=2),
    )
    return build(project)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The board's file system, with the model in it."""
    (tmp_path / "models").mkdir()
    assert MODEL.compiled is not None
    (tmp_path / "models" / "model_edgetpu.tflite").write_bytes(MODEL.compiled)
    return tmp_path


def test_console_speaks_the_protocol_of_the_emulated_device(
    program: Path, files: Path, small_frontend: FrontendConfig, talk_to: Callable[..., object]
) -> None:
    with running(program, files) as board:
        device = talk_to(board.transport)
        banner = device.banner()
        assert banner["board"] == "coral-micro"
        assert banner["model_hash"] == hashlib.sha256(stand_in_file()).hexdigest()
        assert banner["frontend_hash"] == small_frontend.hash
        assert device.command("name") == ["m-name-dut-[coral-micro]"]
        output, _ = device.infer(DATA)
        assert output == expected(DATA)
        assert any(line.startswith("m-results-[") for line in device.command("infer 5 2"))


def test_link_of_the_host_drives_it(
    program: Path, files: Path, small_frontend: FrontendConfig
) -> None:
    """Input, output, profile and audio by the code that drives the emulated device."""
    digest = hashlib.sha256(stand_in_file()).hexdigest()
    sound = np.random.default_rng(4).normal(0, 4000, 16 * 160).astype(np.int16)
    with running(program, files) as board:
        session = Session(board.transport)
        device = Device(session, model_hash=digest, frontend_hash=small_frontend.hash)
        device.write_input(DATA)
        assert device.infer(profile=True) >= 0
        assert device.read_output().tobytes() == expected(DATA)
        assert device.profile().shape == (1,)
        assert device.tap(0, 4, DATA).tobytes() == expected(DATA)
        assert device.memory().arena_bytes == MODEL.arena_bytes
        assert device.self_test().passed
        device.reset()
        reply = device.audio(sound[:160], raw=True, rows=True)
        for first in range(160, len(sound), 160):
            reply = device.audio(sound[first : first + 160], raw=True, rows=True)
        host = compute_features(sound, small_frontend)
        np.testing.assert_array_equal(reply.amplitude[-1], host.amplitude[-1])
        with pytest.raises(HashMismatch):
            Device(session, model_hash="0" * 64)


def test_console_that_keeps_64_bytes_loses_none_of_a_long_frame(
    program: Path, files: Path, small_frontend: FrontendConfig
) -> None:
    """The board says so in its banner, and the host sends no more at once."""
    sound = np.random.default_rng(5).normal(0, 4000, 3 * 500).astype(np.int16)
    with running(program, files, unread_bytes=64) as board:
        # More attempts than usual: a busy computer may not let the stand-in read in time.
        session = Session(board.transport, patience=Patience(attempt_s=1.0, attempts=10))
        device = Device(session, frontend_hash=small_frontend.hash)
        assert device.banner.unread_bytes == 64
        device.reset()
        replies = list(device.stream(sound, chunk=500, raw=True))
        host = compute_features(sound, small_frontend)
        ours = np.concatenate([reply.amplitude for reply in replies])
        np.testing.assert_array_equal(ours, host.amplitude)
        # Sent at once, the same frame does not arrive: the limit is real.
        session.pace(0)
        with pytest.raises(DeviceTimeout):
            session.request(3, sound[:500].tobytes(), patience=Patience(attempt_s=0.2, attempts=3))


def test_input_is_put_in_anew_for_each_inference(
    program: Path, files: Path, talk_to: Callable[..., object]
) -> None:
    """The stand-in flips the input in place, as the SDK does: a second run would see it flipped."""
    with running(program, files) as board:
        device = talk_to(board.transport)
        device.request(WRITE, struct.pack("<I", 0) + DATA)
        for _ in range(3):
            device.request(INFER)
            assert device.request(READ, struct.pack("<IH", 0, 4)) == expected(DATA)


def test_microphone_gives_the_decisions_of_the_host(
    program: Path, files: Path, small_frontend: FrontendConfig, talk_to: Callable[..., object]
) -> None:
    sound = np.random.default_rng(3).normal(0, 4000, 40 * 320).astype(np.int16)
    # What is below the upper half of a number must not count.
    wide = (sound.astype(np.int32) << 16) + np.int32(65_535)
    (files / "microphone.raw").write_bytes(wide.astype("<i4").tobytes())
    decider = StreamingClassifier(
        small_frontend,
        lambda windows: np.array(
            [list(np.frombuffer(expected(w.tobytes()), np.int8)) for w in windows], np.int8
        ),
        window_frames=4, hop_frames=3, smoothing=2,
    )  # fmt: skip
    wanted = decider.push(sound)
    with running(program, files) as board:
        device = talk_to(board.transport)
        assert board.result("listen", on=1) == {"listening": True}
        deadline = time.monotonic() + 20
        while board.result("decisions")["count"] < len(wanted):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        last = board.result("decisions")
        assert last == {
            "count": len(wanted), "end_frame": wanted[-1].end_frame, "label": wanted[-1].label,
        }  # fmt: skip
        kept = device.request(DECISIONS, struct.pack("<I", 0))
        size = 5 + 5 * 4
        logits = [kept[i + 5 : i + 9] for i in range(0, len(kept), size)]
        assert logits == [np.array(d.logits, np.int8).tobytes() for d in wanted[-16:]]
        assert board.result("info")["samples_missed"] == 0
        assert "microphone is on" in board.refused("bench")
        assert board.result("listen", on=0) == {"listening": False}


def test_bench_tells_parameters_inferences_and_features_apart(program: Path, files: Path) -> None:
    (files / "models" / "model_edgetpu.tflite").write_bytes(stand_in_file(ms=60))
    with running(program, files) as board:
        found = board.result("bench", runs=20, warmup=2)
    assert (found["runs"], found["warmup"], found["clock"]) == (20, 2, "high")
    assert found["invoke_us_min"] <= found["invoke_us_p50"] <= found["invoke_us_p90"]
    assert found["invoke_us_p90"] <= found["invoke_us_p99"] <= found["invoke_us_max"]
    assert found["first_us"] >= 60_000 > found["invoke_us_p50"]
    assert found["parameters_us"] == found["first_us"] - found["invoke_us_p50"]
    assert found["feature_frames"] >= 200
    assert 0 < found["feature_us"] <= found["feature_us_max"]
    assert (found["tpu_degrees"], found["cpu_degrees"]) == (52.0, 41.5)


@pytest.mark.parametrize("runs", [0, 1001, -1, 1.5])
def test_bench_refuses_other_numbers(program: Path, files: Path, runs: float) -> None:
    with running(program, files) as board:
        assert "1 to 1000" in board.refused("bench", runs=runs)


def test_clock_is_kept_over_a_restart(program: Path, files: Path) -> None:
    with running(program, files) as board:
        assert board.result("info")["clock"] == "high"
        assert "low, medium" in board.refused("clock", mode="fast")
        assert board.result("clock", mode="max") == {"restarting": True}
        assert board.process.wait(10) == RESTARTED
    with running(program, files) as board:
        info = board.result("info")
        assert (info["clock"], info["tpu_degrees"]) == ("max", 53.0)


def upload(board: Board, data: bytes, *, digest: str | None = None, piece: int = 40) -> str | None:
    digest = digest or hashlib.sha256(data).hexdigest()
    board.result("model_begin", size=len(data), sha256=digest)
    for offset in range(0, len(data), piece):
        part = base64.b64encode(data[offset : offset + piece]).decode()
        taken = board.result("model_data", offset=offset, data=part)["taken"]
        assert taken == min(offset + piece, len(data))
    answer = board.call("model_end")
    return answer["error"]["message"] if "error" in answer else None


def test_uploaded_model_runs_after_the_restart(program: Path, files: Path) -> None:
    other = stand_in_file(ms=1)
    with running(program, files) as board:
        assert upload(board, other) is None
        assert board.process.wait(10) == RESTARTED
    with running(program, files) as board:
        info = board.result("info")
        assert info["problem"] == ""
        assert info["model_hash"] == hashlib.sha256(other).hexdigest()
        assert info["model_bytes"] == len(other)
        assert info["arena_used"] == 36


def test_damaged_uploads_are_refused_and_the_model_stays(program: Path, files: Path) -> None:
    data = stand_in_file(ms=1)
    with running(program, files) as board:
        assert "sha256 differs" in (upload(board, data, digest="0" * 64) or "")
        assert "no .tflite" in (upload(board, bytes(64)) or "")
        assert "does not fit" in board.refused("model_begin", size=4097, sha256="0" * 64)
        assert "64 hexadecimal" in board.refused("model_begin", size=64, sha256="0")
        assert "must come first" in board.refused("model_data", offset=0, data="AAAA")
        board.result("model_begin", size=64, sha256="0" * 64)
        assert "came before" in board.refused("model_data", offset=3, data="AAAA")
        assert "not complete" in board.refused("model_end")
        assert "base64" in board.refused("model_data", offset=0)
    assert (files / "models" / "model_edgetpu.tflite").read_bytes() == MODEL.compiled


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (None, "no model in the file system"),
        (stand_in_file() + bytes(5000), "larger than the room"),
        (stand_in_file(inputs=64), "another size"),
        (stand_in_file(arena=5000), "too small an arena"),
    ],
)
def test_board_without_a_model_says_why_and_takes_another(
    program: Path, files: Path, model: bytes | None, reason: str
) -> None:
    place = files / "models" / "model_edgetpu.tflite"
    place.unlink()
    if model is not None:
        place.write_bytes(model)
    with running(program, files) as board:
        info = board.result("info")
        assert reason in str(info["problem"])
        assert (info["model_hash"] == "0" * 64) == (info["model_bytes"] == 0)
        assert reason in board.refused("bench")
        assert upload(board, stand_in_file()) is None


def configure(project: Path) -> subprocess.CompletedProcess[str]:
    """Run CMake on the project, with the stand-in for the SDK."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("cmake is not installed")
    command = [cmake, "-S", project, "-B", project / "build", f"-DCORALMICRO={STAND_IN}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_cmake_builds_it_and_puts_the_model_where_the_board_looks(
    tmp_path: Path, talk_to: Callable[..., object]
) -> None:
    """Without a frontend, so that this compiles too; the compiled model comes from beside it."""
    project = tmp_path / "project"
    write_coral_micro(project, model=replace(MODEL, cpu_operators=(), compiled=None))
    failed = configure(project)
    assert failed.returncode != 0
    assert "run compile.sh in the folder above" in " ".join(failed.stderr.split())
    (tmp_path / "model_edgetpu.tflite").write_bytes(stand_in_file())
    configured = configure(project)
    assert configured.returncode == 0, configured.stderr
    place = (project / "build" / "on_the_board").read_text()
    assert place == "/models/model_edgetpu.tflite"
    assert f'"{place}"' in (project / "board" / "micro_model.h").read_text()
    built = subprocess.run(
        [str(shutil.which("make")), "-C", str(project / "build"), "edgeser-micro"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    program = tmp_path / "program"
    shutil.copy(project / "build" / "edgeser-micro", program)
    # What building put there is no reason to refuse the next export.
    write_coral_micro(project, model=replace(MODEL, name="another", compiled=None))
    (tmp_path / "files" / "models").mkdir(parents=True)
    (tmp_path / "files" / "models" / "model_edgetpu.tflite").write_bytes(stand_in_file())
    with running(program, tmp_path / "files") as board:
        output, _ = talk_to(board.transport).infer(DATA)
        assert output == expected(DATA)
        assert "no frontend" in board.refused("listen", on=1)
        assert "no frontend" in board.refused("decisions")
        assert "feature_us" not in board.result("bench", runs=3)


def test_resolver_has_what_the_model_needs_and_no_more(tmp_path: Path) -> None:
    names = ("SOFTMAX", "QUANTIZE", "SOFTMAX")
    write_coral_micro(tmp_path / "app", model=replace(MODEL, cpu_operators=names))
    text = (tmp_path / "app" / "board" / "micro_resolver.h").read_text()
    assert "kResolverOperators = 3;" in text
    assert text.count("->Add") == 3
    with pytest.raises(BadInput, match="NO_SUCH_OPERATOR stays on the CPU"):
        write_coral_micro(
            tmp_path / "other", model=replace(MODEL, cpu_operators=("NO_SUCH_OPERATOR",))
        )


def test_project_lists_every_source_and_says_what_was_never_tried(
    tmp_path: Path, small_frontend_sources: FrontendSources
) -> None:
    settings = StreamSettings(hop_frames=3, smoothing=2)
    for name in ("one", "two"):
        write_coral_micro(
            tmp_path / name, model=MODEL, frontend=small_frontend_sources, stream=settings
        )
    project = tmp_path / "one"
    cmake = (project / "CMakeLists.txt").read_text()
    for path in (*project.rglob("*.c"), *project.rglob("*.cc")):
        assert f"  {path.relative_to(project)}\n" in cmake
    assert "{" not in cmake.replace("${", "")
    assert "never run on a board" in (project / "README.md").read_text()
    files = sorted(path.relative_to(project) for path in project.rglob("*") if path.is_file())
    assert all((tmp_path / "two" / f).read_bytes() == (project / f).read_bytes() for f in files)


def test_all_but_the_sdk_layer_compiles_for_the_boards_core(
    tmp_path: Path, small_frontend_sources: FrontendSources
) -> None:
    compiler = shutil.which("arm-none-eabi-gcc")
    if compiler is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    project = tmp_path / "app"
    settings = StreamSettings(hop_frames=3, smoothing=2)
    write_coral_micro(project, model=MODEL, frontend=small_frontend_sources, stream=settings)
    includes = [f"-I{folder}" for folder in sorted({p.parent for p in project.rglob("*.h")})]
    core = ["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard", "-O2"]
    subprocess.run(
        [compiler, "-std=gnu11", *core, *WARNINGS, *includes, "-c", *sorted(project.rglob("*.c"))],
        cwd=tmp_path, check=True,
    )  # fmt: skip


def test_only_the_sdk_layer_knows_the_sdk(tmp_path: Path) -> None:
    write_coral_micro(tmp_path / "app", model=MODEL)
    for path in (tmp_path / "app").rglob("*.[ch]"):
        text = path.read_text()
        if path.name.startswith(("sdk_", "micro_resolver")):
            continue
        assert "third_party/" not in text and '"libs/' not in text, path


def test_other_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="uint8"):
        write_coral_micro(
            tmp_path / "app", model=replace(MODEL, input=tensor(32, dtype=DType.UINT8))
        )
