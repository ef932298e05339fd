"""What is in a model: tensors, operators, subgraphs, and what is odd in it."""

from __future__ import annotations

import math
from typing import Any

from edgeser.report.schemas.form import Json
from edgeser.report.schemas.remarks import oddity_json, unread_json
from quantize.foundation.measurement import Evidence, Measurement
from quantize.tflite.inspect import GraphSummary, ModelInspection, OperatorSummary, TensorSummary

INSPECT_SCHEMA = "edgeser.inspect/1"


def inspection_json(found: ModelInspection) -> Json:
    """Return everything as a JSON object of schema ``edgeser.inspect/1``.

    Totals carry unit and evidence; ``macs`` of an operator is in MAC, null where not known,
    and its ``parameter_bytes`` in bytes.
    """
    return {
        "schema": INSPECT_SCHEMA,
        "model": found.source,
        "description": found.description,
        "schema_version": found.schema_version,
        "file_bytes": _figure(found.file_bytes, "bytes"),
        "inputs": [_tensor(tensor) for tensor in found.inputs],
        "outputs": [_tensor(tensor) for tensor in found.outputs],
        "operators": [_operator(operator) for operator in found.operators],
        "macs": _figure(found.macs, "MAC"),
        "macs_not_counted_for": list(found.uncounted),
        "parameters": _figure(found.parameters, "count"),
        "parameter_bytes": _figure(found.parameter_bytes, "bytes"),
        "state": [_tensor(tensor) for tensor in found.kept],
        "fully_int8": found.fully_int8,
        "not_int8": [
            {"layer": o.layer, "tensor": o.tensor, "dtype": o.dtype, "missing": o.missing}
            for o in found.offenders
        ],
        "metadata": list(found.metadata),
        "subgraphs": [_graph(graph) for graph in found.graphs],
        "oddities": [oddity_json(oddity) for oddity in found.oddities],
        "not_read": [unread_json(unread) for unread in found.unread],
    }


def _graph(graph: GraphSummary) -> Json:
    return {
        "index": graph.index,
        "name": graph.name,
        "signatures": [
            {"key": s.key, "inputs": dict(s.inputs), "outputs": dict(s.outputs)}
            for s in graph.signatures
        ],
        "inputs": [_tensor(tensor) for tensor in graph.inputs],
        "outputs": [_tensor(tensor) for tensor in graph.outputs],
        "operators": len(graph.operators),
        "macs": _figure(graph.macs, "MAC"),
    }


def _operator(operator: OperatorSummary) -> Json:
    return {
        "subgraph": operator.subgraph,
        "index": operator.index,
        "name": operator.name,
        "version": operator.version,
        "custom": operator.custom,
        "inputs": [_tensor(tensor) for tensor in operator.inputs],
        "outputs": [_tensor(tensor) for tensor in operator.outputs],
        "macs": operator.macs,
        "parameter_bytes": operator.parameter_bytes,
    }


def _tensor(tensor: TensorSummary) -> Json:
    quantisation: dict[str, Any] | None = None
    if tensor.scale_range is not None:
        low, high = (_finite(scale) for scale in tensor.scale_range)
        quantisation = {"scales": tensor.channels, "scale_range": [low, high]}
        if tensor.axis is None:
            quantisation |= {"scale": _finite(tensor.scale), "zero_point": tensor.zero_point}
        else:
            quantisation["axis"] = tensor.axis
    return {
        "index": tensor.index,
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "constant": tensor.constant,
        "quantisation": quantisation,
    }


def _finite(scale: float | None) -> float | None:
    # JSON has no infinity and no NaN; which it was stands among what is not read.
    return scale if scale is not None and math.isfinite(scale) else None


def _figure(value: int, unit: str) -> Json:
    return Measurement(value, unit, Evidence.MEASURED, "counted in the file").to_json()
