"""An ONNX graph that is not ours: what it must be, and how it is run and built, in a child."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.error_function import without_error_functions
from quantize.convert.layer_names import LayerValues, layer_of, onnx_layer_values
from quantize.convert.lookups import cut_lookups
from quantize.convert.network_parts import FLOAT32_HINT, SourceTensor, fixed_shape, input_label
from quantize.convert.onnx_file import parse_onnx
from quantize.convert.onnx_forms import readable
from quantize.convert.onnx_pools import without_infinite_padding
from quantize.convert.onnx_weights import check_weights, with_weights_inside
from quantize.convert.recurrent import RECURRENT, without_recurrence
from quantize.convert.tensorflow_child import ONNX_NAME, simplified_onnx, to_keras
from quantize.foundation.errors import BadInput, CheckFailed, ToolMissing
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable

OLDEST_OPSET, NEWEST_OPSET = 11, 21
_FLOAT = 1
_OLDEST_FORMAT, _NEWEST_FORMAT = 4, 10
"""Before the fourth all weights had to be inputs too, which they are none of here; the tenth is
that of `NEWEST_OPSET`, and newer ones ONNX Runtime may not read."""
_DOMAINS = ("", "ai.onnx")
_CONTROL_FLOW = frozenset({"If", "Loop", "Scan", "SequenceMap"})
_SORTING = frozenset({"NonMaxSuppression", "NonZero", "TopK", "Unique"})
_QUANTISED = frozenset(
    {"ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv",
     "QLinearMatMul", "QuantizeLinear"}
)  # fmt: skip
_AS_FLOAT32 = {1: "float32", 10: "float16", 11: "float64", 7: "int64", 6: "int32", 9: "bool"}


class OnnxNetwork:
    """An ONNX graph with a batch of 1.

    Parameters
    ----------
    path
        The file, in a folder of our own; the fixed graph is written beside it.
    limit_bytes
        Of the file, and of those that its weights lie in.
    beside
        The folder that it was given in, where weights may lie in other files; `None` where not.

    Raises
    ------
    BadInput
        When it is no ONNX, its opset is too old or too new, weights are missing or hold NaN, or an
        axis besides the batch is dynamic.
    CheckFailed
        When an operator has no form in TensorFlow Lite: it is named with its layer.
    """

    def __init__(self, path: Path, *, limit_bytes: int, beside: Path | None = None) -> None:
        import onnx

        data = read_bounded(path, limit_bytes=limit_bytes)
        model = parse_onnx(data)
        if not model.graph.node:
            raise BadInput("the file is ONNX without a graph", hint="check the path")
        check_opset(model)
        model.ir_version = min(max(model.ir_version, _OLDEST_FORMAT), _NEWEST_FORMAT)
        check_nodes(model.graph)
        with_weights_inside(model, beside, limit_bytes=limit_bytes - len(data))
        check_weights(model.graph)
        tables = cut_lookups(model.graph)
        self.inputs = tuple(
            replace(each, table=tables.get(each.name)) for each in _with_batch_of_one(model.graph)
        )
        self.outputs = tuple(each.name for each in model.graph.output)
        _check_made(model.graph)
        _clear_shapes(model.graph)
        self._model = onnx.shape_inference.infer_shapes(model)
        onnx.save_model(self._model, str(path.with_name(ONNX_NAME)))
        self._simplified: Any = None
        self._as_it_is = False

    def outputs_of(self, samples: Iterator[list[NDArray[np.float32]]]) -> Iterator[list[Any]]:
        """Yield what the network gives for each sample, by ONNX Runtime."""
        import onnxruntime

        try:
            session = onnxruntime.InferenceSession(
                self._model.SerializeToString(), providers=["CPUExecutionProvider"]
            )
            for sample in samples:
                feed = {each.name: v for each, v in zip(self.inputs, sample, strict=True)}
                yield session.run(None, feed)
        except Exception as error:  # its errors have no common class
            raise BadInput(
                f"ONNX Runtime cannot run the network: {printable(str(error), limit=300)}",
                hint="check it with onnx.checker, and that it runs on one sample; of float64 and "
                "float16 it runs few operators: export in float32",
            ) from error

    def build(self) -> tuple[Any, list[Any], Any]:
        """Return the graph as a function of TensorFlow, its inputs, and what owns it."""
        import onnx
        import tensorflow as tf

        self._simplified = simplified_onnx(optimised=not self._as_it_is)
        readable(self._simplified.graph)
        without_infinite_padding(self._simplified.graph)
        without_recurrence(self._simplified, _label)
        without_error_functions(self._simplified.graph)
        # Of what has no noted shape onnx2tf guesses where the channels are.
        self._simplified = onnx.shape_inference.infer_shapes(self._simplified)
        # Rows that are looked up lie one after another.
        fed = zip(self.inputs, self._simplified.graph.input, strict=True)
        kept = [each.name for source, each in fed if source.table is not None]
        kept += channels_last(self._simplified.graph)
        model = to_keras(self._simplified, kept=kept, as_it_is=self._as_it_is)

        def run(*values: Any) -> Any:
            return model(values[0] if len(values) == 1 else list(values))

        spec = [
            tf.TensorSpec(each.shape, each.dtype, input_label(place))
            for place, each in enumerate(model.inputs)
        ]
        return run, spec, model

    def other_way(self) -> bool:
        """Keep the inputs' axes and the graph's operators the next time.

        Where axes are of one length, as frames and values of a transformer, onnx2tf mistakes one
        for another when it moves channels, and what the simplifier reshapes for a dense layer.
        """
        first, self._as_it_is = not self._as_it_is, True
        return first

    def layers_by_kind(self) -> dict[str, str]:
        """Return for each kind of operator the first layer that has it."""
        nodes = reversed(self._model.graph.node)
        return {node.op_type: layer_of(node.name, node.op_type) for node in nodes}

    def layer_values(self, sample: Sequence[NDArray[np.float32]]) -> list[LayerValues]:
        """Return what each node gives for one sample."""
        return onnx_layer_values(self._simplified, sample)


def channels_last(graph: Any) -> list[str]:
    """Return the inputs that have channels last already: a transpose makes them first at once."""
    out = []
    for each in graph.input:
        takers = [node for node in graph.node if each.name in node.input]
        rank = len(each.type.tensor_type.shape.dim)
        first = [0, rank - 1, *range(1, rank - 1)]
        turned = [
            node.op_type == "Transpose" and list(node.attribute[0].ints) == first for node in takers
        ]
        if rank > 2 and turned and all(turned):
            out.append(each.name)
    return out


def check_opset(model: Any) -> None:
    """Refuse operators of other domains and of versions that were not tried.

    Raises
    ------
    BadInput
        Saying what to change.
    """
    versions = {each.domain: each.version for each in model.opset_import}
    opset = versions.get("", versions.get("ai.onnx", 0))
    if not OLDEST_OPSET <= opset <= NEWEST_OPSET:
        raise BadInput(
            f"the ONNX graph is of opset {opset}, {OLDEST_OPSET} to {NEWEST_OPSET} are converted",
            hint="export it with opset_version=17, or change it by "
            "onnx.version_converter.convert_version(model, 17)",
        )


def check_nodes(graph: Any) -> None:
    """Refuse the first operator that has no form in TensorFlow Lite.

    Raises
    ------
    CheckFailed
        Naming its layer and what to change.
    """
    for node in graph.node:
        kind, where = node.op_type, _label(node)
        if node.domain not in _DOMAINS:
            raise CheckFailed(
                f"{where} is of the domain {printable(node.domain)}, which nothing here knows",
                hint="export with ONNX's own operators alone",
            )
        if kind in _QUANTISED:
            raise CheckFailed(
                f"{where}: the network is quantised already",
                hint="give the float network it was made of",
            )
        if kind in _CONTROL_FLOW:
            raise CheckFailed(
                f"{where} is control flow, which a device does not run",
                hint="export the network with one fixed path",
            )
        if kind in _SORTING:
            raise CheckFailed(
                f"{where}: TFLite-Micro has no {printable(kind)}",
                hint="return the values it is made of; the device sorts or counts them",
            )
        if kind not in RECURRENT and not _is_mapped(kind):
            raise CheckFailed(
                f"{where} has no form in TensorFlow Lite",
                hint="replace it by operators that have one: convolution, pooling, element-wise "
                "arithmetic, dense layers",
            )


def _is_mapped(kind: str) -> bool:
    found = importlib.util.find_spec("onnx2tf")
    if found is None or found.origin is None:
        raise ToolMissing("onnx2tf is not installed", hint="pip install 'edgeser[export]'")
    known = {each.stem for each in Path(found.origin).with_name("ops").glob("*.py")}
    return kind.isidentifier() and kind in known


def _label(node: Any) -> str:
    """Name a node for people: its layer, and its operator."""
    layer = layer_of(node.name, node.op_type) or (node.output[0] if node.output else "")
    return f"layer {printable(layer)}, {printable(node.op_type)}"


def _with_batch_of_one(graph: Any) -> tuple[SourceTensor, ...]:
    """Give what is fed a batch of 1; weights that are listed as inputs too are none."""
    weights = {each.name for each in graph.initializer}
    fed = [each for each in graph.input if each.name not in weights]
    inputs = []
    for each in fed:
        tensor = each.type.tensor_type
        if tensor.elem_type != _FLOAT:
            kind = _AS_FLOAT32.get(tensor.elem_type, f"type {tensor.elem_type}")
            raise BadInput(
                f"input {printable(each.name)} takes {kind}, and only float32 is quantised",
                hint=FLOAT32_HINT,
            )
        sizes = [
            dim.dim_value if dim.HasField("dim_value") else (dim.dim_param or None)
            for dim in tensor.shape.dim
        ]
        shape = fixed_shape(each.name, sizes)
        for dim, size in zip(tensor.shape.dim, shape, strict=True):
            dim.dim_value = size
        inputs.append(SourceTensor(each.name, shape))
    if not inputs:
        raise BadInput("the ONNX graph has no inputs", hint="export it with one")
    del graph.input[:]
    graph.input.extend(fed)
    return tuple(inputs)


def _check_made(graph: Any) -> None:
    """Refuse an output that is what goes in, or a constant; and an input that nothing takes."""
    made = {name for node in graph.node for name in node.output}
    taken = {name for node in graph.node for name in node.input}
    for each in graph.input:
        if each.name not in taken:
            raise BadInput(
                f"input {printable(each.name)} is taken by no layer",
                hint="export the network without it",
            )
    for each in graph.output:
        if each.name not in made:
            raise BadInput(
                f"output {printable(each.name)} is made by no layer: it is an input or a constant",
                hint="have the network return what it computes alone",
            )


def _clear_shapes(graph: Any) -> None:
    """Forget what was noted of shapes: it speaks of another batch, and is inferred anew."""
    del graph.value_info[:]
    for each in graph.output:
        each.type.tensor_type.ClearField("shape")
