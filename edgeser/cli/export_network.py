"""`edgeser export` of a network that is not ours: ONNX, .pt2, .keras, SavedModel."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from edgeser.cli.output import Output
from edgeser.cli.suits import refuse_given

_SUFFIXES = (".onnx", ".pt2", ".keras")
_KERAS = "load it in Keras and save it with model.save('model.keras')"
_TORCH = "save torch.export.export(model.eval(), inputs) with torch.export.save, as model.pt2"
_OTHERS = {
    ".h5": _KERAS,
    ".hdf5": _KERAS,
    ".pb": "give the folder of the SavedModel, not its file",
    ".pt": _TORCH,
    ".pth": _TORCH,
    ".ckpt": _TORCH,
    ".safetensors": "weights alone are no network: export it to ONNX or with torch.export.save",
}


def is_network(path: Path) -> bool:
    """Whether a path names a network that is not of edgeser: by its suffix, or a SavedModel.

    Raises
    ------
    BadInput
        When it is of a kind that is not read, saying what to save instead.
    """
    from quantize.foundation.errors import BadInput

    if path.is_dir():
        return (path / "saved_model.pb").is_file()
    suffix = path.suffix.lower()
    if suffix in _OTHERS:
        raise BadInput(f"{path} is no network that is read here", hint=_OTHERS[suffix])
    return suffix in _SUFFIXES


def export_network(
    source: Path,
    *,
    target: str,
    calibration: Path | None,
    out: Path | None,
    options: dict[str, Any],
    output: Output,
) -> int:
    """Write the folder, show what is in it; 1 where int8 is beyond the tolerances."""
    if target != "int8":
        raise click.UsageError(
            f"{source.name} is a float network: make int8 of it first, with --target int8, and "
            f"give its model-int8.tflite to --target {target}"
        )
    if calibration is None:
        raise click.UsageError(
            f"{source.name} needs --calibration: an .npz with samples [n, ...] of each input"
        )
    refuse_given("risk", "coverage", why="a network by itself has no development clips")
    from edgeser.evaluation.network_parity import NetworkTolerances
    from edgeser.pipeline.exports.network import export_own_network
    from edgeser.report.network import INT8_NAME, network_tables
    from edgeser.report.schemas.network import network_json

    given = {name: options[name] for name in ("max_flips", "min_sqnr") if options[name] is not None}
    done = export_own_network(
        source,
        out or Path(f"{source.resolve().stem}-int8"),
        calibration=calibration,
        parity=options["parity"],
        labels=options["labels"],
        tolerances=NetworkTolerances(**given),
        reporter=output,
    )
    if output.json:
        output.result(network_json(done))
    else:
        output.show(network_tables(done))
        model = shlex.quote(str(done.directory / INT8_NAME))
        output.show(
            f"{done.directory}: {len(done.network.int8_tflite):,} bytes of int8, the float model, "
            f"report.md\nnext: edgeser lint {model}, edgeser bench {model} --device emulator, "
            f"edgeser export {model} --target firmware"
        )
    for failure in done.parity.failures:
        output.problem(f"int8 is beyond the tolerances: {failure}")
    return 0 if done.parity.passed else 1
