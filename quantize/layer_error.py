"""How far each layer of an int8 graph strays from the same layer in float.

Both graphs run on the same inputs, the int8 one in the device's own kernels. The error of a
layer is what has gathered up to there: a jump from one layer to the next is where to look.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput, CheckFailed
from quantize.runtimes import Runtime, layer_outputs
from quantize.runtimes.request import DEFAULT_LIMITS, Limits
from quantize.tflite import read_model
from quantize.tflite.model import Layer, Subgraph, Tensor
from quantize.tflite.schema import DType

_BOUNDARY = frozenset({"QUANTIZE", "DEQUANTIZE"})
_FLOAT, _INT8 = "the float model", "the int8 model"
_BATCH_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class LayerError:
    """The error of one layer's output over all inputs together.

    Parameters
    ----------
    index
        The operator's place in the int8 graph.
    name
        The layer in the network it was converted from, where that is known; else the name of
        the tensor that the operator makes.
    operator
        The operator's kind: ``"CONV_2D"``.
    sqnr_db
        Signal-to-quantisation-noise ratio, 10 log10(sum f^2 / sum (f - q)^2) in dB, with f the
        float output and q the dequantised int8 one. ``None`` where one of the sums is zero: see
        `is_exact`.
    cosine
        sum f q / sqrt(sum f^2 sum q^2), -1 to 1; ``None`` where either is zero throughout.
    max_error
        Largest absolute f - q, in the layer's own unit.
    noise
        Mean of (f - q)^2.
    clipped
        Share of the sum of (f - q)^2 that is of what lies beyond the int8 range, 0 to 1.
    """

    index: int
    name: str
    operator: str
    sqnr_db: float | None
    cosine: float | None
    max_error: float
    noise: float = field(default=0.0, compare=False)
    clipped: float = field(default=0.0, compare=False)

    @property
    def is_exact(self) -> bool:
        """Whether int8 gave just what float gave."""
        return self.max_error == 0.0


@dataclass(frozen=True, slots=True)
class LayerErrors:
    """The errors of all layers.

    Parameters
    ----------
    layers
        In the order in which the int8 graph runs them.
    unmatched
        Operators of the int8 graph that the float graph has no twin of, by label.
    samples
        How many inputs were run.
    """

    layers: tuple[LayerError, ...]
    unmatched: tuple[str, ...]
    samples: int

    @property
    def worst(self) -> LayerError | None:
        """The layer with the lowest ratio; ``None`` where all are exact."""
        inexact = [layer for layer in self.layers if not layer.is_exact]
        # Noise where float is silent has no ratio, and is worse than any.
        return min(inexact, key=_ratio, default=None)


def layer_errors(
    float_tflite: bytes,
    int8_tflite: bytes,
    inputs: NDArray[np.int8] | Sequence[NDArray[np.int8]],
    *,
    layer_names: Mapping[str, str] | None = None,
    runtime: Runtime = Runtime.TFLITE_MICRO,
    limits: Limits = DEFAULT_LIMITS,
) -> LayerErrors:
    """Run both graphs on the same inputs and compare them layer by layer.

    Layers are paired by the name of the tensor they make; where that is missing or not unique,
    by being the n-th operator of their kind and output shape in both graphs.

    Parameters
    ----------
    float_tflite, int8_tflite
        The two graphs of one conversion.
    inputs
        int8 [n, ...], each of the shape of the int8 model's input without its batch axis; of a
        model with several inputs one such array for each.
    layer_names
        Names for people, by the name of the tensor; see `QuantizedModel.layer_names`.
    runtime
        What runs the int8 graph: by default the kernels that the device runs. LiteRT runs the
        float one.
    limits
        What each run may use.

    Raises
    ------
    BadInput
        When a model cannot be read, or the inputs do not fit it.
    CheckFailed
        When a layer yields NaN or infinity; it is named.
    ToolMissing, InternalError
        When a runtime is not installed, crashes or takes too long.
    """
    float_graph = read_model(float_tflite, name=_FLOAT).main
    int8_graph = read_model(int8_tflite, name=_INT8).main
    several = [inputs] if isinstance(inputs, np.ndarray) or inputs is None else list(inputs)
    grids = _check_inputs(float_graph, int8_graph, several)
    pairs, unmatched = pair_layers(float_graph, int8_graph)
    sums = [ErrorSums() for _ in pairs]
    places = [_integer_output(int8_graph, layer) for layer, _ in pairs]
    step = _batch_size(float_graph)
    for start in range(0, len(several[0]), step):
        batch = [np.ascontiguousarray(each[start : start + step]) for each in several]
        real = [
            (each.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)
            for each, (scale, zero_point) in zip(batch, grids, strict=True)
        ]
        wanted = _outputs_by_tensor(
            float_tflite, float_graph, real, Runtime.LITERT_BUILTIN, _FLOAT, limits
        )
        got = _outputs_by_tensor(int8_tflite, int8_graph, batch, runtime, _INT8, limits)
        for gathered, (_, twin), place in zip(sums, pairs, places, strict=True):
            gathered.add(wanted[twin], got[place])
            gathered.add_beyond(wanted[twin], int8_graph.tensors[place])
    layers = tuple(
        _layer_error(layer, gathered, layer_names or {})
        for gathered, (layer, _) in zip(sums, pairs, strict=True)
    )
    return LayerErrors(layers=layers, unmatched=unmatched, samples=len(several[0]))


def pair_layers(
    reference: Subgraph, quantised: Subgraph
) -> tuple[list[tuple[Layer, int]], tuple[str, ...]]:
    """Pair each int8 operator with the float tensor that it should have made.

    Returns
    -------
    Pairs of int8 layer and index of the float tensor, in graph order; and the labels of the
    int8 layers without a twin.
    """
    by_name = _tensors_by_name(reference)
    by_turn = _tensors_by_turn(reference)
    names = Counter(quantised.tensors[index].name for index in _made(quantised))
    turns: Counter[tuple[str, tuple[int, ...]]] = Counter()
    pairs: list[tuple[Layer, int]] = []
    unmatched: list[str] = []
    for layer in quantised.layers:
        tensor = layer.outputs[0]
        kind = (layer.name, tensor.shape)
        turn = turns[kind]
        turns[kind] += 1
        if layer.name in _BOUNDARY or _integer_output(quantised, layer) < 0:
            continue
        named = by_name.get(tensor.name, []) if names[tensor.name] == 1 else []
        same = [index for index in named if reference.tensors[index].shape == tensor.shape]
        candidates = by_turn.get(kind, [])
        if len(same) == 1:
            pairs.append((layer, same[0]))
        elif turn < len(candidates):
            pairs.append((layer, candidates[turn]))
        else:
            unmatched.append(layer.label)
    return pairs, tuple(unmatched)


def _integer_output(graph: Subgraph, layer: Layer) -> int:
    """Return the tensor that holds in integers what a layer of the int8 graph gives, -1 if none.

    Of what is left in float between int8 and int8 that is made by the QUANTIZE after it.
    """
    (tensor, *_) = layer.outputs
    if tensor.quantisation is not None:
        return tensor.index
    for operator in graph.operators:
        if operator.name == "QUANTIZE" and tensor.index in operator.inputs:
            return operator.outputs[0]
    return -1


class ErrorSums:
    """What every figure of a layer, or of an output, follows from, gathered over samples."""

    def __init__(self) -> None:
        self.signal = self.noise = self.quantised = self.product = self.max_error = 0.0
        self.beyond = 0.0
        self.values = 0
        self.finite = True

    def add(self, reference: NDArray[Any], quantised: NDArray[Any]) -> None:
        """Add a batch: the float output and the dequantised int8 one."""
        f, q = reference.astype(np.float64), quantised.astype(np.float64)
        if not (np.isfinite(f).all() and np.isfinite(q).all()):
            self.finite = False
            return
        error = f - q
        self.values += f.size
        self.signal += float(np.vdot(f, f))
        self.noise += float(np.vdot(error, error))
        self.quantised += float(np.vdot(q, q))
        self.product += float(np.vdot(f, q))
        self.max_error = max(self.max_error, float(np.abs(error).max(initial=0.0)))

    def add_beyond(self, reference: NDArray[Any], tensor: Tensor) -> None:
        """Add the squares of how far a batch lies beyond what an int8 tensor holds."""
        grid = tensor.quantisation
        if grid is None or grid.per_axis:
            return
        low, high = ((step - grid.zero_point) * grid.scale for step in (-128, 127))
        f = reference.astype(np.float64)
        self.beyond += float(np.square(f - np.clip(f, low, high)).sum())

    @property
    def sqnr_db(self) -> float | None:
        """Signal over quantisation noise in dB, ``None`` where either is nothing."""
        defined = self.signal > 0 and self.noise > 0
        return 10.0 * math.log10(self.signal / self.noise) if defined else None


def _outputs_by_tensor(
    data: bytes,
    graph: Subgraph,
    inputs: Sequence[NDArray[Any]],
    runtime: Runtime,
    name: str,
    limits: Limits,
) -> dict[int, NDArray[Any]]:
    """Return what every operator makes of the inputs, by index of the tensor."""
    made = dict.fromkeys(index for operator in graph.operators for index in operator.outputs)
    indices = [index for index in made if graph.tensors[index].dtype.numpy is not None]
    outputs = layer_outputs(
        data, inputs, runtime=runtime, dequantise=True, name=name, limits=limits
    )
    return dict(zip(indices, outputs.values(), strict=True))


def _batch_size(graph: Subgraph) -> int:
    """Return how many samples may be run at once, for their tensors to fit into memory."""
    made = (graph.tensors[index] for operator in graph.operators for index in operator.outputs)
    return max(1, _BATCH_BYTES // max(1, sum(tensor.byte_size or 0 for tensor in made)))


def _check_inputs(
    reference: Subgraph, quantised: Subgraph, inputs: Sequence[Any]
) -> list[tuple[float, int]]:
    """Return the int8 inputs' scales and zero points; refuse models and inputs that do not fit."""
    hint = "compare a model with the float twin of the same export"
    for graph, name, dtype in (
        (reference, _FLOAT, DType.FLOAT32),
        (quantised, _INT8, DType.INT8),
    ):
        taken = graph.input_tensors
        if len(taken) != len(inputs) or any(tensor.dtype is not dtype for tensor in taken):
            count = "one input" if len(inputs) == 1 else f"{len(inputs)} inputs"
            raise BadInput(f"{name} does not take {count} of {dtype.label}", hint=hint)
    return [
        _check_input(twin, tensor, values, hint)
        for twin, tensor, values in zip(
            reference.input_tensors, quantised.input_tensors, inputs, strict=True
        )
    ]


