"""The whole conversion: module -> ONNX -> TensorFlow graph -> float and int8 .tflite."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from quantize.convert.output_order import LONGEST_NAME
from quantize.convert.quantised_model import QuantizedModel
from quantize.convert.quantiser import Range
from quantize.convert.representative import quantise_representative
from quantize.convert.tensorflow_child import ONNX_NAME, convert_onnx
from quantize.convert.verify import (
    check_fully_integer,
    check_input,
    check_outputs,
    count_operators,
    float_layers,
    silent_layers,
)
from quantize.foundation.child import ChildResult, call_in_child
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.foreign import printable
from quantize.foundation.temporary import temporary_folder
from quantize.tflite import read_model

if TYPE_CHECKING:
    import torch

_PACKAGES = ("torch", "onnx", "onnxsim", "onnx2tf", "tensorflow", "numpy")
_OTHERWISE = "write the layer by convolution, pooling, dense layers, element-wise arithmetic"
_HINT = "replace that operation by operators that docs/operators.md lists"


def export_int8(  # noqa: PLR0913  each is a choice of its own, by name
    module: torch.nn.Module,
    *,
    input_shape_nchw: Sequence[int],
    representative: NDArray[np.float32],
    input_scale: float = 1 / 32,
    input_zero_point: int = 0,
    output_names: Sequence[str] = ("output",),
    ranges: Mapping[str, Range] = MappingProxyType({}),
    work_dir: Path | None = None,
    timeout_s: float = 600.0,
    progress: Callable[[str], None] | None = None,
) -> QuantizedModel:
    """Convert a float network to a fully integer .tflite model, batch 1, int8 in and out.

    The same module and the same data give the same bytes. TensorFlow runs in a child process;
    nothing is written to the caller's stdout or current folder, nothing is fetched.

    Parameters
    ----------
    module
        float32 NCHW in, logits [1, outputs] out; or a tuple of such, one for each of
        `output_names`. It is left as it was.
    input_shape_nchw
        1, channels, height, width; the .tflite file takes 1, height, width, channels.
    representative
        float32 [n, channels, height, width] that the int8 ranges are measured on. Each value is
        ``input_scale * (q - input_zero_point)`` with q an int8, as the device feeds it. One value
        each may be moved to the ends of the range, so that the input's scale comes out exact.
    input_scale, input_zero_point
        The quantisation of the input that the features are made with.
    output_names
        Of several outputs: what they are called in the .tflite, which holds them in this order.
    ranges
        Of layers, by the paths of their modules, whose range is not to be measured: the real values
        of int8's least and greatest step. Those that the graph has no layer for change nothing; see
        `QuantizedModel.kept_ranges`.
    work_dir
        Where the temporary folder is made and removed; the system's own place by default.
    timeout_s
        Seconds after which the conversion is stopped.
    progress
        Called with the name of each stage as it begins.

    Raises
    ------
    BadInput
        When an argument cannot be used: weights or inputs with NaN, shapes that do not fit,
        values that no int8 stands for.
    CheckFailed
        When a layer has no int8 form (it is named), or the input's scale is not exact.
    InternalError
        When the converter crashes or takes too long.
    """
    from quantize.convert.onnx_graph import check_input_shape

    tell = progress or (lambda stage: None)
    shape = check_input_shape(input_shape_nchw)
    _check_names(output_names)
    started = time.monotonic()
    tell("ONNX graph")
    samples = quantise_representative(
        representative, shape_nchw=shape, scale=input_scale, zero_point=input_zero_point
    )
    with temporary_folder("conversion", parent=work_dir) as folder:
        _write_graph(module, shape, folder, output_names)
        seconds = [("ONNX graph", time.monotonic() - started)]
        tell("TensorFlow Lite")
        options = {
            "folder": str(folder),
            "scale": input_scale,
            "zero_point": input_zero_point,
            "outputs": list(output_names),
            "ranges": [[layer, low, high] for layer, (low, high) in sorted(ranges.items())],
        }
        converted = _convert(samples, options, timeout_s)
    seconds += [(str(stage), float(spent)) for stage, spent in converted.values["seconds"]]
    tell("verification")
    return _verified(
        converted,
        seconds,
        shape_nchw=shape,
        scale=input_scale,
        zero_point=input_zero_point,
        samples=len(samples),
        outputs=len(output_names),
    )


def _check_names(names: Sequence[str]) -> None:
    fit = all(
        name.isascii() and name.isidentifier() and len(name) <= LONGEST_NAME for name in names
    )
    if not names or not fit or len(set(names)) != len(names):
        raise BadInput(
            f"outputs cannot be named {list(names)}",
            hint=f"give each an identifier of its own, of at most {LONGEST_NAME} characters",
        )


def _write_graph(
    module: torch.nn.Module,
    shape: tuple[int, int, int, int],
    folder: Path,
    output_names: Sequence[str],
) -> None:
    from quantize.convert.onnx_graph import write_onnx

    write_onnx(module, shape, folder / ONNX_NAME, output_names=output_names)


def _convert(samples: NDArray[np.int8], options: dict[str, Any], timeout_s: float) -> ChildResult:
    """Return what the converter makes of the graph in a folder; raise where it refuses."""
    converted = call_in_child(
        convert_onnx,
        {"samples": samples},
        options,
        what="converting the network to TensorFlow Lite",
        timeout_s=timeout_s,
    )
    if "refused" in converted.values:
        refuse(converted)
    return converted


def _verified(
    converted: ChildResult,
    seconds: list[tuple[str, float]],
    *,
    shape_nchw: tuple[int, int, int, int],
    scale: float,
    zero_point: int,
    samples: int,
    outputs: int,
) -> QuantizedModel:
    """Return what was converted, once it is what was asked for; else raise `CheckFailed`."""
    started = time.monotonic()
    int8_tflite = converted.arrays["int8_tflite"].tobytes()
    names = converted.values["layer_names"]
    model = read_model(int8_tflite, name="the converted model")
    check_fully_integer(model, dict(names))
    model_input = check_input(model, shape_nchw=shape_nchw, scale=scale, zero_point=zero_point)
    model_outputs = check_outputs(model, outputs)
    verification = ("verification", time.monotonic() - started)
    return QuantizedModel(
        int8_tflite=int8_tflite,
        float_tflite=converted.arrays["float_tflite"].tobytes(),
        sha256=hashlib.sha256(int8_tflite).hexdigest(),
        input=model_input,
        outputs=model_outputs,
        operators=count_operators(model),
        layer_names=tuple((str(tensor), str(name)) for tensor, name in names),
        silent_layers=silent_layers(model, dict(names)),
        calibration_samples=samples,
        versions=tuple((package, version(package)) for package in _PACKAGES),
        seconds=(*seconds, verification),
        kept_ranges=tuple(str(layer) for layer in converted.values["kept"]),
    )


def refuse(converted: ChildResult) -> NoReturn:
    """Raise with the layer that the converter stumbled over."""
    reason = str(converted.values["refused"])
    layer = str(converted.values["layer"])
    if layer:
        raise CheckFailed(
            f"layer {printable(layer)} cannot be converted to TensorFlow Lite: {printable(reason)}",
            hint=_OTHERWISE,
        )
    mixed = converted.arrays.get("mixed_tflite")
    if mixed is None:
        raise CheckFailed(
            f"the network cannot be converted to TensorFlow Lite: {printable(reason)}",
            hint=_OTHERWISE,
        )
    try:
        model = read_model(mixed.tobytes(), name="the partly converted model")
        left = float_layers(model, dict(converted.values["layer_names"]))
    except BadInput:
        left = ()
    if left:
        flex = re.search(r"\bFlex(\w+)", left[0])
        layer = converted.values.get("kinds", {}).get(flex[1] if flex else "", "")
        where = f"layer {printable(layer)}, " if layer else ""
        raise CheckFailed(f"not fully int8: {where}{left[0]} has no int8 form", hint=_HINT)
    raise CheckFailed(f"the network has no int8 form: {reason}", hint=_HINT)
