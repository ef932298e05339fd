"""The child's side of a conversion: an ONNX file in, float and int8 .tflite bytes out.

TensorFlow and onnx2tf live only here, in a process of their own: their memory, their logging and
their settings never reach the caller.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.kept_ranges import instead_of_measured, of_tensors
from quantize.convert.layer_names import name_layers, onnx_layer_values, tflite_values
from quantize.convert.measured_ranges import first_alone, measured_on
from quantize.convert.output_order import find_outputs, with_outputs
from quantize.convert.rewriting import rewritten
from quantize.foundation.onnx_runtime import NO_REPORTS
from quantize.tflite import read_model

ONNX_NAME = "network.onnx"
# onnx2tf fetches pictures over the network whenever a model's input has three channels, unless
# this file lies in the current folder. It only feeds them to a trial run of the graph.
_PICTURES = "calibration_image_sample_data_20x128x128x3_float32.npy"
_ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # its order of additions depends on the host
    "TF_USE_LEGACY_KERAS": "1",
    "KERAS_BACKEND": "tensorflow",
    "CUDA_VISIBLE_DEVICES": "-1",
    **NO_REPORTS,
}
# onnxsim and Keras load these where they are installed, for functions that nobody calls here: a
# good part of the time that a small conversion takes, and hundreds of megabytes.
_NOT_NEEDED = ("torch", "pandas")


def convert_onnx(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Convert an ONNX graph to float and int8 .tflite (a `ChildFunction`).

    Parameters
    ----------
    arrays
        ``samples``: int8 [n, height, width, channels].
    options
        ``folder``: a folder of our own to work in, with the graph as `ONNX_NAME`; ``scale``,
        ``zero_point``: the real value of ``samples`` is ``scale * (samples - zero_point)``;
        ``outputs``: names of several outputs, in the network's order; ``ranges``: layer, least and
        greatest value of each whose range is known.

    Returns
    -------
    ``float_tflite`` and ``int8_tflite``, uint8; ``seconds`` by stage; ``layer_names``; ``kept``:
    layers of known range. Where the
    graph cannot become int8, ``refused`` says why; ``layer`` names the ONNX node where that is
    known, or ``mixed_tflite`` is the graph with its float operators left in, to look them up.
    """
    set_up(options["folder"])
    clock = Clock()
    try:
        graph = simplified_onnx()
        model = to_keras(graph)
    except (Exception, SystemExit) as error:  # onnx2tf raises and exits as it pleases
        layer = str(getattr(error, "onnx_op_name", "") or "")
        return {}, {"refused": first_line(error), "layer": layer}
    clock.lap("TensorFlow graph")
    converter_of = _converter_factory(model)
    samples = _representative(arrays["samples"], options["scale"], options["zero_point"])
    try:
        float_tflite = converter_of().convert()
    except Exception as error:  # the converter's own error types are not public
        return float_parts(with_tensorflow_ops(converter_of()), [], error)
    clock.lap("float model")
    sample = next(samples())[0]
    found: tuple[str, ...] = ()
    if len(options["outputs"]) > 1:
        found = find_outputs(float_tflite, graph, sample)
        float_tflite = with_outputs(float_tflite, found, options["outputs"])
    names = _layer_names(graph, float_tflite, sample)
    clock.lap("layer names")
    ranges, kept = of_tensors(options.get("ranges", ()), names)
    try:
        with instead_of_measured(ranges):
            int8_tflite = to_int8(converter_of(), samples)
    except Exception as error:
        return float_parts(to_int8(converter_of(), samples, allow_float=True), names, error)
    if found:
        int8_tflite = with_outputs(int8_tflite, found, options["outputs"])
    clock.lap("int8 model")
    out = {
        "float_tflite": np.frombuffer(float_tflite, np.uint8),
        "int8_tflite": np.frombuffer(int8_tflite, np.uint8),
    }
    return out, {"layer_names": names, "seconds": clock.seconds, "kept": kept}


def set_up(folder: str) -> None:
    """Give this process the settings that TensorFlow and what is around it are to have.

    Before any of them is imported. Keras keeps settings in the home of the user, and AutoGraph what
    it generates in the place for temporary files, unless told of others.
    """
    os.environ.update(_ENVIRONMENT, KERAS_HOME=folder, TMPDIR=folder)
    os.chdir(folder)


class Clock:
    """Seconds by stage, on the monotonic clock."""

    def __init__(self) -> None:
        self.seconds: list[tuple[str, float]] = []
        self._last = time.monotonic()

    def lap(self, stage: str) -> None:
        """Note what has passed since the last one."""
        now = time.monotonic()
        self.seconds.append((stage, now - self._last))
        self._last = now


@contextmanager
def _left_out() -> Iterator[None]:
    """Have what is imported meanwhile find `_NOT_NEEDED` not installed."""
    absent = [library for library in _NOT_NEEDED if library not in sys.modules]
    for library in absent:
        sys.modules[library] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for library in absent:
            del sys.modules[library]


def simplified_onnx(*, optimised: bool = True) -> Any:
    """Fold constants: without, onnx2tf takes the axes of a slice for those of an NCHW tensor.

    Done here, not by onnx2tf, which would start the command `onnxsim` from PATH. Unless
    `optimised`, operators stay as they are.
    """
    import onnx

    with _left_out():
        import onnxsim

    graph, _ = onnxsim.simplify(onnx.load(ONNX_NAME), perform_optimization=optimised)
    for node in graph.graph.node:
        if node.op_type == "AveragePool":
            _drop_idle_padding(node)
    return graph


