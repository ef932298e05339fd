"""A target held to what it must give: the host's int8 to the float network, others to the host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from edgeser.benchmark.target_parity import Parity, TargetParity
from edgeser.bundle import Bundle
from edgeser.evaluation.verdict import Tolerances
from edgeser.features import FeatureCache, fit_window
from edgeser.pipeline.exports.firmware import program_of
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.parity.float_int8 import check_parity
from edgeser.pipeline.parity.outputs import compare_outputs_with_host, random_inputs
from edgeser.pipeline.parity.streams import compare_streams
from edgeser.pipeline.recordings import Recordings, recordings_of_test_speakers
from edgeser.progress import SILENT, Reporter
from edgeser.targets import HOST
from edgeser.targets.attached import AttachedDevice
from edgeser.targets.target import Inputs, Target
from firmware_bridge.frontend import compute_features, quantise_features
from quantize.foundation.errors import BadInput


def parity(  # noqa: PLR0913  each is a choice of its own
    model: Bundle | bytes,
    *,
    target: Target,
    name: str = "the model",
    clips: int = 100,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    tolerances: Tolerances | None = None,
    cache: FeatureCache | None = None,
    reporter: Reporter = SILENT,
) -> Parity:
    """Hold a target to its reference, on clips of the bundle's test speakers.

    On this host that is int8 against the float network, on all of them. Any other target is held
    to the host's int8: with a bundle audio goes in on both sides, or windows of features where the
    target takes no audio; a model by itself gets random inputs.

    Parameters
    ----------
    model
        A bundle, or the bytes of any int8 .tflite.
    target
        What is held.
    name
        What messages call a .tflite.
    clips
        How many, spread over the test speakers; of a .tflite random inputs, which are one sequence
        from a reset where it keeps state.
    corpora
        ``"NAME:PATH"``, each; that of the folder's run when there are none.
    folder
        Of the run: its corpus is used, and the host's result is kept there.
    tolerances
        Of float against int8, instead of the recipe's; a target has its own.
    cache, reporter
        Where features are kept between runs; who is told of stages and progress.

    Raises
    ------
    ToolMissing
        When the compiler or the emulator is not installed, or neither TFLite-Micro nor a C
        compiler; for the host, when what trains or runs the models is not.
    BadInput
        When the corpus is not there, or the target cannot run the model.
    DeviceError
        When the device is not there, runs something else, or does not answer as it must.
    """
    program = program_of(model, name=name)
    if target.kind is HOST:
        if not isinstance(model, Bundle):
            raise BadInput(
                "a .tflite has no float network to compare with", hint="give a bundle or a run"
            )
        report, verdict = check_parity(
            model,
            corpora=corpora,
            folder=folder,
            tolerances=tolerances,
            cache=cache,
            reporter=reporter,
        )
        return Parity(
            target.facts,
            report=report,
            verdict=verdict,
            model=program.name,
            model_sha256=program.sha256,
        )
    recordings = None
    if isinstance(model, Bundle):
        recordings = recordings_of_test_speakers(
            model, count=clips, corpora=corpora, folder=folder, reporter=reporter
        )
    with target.opened(program, reporter=reporter) as running:
        found: TargetParity
        if not isinstance(model, Bundle) or recordings is None:
            inputs: Inputs = random_inputs(program, clips)
            found = compare_outputs_with_host(program, running, inputs, reporter=reporter)
        elif target.kind.streams:
            found = compare_streams(
                model, cast(AttachedDevice, running), recordings, reporter=reporter
            )
        else:
            found = compare_outputs_with_host(
                program,
                running,
                _windows(model, recordings),
                source=f"clips {recordings.source}",
                reporter=reporter,
            )
        return Parity(
            running.facts,
            against_host=found,
            model=program.name,
            model_sha256=program.sha256,
        )


def _windows(bundle: Bundle, recordings: Recordings) -> Inputs:
    """Return one int8 window of each recording."""
    frontend, frames = bundle.trained.frontend, bundle.trained.recipe.window.frames
    rows = [
        fit_window(quantise_features(compute_features(samples, frontend), frontend), frames)
        for _, samples in recordings
    ]
    return (np.stack(rows),)
