"""A network that is not ours to a fully integer .tflite, as `export_int8` makes one.

ONNX, PyTorch's exported program (.pt2), Keras (.keras) and SavedModel. What is read is hostile
until it is checked; what is native runs in child processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.export import refuse
from quantize.convert.float_tables import check_integer_or_tables
from quantize.convert.keras_archive import check_keras
from quantize.convert.network_child import convert_network
from quantize.convert.network_parts import DeviceTensor, SourceTensor, match_data
from quantize.convert.program_child import PROGRAM_NAME, trace_program
from quantize.convert.pt2_archive import harmless_archive
from quantize.convert.saved_model import MODEL_FILE
from quantize.convert.tensorflow_child import ONNX_NAME
from quantize.convert.verify import silent_layers
from quantize.foundation.child import ChildResult, call_in_child
from quantize.foundation.errors import BadInput, CheckFailed, ToolMissing
from quantize.foundation.files import is_lfs_pointer, read_bounded
from quantize.foundation.foreign import printable
from quantize.foundation.temporary import temporary_folder
from quantize.tflite import read_model
from quantize.tflite.schema import DType

Data = Mapping[str, NDArray[Any]]
LIMIT_BYTES = 512 << 20
"""Of a network's file, or of all files of a SavedModel together."""
_MOST_FILES = 64
_PACKAGES = {
    "onnx": ("onnx", "onnxsim", "onnx2tf", "tensorflow"),
    "pt2": ("torch", "onnx", "onnxsim", "onnx2tf", "tensorflow"),
    "keras": ("keras", "tensorflow"),
    "saved_model": ("tensorflow",),
}


class NetworkKind(StrEnum):
    """What a network may be given as."""

    ONNX = "onnx"
    PROGRAM = "pt2"
    KERAS = "keras"
    SAVED_MODEL = "saved_model"


_SUFFIXES = {
    ".onnx": NetworkKind.ONNX,
    ".pt2": NetworkKind.PROGRAM,
    ".keras": NetworkKind.KERAS,
}


@dataclass(frozen=True, slots=True, eq=False)
class ConvertedNetwork:
    """An int8 model, its float twin, and what the network itself gives for the parity data.

    Parameters
    ----------
    int8_tflite, float_tflite
        The models, of one conversion, outputs in the network's order.
    sha256
        Of `int8_tflite`.
    inputs, outputs
        In the order in which the device takes and gives them.
    parity
        For each input the samples ``[n, ...]``, float32, in the network's layout.
    reference
        For each output what the network itself gives for them, by its own framework, likewise;
        int32 where that is places, as of ArgMax.
    framework
        What that is.
    layer_names
        Tensor name and layer, where layers could be told by their values.
    silent_layers
        As of `quantize.convert.QuantizedModel`.
    table_layers
        Layers that stay in float between int8 and int8; see `quantize.convert.float_tables`.
    calibration_samples
        How many samples the ranges were measured on.
    versions, seconds
        Of what took part; of each stage.
    """

    int8_tflite: bytes
    float_tflite: bytes
    sha256: str
    inputs: tuple[DeviceTensor, ...]
    outputs: tuple[DeviceTensor, ...]
    parity: tuple[NDArray[np.float32], ...]
    reference: tuple[NDArray[Any], ...]
    framework: str
    layer_names: tuple[tuple[str, str], ...]
    silent_layers: tuple[str, ...]
    table_layers: tuple[str, ...]
    calibration_samples: int
    versions: tuple[tuple[str, str], ...]
    seconds: tuple[tuple[str, float], ...]


def network_kind(path: Path) -> NetworkKind | None:
    """Return what network a path names by its suffix, or a folder by its files; `None` if none."""
    if path.is_dir():
        return NetworkKind.SAVED_MODEL if (path / MODEL_FILE).is_file() else None
    return _SUFFIXES.get(path.suffix.lower())


