"""The outputs of a network with several, in its own order and under their own names.

The converter keeps neither: it may turn their order round, and calls them by numbers. Which is
which is seen by what they hold: on the same input a float .tflite gives what the ONNX graph gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from quantize.convert.layer_names import same_values
from quantize.runtimes.catalogue import Runtime
from quantize.runtimes.engines import LiteRtEngine
from quantize.tflite import read_model
from quantize.tflite.flatbuffer import FlatBuffer

if TYPE_CHECKING:
    import onnx

LONGEST_NAME = 16
"""Characters of an output's name: the converter's own are no shorter, and are overwritten."""
_SUBGRAPHS, _TENSORS, _INPUTS, _OUTPUTS, _NAME = 2, 0, 1, 2, 3


def find_outputs(
    float_tflite: bytes, graph: onnx.ModelProto, sample_nhwc: NDArray[np.float32]
) -> tuple[str, ...]:
    """Return the converter's names of a network's outputs, in the network's order.

    Parameters
    ----------
    float_tflite, graph
        What was converted, and from what.
    sample_nhwc
        float32 [1, h, w, c], an input.

    Raises
    ------
    ValueError
        When an output of the network is not among those of the .tflite.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    wanted = session.run(None, {graph.graph.input[0].name: sample_nhwc.transpose(0, 3, 1, 2)})
    engine = LiteRtEngine(float_tflite, Runtime.LITERT_BUILTIN, num_threads=1, preserve=False)
    engine.set_input(0, sample_nhwc)
    engine.invoke()
    left = {
        tensor.name: engine.output(position)
        for position, tensor in enumerate(read_model(float_tflite).main.output_tensors)
    }
    found = []
    for number, values in enumerate(wanted):
        name = next((name for name, given in left.items() if same_values(given, values)), None)
        if name is None:
            raise ValueError(f"output {number} of the network is none of the converted model's")
        found.append(name)
        del left[name]
    return tuple(found)


def with_outputs(data: bytes, found: Sequence[str], names: Sequence[str]) -> bytes:
    """Return a .tflite with its outputs in another order and under other names.

    Parameters
    ----------
    data
        The file's bytes; nothing in it moves.
    found
        The outputs' names in the file, in the order that they are to have.
    names
        Their new names, none longer than the old one.

    Raises
    ------
    ValueError
        When the file has other outputs, or a name does not fit.
    """
    return _with_border(data, _OUTPUTS, found, names)


def with_inputs(data: bytes, found: Sequence[str], names: Sequence[str]) -> bytes:
    """Return a .tflite with its inputs in another order and under other names.

    Parameters and errors are those of `with_outputs`.
    """
    return _with_border(data, _INPUTS, found, names)


def _with_border(data: bytes, field: int, found: Sequence[str], names: Sequence[str]) -> bytes:
    graph = read_model(data).main
    what, border = ("inputs", graph.inputs) if field == _INPUTS else ("outputs", graph.outputs)
    by_name = {graph.tensors[index].name: index for index in border}
    if sorted(by_name) != sorted(found) or len(by_name) != len(border):
        raise ValueError(f"the {what} are {sorted(by_name)}, not {sorted(found)}")
    table = next(FlatBuffer(data).root(b"TFL3").tables(_SUBGRAPHS))
    changed = bytearray(data)
    at = table.vector_position(field)
    order = np.array([by_name[name] for name in found], "<i4").tobytes()
    changed[at : at + len(order)] = order
    tensors = list(table.tables(_TENSORS))
    for old, new in zip(found, names, strict=True):
        room, text = len(old.encode()), new.encode()
        if len(text) > room:
            raise ValueError(f"the name {new} is longer than {old}")
        at = tensors[by_name[old]].vector_position(_NAME)
        changed[at - 4 : at] = len(text).to_bytes(4, "little")
        changed[at : at + room] = text.ljust(room, b"\0")
    return bytes(changed)
