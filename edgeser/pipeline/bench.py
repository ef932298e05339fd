"""What a model costs on a target, or on several; where it runs firmware, it is held to the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import Benchmark, BenchReport, BenchResult
from edgeser.benchmark.budget import NO_LIMITS, Limits
from edgeser.bundle import Bundle
from edgeser.pipeline.exports.firmware import program_of
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.parity.outputs import compare_outputs_with_host, random_inputs
from edgeser.pipeline.parity.streams import compare_streams
from edgeser.pipeline.recordings import Recordings, recordings_at_hand
from edgeser.progress import SILENT, Reporter
from edgeser.report.schemas.bench import bench_json
from edgeser.report.schemas.form import dump_json
from edgeser.targets import EMULATOR, HOST
from edgeser.targets.attached import AttachedDevice
from edgeser.targets.emulator import default_emulator
from edgeser.targets.host import HostTarget
from edgeser.targets.target import Inputs, Program, Target, Work
from firmware_bridge.frontend import compute_features, quantise_features
from firmware_bridge.link.errors import DeviceError
from quantize.foundation.errors import CheckFailed, ToolMissing
from quantize.foundation.files import write_atomically

_INFERENCES = 5
_SAMPLES = 32
_CLIPS = 5
_FEATURE_SECONDS = 1.0


def bench(  # noqa: PLR0913  each is a choice of its own
    model: Bundle | bytes,
    *,
    target: Target | None = None,
    name: str = "the model",
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    limits: Limits | None = None,
    runs: int = 200,
    warmup: int = 20,
    against: bytes | None = None,
    reporter: Reporter = SILENT,
) -> BenchReport:
    """Measure a bundle, with its features, or any int8 .tflite by itself.

    Parameters
    ----------
    model
        A bundle, or the bytes of a .tflite; for an Edge TPU a compiled one.
    target
        What it runs on; this host when `None`.
    name
        What messages call a .tflite.
    corpora
        ``"NAME:PATH"`` each: recordings to feed a bundle's firmware; those of the folder's run, or
        noise that is called noise, when none is named.
    folder
        Where the result is kept for the report, unless it is of another emulated board than the
        default; nowhere when `None`.
    limits
        What is checked; when `None` the budget of the bundle's recipe, or nothing but the memory of
        a board for a .tflite.
    runs, warmup
        Inferences that are timed, and before them untimed, where there is a clock.
    against
        The model that a compiled one was made from, to compare outputs with.
    reporter
        Told of stages.

    Raises
    ------
    ToolMissing
        When the compiler or the emulator is not installed, or an Edge TPU does not open.
    BadInput
        When the model is damaged or cannot be run: operator, layer and reason are named.
    CheckFailed
        When the firmware does not fit the board, or its self-test fails.
    DeviceError
        When the device is not there or does not answer as it must.
    """
    on: Target = HostTarget() if target is None else target
    bundle = model if isinstance(model, Bundle) else None
    if limits is None:
        limits = bundle.trained.recipe.budget.limits if bundle else NO_LIMITS
    recordings = None
    if bundle is not None and on.kind.streams:
        recordings = recordings_at_hand(
            bundle, count=_CLIPS, corpora=corpora, folder=folder, reporter=reporter
        )
    program = program_of(model, name=name, against=against)
    with on.opened(program, reporter=reporter) as running:
        inputs = _inputs(program, on, recordings)
        work = Work(
            inputs=inputs,
            limits=limits,
            recordings=_beginnings(program, recordings),
            runs=runs,
            warmup=warmup,
        )
        report = running.bench(work, reporter)
        if bundle is not None and recordings is not None:
            parity = compare_streams(
                bundle, cast(AttachedDevice, running), recordings, reporter=reporter
            )
            report = replace(report, parity=parity)
        elif inputs:
            parity = compare_outputs_with_host(program, running, inputs)
            report = replace(report, parity=parity)
    report = replace(report, model_sha256=program.sha256)
    if folder is not None and bundle is not None:
        _keep(folder, report, on, model_hash=bundle.model_hash)
    return report


def bench_each(
    model: Bundle | bytes,
    targets: Sequence[Target],
    *,
    name: str = "the model",
    corpora: Sequence[str] = (),
    folder: RunFolder | None = None,
    limits: Limits | None = None,
    reporter: Reporter = SILENT,
) -> Benchmark:
    """Run a model on targets, one after another; one that cannot is told, and costs only itself.

    Parameters
    ----------
    targets
        Which.
    model, name, corpora, folder, limits, reporter
        As for `bench`.

    Raises
    ------
    BadInput
        When no firmware can run the model: operator, layer and reason are named.
    """
    results = []
    for target in targets:
        try:
            report = bench(
                model,
                target=target,
                name=name,
                corpora=corpora,
                folder=folder,
                limits=limits,
                reporter=reporter,
            )
            results.append(BenchResult.of(report))
        except (ToolMissing, CheckFailed, DeviceError) as error:
            reporter.note(f"{target.facts.name}: {error}")
            results.append(BenchResult(target.facts, None, error))
    program = program_of(model, name=name)
    return Benchmark(program.name, tuple(results), program.sha256)


def _keep(folder: RunFolder, report: BenchReport, target: Target, *, model_hash: str) -> None:
    """Keep a report where it belongs in a run's folder.

    What a run's report shows, and a recipe's budget is for, is the board that is taken unasked.
    """
    if target.kind is EMULATOR and target.facts.name != default_emulator().facts.name:
        return
    stage = "bench" if target.kind is HOST else "device"
    folder.save_state(stage, report, model_hash=model_hash)
    text = dump_json(bench_json(Benchmark.of(report)))
    write_atomically(folder.result(stage), text.encode())


def _inputs(program: Program, target: Target, recordings: Recordings | None) -> Inputs:
    """Return windows of the recordings, or random values; none where nothing needs them."""
    bundle = program.bundle
    if bundle is not None and recordings is not None:
        config, frames = bundle.trained.frontend, bundle.trained.recipe.window.frames
        chosen = recordings.samples[:_INFERENCES]
        rows = [quantise_features(compute_features(s, config), config)[:frames] for s in chosen]
        return (np.stack(rows),)
    if target.kind.streams:
        return random_inputs(program, _INFERENCES)
    return random_inputs(program, _SAMPLES) if program.against is not None else ()


def _beginnings(program: Program, recordings: Recordings | None) -> tuple[NDArray[np.int16], ...]:
    """Return what features are counted on: a frame costs nearly the same whatever is in it."""
    if program.bundle is None or recordings is None:
        return ()
    count = round(_FEATURE_SECONDS * program.bundle.trained.frontend.sample_rate)
    return tuple(samples[:count] for samples in recordings.samples)
