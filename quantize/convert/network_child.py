"""The child's side of a network that is not ours: the file in, float and int8 .tflite bytes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from quantize.convert.float_tables import tables_in_float
from quantize.convert.layer_names import LayerValues, name_layers, same_values, tflite_values
from quantize.convert.network_parts import DeviceTensor, SourceTensor, match_data, possible_axes
from quantize.convert.output_order import with_inputs, with_outputs
from quantize.convert.tensorflow_child import (
    Clock,
    converters,
    first_line,
    float_parts,
    set_up,
    to_int8,
    with_tensorflow_ops,
)
from quantize.foundation.errors import BadInput, CheckFailed, EdgeserError
from quantize.foundation.foreign import printable
from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.engines import LiteRtEngine
from quantize.tflite import read_model

_TOLERANCE = 2e-3
"""Largest difference of the converted float network, as a share of an output's largest value."""
_LOOKED_AT = 4
Samples = list[NDArray[np.float32]]


class Network(Protocol):
    """What each kind of source offers."""

    inputs: tuple[SourceTensor, ...]
    outputs: tuple[str, ...]

    def outputs_of(self, samples: Iterator[Samples]) -> Iterator[list[Any]]:
        """Yield what the network gives for each sample."""

    def build(self) -> tuple[Any, list[Any], Any]:
        """Return it as a function of TensorFlow, its inputs, and what owns it."""

    def other_way(self) -> bool:
        """Build it in another way the next time; say whether there is one."""
        ...

    def layers_by_kind(self) -> dict[str, str]:
        """Return for each kind of operator the first layer that has it, where that is known."""
        ...

    def layer_values(self, sample: Samples) -> list[LayerValues]:
        """Return what its layers give for one sample; nothing where tensors keep their names."""


