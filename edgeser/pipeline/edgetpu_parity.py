"""Audio of the test speakers through a compiled model on an Edge TPU, against int8 on the CPU."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeser.bundle import Bundle
from edgeser.features import fit_window
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.recordings import recordings_of_test_speakers
from edgeser.progress import SILENT, Reporter
from firmware_bridge.frontend import compute_features, quantise_features
from quantize.edgetpu.device import compare_on_edge_tpu
from quantize.edgetpu.difference import OutputDifference, Tolerances
from quantize.edgetpu.hardware import Backend

SCHEMA = "edgeser.parity-edgetpu/1"


def check_on_edge_tpu(
    bundle: Bundle,
    compiled: bytes,
    *,
    backend: Backend,
    clips: int = 100,
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    tolerances: Tolerances | None = None,
    reporter: Reporter = SILENT,
) -> OutputDifference:
    """Run clips of the test speakers on both.

    Parameters
    ----------
    bundle
        Whose int8 model was compiled; TFLite-Micro runs that on the CPU.
    compiled
        The compiled .tflite.
    backend
        From `quantize.edgetpu.hardware`.
    clips
        How many, spread over the test speakers.
    corpus, folder
        As for `check_on_device`.
    tolerances
        What the outputs are held to.
    reporter
        Told of stages.

    Raises
    ------
    BadInput
        When the corpus is not there, or the two models do not fit.
    ToolMissing
        When the Edge TPU does not open.
    """
    recordings = recordings_of_test_speakers(
        bundle, count=clips, corpora=corpora, folder=folder, reporter=reporter
    )
    frontend, frames = bundle.trained.frontend, bundle.trained.recipe.window.frames
    windows = [
        fit_window(quantise_features(compute_features(samples, frontend), frontend), frames)
        for _, samples in recordings
    ]
    reporter.stage(f"{len(windows)} clips on the Edge TPU")
    return compare_on_edge_tpu(
        compiled,
        bundle.int8_model,
        np.stack(windows),
        backend=backend,
        name="the compiled model",
        tolerances=tolerances,
    )
