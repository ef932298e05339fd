"""Signals to try frontends on, and the C programs that run them."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.frontend import PHASE_PLANES, FrontendConfig

HERE = Path(__file__).parent
VECTORS = HERE.parents[1] / "vectors" / "frontend.npz"
FRONTEND = HERE.parents[2] / "firmware_bridge" / "frontend"
LAYOUTS = {"packed": [], "split": ["-DAPF_SPLIT"]}
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
SDIST = "pymicro-features==2.0.2"
MICROFRONTEND_SOURCES = [
    "kiss_fft_int16",
    "fft",
    "fft_util",
    "filterbank",
    "filterbank_util",
    "frontend",
    "frontend_util",
    "log_lut",
    "log_scale",
    "log_scale_util",
    "noise_reduction",
    "noise_reduction_util",
    "pcan_gain_control",
    "pcan_gain_control_util",
    "window",
    "window_util",
]

Signal = NDArray[np.int16]
Driver = Callable[..., bytes]


def hostile_signals() -> dict[str, Signal]:
    """Signals that fixed-point code gets wrong, from the shared vectors."""
    with np.load(VECTORS) as vectors:
        return {
            name.removesuffix("/samples"): vectors[name]
            for name in vectors.files
            if name.endswith("/samples")
        }


@pytest.fixture(scope="session", params=sorted(hostile_signals()))
def hostile(request: pytest.FixtureRequest) -> Signal:
    """Each hostile signal in turn."""
    return hostile_signals()[request.param]


@pytest.fixture(scope="session")
def vectors() -> dict[str, NDArray[np.generic]]:
    """The shared vectors: NAME/samples, NAME/amplitude and NAME/phase."""
    with np.load(VECTORS) as loaded:
        return {name: loaded[name] for name in loaded.files}


@pytest.fixture(scope="session")
def all_hostile() -> dict[str, Signal]:
    """All hostile signals by name."""
    return hostile_signals()


@pytest.fixture(scope="session")
def speech(cremad: Path) -> list[Signal]:
    """Real speech: 40 clips of many speakers."""
    import soundfile

    paths = sorted((cremad / "AudioWAV").iterdir())[::101][:40]
    return [soundfile.read(path, dtype="int16")[0] for path in paths]


def random_settings(rng: np.random.Generator, *, phase: bool) -> dict[str, object]:
    """Settings as a user might choose them, not all of which go together."""
    rate = int(rng.choice([8000, 11025, 16000, 22050, 32000, 44100, 48000]))
    window = int(rng.integers(4, 65))
    lower = float(rng.choice([0.0, 20.0, 125.0, 300.0, rng.uniform(0, 1000)]))
    planes = tuple(name for name in PHASE_PLANES if phase and rng.random() < 0.6)
    return {
        "sample_rate": rate,
        "window_ms": window,
        "hop_ms": int(rng.integers(1, window + 1)),
        "channels": int(rng.integers(1, 90)),
        "lower_hz": lower,
        "upper_hz": float(rng.uniform(lower + 100, rate / 2)),
        "noise_reduction": bool(rng.random() < 0.7),
        "smoothing_bits": int(rng.integers(0, 16)),
        "even_smoothing": float(rng.choice([0.0, 0.025, 1.0, rng.random()])),
        "odd_smoothing": float(rng.choice([0.0, 0.06, 1.0, rng.random()])),
        "min_signal_remaining": float(rng.choice([0.0, 0.05, 1.0, rng.random()])),
        "pcan": bool(rng.random() < 0.6),
        "pcan_strength": float(rng.choice([0.0, 0.95, rng.uniform(0, 2)])),
        "pcan_offset": float(rng.choice([0.0, 80.0, rng.uniform(0, 1000)])),
        "pcan_gain_bits": int(rng.integers(12, 26)),
        "log": bool(rng.random() < 0.7),
        "log_scale_shift": int(rng.integers(0, 13)),
        "amplitude_delta": phase and bool(rng.random() < 0.5),
        "phase_planes": planes,
        "angle_weight": str(rng.choice(["none", "modulus"])) if phase else "none",
    }


@pytest.fixture(scope="session")
def random_configs() -> Callable[..., list[FrontendConfig]]:
    """A function that draws configurations: `(seed, count, phase=...)`."""
    from quantize.foundation.errors import BadInput

    def draw(seed: int, count: int, *, phase: bool = False) -> list[FrontendConfig]:
        rng = np.random.default_rng(seed)
        configs: list[FrontendConfig] = []
        while len(configs) < count:
            try:
                configs.append(FrontendConfig.from_dict(random_settings(rng, phase=phase)))
            except BadInput:
                continue
        return configs

    return draw


def encode_request(config: FrontendConfig, samples: Signal) -> bytes:
    """Return what the drivers read: see c/request.h."""
    settings = (
        config.sample_rate,
        config.window_ms,
        config.hop_ms,
        config.window_samples,
        config.hop_samples,
        config.channels,
        config.lower_hz,
        config.upper_hz,
        config.noise_reduction,
        config.smoothing_bits,
        config.even_smoothing,
        config.odd_smoothing,
        config.min_signal_remaining,
        config.pcan,
        config.pcan_strength,
        config.pcan_offset,
        config.pcan_gain_bits,
        config.log,
        config.log_scale_shift,
        config.amplitude_delta,
        config.phase_bits,
        config.angle_weight == "modulus",
    )
    return struct.pack(f"<{len(settings)}dQ", *settings, samples.size) + samples.tobytes()


def _compile(command: list[str], program: Path) -> None:
    """Compile to a name of this process's own, then move: other test processes may race."""
    temporary = program.with_name(f"{program.name}.{os.getpid()}")
    done = subprocess.run(
        [*command, "-o", str(temporary), "-lm"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
    temporary.replace(program)


def _runner(program: Path) -> Driver:
    def run(config: FrontendConfig, samples: Signal, *arguments: str) -> bytes:
        done = subprocess.run(
            [program, *arguments],
            input=encode_request(config, samples),
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")[-4000:]
        return done.stdout

    return run


@pytest.fixture(scope="session")
def frontend_sources() -> list[Path]:
    """The C sources that host and device share."""
    sources = sorted((FRONTEND / "src").glob("*.c"))
    assert len(sources) >= 10
    return sources


@pytest.fixture(scope="session", params=LAYOUTS)
def layout(request: pytest.FixtureRequest) -> list[str]:
    """What selects each order of complex numbers in memory."""
    return LAYOUTS[request.param]


@pytest.fixture(scope="session")
def sanitized(
    tmp_path_factory: pytest.TempPathFactory, frontend_sources: list[Path], layout: list[str]
) -> Driver:
    """The frontend built alone, strictly, under ASan and UBSan, as a program."""
    program = tmp_path_factory.mktemp("sanitized") / "driver"
    command = ["gcc", "-std=c11", "-Og", "-g1", "-ffp-contract=off", *WARNINGS]
    command += ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DAPF_NO_CLONES"]
    command += layout
    command += [f"-I{FRONTEND / 'include'}", str(HERE / "c/driver.c")]
    _compile(command + [str(path) for path in frontend_sources], program)
    return _runner(program)


def _fetch_sdist(folder: Path) -> Path:
    """Return the unpacked source distribution of pymicro-features, fetched once."""
    root = folder / SDIST.replace("==", "-").replace("pymicro-", "pymicro_")
    if root.is_dir():
        return root
    scratch = folder / f"fetch-{os.getpid()}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--no-binary", ":all:", "--dest", str(scratch), SDIST]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        pytest.skip(f"the sources of {SDIST} cannot be had: {done.stderr.strip()[-200:]}")
    with tarfile.open(next(scratch.glob("*.tar.gz"))) as archive:
        archive.extractall(scratch, filter="data")
    unpacked = scratch / root.name
    if not root.is_dir():
        unpacked.replace(root)
    shutil.rmtree(scratch)
    return root


@pytest.fixture(scope="session")
def microfrontend(request: pytest.FixtureRequest) -> Driver:
    """The MicroFrontend's own C++ code, from pymicro-features' sources, as a program."""
    assert request.config.cache is not None
    folder = Path(request.config.cache.mkdir("pymicro-features"))
    root = _fetch_sdist(folder)
    driver = HERE / "c/microfrontend_driver.cc"
    ours = b"".join(path.read_bytes() for path in (driver, *sorted(driver.parent.glob("*.h"))))
    program = folder / f"driver-{hashlib.sha256(ours).hexdigest()[:16]}"
    if not program.exists():
        library = root / "tensorflow/lite/experimental/microfrontend/lib"
        sources = [str(library / f"{name}.cc") for name in MICROFRONTEND_SOURCES]
        # Stores that wrap are what the original relies on; contraction would change its tables.
        command = ["g++", "-O2", "-w", "-ffp-contract=off", "-fwrapv"]
        command += [f"-I{path}" for path in (root, root / "kissfft", HERE / "c")]
        _compile([*command, str(driver), *sources], program)
    return _runner(program)
