"""A network that is not ours, exported."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from edgeser.evaluation.network_parity import OutputParity, grid_of
from edgeser.report.figures import printable
from edgeser.report.network import FLOAT_NAME, INT8_NAME, ExportedNetwork, lookup_name
from edgeser.report.schemas.form import Json, optional
from quantize.convert.network_parts import DeviceTensor
from quantize.tflite import read_model
from quantize.tflite.model import Tensor

EXPORT_NETWORK_SCHEMA = "edgeser.export-network/1"


def network_json(done: ExportedNetwork) -> Json:
    """Return the schema ``edgeser.export-network/1``."""
    network, parity = done.network, done.parity
    graph = read_model(network.int8_tflite, name="the int8 model").main
    return {
        "schema": EXPORT_NETWORK_SCHEMA,
        "directory": str(done.directory),
        "source": printable(done.source),
        "framework": network.framework,
        "model": INT8_NAME,
        "model_sha256": network.sha256,
        "model_bytes": len(network.int8_tflite),
        "float_model": FLOAT_NAME,
        "float_sha256": hashlib.sha256(network.float_tflite).hexdigest(),
        "inputs": [
            {**tensor, "lookup": None if each.source.table is None else lookup_name(place)}
            for place, (tensor, each) in enumerate(
                zip(_tensors_json(network.inputs, graph.input_tensors), network.inputs, strict=True)
            )
        ],
        "outputs": [
            {**tensor, **_parity_json(output)}
            for tensor, output in zip(
                _tensors_json(network.outputs, graph.output_tensors), parity.outputs, strict=True
            )
        ],
        "labels": [printable(label) for label in done.labels],
        "calibration": done.calibration,
        "parity": {
            "source": parity.source,
            "samples": parity.samples,
            "passed": parity.passed,
            "failures": [printable(line) for line in parity.failures],
            "max_flips": parity.tolerances.max_flips,
            "min_sqnr_db": parity.tolerances.min_sqnr,
        },
        "table_layers": list(network.table_layers),
        "silent_layers": [printable(layer) for layer in network.silent_layers],
        "versions": dict(network.versions),
    }


def _tensors_json(tensors: Sequence[DeviceTensor], ours: Sequence[Tensor]) -> list[Json]:
    out = []
    for each, tensor in zip(tensors, ours, strict=True):
        scale, zero_point = grid_of(tensor)
        out.append(
            {
                "name": printable(each.source.name),
                "tensor": printable(tensor.name),
                "shape": list(each.source.shape),
                "device_shape": list(each.shape),
                "axes": list(each.axes),
                "scale": scale,
                "zero_point": zero_point,
            }
        )
    return out


def _parity_json(output: OutputParity) -> Json:
    return {
        "values": output.values,
        "sqnr": optional(output.sqnr),
        "max_error": output.max_error.to_json(),
        "max_lsb": output.max_lsb.to_json(),
        "flips": optional(output.flips),
        "ties": output.ties,
        "flipped": [
            {"float": before, "int8": after, "samples": count}
            for before, after, count in output.flipped
        ],
    }