def _check_input(twin: Tensor, tensor: Tensor, inputs: Any, hint: str) -> tuple[float, int]:
    if twin.shape != tensor.shape or tensor.quantisation is None:
        raise BadInput("the float and the int8 model do not take the same input", hint=hint)
    fits = (
        isinstance(inputs, np.ndarray)
        and inputs.dtype == np.int8
        and inputs.shape[1:] == tensor.shape[1:]
        and len(inputs) > 0
    )
    if not fits:
        shape = ", ".join(str(length) for length in tensor.shape[1:])
        raise BadInput(
            f"the inputs to compare layers on are not int8 of shape [n, {shape}]",
            hint="pass the int8 features as the device feeds them",
        )
    return tensor.quantisation.scale, tensor.quantisation.zero_point


def _made(graph: Subgraph) -> list[int]:
    return [operator.outputs[0] for operator in graph.operators]


def _tensors_by_name(graph: Subgraph) -> dict[str, list[int]]:
    out: defaultdict[str, list[int]] = defaultdict(list)
    for index in _made(graph):
        if graph.tensors[index].name:
            out[graph.tensors[index].name].append(index)
    return dict(out)


def _tensors_by_turn(graph: Subgraph) -> dict[tuple[str, tuple[int, ...]], list[int]]:
    out: defaultdict[tuple[str, tuple[int, ...]], list[int]] = defaultdict(list)
    for layer in graph.layers:
        made = layer.outputs[0]
        out[layer.name, made.shape].append(made.index)
    return dict(out)


def _layer_error(layer: Layer, sums: ErrorSums, names: Mapping[str, str]) -> LayerError:
    tensor = layer.outputs[0]
    name = names.get(tensor.name, tensor.name)
    if not sums.finite:
        raise CheckFailed(
            f"layer {name} ({layer.label}) yields NaN or infinity",
            hint="check the weights and the inputs of the float network",
        )
    norm = math.sqrt(sums.signal) * math.sqrt(sums.quantised)
    return LayerError(
        index=layer.index,
        name=name,
        operator=layer.name,
        sqnr_db=sums.sqnr_db,
        cosine=min(1.0, max(-1.0, sums.product / norm)) if norm > 0 else None,
        max_error=sums.max_error,
        noise=sums.noise / max(1, sums.values),
        clipped=min(1.0, sums.beyond / sums.noise) if sums.noise > 0 else 0.0,
    )


def _ratio(layer: LayerError) -> float:
    return -math.inf if layer.sqnr_db is None else layer.sqnr_db
