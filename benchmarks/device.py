"""Instructions and memory of firmware on the emulated Cortex-M7, beside peers' figures.

The peers cannot be installed from a package registry, so they do not run here: their figures were
counted once in the same emulator (QEMU, -icount shift=6, gcc 12.2 -O2) and are marked as given.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.frontend import audio
from edgeser.benchmark.bench_report import BenchReport
from edgeser.pipeline.bench import bench
from edgeser.targets.emulator import default_emulator
from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.compiler.compile import compile_model
from firmware_bridge.emulator import build_firmware, running_emulator
from firmware_bridge.frontend import (
    ANGLE_PLANES,
    COHERENCE_PLANES,
    INPUT_SCALE,
    MICROFRONTEND,
    FrontendConfig,
    compute_features,
    normalisation_from_statistics,
)
from firmware_bridge.frontend.c_tables import emit_frontend
from firmware_bridge.link.device import Device
from firmware_bridge.link.session import Session
from firmware_bridge.project import ModelSources, StreamSettings, write_project
from quantize.foundation.errors import ToolMissing


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer's figure for one model, instructions an inference."""

    name: str
    instructions: float


@dataclass(frozen=True, slots=True)
class Case:
    """A model of MLPerf Tiny, what others need for it, and what we may need at most."""

    file: str
    most_instructions: float
    peers: tuple[Peer, ...] = ()
    most_text_bytes: int | None = None
    most_arena_bytes: int | None = None


_CASES = (
    Case(
        "kws_ref_model.tflite",
        3.0e6,
        (
            Peer("CMSIS-NN", 7.86e6),
            Peer("plain C", 24.4e6),
            Peer("TFLite-Micro, reference kernels", 44.2e6),
        ),
        most_text_bytes=99_800,
        most_arena_bytes=22_800,
    ),
    Case("ad01_int8.tflite", 0.3e6),
)
_MICROFRONTEND_INSTRUCTIONS = 81_400
_QUATERNION = replace(MICROFRONTEND, amplitude_delta=True, phase_planes=ANGLE_PLANES)
_FRONTENDS = {
    "amplitude": (replace(MICROFRONTEND, phase_planes=()), 29_000),
    "amplitude + 6 phase planes": (replace(MICROFRONTEND, phase_planes=COHERENCE_PLANES), 55_000),
    "4 planes of a quaternion": (_QUATERNION, 58_000),
    "4 planes, angles by modulus": (replace(_QUATERNION, angle_weight="modulus"), 58_000),
}
_FRAMES = 8


def main() -> None:
    """Print what features and models take."""
    try:
        _frontends()
        _models()
    except ToolMissing as error:
        print(f"device: {error}")


def _frontends() -> None:
    samples, what = audio()
    samples = samples[:160_000]
    print(f"features on the emulated Cortex-M7, 10 ms a frame, {what}:")
    print(f"  {'C++ MicroFrontend, amplitude':34} {_MICROFRONTEND_INSTRUCTIONS:8,} (given)")
    for name, (config, most) in _FRONTENDS.items():
        spent = instructions_of_a_frame(config, samples)
        ratio = _MICROFRONTEND_INSTRUCTIONS / spent
        print(
            f"  {name:34} {spent:8,.0f} (emulated), {ratio:.2f} x as few; "
            f"target {most:,}: {'met' if spent <= most else 'MISSED'}"
        )


def instructions_of_a_frame(config: FrontendConfig, samples: np.ndarray) -> float:
    """Return the mean over the frames of a signal, int8 normalisation included, emulated."""
    features = compute_features(samples, config)
    planes = np.concatenate((features.amplitude[:, :, np.newaxis], features.phase), axis=2)
    mean, deviation = planes.mean(axis=0).T, planes.std(axis=0).T
    config = replace(config, normalisation=normalisation_from_statistics(mean, deviation))
    compiled = compile_model(_smallest_model(config), "smallest")
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(
            Path(folder) / "firmware",
            board=MPS2_AN500,
            model=ModelSources(
                name=compiled.name,
                hash=compiled.sha256,
                header=compiled.header,
                source=compiled.source,
            ),
            frontend=emit_frontend(config, window_frames=_FRAMES),
            stream=StreamSettings(hop_frames=_FRAMES, smoothing=1),
        )
        built = build_firmware(project.directory, MPS2_AN500)
        with running_emulator(built.emulated_elf, MPS2_AN500) as transport:
            device = Device(Session(transport))
            device.reset()
            for _ in device.stream(samples):
                pass
            spent = device.feature_ticks()
    return MPS2_AN500.instructions(spent.ticks) / spent.frames


def _smallest_model(config: FrontendConfig) -> bytes:
    """Return an int8 model that the frontend's rows fit: firmware has one, used or not."""
    import torch

    from quantize.convert import export_int8

    planes = len(config.planes)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(planes, 2, (_FRAMES, config.channels)), torch.nn.Flatten()
    )
    shape = (1, planes, _FRAMES, config.channels)
    rng = np.random.default_rng(0)
    clips = rng.integers(-128, 128, (4, *shape[1:])).astype(np.float32) * INPUT_SCALE
    return export_int8(
        network.eval(), input_shape_nchw=shape, representative=clips, input_scale=INPUT_SCALE
    ).int8_tflite


def _models() -> None:
    given = os.environ.get("EDGESER_MLPERF_TINY")
    if not given:
        print("device: set EDGESER_MLPERF_TINY to a folder with MLPerf Tiny's int8 models")
        return
    for case in _CASES:
        data = (Path(given) / case.file).read_bytes()
        _show(case, bench(data, target=default_emulator(), name=Path(case.file).stem))


def _show(case: Case, report: BenchReport) -> None:
    ours = report.inference
    print(f"{case.file} on {report.target.description}:")
    print(f"  {'instructions an inference':34} {ours.value / 1e6:8.3f} M ({ours.evidence})")
    for peer in case.peers:
        ratio = peer.instructions / ours.value
        millions = peer.instructions / 1e6
        print(f"  {peer.name:34} {millions:8.3f} M (given): {ratio:.2f} x ours")
    met = ours.value <= case.most_instructions
    text = report.figures.flash_bytes
    arena = next(part.size for part in report.memory if part.name == "arena")
    for name, value, most in (
        ("flash of the whole firmware", text, case.most_text_bytes),
        ("arena", arena, case.most_arena_bytes),
    ):
        if value is not None:
            limit = f", TFLite-Micro {most / 1e3:.1f} kB (given)" if most else ""
            print(f"  {name:34} {value.value / 1e3:8.1f} kB ({value.evidence}){limit}")
            met = met and (most is None or value.value <= most)
    same = report.parity is not None and report.parity.passed
    print(f"  outputs as the tflite-micro wheel's: {'yes' if same else 'NO'}")
    print(
        f"  targets ({case.most_instructions / 1e6:g} M instructions, memory): "
        f"{'met' if met and same else 'MISSED'}"
    )


if __name__ == "__main__":
    main()
