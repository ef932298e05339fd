"""A network that is not ours: the int8 model held to the network itself, output by output."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.convert.network import ConvertedNetwork
from quantize.convert.verify import layer_label
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.foreign import printable
from quantize.foundation.measurement import Evidence, Measurement
from quantize.layer_error import ErrorSums, layer_errors
from quantize.noise_source import noise_source
from quantize.runtimes import Runtime, run_outputs
from quantize.tflite import read_model
from quantize.tflite.model import Subgraph, Tensor
from quantize.tflite.schema import DType

_ROUNDING = 1e-9
_LOOKED_AT = 32
_MUCH_DB = 6.0
"""What a layer loses that is named as the one to change: half of the signal's amplitude."""
_BUFFERS = "Too many buffers"
_LACKING = re.compile(r"Didn't find op for builtin opcode '(\w+)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTolerances:
    """How far int8 may be from float.

    Parameters
    ----------
    max_flips
        Share of samples whose largest value may be another one, of outputs ``[1, values]``.
    min_sqnr
        Signal-to-quantisation-noise ratio in dB that each output must have.
    """

    max_flips: float = 0.03
    min_sqnr: float = 10.0

    def __post_init__(self) -> None:
        if not (0 <= self.max_flips <= 1 and math.isfinite(self.min_sqnr)):
            raise BadInput(
                f"the tolerances are {self.max_flips} and {self.min_sqnr} dB",
                hint="give a ratio between 0 and 1, and a ratio in dB",
            )


@dataclass(frozen=True, slots=True)
class OutputParity:
    """How far one output of the int8 model is from the network's.

    Parameters
    ----------
    name
        The network's.
    values
        How many were compared.
    sqnr
        10 log10(sum f^2 / sum (f - q)^2) in dB; `None` where int8 gave just what float gave, or
        float gave nothing but zeros, and of places.
    max_error
        Largest absolute difference, in the output's own unit.
    max_lsb
        The same in steps of the int8 output.
    flips
        Share of samples whose largest float value is not among the largest in int8; `None` where
        that says nothing: of an output that is no row of at least two values. Of places, as of
        ArgMax, the share that are others.
    ties
        How many samples have several largest values in int8, closer than its steps: which of them
        wins is up to who reads them.
    flipped
        Pairs of the values' places that changed, float's first, with how often; the commonest ten.
    whole
        Whether the output is places.
    """

    name: str
    values: int
    sqnr: Measurement | None
    max_error: Measurement
    max_lsb: Measurement
    flips: Measurement | None
    ties: int = 0
    flipped: tuple[tuple[int, int, int], ...] = ()
    whole: bool = False


@dataclass(frozen=True, slots=True)
class NetworkParity:
    """The comparison.

    Parameters
    ----------
    outputs
        Each output.
    samples, source
        What was compared on: how many, and in words which.
    tolerances
        What is judged by.
    where_to_look
        The layer that loses most of what is lost; empty where all is well.
    """

    outputs: tuple[OutputParity, ...]
    samples: int
    source: str
    tolerances: NetworkTolerances
    where_to_look: str = ""

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each tolerance that is broken, with where to look."""
        look = f"; {self.where_to_look}" if self.where_to_look else ""
        return tuple(
            f"{line}{look}" for output in self.outputs for line in self._failures_of(output)
        )

    @property
    def passed(self) -> bool:
        """Whether the tolerances hold."""
        return not self.failures

    def _failures_of(self, output: OutputParity) -> list[str]:
        out = []
        limits, name = self.tolerances, printable(output.name)
        if output.flips is not None and output.flips.value > limits.max_flips + _ROUNDING:
            count, what = self.samples, "samples get another largest value"
            if output.whole:
                count, what = output.values, "places are others"
            out.append(
                f"output {name}: {100 * output.flips.value:.1f} % of {count} {what}, tolerance "
                f"{100 * limits.max_flips:.1f} %"
            )
        if output.sqnr is not None and output.sqnr.value < limits.min_sqnr:
            out.append(
                f"output {name}: {output.sqnr.value:.1f} dB of signal over quantisation noise, "
                f"tolerance {limits.min_sqnr:.1f} dB"
            )
        return out


def compare_network(
    network: ConvertedNetwork, *, source: str, tolerances: NetworkTolerances
) -> NetworkParity:
    """Run the int8 model in TFLite-Micro on the parity data and hold it to the network.

    Parameters
    ----------
    network
        With its parity data, and what it gives for them in float.
    source
        What that data is, in words.
    tolerances
        What is judged by.

    Raises
    ------
    CheckFailed
        When TFLite-Micro has no such operator: it is named with its layer.
    BadInput, ToolMissing, InternalError
        When TFLite-Micro refuses the model otherwise, is not installed or crashes.
    """
    graph = read_model(network.int8_tflite, name="the int8 model").main
    inputs = [
        on_grid(each.to_device(values), tensor)
        for each, values, tensor in zip(
            network.inputs, network.parity, graph.input_tensors, strict=True
        )
    ]
    try:
        given = run_outputs(
            network.int8_tflite, inputs, runtime=Runtime.TFLITE_MICRO, name="the int8 model"
        )
    except BadInput as error:
        _refuse_operator(error.message, graph, dict(network.layer_names))
        raise
    said = f"TFLite-Micro against {network.framework}, {len(inputs[0])} samples, {source}"
    outputs = []
    for each, steps, tensor, wanted in zip(
        network.outputs, given, graph.output_tensors, network.reference, strict=True
    ):
        scale, zero_point = grid_of(tensor)
        real = (steps.astype(np.float64) - zero_point) * scale
        ours = each.to_source(real.reshape(len(real), *each.shape[1:]))
        outputs.append(compare_output(each.source.name, wanted, ours, scale, said))
    found = NetworkParity(tuple(outputs), len(inputs[0]), source, tolerances)
    if found.passed:
        return found
    return replace(found, where_to_look=_where_to_look(network, inputs))


def _refuse_operator(said: str, graph: Subgraph, layer_names: Mapping[str, str]) -> None:
    """Name the layer of the operator that TFLite-Micro says it lacks, if it says so.

    Raises
    ------
    CheckFailed
        With what to change.
    """
    if _BUFFERS in said:
        raise CheckFailed(
            f"the int8 model has {len(graph.operators):,} operators, for which TFLite-Micro plans "
            "no memory",
            hint="fewer steps or units of recurrent layers, by strides or pooling before them",
        )
    found = _LACKING.search(said)
    if found is None:
        return
    for layer in graph.layers:
        if layer.name == found[1]:
            raise CheckFailed(
                f"{layer_label(layer, layer_names)}: TFLite-Micro has no {found[1]}",
                hint="replace it by operators that docs/operators.md lists",
            )


def _where_to_look(network: ConvertedNetwork, inputs: Sequence[NDArray[np.int8]]) -> str:
    errors = layer_errors(
        network.float_tflite,
        network.int8_tflite,
        [values[:_LOOKED_AT] for values in inputs],
        layer_names=dict(network.layer_names),
    )
    graph = read_model(network.int8_tflite, name="the int8 model").main
    source = noise_source(graph, errors)
    if source is None:
        return ""
    layer = f"layer {printable(source.layer.name)}, {source.layer.operator}"
    ratio = source.layer.sqnr_db
    made = "only noise" if ratio is None else f"{ratio:.1f} dB"
    if source.lost_db < _MUCH_DB:
        return f"the noise gathers over many layers, most of it at {layer}, which gives {made}"
    hint = f": {source.hint}" if source.hint else ""
    return f"most is lost at {layer}, from {source.given_db:.1f} dB to {made}{hint}"


def on_grid(values: NDArray[np.float32], tensor: Tensor) -> NDArray[np.int8]:
    """Return the int8 values that a device is given for real ones, those beyond the range at it."""
    scale, zero_point = grid_of(tensor)
    steps = np.rint(values.astype(np.float64) / scale) + zero_point
    return np.asarray(np.clip(steps, -128, 127), np.int8)


def grid_of(tensor: Tensor) -> tuple[float, int]:
    """Return scale and zero point of an input or output; places are their own values."""
    if tensor.dtype is DType.INT32:
        return 1.0, 0
    if tensor.quantisation is None:
        raise BadInput(f"tensor {tensor.index} is not quantised", hint="export the network anew")
    return tensor.quantisation.scale, tensor.quantisation.zero_point


def compare_output(
    name: str, wanted: NDArray[Any], found: NDArray[np.float64], scale: float, said: str
) -> OutputParity:
    """Compare one output, float and int8 in real values ``[n, ...]``.

    Parameters
    ----------
    name
        The output's.
    wanted, found
        What the network gives, int32 where that is places, and what the int8 model gives.
    scale
        The real value of one int8 step.
    said
        What figures name as their source.
    """
    sums = ErrorSums()
    sums.add(wanted, found)

    def figure(value: float, unit: str) -> Measurement:
        return Measurement(value, unit, Evidence.MEASURED, said)

    flips: Measurement | None = None
    flipped: tuple[tuple[int, int, int], ...] = ()
    ties = 0
    whole = wanted.dtype.kind in "iu"
    if whole:
        changed = wanted != found
        flips = figure(float(changed.mean()), "ratio")
        flipped = _commonest(wanted[changed], found[changed].astype(np.int64))
    elif wanted.ndim == 2 and wanted.shape[1] > 1:
        before, after = wanted.argmax(axis=1), found.argmax(axis=1)
        largest = found >= found.max(axis=1, keepdims=True)
        changed = ~np.take_along_axis(largest, before[:, np.newaxis], axis=1)[:, 0]
        flips = figure(float(changed.mean()), "ratio")
        ties = int((largest.sum(axis=1) > 1).sum())
        flipped = _commonest(before[changed], after[changed])
    return OutputParity(
        name=name,
        values=wanted.size,
        sqnr=None if whole or sums.sqnr_db is None else figure(sums.sqnr_db, "dB"),
        max_error=figure(sums.max_error, ""),
        max_lsb=figure(sums.max_error / scale, "LSB"),
        flips=flips,
        ties=ties,
        flipped=flipped,
        whole=whole,
    )


def _commonest(
    before: NDArray[np.int64], after: NDArray[np.int64]
) -> tuple[tuple[int, int, int], ...]:
    pairs, counts = np.unique(np.stack([before, after], axis=1), axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:10]
    return tuple((int(pairs[i, 0]), int(pairs[i, 1]), int(counts[i])) for i in order)
