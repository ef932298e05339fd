"""A network that is not ours to int8: the folder with both models, and how far they are apart."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeser.evaluation.network_parity import NetworkTolerances, compare_network, on_grid
from edgeser.pipeline.exports.network_data import NetworkData, held_out, read_network_data
from edgeser.progress import SILENT, Reporter
from edgeser.report.network import (
    FLOAT_NAME,
    INT8_NAME,
    ExportedNetwork,
    lookup_name,
    network_markdown,
)
from edgeser.report.schemas.form import dump_json
from edgeser.report.schemas.network import network_json
from quantize.convert.network import ConvertedNetwork, export_network
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded, require_writable, write_atomically
from quantize.foundation.foreign import printable
from quantize.tflite import read_model
from quantize.tflite.ranges import unseen_range

LABELS_NAME = "labels.txt"
_LIMIT_LABELS_BYTES = 1 << 20
_STAGES = 4


def export_own_network(
    path: Path,
    directory: Path,
    *,
    calibration: Path,
    parity: Path | None = None,
    labels: Path | None = None,
    tolerances: NetworkTolerances | None = None,
    reporter: Reporter = SILENT,
) -> ExportedNetwork:
    """Convert a network to int8, hold it to the network itself, and write a folder.

    Parameters
    ----------
    path
        An .onnx, .pt2, .keras or the folder of a SavedModel.
    directory
        Where it is written, whatever the comparison says.
    calibration, parity
        Samples, see `edgeser.pipeline.exports.network_data.read_network_data`; a part of the former
        is held out for the latter when `None`.
    labels
        A text file, one label a line, of the values of the first output.
    tolerances
        What the comparison is judged by.
    reporter
        Told of stages.

    Raises
    ------
    BadInput, CheckFailed, ToolMissing, InternalError
        As `quantize.convert.network.export_network`; when the labels do not fit.
    """
    require_writable(directory / INT8_NAME)
    named = read_labels(labels) if labels is not None else ()
    data = read_network_data(calibration)
    if parity is None:
        data, compared, apart = held_out(data)
        if not apart:
            reporter.note(
                f"{data.samples} samples are too few to hold some out: int8 is compared on what it "
                "was calibrated on"
            )
    else:
        compared = read_network_data(parity)
    progress = reporter.stage("Converting to int8")
    stages = iter(range(1, 100))
    network = export_network(
        path,
        calibration=data.arrays,
        parity=compared.arrays,
        progress=lambda title: progress(next(stages), _STAGES),
    )
    _check_labels(named, network)
    _tell(network, reporter)
    reporter.stage("Comparing int8 with float")
    found = compare_network(
        network, source=compared.source, tolerances=tolerances or NetworkTolerances()
    )
    done = ExportedNetwork(directory, path.name, network, found, _described(data, network), named)
    _write(done)
    return done


def read_labels(path: Path) -> tuple[str, ...]:
    """Read labels, one a line, no two the same.

    Raises
    ------
    BadInput
        When the file is not of that form.
    """
    try:
        text = read_bounded(path, limit_bytes=_LIMIT_LABELS_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text", hint="write one label a line") from error
    labels = tuple(line.strip() for line in text.splitlines())
    if not labels or not all(labels) or len(set(labels)) != len(labels):
        raise BadInput(
            f"{path} has an empty line or a label twice", hint="write one label a line, each once"
        )
    return labels


def _check_labels(labels: tuple[str, ...], network: ConvertedNetwork) -> None:
    first = network.outputs[0].source
    values = first.shape[-1]
    if first.whole:  # places of the labels, of which it does not say how many there are
        return
    if labels and (len(first.shape) != 2 or values != len(labels)):
        raise BadInput(
            f"there are {len(labels)} labels, and the output {printable(first.name)} has shape "
            f"{list(first.shape)}",
            hint="give one label for each value of the first output",
        )


def _tell(network: ConvertedNetwork, reporter: Reporter) -> None:
    for place, each in enumerate(network.inputs):
        if each.source.table is not None:
            reporter.note(
                f"input {printable(each.source.name)} is looked up outside of the model: for each "
                f"integer, a row of {lookup_name(place)}"
            )
        if each.is_moved:
            reporter.note(
                f"input {printable(each.source.name)} is {list(each.source.shape)} in the network "
                f"and {list(each.shape)} on the device, channels last"
            )
    for line in unseen_inputs(network.int8_tflite, [each.source.name for each in network.inputs]):
        reporter.note(line)
    if network.table_layers:
        reporter.note(
            "left in float between int8 and int8, of which firmware makes tables of 256 values; "
            "the Edge TPU compiler refuses a model with them: "
            f"{', '.join(network.table_layers)}"
        )
    if network.silent_layers:
        reporter.note(
            "layers that give nothing on the calibration data: "
            f"{', '.join(map(printable, network.silent_layers))}"
        )


def unseen_inputs(int8_tflite: bytes, names: Sequence[str]) -> list[str]:
    """Return a line for each input that the calibration data left at zero.

    Whatever is fed to it is held to the ends of its range, and int8 equals float on zeros alone.
    """
    tensors = read_model(int8_tflite, name="the converted model").main.input_tensors
    return [
        f"input {printable(name)} {said}: the calibration data holds nothing but zeros there, and "
        "agreement with float on such data says nothing"
        for name, tensor in zip(names, tensors, strict=True)
        if (said := unseen_range(tensor))
    ]


def _described(data: NetworkData, network: ConvertedNetwork) -> str:
    return f"{network.calibration_samples} samples of {data.source}"


def _write(done: ExportedNetwork) -> None:
    files = {
        INT8_NAME: done.network.int8_tflite,
        FLOAT_NAME: done.network.float_tflite,
        "report.json": dump_json(network_json(done)).encode(),
        "report.md": network_markdown(done).encode(),
    }
    if done.labels:
        files[LABELS_NAME] = ("\n".join(done.labels) + "\n").encode()
    graph = read_model(done.network.int8_tflite, name="the int8 model").main
    for place, (each, tensor) in enumerate(
        zip(done.network.inputs, graph.input_tensors, strict=True)
    ):
        if each.source.table is not None:
            held = io.BytesIO()
            np.save(held, on_grid(each.source.table, tensor), allow_pickle=False)
            files[lookup_name(place)] = held.getvalue()
    for name, content in files.items():
        write_atomically(done.directory / name, content)
