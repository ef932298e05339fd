"""A .tflite model as frozen records; constants are read-only views into the file's bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.foreign import printable
from quantize.tflite.options import OperatorOptions
from quantize.tflite.remarks import Oddity, Unread
from quantize.tflite.schema import DType


@dataclass(frozen=True, slots=True, eq=False)
class Quantisation:
    """Affine quantisation: ``real = scale * (integer - zero_point)``.

    Parameters
    ----------
    scales
        float32 ``[1]`` for the whole tensor, or one for each index of `axis`.
    zero_points
        int64, as many as `scales`.
    axis
        The dimension that `scales` run along; without meaning when there is one scale.
    recorded
        The least and the greatest value that calibration saw, where the file tells one range.
    """

    scales: NDArray[np.float32]
    zero_points: NDArray[np.int64]
    axis: int
    recorded: tuple[float, float] | None = None

    @property
    def per_axis(self) -> bool:
        """Whether there is more than one scale."""
        return self.scales.size > 1

    @property
    def scale(self) -> float:
        """The first scale: the only one of a tensor that is quantised as a whole."""
        return float(self.scales[0])

    @property
    def zero_point(self) -> int:
        """The first zero point: the only one of a tensor that is quantised as a whole."""
        return int(self.zero_points[0])


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One tensor of a subgraph.

    Parameters
    ----------
    index
        Its place in the subgraph's tensors.
    name
        As the file has it; may be empty, and need not be unique.
    shape
        Lengths of its axes; ``()`` for a scalar.
    shape_signature
        The same with -1 for axes of unknown length; ``()`` where the file has none.
    dtype
        Element type.
    quantisation
        ``None`` where the tensor has no scales.
    is_variable
        Whether it keeps its value from one invocation to the next.
    buffer
        Index of its buffer in the model; 0 and empty buffers mean: computed at run time.
    data
        A constant's value, of `shape` and `dtype`; packed uint8 where NumPy has no such dtype, or
        where only a part is stored; ``None`` for tensors that are computed.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...]
    dtype: DType
    quantisation: Quantisation | None
    is_variable: bool
    buffer: int
    data: NDArray[Any] | None

    @property
    def short_name(self) -> str:
        """Its name for people, of names joined by semicolons the first; empty where it has none.

        Converters join the names of all layers that were fused into one.
        """
        return printable(self.name.split(";")[0])

    @property
    def quoted(self) -> str:
        """What a sentence calls it: ``"'probs'"``, or ``"tensor 3"`` where it has no name."""
        return f"'{self.short_name}'" if self.short_name else f"tensor {self.index}"

    @property
    def named(self) -> str:
        """The same with what it is: ``"tensor 'probs'"``."""
        return f"tensor {self.quoted}" if self.short_name else self.quoted

    @property
    def whole(self) -> Quantisation | None:
        """Its quantisation where one scale and zero point are for the whole tensor."""
        quantisation = self.quantisation
        if quantisation is None or quantisation.per_axis or not quantisation.zero_points.size:
            return None
        return quantisation

    @property
    def eight_bit_scale(self) -> float | None:
        """The one scale of an 8-bit tensor; ``None`` for all others."""
        return self.whole.scale if self.dtype.is_eight_bit and self.whole is not None else None

    @property
    def is_constant(self) -> bool:
        """Whether its value stands in the file."""
        return self.data is not None

    @property
    def elements(self) -> int:
        """The number of its elements."""
        return math.prod(self.shape)

    @property
    def byte_size(self) -> int | None:
        """The bytes of its elements, packed; ``None`` where they have no fixed width."""
        return self.dtype.byte_size(self.elements)


@dataclass(frozen=True, slots=True)
class OperatorCode:
    """A kind of operator that the model uses: builtin code, version, and name.

    `name` is the builtin's name, or the custom operator's own.
    """

    builtin: int
    name: str
    is_custom: bool
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """One operator of a subgraph; tensors are given by index, -1 where an optional one is left out.

    Parameters
    ----------
    index
        Its place in the subgraph.
    code
        Its kind.
    inputs, outputs, intermediates
        Indices of tensors in the same subgraph.
    options
        Typed options, ``None`` for operators without and for those not known here.
    custom_options
        Raw bytes of a custom operator's options, uint8; empty where there are none.
    """

    index: int
    code: OperatorCode
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...]
    options: OperatorOptions | None
    custom_options: NDArray[np.uint8]

    @property
    def name(self) -> str:
        """The builtin's name, or the custom operator's own."""
        return self.code.name

    @property
    def version(self) -> int:
        """The operator's version."""
        return self.code.version


