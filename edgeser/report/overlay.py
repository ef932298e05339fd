"""Node data for Model Explorer: what is known of operators, laid over a model's graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Any

from edgeser.benchmark.operator_facts import GraphFacts, ModelFacts, OperatorFacts
from edgeser.report.figures import size

Json = dict[str, Any]


class Overlay(Enum):
    """What a file of node data holds: the viewer shows one value a node."""

    ALL = "all"
    INSTRUCTIONS = "instructions"
    BYTES = "bytes"
    SQNR = "sqnr"
    PLACEMENT = "placement"


_TITLES = {
    Overlay.BYTES: "edgeser: parameter bytes",
    Overlay.SQNR: "edgeser: SQNR, dB",
    Overlay.PLACEMENT: "edgeser: placement",
}
_PALE, _STRONG = (255, 255, 255), (230, 97, 1)
_COLOURS = MappingProxyType({"Edge TPU": "#b8e186", "CPU": "#f1b6da"})


def overlay_json(facts: ModelFacts, what: Overlay = Overlay.ALL) -> dict[str, Any]:
    """Return node data by subgraph and node, in the form that Model Explorer loads.

    Parameters
    ----------
    facts
        What is known.
    what
        What each node shows: all of it as one text, coloured by cost; or numbers of one kind,
        which the viewer sorts, sums and colours.
    """
    return {graph.graph_id: _graph(graph, facts, what) for graph in facts.graphs}


def _graph(graph: GraphFacts, facts: ModelFacts, what: Overlay) -> Json:
    out: Json = {"name": _title(graph, facts, what), "results": _results(graph.operators, what)}
    if what is Overlay.SQNR:  # little signal over the noise is what to look for
        out["gradient"] = _gradient(_STRONG, _PALE)
    elif what in {Overlay.INSTRUCTIONS, Overlay.BYTES}:
        out["gradient"] = _gradient(_PALE, _STRONG)
    else:  # words have neither sum nor mean
        out["hideInAggregatedStatsTable"] = True
    if what is Overlay.ALL:
        out["hideInChildrenStatsTable"] = True
    elif what is Overlay.PLACEMENT:
        out["showExpandedSummaryOnGroupNode"] = True
        out["showLabelCountColumnsInChildrenStatsTable"] = True
    return out


def _title(graph: GraphFacts, facts: ModelFacts, what: Overlay) -> str:
    if what is Overlay.ALL:
        return f"edgeser ({'; '.join(facts.sources)})" if facts.sources else "edgeser"
    unit = next((row.cost.unit for row in graph.operators if row.cost is not None), "instructions")
    return _TITLES.get(what, f"edgeser: {unit}")


def _results(operators: Sequence[OperatorFacts], what: Overlay) -> dict[str, Json]:
    if what is Overlay.ALL:
        weights = _weights(operators)
        return {
            row.key: {"value": _text(row), "bgColor": _shade(weight)}
            for row, weight in zip(operators, weights, strict=True)
        }
    if what is Overlay.PLACEMENT:
        placed = [row for row in operators if row.runs_on]
        return {r.key: {"value": r.runs_on, "bgColor": _COLOURS[r.runs_on]} for r in placed}
    values = [(row.key, _VALUES[what](row)) for row in operators]
    return {key: {"value": value} for key, value in values if value is not None}


_VALUES: Mapping[Overlay, Callable[[OperatorFacts], float | None]] = MappingProxyType(
    {
        Overlay.INSTRUCTIONS: lambda row: None if row.cost is None else row.cost.value,
        Overlay.BYTES: lambda row: row.parameter_bytes,
        Overlay.SQNR: lambda row: row.sqnr_db,
    }
)


def _text(row: OperatorFacts) -> str:
    """Return ``"259,643 instructions; 14 B parameters, 6.4 kB output; 31.2 dB; Edge TPU"``."""
    out = "" if row.output_bytes is None else f", {size(row.output_bytes)} output"
    parts = [f"{size(row.parameter_bytes)} parameters{out}"]
    if row.cost is not None:
        parts.insert(0, f"{row.cost.value:,.10g} {row.cost.unit}")
    if row.sqnr_db is not None:
        parts.append(f"{row.sqnr_db:.1f} dB")
    if row.runs_on:
        parts.append(row.runs_on)
    return "; ".join(parts)


def _weights(operators: Sequence[OperatorFacts]) -> list[float]:
    """Return each operator's cost as a share of the largest; its bytes where no cost is known."""
    known = any(row.cost is not None for row in operators)
    costs = [
        (0.0 if row.cost is None else row.cost.value) if known else float(row.parameter_bytes)
        for row in operators
    ]
    most = max(costs, default=0.0)
    return [cost / most if most > 0 else 0.0 for cost in costs]


def _shade(weight: float) -> str:
    mixed = (round(a + (b - a) * weight) for a, b in zip(_PALE, _STRONG, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _gradient(low: tuple[int, ...], high: tuple[int, ...]) -> list[Json]:
    return [
        {"stop": stop, "bgColor": "#" + "".join(f"{part:02x}" for part in colour)}
        for stop, colour in ((0, low), (1, high))
    ]