def convert_network(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Convert a network to float and int8 .tflite (a `ChildFunction`).

    Parameters
    ----------
    arrays
        ``calibration0`` ... and ``parity0`` ...: samples, by their place in the options' names;
        ``reference0`` ...: what the network gives for the latter, where that is known already.
    options
        ``folder``: of our own, with the network as ``file``; ``kind``; ``limit``: bytes;
        ``beside``: where it was given, of ONNX;
        ``calibration``, ``parity``: names of their arrays; ``legacy``: whether a .keras is of
        Keras 2; ``references``: how many references are given; ``outputs``: their names.

    Returns
    -------
    ``float_tflite``, ``int8_tflite``, uint8; ``parity0`` ... and ``reference0`` ..., float32, in
    the network's order and layout; ``table0`` ...: of inputs that are looked up; ``inputs`` and
    ``outputs``: name, shape there, shape on the device, axes, whether of integers; ``layer_names``,
    ``seconds``; or ``refused``, as of `quantize.convert.tensorflow_child.convert_onnx`.
    """
    set_up(options["folder"])
    clock = Clock()
    network = _opened(options)
    calibration = _matched(arrays, options, "calibration", network)
    parity = _matched(arrays, options, "parity", network)
    if count := options["references"]:
        network.outputs = tuple(options["outputs"])
        reference = [arrays[f"reference{place}"] for place in range(count)]
    else:
        reference = _reference(network, parity)
    clock.lap("float reference")
    data = _Data(calibration, parity, reference)
    try:
        return _converted(network, data, clock)
    except _OtherValues as error:
        if not network.other_way():
            raise CheckFailed(error.message, hint=error.hint) from error
        first = error
    try:
        return _converted(network, data, clock)
    except _OtherValues:  # of the two, what most are converted by
        raise CheckFailed(first.message, hint=first.hint) from first


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Samples of each input, and what the network gives for those of the parity."""

    calibration: Samples
    parity: Samples
    reference: Samples


class _OtherValues(CheckFailed):
    """The converted float network is not the network."""


def _converted(
    network: Network, data: _Data, clock: Clock
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Convert by one way of building; see `convert_network`."""
    calibration, parity, reference = data.calibration, data.parity, data.reference
    try:
        function, spec, owner = network.build()
    except EdgeserError:
        raise
    except (Exception, SystemExit) as error:  # onnx2tf raises and exits as it pleases
        layer = str(getattr(error, "onnx_op_name", "") or "")
        return {}, {"refused": first_line(error), "layer": layer}
    kinds = network.layers_by_kind()
    clock.lap("TensorFlow graph")
    converter_of = converters(function, spec, owner, rewrite=True)
    try:
        float_tflite = converter_of().convert()
    except Exception as error:  # the converter's own error types are not public
        return _parts(lambda: with_tensorflow_ops(converter_of()), [], error, kinds)
    clock.lap("float model")
    entries, turned = _input_order(float_tflite)
    some, wanted = _looked_at(parity, reference)
    shapes = [tuple(each.shape) for each in spec]
    inputs, outputs, found = _layouts(network, float_tflite, shapes, turned, some, wanted)
    names = _layer_names(network, float_tflite, inputs, turned, some)
    clock.lap("layer names")

    def representative() -> Iterator[Samples]:
        for sample in _one_by_one(calibration):
            yield [inputs[place].to_device(sample[place]) for place in turned]

    try:
        with tables_in_float():
            int8_tflite = to_int8(converter_of(), representative, measured=True)
    except Exception as error:
        return _parts(
            lambda: to_int8(converter_of(), representative, allow_float=True), names, error, kinds
        )
    clock.lap("int8 model")

    def in_order(model: bytes) -> NDArray[np.uint8]:
        """Return a .tflite with inputs and outputs in the network's order, by its names."""
        ordered = [entries[turned.index(place)] for place in range(len(turned))]
        given = _names([each.name for each in network.inputs], "input", ordered)
        made = _names(network.outputs, "output", found)
        model = with_outputs(with_inputs(model, ordered, given), found, made)
        return np.frombuffer(model, np.uint8)

    out: dict[str, NDArray[Any]] = {
        "float_tflite": in_order(float_tflite),
        "int8_tflite": in_order(int8_tflite),
        **_numbered("parity", parity),
        **_numbered("reference", reference),
        **_numbered("table", [each.table for each in network.inputs]),
    }
    return out, {
        "inputs": [_as_json(each) for each in inputs],
        "outputs": [_as_json(each) for each in outputs],
        "layer_names": names,
        "seconds": clock.seconds,
        "calibration_samples": len(calibration[0]),
    }


def _numbered(name: str, arrays: Sequence[NDArray[Any] | None]) -> dict[str, NDArray[Any]]:
    """Return those arrays that there are, by a name and their place."""
    return {f"{name}{place}": each for place, each in enumerate(arrays) if each is not None}


def _opened(options: dict[str, Any]) -> Network:
    path, limit = Path(options["folder"]) / options["file"], options["limit"]
    if options["kind"] == "onnx":
        from quantize.convert.onnx_network import OnnxNetwork

        beside = options.get("beside")
        return OnnxNetwork(path, limit_bytes=limit, beside=Path(beside) if beside else None)
    from quantize.convert.keras_network import open_keras, open_saved_model

    if options["kind"] == "keras":
        return open_keras(path, legacy=options["legacy"])
    return open_saved_model(path, limit_bytes=limit)


def _matched(
    arrays: dict[str, NDArray[Any]], options: dict[str, Any], role: str, network: Network
) -> Samples:
    named = {name: arrays[f"{role}{place}"] for place, name in enumerate(options[role])}
    return match_data(named, network.inputs, where=f"the {role} data")


def _one_by_one(samples: Sequence[NDArray[np.float32]]) -> Iterator[Samples]:
    for place in range(len(samples[0])):
        yield [values[place : place + 1] for values in samples]


def _reference(network: Network, parity: Samples) -> Samples:
    """Return what the network gives for each sample, ``[n, ...]`` for each of its outputs."""
    rows = list(network.outputs_of(_one_by_one(parity)))
    return [
        stacked([row[place] for row in rows], name) for place, name in enumerate(network.outputs)
    ]


def stacked(values: Sequence[Any], name: str) -> NDArray[Any]:
    """Return an output of many samples as float32 ``[n, ...]``, places as int32 ``[n, ...]``.

    Raises
    ------
    BadInput
        When it has no batch axis of 1, is not of numbers, or is NaN or infinite.
    """
    arrays = [np.asarray(each) for each in values]
    shown = printable(name)
    if all(each.dtype.kind in "iu" and each.ndim and each.shape[0] == 1 for each in arrays):
        return np.concatenate(arrays).astype(np.int32)
    if any(each.dtype.kind != "f" for each in arrays):
        raise BadInput(
            f"output {shown} is {arrays[0].dtype} of shape {list(arrays[0].shape)}, and neither "
            "float nor places for a batch of 1",
            hint="have the network return what it compares or counts, or ArgMax of it",
        )
    if any(each.ndim < 2 or each.shape[0] != 1 for each in arrays):
        raise BadInput(
            f"output {shown} has shape {list(arrays[0].shape)}, without a batch axis of 1 and one "
            "of values",
            hint="have the network return [batch, values]",
        )
    out = np.concatenate(arrays).astype(np.float32)
    if not np.isfinite(out).all():
        raise BadInput(
            f"output {shown} is NaN or infinite on the data",
            hint="the training diverged, or the data is not what the network was trained on",
        )
    return out


def _looked_at(parity: Samples, reference: Samples) -> tuple[Samples, Samples]:
    """Return samples to tell outputs apart by; several outputs of places only by all of them."""
    several = sum(each.dtype.kind != "f" for each in reference) > 1
    count = len(parity[0]) if several else _LOOKED_AT
    return [values[:count] for values in parity], [values[:count] for values in reference]


def _layouts(
    network: Network,
    float_tflite: bytes,
    shapes: Sequence[tuple[int, ...]],
    turned: Sequence[int],
    samples: Samples,
    wanted: Samples,
) -> tuple[list[DeviceTensor], list[DeviceTensor], list[str]]:
    """Find the layout of each input, and which output of the .tflite is which, by their values."""
    graph = read_model(float_tflite, name="the float model").main
    engine = LiteRtEngine(float_tflite, Runtime.LITERT_BUILTIN, num_threads=1, preserve=False)
    best = float("inf")
    orders = [
        possible_axes(s.shape, shape) for s, shape in zip(network.inputs, shapes, strict=True)
    ]
    for axes in product(*orders):
        inputs = [
            DeviceTensor(source, shape, order)
            for source, shape, order in zip(network.inputs, shapes, axes, strict=True)
        ]
        rows: list[list[NDArray[Any]]] = []
        for sample in _one_by_one(samples):
            for position, place in enumerate(turned):
                engine.set_input(position, inputs[place].to_device(sample[place]))
            engine.invoke()
            rows.append([engine.output(place) for place in range(len(graph.outputs))])
        given = [np.concatenate(values) for values in zip(*rows, strict=True)]
        outputs, order = _paired(network.outputs, wanted, given)
        if outputs is not None:
            _check_told_apart(network.outputs, wanted, given)
            found = [graph.output_tensors[place].name for place in order]
            if len({graph.outputs[place] for place in order}) < len(order):
                raise CheckFailed(
                    f"two of the outputs {', '.join(map(printable, network.outputs))} are one and "
                    "the same",
                    hint="have the network return it once",
                )
            return inputs, outputs, found
        best = min(best, _closest(wanted, given))
    raise _OtherValues(
        "the converted float network gives other values than its source: an output differs by "
        f"{best:.2g} of its range" if np.isfinite(best) else
        "the converted float network has other outputs than its source",
        hint="replace reshapes and transposes that mix channels with time or space by pooling, or "
        "export from the framework that the network was trained in",
    )  # fmt: skip


def _paired(
    names: Sequence[str], wanted: Samples, given: Sequence[NDArray[Any]]
) -> tuple[list[DeviceTensor] | None, list[int]]:
    """Pair outputs by their values; the first is `None` where one has no like."""
    pairs, order = [], []
    for name, values in zip(names, wanted, strict=True):
        match = next(
            (
                (place, axes)
                for place, other in enumerate(given)
                if place not in order
                for axes in possible_axes((1, *values.shape[1:]), (1, *other.shape[1:]))
                if _alike(values.transpose(axes), other)
            ),
            None,
        )
        if match is None:
            return None, []
        place, axes = match
        order.append(place)
        source = SourceTensor(name, (1, *values.shape[1:]), whole=values.dtype.kind in "iu")
        pairs.append(DeviceTensor(source, (1, *given[place].shape[1:]), axes))
    return (pairs, order) if len(order) == len(given) else (None, [])


def _alike(wanted: NDArray[Any], given: NDArray[Any]) -> bool:
    """Whether an output is the network's: float in a tolerance, places all of them."""
    if (wanted.dtype.kind == "f") != (given.dtype.kind == "f"):
        return False
    if wanted.dtype.kind != "f":
        return np.array_equal(wanted, given)
    return same_values(wanted, given, tolerance=_TOLERANCE)


def _check_told_apart(names: Sequence[str], wanted: Samples, given: Sequence[NDArray[Any]]) -> None:
    """Refuse places that two outputs give alike, of which none knows which is which."""
    for name, values in zip(names, wanted, strict=True):
        if values.dtype.kind != "f" and sum(_alike(values, other) for other in given) > 1:
            raise CheckFailed(
                f"output {printable(name)} gives the same places as another on the data, and the "
                "two cannot be told apart",
                hint="give data on which they differ, with --parity, or the values in place of "
                "ArgMax",
            )


def _closest(wanted: Samples, given: Sequence[NDArray[Any]]) -> float:
    """Return how far the worst output is from the nearest, as a share of its largest value."""
    worst = 0.0
    for values in wanted:
        near = float("inf")
        for other in given:
            for axes in possible_axes((1, *values.shape[1:]), (1, *other.shape[1:])):
                apart = float(np.abs(values.transpose(axes) - other).max())
                near = min(near, apart / max(float(np.abs(values).max()), 1e-12))
        worst = max(worst, near)
    return worst


def _layer_names(
    network: Network,
    float_tflite: bytes,
    inputs: Sequence[DeviceTensor],
    turned: Sequence[int],
    samples: Samples,
) -> list[tuple[str, str]]:
    """Name layers by their values, where the source can be run layer by layer."""
    sample = [values[:1] for values in samples]
    try:
        layers = network.layer_values(sample)
    except Exception:  # names are worth having, not failing for
        return []
    if not layers:
        return []
    graph = read_model(float_tflite, name="the float model").main
    on_device = [inputs[place].to_device(sample[place]) for place in turned]
    return name_layers(graph, tflite_values(float_tflite, graph, on_device), layers)


def _input_order(float_tflite: bytes) -> tuple[list[str], list[int]]:
    """Return the inputs' names in the .tflite, in its order, and which of the network's each is.

    The converter turns their order round as it pleases; the names that we gave are part of its own.
    """
    names = [each.name for each in read_model(float_tflite).main.input_tensors]
    found = [re.search(r"input_(\d+)_of_the_network", name) for name in names]
    turned = [int(each[1]) for each in found if each is not None]
    if sorted(turned) != list(range(len(names))):
        raise CheckFailed(
            f"the converted network lost an input: it has {', '.join(map(printable, names))}",
            hint="leave out inputs that nothing is made of",
        )
    return names, turned


def _names(names: Sequence[str], kind: str, found: Sequence[str]) -> list[str]:
    """Return what inputs or outputs are called in the .tflite, where the converter's names stand.

    Their own names, where these fit; else numbers.
    """
    one = len(names) == 1
    numbers = [kind] if one else [f"{kind}{place}" for place in range(len(names))]
    for wanted in (names, numbers):
        fit = all(
            name.isascii() and name.isprintable() and 0 < len(name) <= len(room.encode())
            for name, room in zip(wanted, found, strict=True)
        )
        if fit and len(set(wanted)) == len(wanted):
            return list(wanted)
    return list(found)


def _parts(
    convert: Callable[[], bytes],
    names: list[tuple[str, str]],
    error: Exception,
    kinds: dict[str, str],
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Answer with a graph that shows which operators are left; without one where there is none."""
    try:
        arrays, values = float_parts(convert(), names, error)
        return arrays, {**values, "kinds": kinds}
    except Exception:  # then the first refusal says what is known
        return {}, {"refused": first_line(error), "layer": ""}


def _as_json(each: DeviceTensor) -> list[Any]:
    source = each.source
    return [source.name, list(source.shape), list(each.shape), list(each.axes), source.whole]
