"""A model by itself on a device: its outputs held to TFLite-Micro's, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.records import DeviceParity
from edgeser.pipeline.firmware import EMULATED, AttachedDevice, DeviceChoice, attached
from edgeser.pipeline.oracle import expected_outputs, held_to
from edgeser.progress import SILENT, Reporter
from firmware_bridge.compiler.compile import CompiledModel
from firmware_bridge.compiler.host_build import build_host_model
from firmware_bridge.link.device import Device
from quantize.edgetpu.difference import compare_outputs
from quantize.foundation.errors import EdgeserError
from quantize.foundation.temporary import temporary_folder
from quantize.runtimes import random_samples

Inputs = Sequence[NDArray[np.generic]]
"""For each of a model's inputs its values at every step, ``[steps, ...]``."""


def check_model_on_device(
    model: bytes,
    *,
    device: DeviceChoice = EMULATED,
    name: str = "the model",
    steps: int = 100,
    reporter: Reporter = SILENT,
) -> DeviceParity:
    """Start or ask a device and hold it to TFLite-Micro on random inputs.

    Parameters
    ----------
    model
        The bytes of any int8 .tflite.
    device
        The emulator, or a board.
    name
        What messages call the model.
    steps
        How many inferences. Of a model that keeps state they are one sequence from a reset.
    reporter
        Told of stages.

    Raises
    ------
    ToolMissing
        When the compiler, the emulator or TFLite-Micro is not installed.
    BadInput
        When the firmware cannot run the model: operator, layer and reason are named.
    DeviceError
        When the device is not there, runs something else, or does not answer as it must.
    """
    with attached(model, device, name=name, reporter=reporter) as found:
        return check_outputs(model, found, random_inputs(found.compiled, steps), reporter=reporter)


def random_inputs(compiled: CompiledModel, steps: int) -> tuple[NDArray[np.generic], ...]:
    """Return reproducible values of each of a model's inputs, no two inputs the same."""
    return tuple(
        random_samples(tensor, steps, seed=seed) for seed, tensor in enumerate(compiled.inputs)
    )


def bytes_by_step(inputs: Inputs) -> list[bytes]:
    """Return what a device is given at each step: the bytes of all inputs, one after another."""
    return [b"".join(values.tobytes() for values in step) for step in zip(*inputs, strict=True)]


def check_outputs(
    model: bytes, found: AttachedDevice, inputs: Inputs, *, reporter: Reporter = SILENT
) -> DeviceParity:
    """Hold all of a device's outputs to TFLite-Micro's, from a reset where the model keeps state.

    Parameters
    ----------
    model
        The bytes of the int8 .tflite.
    found
        The device; its hashes have been compared already.
    inputs
        What goes in on both sides.
    reporter
        Told of stages.

    Raises
    ------
    DeviceError
        When the device does not answer as it must.
    """
    keeps_state = found.compiled.state_bytes > 0
    expected = expected_outputs(model, inputs, sequence=keeps_state)
    theirs = np.concatenate([_as_bytes(values) for values in expected], axis=1)
    given = bytes_by_step(inputs)
    _begin(found)
    progress = reporter.stage("Outputs of the device")
    ours = np.empty_like(theirs)
    for step, values in enumerate(given):
        ours[step] = _output(found.device, values)
        progress(step + 1, len(given))
    exact = not found.on_edge_tpu
    places = np.argwhere(ours != theirs)
    first = ""
    if exact and len(places):
        step, byte = places[0]
        where = layer_apart(found, [values[: step + 1] for values in inputs])
        first = f"input {step}, output byte {byte}, {where}"
    return DeviceParity(
        clips=len(given),
        source=held_to(
            "random inputs, one after another from a reset," if keeps_state else "random inputs"
        ),
        feature_values=0,
        feature_differences=0,
        logits=ours.size,
        logit_differences=len(places) if exact else 0,
        first_difference=first,
        edge_tpu=None
        if exact
        else compare_outputs(
            ours, theirs, tolerances=found.tolerances, classes=found.compiled.output.elements
        ),
    )


def layer_apart(found: AttachedDevice, inputs: Inputs) -> str:
    """Name the first operator whose output differs from that of the same C on this host.

    Parameters
    ----------
    found
        The device.
    inputs
        What went in, up to the step that is looked at.
    """
    compiled, device = found.compiled, found.device
    steps = inputs if compiled.state_bytes else [values[-1:] for values in inputs]
    try:
        with temporary_folder("layers") as folder:
            layers = build_host_model(compiled, folder).layers(steps, sequence=True)
    except EdgeserError as error:
        return f"the layer is not known: {error.message}"
    *before, last = bytes_by_step(steps)
    _begin(found)
    for values in before:
        _output(device, values)
    for number, (row, expected) in enumerate(zip(compiled.operators, layers, strict=True)):
        seen = device.tap(number, expected[-1].nbytes, last)
        if seen.tobytes() != expected[-1].tobytes():
            return f"first at {row.label}"
    return "no operator differs from the same C on this host"


def _begin(found: AttachedDevice) -> None:
    if found.compiled.state_bytes:
        found.device.reset()


def _as_bytes(values: NDArray[np.generic]) -> NDArray[np.int8]:
    """Return the bytes of one output, ``[steps, bytes]``."""
    whole = np.ascontiguousarray(values)
    return whole.reshape(len(whole), -1).view(np.int8)


def _output(device: Device, values: bytes) -> NDArray[np.int8]:
    device.write_input(values)
    device.infer()
    return device.read_output()
