"""Instructions for each multiply-accumulate, layer by layer, on the emulated Cortex-M7.

``python -m benchmarks.macs [--layers] MODEL.tflite|FOLDER|pretrained ...``; without a name the
bundle that ships, and the models below ``EDGESER_SHARED``. Models that do not compile are left out,
with the reason.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgeser.benchmark.bench_report import OperatorCost
from edgeser.bundle import load_bundle
from edgeser.pipeline.bench import bench
from edgeser.pretrained import pretrained_path
from edgeser.targets.emulator import default_emulator
from firmware_bridge.compiler.compile import compile_model
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.runtimes.arena import arena_usage

_FOLDERS = ("mlperf_tiny", "cases/models", "edgetpu_models")


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table of each model, or two."""
    by_layer = "--layers" in arguments
    named = [name for name in arguments if name != "--layers"]
    for name, data in _models(named or _shared()):
        try:
            compiled = compile_model(data, name)
        except BadInput as error:
            print(f"{name}: not compiled: {error.message}")
            continue
        if compiled.macs == 0:
            continue
        _show(name, data, compiled.arena_bytes, by_layer=by_layer)


def _shared() -> list[str]:
    given = os.environ.get("EDGESER_SHARED")
    folders = [str(Path(given) / name) for name in _FOLDERS] if given else []
    return ["pretrained", *folders]


def _models(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        bundle = pretrained_path(name)
        if bundle is not None:
            yield name, load_bundle(bundle).int8_model
            continue
        path = Path(name)
        for file in sorted(path.glob("*.tflite")) if path.is_dir() else [path]:
            yield file.stem, file.read_bytes()


def _show(name: str, data: bytes, arena_bytes: int, *, by_layer: bool) -> None:
    try:
        report = bench(data, target=default_emulator(), name=name)
        micro = arena_usage(data, name=name).non_persistent.value
    except EdgeserError as error:
        print(f"{name}: {error.message}")
        return
    same = report.parity is not None and report.parity.passed
    per_mac = of_mac.value if (of_mac := report.figures.instructions_per_mac) else 0.0
    flash = of_all.value if (of_all := report.figures.flash_bytes) else 0
    print(
        f"{name}: {report.inference.value:,.0f} instructions, {per_mac:.3f} a MAC; "
        f"flash {flash:,.0f}, arena {arena_bytes:,} ({arena_bytes / micro:.2f} x TFLite-Micro's "
        f"activations and scratch, {micro:,.0f}); bytes {'agree' if same else 'DIFFER'}"
    )
    for operator in report.operators if by_layer else ():
        _row(f"{operator.index:3} {operator.kind} {operator.layer[-28:]}", [operator])
    for kind in dict.fromkeys(operator.kind for operator in report.operators):
        _row(f"    all {kind}", [o for o in report.operators if o.kind == kind])


def _row(what: str, operators: Sequence[OperatorCost]) -> None:
    macs = sum(operator.macs for operator in operators)
    spent = sum(operator.cost.value for operator in operators)
    ratio = f"{spent / macs:7.3f} a MAC" if macs else ""
    print(f"  {what:50} {macs:11,} MACs {spent:13,.0f} {ratio}")


if __name__ == "__main__":
    main(sys.argv[1:])