def export_network(
    path: Path,
    *,
    calibration: Data,
    parity: Data,
    work_dir: Path | None = None,
    timeout_s: float = 900.0,
    progress: Callable[[str], None] | None = None,
) -> ConvertedNetwork:
    """Convert a network to a fully integer .tflite, batch 1, int8 in and out.

    Parameters
    ----------
    path
        The network; see `network_kind`.
    calibration
        Samples that the int8 ranges are measured on, ``[n, ...]`` for each input by its name, in
        the network's own layout.
    parity
        Samples that the network itself is run on, to hold the int8 model to.
    work_dir, timeout_s, progress
        As of `quantize.convert.export_int8`; the time is for each child process.

    Raises
    ------
    BadInput
        When the network cannot be read, would run code of its own, or does not fit the data; when
        an axis is dynamic.
    CheckFailed
        When a layer has no form in int8: it is named; when conversion changed the network.
    InternalError
        When native code crashes or takes too long.
    """
    kind = network_kind(path)
    if kind is None:
        raise BadInput(
            f"{path} is no network that is read here",
            hint="give an .onnx, .pt2, .keras or the folder of a SavedModel",
        )
    _require(kind)
    tell = progress or (lambda stage: None)
    with temporary_folder("network", parent=work_dir) as folder:
        options: dict[str, Any] = {
            "folder": str(folder), "kind": kind.value, "file": "", "limit": LIMIT_BYTES,
            "legacy": False, "references": 0, "outputs": [],
            "calibration": list(calibration), "parity": list(parity),
        }  # fmt: skip
        tell("Reading the network")
        arrays = {f"calibration{place}": v for place, v in enumerate(calibration.values())}
        arrays |= {f"parity{place}": v for place, v in enumerate(parity.values())}
        inputs = _stage(path, kind, folder, options)
        if kind is NetworkKind.PROGRAM:
            tell("ONNX graph")
            arrays |= _traced(inputs, parity, options, timeout_s)
        tell("TensorFlow Lite")
        converted = call_in_child(
            convert_network,
            arrays,
            options,
            what="converting the network to TensorFlow Lite",
            timeout_s=timeout_s,
        )
        if "refused" in converted.values:
            refuse(converted)
    tell("Verification")
    return _verified(converted, kind)


def _require(kind: NetworkKind) -> None:
    """Refuse at once what lacks a package, rather than in a child."""
    missing = [name for name in _PACKAGES[kind.value] if find_spec(name) is None]
    if missing:
        raise ToolMissing(
            f"{', '.join(missing)} is not installed, which converts networks of this kind",
            hint="pip install 'edgeser[export]'",
        )


def _stage(
    path: Path, kind: NetworkKind, folder: Path, options: dict[str, Any]
) -> tuple[SourceTensor, ...]:
    """Copy what was checked into the folder of the children; return a program's inputs."""
    if kind is NetworkKind.SAVED_MODEL:
        _copy_saved_model(path, folder / "saved")
        options["file"] = "saved"
        return ()
    data = read_bounded(path, limit_bytes=LIMIT_BYTES)
    if is_lfs_pointer(data):
        raise BadInput(
            f"cannot read {path}: it is a Git-LFS pointer, not the network",
            hint="run 'git lfs pull' in its folder",
        )
    inputs: tuple[SourceTensor, ...] = ()
    name = f"given.{kind.value}"
    if kind is NetworkKind.KERAS:
        options["legacy"] = check_keras(data, limit_bytes=LIMIT_BYTES)
    elif kind is NetworkKind.ONNX:
        options["beside"] = str(path.parent.absolute())
    elif kind is NetworkKind.PROGRAM:
        data, inputs = harmless_archive(data, limit_bytes=LIMIT_BYTES)
        name = PROGRAM_NAME
    (folder / name).write_bytes(data)
    options["file"] = name
    return inputs


