"""The firmware as WebAssembly, run by node: features, logits and decisions are the host's bytes."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.boards import WEB
from firmware_bridge.boards.web import driver_code
from firmware_bridge.certainty import Certainty
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.emulator import built_web_assembly, web_assembly
from firmware_bridge.frontend import (
    FrontendConfig,
    compute_features,
    normalisation_from_statistics,
    quantise_features,
)
from firmware_bridge.frontend.c_tables import emit_frontend
from firmware_bridge.project import (
    Contents,
    ModelSources,
    StreamSettings,
    project_contents,
    self_test_input,
)
from firmware_bridge.streaming import Decision, StreamingClassifier
from quantize.foundation.errors import InternalError, ToolMissing
from quantize.runtimes import Runtime, run_outputs

HERE = Path(__file__).parent
MODEL = (HERE.parents[1] / "vectors" / "amplitude_phase_int8.tflite").read_bytes()
WINDOW, HOP, SMOOTHING = 80, 11, 3
CERTAINTY = Certainty.of_scale(0.02, temperature=0.8, unsure_below=20_000)
RATE = 16_000


def recordings() -> dict[str, NDArray[np.int16]]:
    """Sounds at the ends of what there is, some longer than a window and some shorter."""
    rng, time = np.random.default_rng(18), np.arange(3 * RATE)
    full = np.where(time // 40 % 2, 32767, -32768).astype(np.int16)
    impulse = np.zeros(2 * RATE, np.int16)
    impulse[RATE // 2] = -32768
    voice = 9000 * np.sin(2 * np.pi * 140 * time / RATE) * np.sin(2 * np.pi * 3 * time / RATE)
    noise = rng.normal(0, 400, 3 * RATE)
    return {
        "square at full scale": full,
        "silence": np.zeros(2 * RATE, np.int16),
        "impulse": impulse,
        "hum with noise": (voice + noise).astype(np.int16),
        "loud noise": np.clip(rng.normal(0, 20_000, 2 * RATE), -32768, 32767).astype(np.int16),
        "shorter than a window": noise[: RATE // 2].astype(np.int16),
        "shorter than a frame": noise[:100].astype(np.int16),
    }


@pytest.fixture(scope="module")
def frontend() -> FrontendConfig:
    config = FrontendConfig(phase_planes=("if_mod", "gd_re"))
    noise = np.random.default_rng(3).normal(0, 3000, 2 * RATE).astype(np.int16)
    found = compute_features(noise, config)
    values = np.concatenate([found.amplitude[..., None], found.phase], axis=-1, dtype=float)
    statistics = (values.mean(0).T, values.std(0).T)
    return dataclasses.replace(config, normalisation=normalisation_from_statistics(*statistics))


@pytest.fixture(scope="module")
def contents(frontend: FrontendConfig) -> Contents:
    compiled = compile_model(MODEL, "amplitude-phase", prefix="ours")
    given = self_test_input(compiled.input.elements).reshape(1, *compiled.input.shape[1:])
    return project_contents(
        board=WEB,
        model=ModelSources(
            name=compiled.name,
            hash=compiled.sha256,
            header=compiled.header,
            source=compiled.source,
            prefix="ours",
        ),
        frontend=emit_frontend(frontend, window_frames=WINDOW, prefix="ours"),
        stream=StreamSettings(hop_frames=HOP, smoothing=SMOOTHING, certainty=CERTAINTY),
        self_test_output=outputs(given).tobytes(),
    )


def outputs(windows: NDArray[np.int8]) -> NDArray[np.int8]:
    """Return what TFLite-Micro says, int8 [n, classes]."""
    shaped = windows.reshape(len(windows), WINDOW, 40, 3)
    found = run_outputs(MODEL, shaped, runtime=Runtime.TFLITE_MICRO)[0]
    return np.asarray(found.reshape(len(windows), -1), np.int8)


@pytest.fixture(scope="module")
def program(contents: Contents) -> bytes:
    try:
        return built_web_assembly(contents)
    except ToolMissing as error:
        pytest.skip(f"{error}")


@pytest.fixture(scope="module")
def said(program: bytes, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the firmware said of the recordings, in pieces of odd lengths."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: apt-get install nodejs")
    folder = tmp_path_factory.mktemp("web")
    (folder / "firmware.wasm").write_bytes(program)
    (folder / "run.js").write_text(driver_code() + (HERE / "node_driver.js").read_text())
    given = {
        "program": str(folder / "firmware.wasm"),
        "pieces": [160, 1, 4000, 37],
        "recordings": [sound.tolist() for sound in recordings().values()],
    }
    done = subprocess.run(
        [node, folder / "run.js"],
        input=json.dumps(given).encode(),
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def as_said(decision: Decision) -> dict[str, Any]:
    return {
        "frame": decision.end_frame,
        "label": decision.label,
        "unsure": decision.unsure,
        "probability": decision.probability,
        "logits": list(decision.logits),
        "sums": list(decision.sums),
    }


def test_features_are_the_hosts_to_the_bit(said: dict[str, Any], frontend: FrontendConfig) -> None:
    frames = 0
    for sound, found in zip(recordings().values(), said["answers"], strict=True):
        wanted = compute_features(sound, frontend)
        frames += len(wanted.amplitude)
        assert found["amplitude"] == wanted.amplitude.ravel().tolist()
        assert found["phase"] == wanted.phase.ravel().tolist()
        assert found["rows"] == quantise_features(wanted, frontend).ravel().tolist()
        assert found["ticks"]["frames"] == len(wanted.amplitude)
        assert found["heard"]["energy"] == int(np.square(sound.astype(np.int64)).sum())
    assert frames > 1000


def test_logits_and_decisions_are_the_hosts(said: dict[str, Any], frontend: FrontendConfig) -> None:
    unsure, probabilities = set(), []
    for sound, found in zip(recordings().values(), said["answers"], strict=True):
        stream = StreamingClassifier(
            frontend,
            outputs,
            window_frames=WINDOW,
            hop_frames=HOP,
            smoothing=SMOOTHING,
            certainty=CERTAINTY,
        )
        wanted = stream.push(sound)
        assert found["decisions"] == [as_said(decision) for decision in wanted]
        unsure |= {decision.unsure for decision in wanted}
        probabilities += [decision.probability for decision in wanted]
    assert unsure == {True, False}, probabilities


def test_what_is_shorter_than_a_window_is_repeated_as_predict_does(
    said: dict[str, Any], frontend: FrontendConfig
) -> None:
    early = {
        name: found["early"]
        for name, found in zip(recordings(), said["answers"], strict=True)
        if found["early"]
    }
    assert list(early) == ["shorter than a window"]
    [decision] = early["shorter than a window"]
    rows = quantise_features(
        compute_features(recordings()["shorter than a window"], frontend), frontend
    )
    start = (len(rows) - WINDOW) // 2
    window = np.take(rows, np.arange(start, start + WINDOW), axis=0, mode="wrap")
    logits = outputs(window[None])[0]
    assert decision["logits"] == logits.tolist()
    assert decision["label"] == int(logits.argmax())
    assert decision["probability"] == int(CERTAINTY.probabilities(logits).max())


def test_it_says_what_it_is_and_tests_itself(
    said: dict[str, Any], frontend: FrontendConfig
) -> None:
    about = said["about"]
    assert (about["board"], about["frontend_hash"]) == ("web", frontend.hash)
    assert about["model_hash"] == compile_model(MODEL, "amplitude-phase").sha256
    assert about["compiler"].startswith(("Clang", "Debian Clang"))
    assert said["self"] == {
        "passed": True,
        "findings": ["constants=ok", "model=ok", "canaries=ok"],
    }
    assert said["refused"] == "the firmware refuses: unknown request"


def test_it_takes_nothing_but_a_clock_and_gives_the_same_bytes_again(
    program: bytes, contents: Contents, tmp_path: Path, compiled_anew: None
) -> None:
    assert program[:8] == b"\0asm\x01\0\0\0"
    assert program.count(b"microseconds") == 1
    assert b"env" not in program  # no C library was left open
    assert built_web_assembly(contents, cache=tmp_path / "kept") == program
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_kept_program_is_used_again(
    program: bytes, contents: Contents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert built_web_assembly(contents, cache=tmp_path / "kept") == program

    def fails(*_: object) -> None:
        raise InternalError("it was built again")

    monkeypatch.setattr(web_assembly, "_build", fails)
    assert built_web_assembly(contents, cache=tmp_path / "kept") == program
    changed = {**contents, "board/web.c": contents["board/web.c"] + b"\n"}
    with pytest.raises(InternalError, match="built again"):
        built_web_assembly(changed, cache=tmp_path / "kept")


def test_without_the_compiler_it_says_what_to_install(
    contents: Contents, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing) as found:
        built_web_assembly(contents)
    assert found.value.hint == "apt-get install --no-install-recommends clang-19 lld-19"
    assert "\n" not in str(found.value)


def test_what_does_not_compile_is_said_in_the_compilers_words(
    contents: Contents, program: bytes
) -> None:
    assert program
    spoilt = {**contents, "board/web.c": b"this is no C"}
    with pytest.raises(InternalError, match=r"clang\S* refuses the firmware's code: board/web\.c"):
        built_web_assembly(spoilt)
