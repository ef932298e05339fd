"""Instructions and memory of models as firmware on the emulated Cortex-M7, beside peers' figures.

The peers cannot be installed from a package registry, so they do not run here: their figures were
counted once in the same emulator (QEMU, -icount shift=6, gcc 12.2 -O2) and are marked as given.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edgeser.benchmark.records import DeviceReport
from edgeser.pipeline.device_bench import bench_on_device
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
        10e6,
        (
            Peer("CMSIS-NN", 7.86e6),
            Peer("plain C", 24.4e6),
            Peer("TFLite-Micro, reference kernels", 44.2e6),
        ),
        most_text_bytes=99_800,
        most_arena_bytes=22_800,
    ),
    Case("ad01_int8.tflite", 0.7e6),
)


def main() -> None:
    """Print a table for each model."""
    given = os.environ.get("EDGESER_MLPERF_TINY")
    if not given:
        print("device: set EDGESER_MLPERF_TINY to a folder with MLPerf Tiny's int8 models")
        return
    for case in _CASES:
        data = (Path(given) / case.file).read_bytes()
        try:
            report = bench_on_device(data, name=Path(case.file).stem)
        except ToolMissing as error:
            print(f"device: {error}")
            return
        _show(case, report)


def _show(case: Case, report: DeviceReport) -> None:
    ours = report.inference
    print(f"{case.file} on {report.device}:")
    print(f"  {'instructions an inference':34} {ours.value / 1e6:8.3f} M ({ours.evidence})")
    for peer in case.peers:
        ratio = peer.instructions / ours.value
        millions = peer.instructions / 1e6
        print(f"  {peer.name:34} {millions:8.3f} M (given): {ratio:.2f} x ours")
    met = ours.value <= case.most_instructions
    text = report.flash
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