def _copy_saved_model(path: Path, target: Path) -> None:
    """Copy the files that a network is made of: the graph and its variables, no assets."""
    (target / "variables").mkdir(parents=True)
    left = LIMIT_BYTES
    names = [MODEL_FILE]
    variables = path / "variables"
    if variables.is_dir():
        found = sorted(each.name for each in variables.iterdir())
        if len(found) > _MOST_FILES:
            raise BadInput(f"{variables} holds {len(found)} files", hint="check the path")
        names += [f"variables/{name}" for name in found if name.startswith("variables.")]
    for name in names:
        data = read_bounded(path / name, limit_bytes=left)
        left -= len(data)
        (target / name).write_bytes(data)


def _traced(
    inputs: Sequence[SourceTensor], parity: Data, options: dict[str, Any], timeout_s: float
) -> dict[str, NDArray[Any]]:
    """Have PyTorch write a program as ONNX; return what it gives for the parity data."""
    samples = match_data(parity, inputs, where="the parity data")
    names = [each.name for each in inputs]
    traced = call_in_child(
        trace_program,
        {f"parity{place}": values for place, values in enumerate(samples)},
        {"folder": options["folder"], "inputs": names},
        what="reading the exported program",
        timeout_s=timeout_s,
    )
    outputs = traced.values["outputs"]
    options |= {"kind": "onnx", "file": ONNX_NAME, "references": len(outputs), "outputs": outputs}
    return dict(traced.arrays)


def _verified(converted: ChildResult, kind: NetworkKind) -> ConvertedNetwork:
    values, arrays = converted.values, converted.arrays
    names = tuple((str(tensor), str(layer)) for tensor, layer in values["layer_names"])
    data = arrays["int8_tflite"].tobytes()
    model = read_model(data, name="the converted model")
    tables = check_integer_or_tables(model, dict(names))
    for tensor in (*model.main.input_tensors, *model.main.output_tensors):
        if tensor.dtype is DType.INT32 and tensor.index in model.main.outputs:
            continue
        if tensor.dtype is not DType.INT8 or tensor.quantisation is None:
            raise CheckFailed(
                f"not fully int8: {printable(tensor.name)} is {tensor.dtype.label}",
                hint="have the network take only what it uses, and give float values or ArgMax",
            )
    inputs, outputs = _tensors(values["inputs"]), _tensors(values["outputs"])
    inputs = tuple(
        replace(each, source=replace(each.source, table=arrays.get(f"table{place}")))
        for place, each in enumerate(inputs)
    )
    packages = tuple((each, version(each)) for each in _PACKAGES[kind.value])
    return ConvertedNetwork(
        int8_tflite=data,
        float_tflite=arrays["float_tflite"].tobytes(),
        sha256=hashlib.sha256(data).hexdigest(),
        inputs=inputs,
        outputs=outputs,
        parity=tuple(arrays[f"parity{place}"] for place in range(len(inputs))),
        reference=tuple(arrays[f"reference{place}"] for place in range(len(outputs))),
        framework=_FRAMEWORKS[kind],
        layer_names=names,
        silent_layers=silent_layers(model, dict(names)),
        table_layers=tables,
        calibration_samples=int(values["calibration_samples"]),
        versions=packages,
        seconds=tuple((str(stage), float(spent)) for stage, spent in values["seconds"]),
    )


_FRAMEWORKS = {
    NetworkKind.ONNX: "ONNX Runtime",
    NetworkKind.PROGRAM: "PyTorch",
    NetworkKind.KERAS: "Keras",
    NetworkKind.SAVED_MODEL: "TensorFlow",
}


def _tensors(rows: Sequence[Any]) -> tuple[DeviceTensor, ...]:
    return tuple(
        DeviceTensor(
            SourceTensor(str(name), tuple(theirs), whole=bool(whole)), tuple(ours), tuple(axes)
        )
        for name, theirs, ours, axes, whole in rows
    )
