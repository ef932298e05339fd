"""The stream on the device: the host's rows in order, whatever the pieces that samples come in."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.frontend import (
    FrontendConfig,
    compute_features,
    normalisation_from_statistics,
    quantise_features,
)
from firmware_bridge.frontend.c_tables import HEADER_NAME, SOURCE_NAME, emit_frontend
from tests.compilations import program_of

HERE = Path(__file__).parent
PACKAGE = HERE.parents[2] / "firmware_bridge"
WINDOW_FRAMES = 13
FLAGS = (
    *("-std=c11", "-Og", "-g1", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)


def stream_config(*planes: str) -> FrontendConfig:
    config = FrontendConfig(channels=9, hop_ms=10, window_ms=25, phase_planes=planes)
    shape = (1 + len(planes), 9)
    mean, deviation = np.full(shape, 900.0), np.full(shape, 7000.0)
    mean[0], deviation[0] = 300.0, 100.0
    return dataclasses.replace(config, normalisation=normalisation_from_statistics(mean, deviation))


def build(config: FrontendConfig, folder: Path) -> Path:
    sources = emit_frontend(config, window_frames=WINDOW_FRAMES)
    (folder / HEADER_NAME).write_text(sources.header)
    (folder / SOURCE_NAME).write_text(sources.source)
    program = folder / "stream"
    command = ["gcc", *FLAGS]
    command += [f"-I{PACKAGE / part / 'include'}" for part in ("frontend", "runtime")]
    ours = [PACKAGE / "runtime/src/dev_stream.c", *sorted((PACKAGE / "frontend/src").glob("*.c"))]
    theirs = [HERE / "c/stream.c", folder / SOURCE_NAME]
    program_of(command, ours, theirs, program, "-lm", includes=[f"-I{folder}"])
    return program


@pytest.fixture(scope="module", params=[(), ("if_im", "gd_mod")], ids=["amplitude", "phase"])
def streamer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[FrontendConfig, Path]:
    """A frontend, and the program that streams through it."""
    config = stream_config(*request.param)
    return config, build(config, tmp_path_factory.mktemp("stream"))


@pytest.fixture(scope="module")
def samples() -> NDArray[np.int16]:
    """Two seconds that end within a hop."""
    rng = np.random.default_rng(8)
    envelope = 200 + 9000 * np.abs(np.sin(np.arange(32_077) / 3000))
    return (envelope * rng.standard_normal(32_077)).clip(-32768, 32767).astype(np.int16)


def expected_output(
    config: FrontendConfig, samples: NDArray[np.int16], hop_frames: int
) -> tuple[bytes, int]:
    """Return what the program must put out up to the end of a round, and its frames."""
    features = compute_features(samples, config)
    rows = quantise_features(features, config)
    output = [b"W", bytes(WINDOW_FRAMES * rows[0].size)]
    for index, row in enumerate(rows):
        output += [b"F", features.amplitude[index].tobytes(), features.phase[index].tobytes()]
        output.append(row.tobytes())
        frames = index + 1
        if frames >= WINDOW_FRAMES and (frames - WINDOW_FRAMES) % hop_frames == 0:
            output += [b"W", rows[frames - WINDOW_FRAMES : frames].tobytes()]
    return b"".join(output), len(rows)


@pytest.mark.parametrize(
    ("largest", "hop_frames"), [(1, 5), (7, 1), (161, 3), (512, 4), (9999, 13)]
)
def test_pieces_do_not_matter(
    streamer: tuple[FrontendConfig, Path],
    samples: NDArray[np.int16],
    largest: int,
    hop_frames: int,
) -> None:
    config, program = streamer
    given = samples[:9000] if largest == 1 else samples
    done = subprocess.run(
        [program, "17", str(largest), str(hop_frames)],
        input=given.tobytes(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-4000:]
    expected, frames = expected_output(config, given, hop_frames)
    rounds = len(done.stdout) // 2
    for output in (done.stdout[:rounds], done.stdout[rounds:]):
        assert output[: len(expected)] == expected
        assert output[len(expected) : len(expected) + 1] == b"E"
        end = np.frombuffer(output[len(expected) + 1 :], np.uint32).tolist()
        assert end[:2] == [given.size, frames]


def test_time_is_counted_by_push_and_by_frame(
    streamer: tuple[FrontendConfig, Path], samples: NDArray[np.int16]
) -> None:
    _, program = streamer
    done = subprocess.run(
        [program, "0", "1", "1"], input=samples[:1000].tobytes(), capture_output=True, check=True
    )
    _, _, spent, largest = np.frombuffer(done.stdout[-16:], np.uint32).tolist()
    # The clock moves by one in each push, and a push takes one sample: 400 fill the first window.
    assert (spent, largest) == (1000, 400)
