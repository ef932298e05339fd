"""Ctrl-C stops within two seconds and leaves no half; a training goes on bit for bit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from edgeser.bundle import load_trained
from edgeser.recipe import load_recipe

Edgeser = Callable[..., Any]
STOPS_WITHIN_S = 2.0
STARTS_WITHIN_S = 90.0


@dataclass
class Started:
    """A command under way, in a process group of its own, as a terminal starts it."""

    process: subprocess.Popen[bytes]
    errors: Path
    taken_s: float = field(default=0.0)

    def wait_until(self, happened: Callable[[], bool]) -> None:
        end = time.monotonic() + STARTS_WITHIN_S
        while not happened():
            assert self.process.poll() is None, self.err
            assert time.monotonic() < end, "it did not come so far"
            time.sleep(0.01)

    def interrupt(self) -> int:
        """Press Ctrl-C: the terminal signals the whole group. Returns the exit code."""
        pressed = time.monotonic()
        os.killpg(self.process.pid, signal.SIGINT)
        code = self.process.wait(30)
        self.taken_s = time.monotonic() - pressed
        return code

    @property
    def err(self) -> str:
        return self.errors.read_text()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def start(edgeser_program: str, cache: Path, tmp_path: Path) -> Callable[..., Started]:
    """Start a command without waiting for it."""

    def run(*arguments: object, **environment: str) -> Started:
        errors = tmp_path / "stderr"
        with errors.open("wb") as err:
            process = subprocess.Popen(
                [edgeser_program, *map(str, arguments)],
                stdout=subprocess.DEVNULL,
                stderr=err,
                env={**os.environ, "EDGESER_CACHE": str(cache), **environment},
                start_new_session=True,
            )
        return Started(process, errors)

    return run


@pytest.fixture(scope="module")
def long_recipe(tiny_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny recipe with epochs enough to press a key among them."""
    recipe = load_recipe(str(tiny_recipe))
    recipe = replace(recipe, training=replace(recipe.training, epochs=60))
    path = tmp_path_factory.mktemp("recipe") / "long.toml"
    path.write_text(recipe.to_toml())
    return path


def assert_stopped_cleanly(started: Started, code: int) -> None:
    assert code == 130, started.err
    assert started.taken_s < STOPS_WITHIN_S
    assert started.err.splitlines()[-1] == "edgeser: interrupted"
    assert "Traceback" not in started.err


def test_a_training_that_was_interrupted_goes_on_bit_for_bit(
    start: Callable[..., Started], edgeser: Edgeser, long_recipe: Path, cache: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    environment = {"EDGESER_CACHE": str(cache)}
    checkpoint = broken / "checkpoint" / "training.safetensors"
    started = start("train", long_recipe, "--out", broken)
    started.wait_until(checkpoint.is_file)
    assert_stopped_cleanly(started, started.interrupt())
    assert f"{broken} keeps the training so far: --resume goes on" in started.err.splitlines()
    assert not (broken / "trained.zip").exists()
    assert not [path for path in broken.rglob("*") if path.name.endswith(".tmp")]
    lost = edgeser("train", long_recipe, "--out", broken, "-q", **environment)
    assert (lost.code, lost.out) == (2, "")
    assert "holds a training that was interrupted; go on with it by --resume" in lost.err
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(data[: len(data) // 2])
    refused = edgeser("train", long_recipe, "--out", broken, "--resume", "-q", **environment)
    assert (refused.code, refused.out) == (2, "")
    (line,) = refused.err.splitlines()
    assert str(checkpoint) in line
    checkpoint.write_bytes(data)
    resumed = edgeser("train", long_recipe, "--out", broken, "--resume", anew=True, **environment)
    assert resumed.code == 0, resumed.err
    uninterrupted = edgeser("train", long_recipe, "--out", whole, anew=True, **environment)
    assert uninterrupted.code == 0, uninterrupted.err
    first, second = load_trained(whole / "trained.zip"), load_trained(broken / "trained.zip")
    assert second.weights == first.weights
    assert second.history == first.history
    assert len(second.history) == 60
    assert second.best_epoch == first.best_epoch


def test_interrupted_while_making_voices_nothing_half_made_is_left(
    start: Callable[..., Started], long_recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    started = start("run", long_recipe, "--out", out)
    started.wait_until(lambda: "Making synthetic voices" in started.err)
    assert_stopped_cleanly(started, started.interrupt())
    assert "--resume" not in started.err
    assert not (out / "synthetic-voices").exists()
    assert not list(tmp_path.rglob("*.wav"))


def trained_only(run: Path, out: Path) -> Path:
    """Copy of a run what its training left."""
    exported = shutil.ignore_patterns("bundle.zip", "model_int8.tflite")
    return Path(shutil.copytree(run, out, ignore=exported))


def test_interrupted_while_converting_the_earlier_model_stays(
    start: Callable[..., Started], run_folder: Path, tmp_path: Path
) -> None:
    out = trained_only(run_folder, tmp_path / "out")
    (out / "model_int8.tflite").write_bytes(b"of an earlier run")
    before = set(out.rglob("*"))
    started = start("export", out)
    started.wait_until(lambda: "Converting to int8" in started.err)
    time.sleep(1.0)  # into the child process
    assert_stopped_cleanly(started, started.interrupt())
    assert set(out.rglob("*")) == before
    assert (out / "model_int8.tflite").read_bytes() == b"of an earlier run"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_ended_from_outside_children_and_temporary_folders_go(
    start: Callable[..., Started],
    run_folder: Path,
    tmp_path: Path,
    number: signal.Signals,
    code: int,
) -> None:
    """Only the command itself is signalled, as a service manager or a closed terminal does."""
    out, temporary = trained_only(run_folder, tmp_path / "out"), tmp_path / "temporary"
    temporary.mkdir()
    started = start("export", out, TMPDIR=str(temporary))
    started.wait_until(lambda: bool(list(temporary.glob("edgeser-conversion-*/inside/*.onnx"))))
    time.sleep(0.5)  # into the child process
    started.process.send_signal(number)
    assert started.process.wait(STOPS_WITHIN_S) == code
    assert started.err.splitlines()[-1] == f"edgeser: ended by {number.name}"
    assert "Traceback" not in started.err
    assert not list(temporary.glob("edgeser-*"))
    assert not children_in(temporary)
    assert not (out / "bundle.zip").exists()


def children_in(folder: Path) -> list[str]:
    """Return the processes that were told of a temporary folder."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (place / "environ").read_bytes():
                found.append((place / "cmdline").read_text())
        except OSError:
            continue
    return found
