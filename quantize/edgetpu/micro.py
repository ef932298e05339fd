"""Whether the Coral Dev Board Micro can run a compiled model, and why not.

The reasons are read from its runtime's published code (google-coral/coralmicro, libs/tpu).
"""

from __future__ import annotations

from quantize.edgetpu.compiled_model import CompiledModel, Package

CHIP = "beagle"


def micro_obstacles(compiled: CompiledModel) -> tuple[str, ...]:
    """Return one line for each reason why the board's runtime cannot run it rightly; () if it can.

    Operators left on the CPU are not counted: the board can run those that its firmware registers.
    """
    found = []
    if len(compiled.packages) > 1:
        found.append(
            f"it has {len(compiled.packages)} parts for the Edge TPU; each load of one drops the "
            "parameters of the other"
        )
    for package in compiled.packages:
        found += _package_obstacles(package)
    return tuple(found)


def _package_obstacles(package: Package) -> list[str]:
    run = package.inference
    if run is None:
        return ["it has no executable that infers"]
    found = []
    if run.chip != CHIP:
        found.append(f"it is compiled for the chip '{run.chip}', the board has '{CHIP}'")
    if len(run.inputs) != 1:
        found.append(
            f"it has {len(run.inputs)} inputs for the Edge TPU; the board's runtime fills all of "
            "them from the first tensor"
        )
    if not run.deterministic:
        found.append(
            "its DMA hints are not deterministic (as in any compiled LSTM); the board's runtime "
            "follows nothing but the hints"
        )
    else:
        found += _missing_hints(package)
    names = tuple(layer.name for layer in run.outputs)
    wanted = package.output_names
    if len(wanted) > 1 and names[: len(wanted)] != wanted:
        found.append(
            "its outputs are not in the order of the executable's; the board's runtime pairs them "
            "by place, so they would be exchanged"
        )
    return found


def _missing_hints(package: Package) -> list[str]:
    run = package.inference
    assert run is not None  # noqa: S101  the caller has looked
    hinted = {(hint.kind, hint.layer) for hint in run.hints}
    missing = [f"input {x.name}" for x in run.inputs if ("input", x.name) not in hinted]
    missing += [f"output {x.name}" for x in run.outputs if ("output", x.name) not in hinted]
    return [f"no DMA hint moves {name}" for name in missing]
