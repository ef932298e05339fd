"""A target's outputs held to TFLite-Micro's on the host, on given inputs: no audio goes in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.target_parity import TargetParity
from edgeser.progress import SILENT, Reporter
from edgeser.targets.host import OnHost
from edgeser.targets.oracle import held_to
from edgeser.targets.target import Inputs, Program, Running
from quantize.edgetpu.difference import compare_outputs
from quantize.runtimes import random_samples
from quantize.tflite import read_model


def random_inputs(program: Program, steps: int) -> tuple[NDArray[np.generic], ...]:
    """Return reproducible values of each of a model's inputs, no two inputs the same."""
    tensors = read_model(program.data, name=program.name).main.input_tensors
    return tuple(random_samples(tensor, steps, seed=seed) for seed, tensor in enumerate(tensors))


def compare_outputs_with_host(
    program: Program,
    running: Running,
    inputs: Inputs,
    *,
    source: str = "random inputs",
    reporter: Reporter = SILENT,
) -> TargetParity:
    """Hold all of a target's outputs to TFLite-Micro's, from a reset where the model keeps state.

    Parameters
    ----------
    program
        What both run.
    running
        The target, opened; says whether they must be exact.
    inputs
        What goes in on both sides.
    source
        What that is, in words.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When the model was not compiled from the other one.
    DeviceError
        When the device does not answer as it must.
    """
    host = OnHost(program, keeps_state=running.keeps_state)
    theirs = host.outputs(inputs, SILENT)
    ours = running.outputs(inputs, reporter)
    if running.keeps_state:
        source = f"{source}, one after another from a reset,"
    source = held_to(source)
    if running.kind.exact:
        return exactly(ours, theirs, source=source, explain=_explained(running, inputs))
    graph = read_model(program.against or program.data, name=program.name).main
    return within(ours, theirs, running, source=source, classes=graph.output_tensors[0].elements)


def exactly(
    ours: NDArray[np.generic],
    theirs: NDArray[np.generic],
    *,
    source: str,
    explain: Callable[[int], str],
) -> TargetParity:
    """Compare outputs byte for byte.

    Parameters
    ----------
    ours, theirs
        ``[steps, bytes]``, of the target and of the host.
    source
        What went in, in words.
    explain
        Says of a step where the outputs come to differ.
    """
    places = np.argwhere(ours.view(np.int8) != theirs.view(np.int8))
    first = ""
    if len(places):
        step, byte = places[0]
        first = f"input {step}, output byte {byte}, {explain(int(step))}"
    return TargetParity(
        clips=len(ours),
        source=source,
        feature_values=0,
        feature_differences=0,
        logits=ours.size,
        logit_differences=len(places),
        first_difference=first,
    )


def within(
    ours: NDArray[np.generic],
    theirs: NDArray[np.generic],
    running: Running,
    *,
    source: str,
    classes: int,
) -> TargetParity:
    """Compare outputs by steps and labels, within the target's tolerances.

    `classes` is how many values of a step are of the first output, whose largest is its label.
    """
    return TargetParity(
        clips=len(ours),
        source=source,
        feature_values=0,
        feature_differences=0,
        logits=0,
        logit_differences=0,
        first_difference="",
        edge_tpu=compare_outputs(ours, theirs, tolerances=running.tolerances, classes=classes),
    )


def _explained(running: Running, inputs: Inputs) -> Callable[[int], str]:
    return lambda step: running.explain([values[: step + 1] for values in inputs])
