"""What is known of each operator of a model, from whatever looked at it."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.foundation.measurement import Measurement


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """What is known of one operator.

    Parameters
    ----------
    key
        What a viewer of graphs finds its node by: the name of the tensor that it makes, where that
        is the only one of that name, else its place.
    index
        Its place in its subgraph.
    kind
        ``"CONV_2D"`` and the like.
    parameter_bytes
        Weights and biases that it reads, shared ones included, bytes.
    output_bytes
        What it makes, bytes; ``None`` where a shape is not known.
    cost
        Instructions on an emulated core, milliseconds on a board; ``None`` where not benchmarked.
    sqnr_db
        Signal to quantisation noise of its output, dB; ``None`` where not known, or without noise.
    runs_on
        ``"Edge TPU"``, ``"CPU"``, or empty where not known.
    """

    key: str
    index: int
    kind: str
    parameter_bytes: int
    output_bytes: int | None
    cost: Measurement | None = None
    sqnr_db: float | None = None
    runs_on: str = ""


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """What is known of the operators of one subgraph.

    Parameters
    ----------
    graph_id
        What a viewer calls the subgraph.
    operators
        In the order of the graph; without those that no key leads to.
    """

    graph_id: str
    operators: tuple[OperatorFacts, ...]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of a model's operators.

    Parameters
    ----------
    graphs
        One for each subgraph.
    sources
        Where costs and noise come from, in words.
    unknown
        A line for each thing that is not known, with what would tell it.
    """

    graphs: tuple[GraphFacts, ...]
    sources: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
