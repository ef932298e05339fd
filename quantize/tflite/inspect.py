"""What a model is made of: operators, tensors, work, sizes, and whether it is int8 throughout.

Data only; `edgeser inspect` renders it.
"""

from __future__ import annotations

from dataclasses import dataclass

from quantize.tflite.kept import kept_tensors
from quantize.tflite.macs import count_macs
from quantize.tflite.model import Layer, Model, Signature, Subgraph, Tensor
from quantize.tflite.offenders import Offender, find_offenders
from quantize.tflite.remarks import Oddity, Unread


@dataclass(frozen=True, slots=True)
class TensorSummary:
    """A tensor as an operator sees it.

    Parameters
    ----------
    index, name, shape
        As in the model.
    dtype
        ``"int8"``, ``"float32"``, ...
    constant
        Whether its value stands in the file.
    scale, zero_point
        Quantisation of the whole tensor; ``None`` where there is none, or one a channel.
    channels
        Number of scales; 1 for the whole tensor, 0 without quantisation.
    axis
        The axis that the scales run along, ``None`` unless there are several.
    scale_range
        Smallest and largest scale, ``None`` without quantisation.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    constant: bool
    scale: float | None
    zero_point: int | None
    channels: int
    axis: int | None
    scale_range: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class OperatorSummary:
    """One operator.

    Parameters
    ----------
    subgraph, index
        Its place in the model.
    name, version, custom
        Its kind; `custom` when it is not a builtin.
    inputs, outputs
        Its tensors; inputs that are left out are not listed.
    macs
        Multiply-accumulates of one run, ``None`` where not known (`quantize.tflite.macs`).
    parameter_bytes
        Bytes of the weights and biases that it reads, shared ones included.
    """

    subgraph: int
    index: int
    name: str
    version: int
    custom: bool
    inputs: tuple[TensorSummary, ...]
    outputs: tuple[TensorSummary, ...]
    macs: int | None
    parameter_bytes: int


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """One subgraph, apart from all others.

    Parameters
    ----------
    index, name
        As in the model.
    label
        What it is called where there are several: number, signatures or name.
    signatures
        The functions that it computes.
    inputs, outputs, operators
        Its own.
    macs
        Sum over its operators whose work is known.
    """

    index: int
    name: str
    label: str
    signatures: tuple[Signature, ...]
    inputs: tuple[TensorSummary, ...]
    outputs: tuple[TensorSummary, ...]
    operators: tuple[OperatorSummary, ...]

    @property
    def macs(self) -> int:
        """Sum over the operators whose work is known."""
        return sum(op.macs for op in self.operators if op.macs is not None)


@dataclass(frozen=True, slots=True)
class ModelInspection:
    """All that `inspect_model` found.

    Parameters
    ----------
    source, description, schema_version
        As in the model.
    inputs, outputs
        Of the main subgraph.
    operators
        Of all subgraphs, in order.
    file_bytes
        Size of the file.
    macs
        Sum over the operators whose work is known.
    uncounted
        Names of the operators whose work is not known, each once.
    parameters, parameter_bytes
        Weights and biases, each counted once however many operators share it.
    kept
        What the main subgraph keeps from one invocation to the next; empty in most models.
    offenders
        Layers that are not int8; empty when the model is.
    metadata
        Names of the metadata that the file carries.
    graphs
        Its subgraphs, each by itself.
    oddities, unread
        What is odd, and why no other command takes it (`quantize.tflite.model.Model`).
    """

    source: str
    description: str
    schema_version: int
    inputs: tuple[TensorSummary, ...]
    outputs: tuple[TensorSummary, ...]
    operators: tuple[OperatorSummary, ...]
    file_bytes: int
    macs: int
    uncounted: tuple[str, ...]
    parameters: int
    parameter_bytes: int
    kept: tuple[TensorSummary, ...]
    offenders: tuple[Offender, ...]
    metadata: tuple[str, ...]
    graphs: tuple[GraphSummary, ...]
    oddities: tuple[Oddity, ...]
    unread: tuple[Unread, ...]

    @property
    def fully_int8(self) -> bool:
        """Whether inputs, outputs, activations and weights are all int8 (biases int32)."""
        return not self.offenders


def inspect_model(model: Model) -> ModelInspection:
    """Summarise a model that `read_model` or `examine_model` has read and verified."""
    graphs = tuple(_graph_summary(model, subgraph) for subgraph in model.subgraphs)
    operators = tuple(operator for graph in graphs for operator in graph.operators)
    parameters, parameter_bytes = _parameters(model)
    uncounted = dict.fromkeys(op.name for op in operators if op.macs is None)
    return ModelInspection(
        source=model.source,
        description=model.description,
        schema_version=model.version,
        inputs=graphs[0].inputs,
        outputs=graphs[0].outputs,
        operators=operators,
        file_bytes=model.file_bytes,
        macs=sum(op.macs for op in operators if op.macs is not None),
        uncounted=tuple(uncounted),
        parameters=parameters,
        parameter_bytes=parameter_bytes,
        kept=tuple(_tensor_summary(tensor) for tensor in kept_tensors(model.main)),
        offenders=find_offenders(model),
        metadata=tuple(entry.name for entry in model.metadata),
        graphs=graphs,
        oddities=model.oddities,
        unread=model.unread,
    )


def _graph_summary(model: Model, subgraph: Subgraph) -> GraphSummary:
    return GraphSummary(
        index=subgraph.index,
        name=subgraph.name,
        label=model.subgraph_label(subgraph.index),
        signatures=tuple(s for s in model.signatures if s.subgraph == subgraph.index),
        inputs=tuple(_tensor_summary(tensor) for tensor in subgraph.input_tensors),
        outputs=tuple(_tensor_summary(tensor) for tensor in subgraph.output_tensors),
        operators=tuple(_operator_summary(layer) for layer in subgraph.layers),
    )


def _used_tensors(layer: Layer) -> tuple[Tensor, ...]:
    return (*layer.inputs, *layer.outputs)


def _is_parameter(tensor: Tensor) -> bool:
    """Tell weights and biases from shapes, axes and paddings, which are plain integers."""
    return tensor.is_constant and (tensor.dtype.is_float or tensor.quantisation is not None)


def _parameters(model: Model) -> tuple[int, int]:
    """Return elements and bytes of all weights and biases, each buffer counted once."""
    used = {
        tensor.buffer: tensor
        for subgraph in model.subgraphs
        for layer in subgraph.layers
        for tensor in _used_tensors(layer)
        if _is_parameter(tensor)
    }
    elements = sum(tensor.elements for tensor in used.values())
    return elements, sum(tensor.byte_size or 0 for tensor in used.values())


def _operator_summary(layer: Layer) -> OperatorSummary:
    inputs = layer.inputs
    return OperatorSummary(
        subgraph=layer.graph.index,
        index=layer.index,
        name=layer.name,
        version=layer.version,
        custom=layer.is_custom,
        inputs=tuple(_tensor_summary(tensor) for tensor in inputs),
        outputs=tuple(_tensor_summary(tensor) for tensor in layer.outputs),
        macs=count_macs(layer),
        parameter_bytes=sum(t.byte_size or 0 for t in inputs if _is_parameter(t)),
    )


def _tensor_summary(tensor: Tensor) -> TensorSummary:
    quantisation = tensor.quantisation
    whole = quantisation is not None and not quantisation.per_axis
    return TensorSummary(
        index=tensor.index,
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype.label,
        constant=tensor.is_constant,
        scale=quantisation.scale if quantisation and whole else None,
        zero_point=quantisation.zero_point if quantisation and whole else None,
        channels=quantisation.scales.size if quantisation else 0,
        axis=quantisation.axis if quantisation and not whole else None,
        scale_range=(
            (float(quantisation.scales.min()), float(quantisation.scales.max()))
            if quantisation
            else None
        ),
    )