@dataclass(frozen=True, slots=True, eq=False)
class Subgraph:
    """Tensors, and the operators over them in the order in which they run.

    Parameters
    ----------
    index, name
        Its place in the model, and what the file calls it.
    tensors, inputs, outputs, operators
        As in the file; inputs and outputs are indices of tensors.
    siblings
        How many subgraphs the model has, itself included: numbers of operators and tensors begin
        anew in each, and so are only told with the subgraph's where there are several.
    """

    index: int
    name: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[Operator, ...]
    siblings: int = 1

    @property
    def input_tensors(self) -> tuple[Tensor, ...]:
        """The tensors that a caller fills."""
        return tuple(self.tensors[index] for index in self.inputs)

    @property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """The tensors that a caller reads."""
        return tuple(self.tensors[index] for index in self.outputs)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its operators in order, each with its tensors at hand."""
        return tuple(Layer(self, operator) for operator in self.operators)

    @property
    def prefix(self) -> str:
        """What stands before the number of an operator or tensor; empty for an only subgraph."""
        return f"subgraph {self.index}, " if self.siblings > 1 else ""

    def tensor_label(self, index: int) -> str:
        """Name a tensor for people: its index and name."""
        return f"{self.prefix}{tensor_label(index, self.tensors[index].name)}"


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator in its graph: a view of both that answers with tensors instead of indices.

    What belongs to one kind of operator is for the modules of that kind, which take a layer.

    Parameters
    ----------
    graph
        The subgraph that the operator's indices are of.
    operator
        The operator; need not be among the graph's, as where one is tried with other inputs.
    """

    graph: Subgraph
    operator: Operator

    @property
    def name(self) -> str:
        """The builtin's name, or the custom operator's own."""
        return self.operator.name

    @property
    def index(self) -> int:
        """Its place in the subgraph."""
        return self.operator.index

    @property
    def version(self) -> int:
        """The operator's version."""
        return self.operator.version

    @property
    def is_custom(self) -> bool:
        """Whether it is no builtin, whatever its name."""
        return self.operator.code.is_custom

    @property
    def options(self) -> OperatorOptions | None:
        """Its typed options, ``None`` where it has none or they are not known here."""
        return self.operator.options

    def input(self, place: int) -> Tensor | None:
        """Return the input at a place, ``None`` where it is left out."""
        indices = self.operator.inputs
        if place >= len(indices) or indices[place] < 0:
            return None
        return self.graph.tensors[indices[place]]

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Its inputs without those that are left out."""
        return tuple(self.graph.tensors[index] for index in self.operator.inputs if index >= 0)

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """The tensors that it makes."""
        return tuple(self.graph.tensors[index] for index in self.operator.outputs if index >= 0)

    @property
    def output(self) -> Tensor | None:
        """The first tensor that it makes, ``None`` where it makes none."""
        return next(iter(self.outputs), None)

    def with_inputs(self, *indices: int) -> Layer:
        """Return a view of the operator as if it read other tensors, by their indices."""
        return Layer(self.graph, replace(self.operator, inputs=indices))

    @property
    def label(self) -> str:
        """Its name for people: its index, kind and the tensor that it makes."""
        made = next((tensor.short_name for tensor in self.outputs if tensor.name), "")
        label = f"{self.graph.prefix}operator {self.index} {printable(self.name)}"
        return f"{label} ({made})" if made else label


def tensor_label(index: int, name: str) -> str:
    """Name a tensor of a subgraph for people."""
    return f"tensor {index} ({printable(name)})" if name else f"tensor {index}"


@dataclass(frozen=True, slots=True)
class Signature:
    """A way into a model by names: one of its functions.

    Parameters
    ----------
    key
        The function's name.
    subgraph
        Index of the subgraph that computes it.
    inputs, outputs
        ``(name, index of the tensor)`` of each argument and result.
    """

    key: str
    subgraph: int
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """A named buffer that the runtime does not read."""

    name: str
    buffer: int


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A whole .tflite file.

    Parameters
    ----------
    source
        The file's name, for messages.
    file_bytes
        Size of the file.
    version
        Schema version; 3 in every file since 2017.
    description
        Free text by the converter.
    operator_codes, subgraphs, metadata
        As in the file.
    buffers
        Read-only uint8 views into the file.
    signatures
        Functions that the file offers by name; none in many files.
    oddities
        What is odd in it, yet can be used.
    unread
        Why it is not used; empty in every model that `quantize.tflite.read_model` returns.
    """

    source: str
    file_bytes: int
    version: int
    description: str
    operator_codes: tuple[OperatorCode, ...]
    subgraphs: tuple[Subgraph, ...]
    buffers: tuple[NDArray[np.uint8], ...]
    metadata: tuple[Metadata, ...]
    signatures: tuple[Signature, ...] = ()
    oddities: tuple[Oddity, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def main(self) -> Subgraph:
        """The subgraph that runs first; the only one of most models."""
        return self.subgraphs[0]

    @property
    def main_label(self) -> str:
        """Which subgraph is the main one, for people; empty where there is only one."""
        return self.subgraph_label(0) if len(self.subgraphs) > 1 else ""

    def subgraph_label(self, index: int) -> str:
        """Name a subgraph for people: its index, its signatures, else its name."""
        keys = [printable(s.key) for s in self.signatures if s.subgraph == index]
        label = f"subgraph {index} of {len(self.subgraphs)}"
        if keys:
            what = "signature" if len(keys) == 1 else "signatures"
            return f"{label} ({what} {', '.join(repr(key) for key in keys)})"
        name = printable(self.subgraphs[index].name)
        return f"{label} ({name})" if name else label