def _drop_idle_padding(pool: Any) -> None:
    """Say nothing of how padding counts where there is none, or onnx2tf corrects by factors of 1.

    It would cut the result into rows, multiply each by one and join them again.
    """
    padded = any(each.name == "pads" and any(each.ints) for each in pool.attribute)
    rounded_up = any(each.name == "ceil_mode" and each.i for each in pool.attribute)
    if not padded and not rounded_up:
        kept = [each for each in pool.attribute if each.name != "count_include_pad"]
        del pool.attribute[:]
        pool.attribute.extend(kept)


def to_keras(graph: Any, *, kept: Sequence[str] = (), as_it_is: bool = False) -> Any:
    """Build the graph in Keras, channels last; the inputs named in `kept` stay as they are.

    With `as_it_is` all do, and none is taken to have channels.
    """
    with _left_out():
        import onnx2tf

    generator = np.random.default_rng(0)
    np.random.seed(0)  # onnx2tf draws its trial inputs from the global generator
    pictures = generator.random((20, 128, 128, 3), dtype=np.float32)
    np.save(Path(_PICTURES), pictures, allow_pickle=False)
    return onnx2tf.convert(
        onnx_graph=graph,
        output_folder_path="saved_model",
        not_use_onnxsim=True,
        not_use_opname_auto_generate=True,
        disable_model_save=True,
        non_verbose=True,
        verbosity="error",
        keep_ncw_or_nchw_or_ncdhw_input_names=list(kept) or None,
        keep_shape_absolutely_input_names=[each.name for each in graph.graph.input]
        if as_it_is
        else None,
    )


def _converter_factory(model: Any) -> Callable[[], Any]:
    """Return a maker of fresh converters over one traced, batch-1 graph."""
    import tensorflow as tf

    spec = [tf.TensorSpec(each.shape, each.dtype, "input") for each in model.inputs]
    return converters(model, spec, model)


def converters(
    function: Any, spec: Sequence[Any], owner: Any, *, rewrite: bool = False
) -> Callable[[], Any]:
    """Return a maker of fresh converters of a function over inputs of these specifications.

    Parameters
    ----------
    function, spec
        Of TensorFlow, and what it takes.
    owner
        What holds its variables; `None` to make constants of them beforehand, without which those
        of Keras 3 stay variables.
    rewrite
        Whether operators without an int8 form are replaced and loops unrolled, see
        `quantize.convert.rewriting.rewritten`.

    Raises
    ------
    CheckFailed
        When a loop cannot be unrolled: the layer is named.
    """
    import tensorflow as tf

    concrete = tf.function(function, input_signature=list(spec)).get_concrete_function()
    holder: Any = None
    if rewrite and (other := rewritten(concrete, spec)) is not concrete:
        concrete = other
    elif owner is None:
        from tensorflow.python.framework.convert_to_constants import (
            convert_variables_to_constants_v2,
        )

        concrete = convert_variables_to_constants_v2(concrete)
    else:
        # The variables alone: of a whole model the converter would save, so trace, every layer.
        holder = tf.Module()
        holder.held = owner.variables
    return lambda: tf.lite.TFLiteConverter.from_concrete_functions([concrete], holder)


def _layer_names(
    graph: Any, float_tflite: bytes, sample: NDArray[np.float32]
) -> list[tuple[str, str]]:
    converted = read_model(float_tflite, name="the float model").main
    return name_layers(
        converted,
        tflite_values(float_tflite, converted, [sample]),
        onnx_layer_values(graph, [sample.transpose(0, 3, 1, 2)]),
    )


def _representative(
    samples: NDArray[np.int8], scale: float, zero_point: int
) -> Callable[[], Iterator[list[NDArray[np.float32]]]]:
    def one_by_one() -> Iterator[list[NDArray[np.float32]]]:
        for sample in samples:
            steps = sample.astype(np.float32) - np.float32(zero_point)
            yield [(steps * np.float32(scale))[np.newaxis]]

    return one_by_one


def to_int8(
    converter: Any,
    samples: Callable[[], Iterator[list[NDArray[np.float32]]]],
    *,
    allow_float: bool = False,
    measured: bool = False,
) -> bytes:
    """Convert to int8, in and out; the samples are all inputs of each, in the graph's order.

    Ranges are TensorFlow's own or, of networks with any operators, those of
    `quantize.convert.measured_ranges.measured_on`.
    """
    import tensorflow as tf

    sets = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if allow_float:
        sets.append(tf.lite.OpsSet.TFLITE_BUILTINS)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = first_alone(samples) if measured else samples
    converter.target_spec.supported_ops = sets
    converter.inference_input_type = tf.int8
    converter.inference_output_type = tf.int8
    # TFLite-Micro and the Edge TPU compiler know dense weights with one scale only.
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    with measured_on(samples) if measured else nullcontext():
        return bytes(converter.convert())


def with_tensorflow_ops(converter: Any) -> bytes:
    """Convert in float, leaving in what only TensorFlow itself can run."""
    import tensorflow as tf

    sets = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    converter.target_spec.supported_ops = sets
    return bytes(converter.convert())


def float_parts(
    mixed: bytes, names: list[tuple[str, str]], error: Exception
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Answer with a graph that shows which operators have no int8 form."""
    values = {"refused": first_line(error), "layer": "", "layer_names": names}
    return {"mixed_tflite": np.frombuffer(mixed, np.uint8)}, values


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its kind where it says nothing."""
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    return lines[0].strip() if lines else type(error).__name__
