"""Cost of a model as firmware, on the emulated device or on a board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.budget import NO_LIMITS, Limits
from edgeser.benchmark.device import Clock, Stimuli, bench_device
from edgeser.benchmark.records import DeviceReport
from edgeser.bundle import Bundle
from edgeser.pipeline.device_parity import check_device
from edgeser.pipeline.firmware import EMULATED, AttachedDevice, DeviceChoice, attached
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.model_parity import bytes_by_step, check_outputs, random_inputs
from edgeser.pipeline.recordings import Recordings, recordings_at_hand
from edgeser.progress import SILENT, Reporter
from edgeser.report import json_format
from firmware_bridge.frontend import compute_features, quantise_features
from quantize.foundation.files import write_atomically

_INFERENCES = 5
_CLIPS = 5
_FEATURE_SECONDS = 1.0


def bench_on_device(
    model: Bundle | bytes,
    *,
    device: DeviceChoice = EMULATED,
    name: str = "the model",
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    limits: Limits | None = None,
    reporter: Reporter = SILENT,
) -> DeviceReport:
    """Run features and model on a device, count, and hold the device to the host.

    Parameters
    ----------
    model
        A bundle, or the bytes of any fully-int8 .tflite.
    device
        The emulator, or a board.
    name
        What messages call a .tflite.
    corpora
        ``"NAME:PATH"`` each: recordings to feed a bundle's firmware; those of the folder's run, or
        noise that is called noise, when none is named.
    folder
        Where the result is kept for the report, unless it is of another emulated board than the
        default; nowhere when `None`.
    limits
        What is checked; the budget of the bundle's recipe, or the board's memory for a .tflite,
        when `None`.
    reporter
        Told of stages.

    Raises
    ------
    ToolMissing
        When the compiler or the emulator is not installed.
    BadInput
        When the firmware cannot run the model: operator, layer and reason are named.
    CheckFailed
        When the firmware does not fit the board, or its self-test fails.
    DeviceError
        When the device is not there or does not answer as it must.
    """
    limits = _limits_of(model) if limits is None else limits
    recordings = _recordings(model, corpora, folder, reporter)
    with attached(model, device, name=name, reporter=reporter) as found:
        if found.built is None and (limits.flash_bytes or limits.ram_bytes):
            reporter.note("not held to the recipe's flash and RAM: a board does not tell them")
        if found.board is not None and found.board.cycles is None and limits.latency_ms:
            reporter.note(
                f"not held to the recipe's latency: nothing is known of the cycles of a "
                f"{found.board.cpu}"
            )
        inputs = _inputs(model, found, recordings)
        data = model.int8_model if isinstance(model, Bundle) else model
        report = bench_device(
            found.device,
            compiled=found.compiled,
            clock=clock_of(found, limits.clock_mhz),
            stimuli=Stimuli(bytes_by_step(inputs), _beginnings(model, recordings)),
            layer_names=model.layer_names if isinstance(model, Bundle) else None,
            built=found.built,
            limits=limits,
            reporter=reporter,
        )
        if isinstance(model, Bundle) and recordings is not None:
            parity = check_device(model, found, recordings, reporter=reporter)
        else:
            parity = check_outputs(data, found, inputs)
        report = replace(report, parity=parity)
    # What a run's report shows, and a recipe's budget is for, is the board that is taken unasked.
    if folder is not None and isinstance(model, Bundle) and device.board is EMULATED.board:
        keep(folder, report, model_hash=model.model_hash)
    return report


def _limits_of(model: Bundle | bytes) -> Limits:
    return model.trained.recipe.budget.limits if isinstance(model, Bundle) else NO_LIMITS


def _recordings(
    model: Bundle | bytes, corpora: Sequence[str], folder: RunFolder | None, reporter: Reporter
) -> Recordings | None:
    """Return recordings for a bundle; none for a model that takes no audio."""
    if not isinstance(model, Bundle):
        return None
    return recordings_at_hand(
        model, count=_CLIPS, corpora=corpora, folder=folder, reporter=reporter
    )


def keep(folder: RunFolder, report: DeviceReport, *, model_hash: str) -> None:
    """Keep a device's report in the folder of a run."""
    folder.save_state("device", report, model_hash=model_hash)
    text = json_format.dump_json(json_format.device_json(report))
    write_atomically(folder.result("device"), text.encode())


def clock_of(found: AttachedDevice, core_mhz: float) -> Clock:
    """Return what a device's ticks stand for, and what it is, in words."""
    banner = found.device.banner
    where = (
        found.board.description if found.board else f"board {banner.board} at {found.device.name}"
    )
    return Clock(
        board=found.board,
        ticks_hz=banner.clock_hz,
        core_mhz=core_mhz,
        source=f"{where}; {banner.compiler}, -O2",
    )


def _inputs(
    model: Bundle | bytes, found: AttachedDevice, recordings: Recordings | None
) -> tuple[NDArray[np.generic], ...]:
    """Return windows of the recordings, or random values of each of the model's inputs."""
    if isinstance(model, Bundle) and recordings is not None:
        config, frames = model.trained.frontend, model.trained.recipe.window.frames
        chosen = recordings.samples[:_INFERENCES]
        rows = [quantise_features(compute_features(s, config), config)[:frames] for s in chosen]
        return (np.stack(rows),)
    return random_inputs(found.compiled, _INFERENCES)


def _beginnings(
    model: Bundle | bytes, recordings: Recordings | None
) -> tuple[NDArray[np.int16], ...]:
    """Return what features are counted on: a frame costs nearly the same whatever is in it."""
    if not isinstance(model, Bundle) or recordings is None:
        return ()
    count = round(_FEATURE_SECONDS * model.trained.frontend.sample_rate)
    return tuple(samples[:count] for samples in recordings.samples)
