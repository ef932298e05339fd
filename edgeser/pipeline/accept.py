"""What a device's frontend gets: asked of the device, replayed to the bit, and diagnosed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from edgeser.acceptance.diagnose import diagnose
from edgeser.acceptance.faults import (
    AcceptReport,
    Diagnosis,
    Fault,
    Finding,
    Samples,
    measured,
)
from edgeser.bundle import Bundle
from edgeser.evaluation.drift import DriftReference, DriftReport, DriftTolerances, compare_with
from edgeser.pipeline.drift import distributions_of
from edgeser.pipeline.exports.firmware import program_of
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.played import Played, clips_to_play, file_to_play
from edgeser.progress import SILENT, Reporter
from edgeser.targets import EMULATOR
from edgeser.targets.attached import AttachedDevice
from edgeser.targets.emulator import default_emulator
from edgeser.targets.target import Target
from firmware_bridge.frontend import compute_features, quantise_features
from firmware_bridge.link.capture import Capture
from firmware_bridge.link.device import MOST_SAMPLES, Device
from firmware_bridge.link.errors import MalformedReply
from quantize.foundation.errors import BadInput
from quantize.foundation.extras import require

FEWEST_SECONDS = 60.0
"""Of speech: of less, features are unlike the training's by chance."""
_KEPT_SAMPLES = 4096
_BY_ITSELF_S = 0.5
_LATE_S = 5.0
_POLL_S = 0.01
_STILL_S = 3.0
WIRE = "over the wire"
MICROPHONE = "by its own microphone"


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptChoice:
    """How a device is to be accepted.

    Parameters
    ----------
    play
        What is played to it, or sent; the bundle's test clips when `None`.
    corpora, folder
        Where these are, as for `edgeser.pipeline.parity.target.parity`.
    clips
        How many of them.
    seconds
        How long a device with a microphone listens where no file is played.
    reference, tolerances
        What the speech is held to; nothing when `None`.
    """

    play: Path | None = None
    corpora: tuple[str, ...] = ()
    folder: RunFolder | None = None
    clips: int = 20
    seconds: float = 20.0
    reference: DriftReference | None = None
    tolerances: DriftTolerances = field(default_factory=DriftTolerances)


@dataclass(frozen=True, slots=True, eq=False)
class _Got:
    """What a device's frontend got and made of it, and what should have come."""

    samples: Samples
    rows: NDArray[np.int8]
    played: Played | None
    road: str


def accept_device(
    bundle: Bundle,
    choice: AcceptChoice,
    *,
    target: Target,
    reporter: Reporter = SILENT,
) -> AcceptReport:
    """Say whether what reaches a device's frontend is as it should be.

    Raises
    ------
    BadInput
        When the file or the corpus cannot be read, or the reference is of another frontend.
    ToolMissing
        When the compiler or the emulator is not installed.
    DeviceError
        When the device is not there, does not answer as it must, or has lost samples before they
        were read.
    """
    require("microphone", what="judging what a microphone heard")
    frontend = bundle.trained.frontend
    reference = choice.reference
    if reference is not None and reference.frontend_hash != frontend.hash:
        raise BadInput(
            f"the reference is of another frontend ({reference.frontend_hash[:12]}) than the "
            f"bundle's ({frontend.hash[:12]})",
            hint="make one with this bundle: edgeser evaluate BUNDLE --save-drift FILE",
        )
    file = None if choice.play is None else file_to_play(choice.play, frontend.sample_rate)
    with target.opened(program_of(bundle), reporter=reporter) as found:
        got = _got(
            bundle, cast(AttachedDevice, found), choice, file, target.kind is not EMULATOR, reporter
        )
        return _judged(bundle, got, choice, where_of(target))


def where_of(target: Target) -> str:
    """Return what a report of acceptance calls a target.

    A board's address; ``"emulator"``, with the board behind it where that is not the default one.
    """
    name = target.facts.name
    if target.kind is not EMULATOR:
        return name
    return EMULATOR.word if name == default_emulator().facts.name else f"{EMULATOR.word} {name}"


def accept_attached(
    bundle: Bundle, found: AttachedDevice, played: Played, choice: AcceptChoice, where: str
) -> AcceptReport:
    """Send samples to a device that is attached already, and judge what its frontend got."""
    return _judged(bundle, _sent(found.device, played, SILENT), choice, where)


def _got(
    bundle: Bundle,
    found: AttachedDevice,
    choice: AcceptChoice,
    file: Played | None,
    is_board: bool,
    reporter: Reporter,
) -> _Got:
    """Listen to a device that hears by itself; send it samples where it does not."""
    device = found.device
    device.reset()
    if is_board and _hears_by_itself(device):
        device.reset()
        seconds = choice.seconds if file is None else file.seconds + _LATE_S
        return _listened(device, seconds, file, reporter)
    played = file or clips_to_play(
        bundle,
        count=choice.clips,
        corpora=choice.corpora,
        folder=choice.folder,
        reporter=reporter,
    )
    return _sent(device, played, reporter)


def _hears_by_itself(device: Device) -> bool:
    capture = Capture(device)
    time.sleep(_BY_ITSELF_S)
    return capture.pull() > 0


def _sent(device: Device, played: Played, reporter: Reporter) -> _Got:
    """Send samples; read what the frontend got of them, and made of them, as it comes."""
    banner = device.banner
    kept = min(_KEPT_SAMPLES, banner.window_frames * banner.hop_samples)
    every = max(1, kept // MOST_SAMPLES // 2)
    progress = reporter.stage("Audio on the device")
    device.reset()
    capture = Capture(device)
    starts = range(0, len(played.samples), MOST_SAMPLES)
    for number, start in enumerate(starts, 1):
        device.audio(played.samples[start : start + MOST_SAMPLES])
        if number % every == 0 or number == len(starts):
            capture.pull()
            progress(number, len(starts))
    samples = capture.samples
    heard = device.heard()
    energy = int(np.square(samples.astype(np.int64)).sum())
    if (heard.samples, heard.energy) != (len(samples), energy):
        raise MalformedReply(
            f"{device.name} counts {heard.samples} samples with {heard.energy} as the sum of their "
            f"squares, and sends {len(samples)} with {energy}",
            hint="something overwrites its memory, or somebody else speaks to it",
        )
    return _Got(samples, capture.rows, played, WIRE)


def _listened(device: Device, seconds: float, file: Played | None, reporter: Reporter) -> _Got:
    """Read what a device hears by its own microphone, as it hears it."""
    what = "what it hears" if file is None else f"while you play {file.source}"
    progress = reporter.stage(f"Listening: {what}")
    wanted = round(seconds * device.banner.sample_rate)
    capture = Capture(device)
    last, changed = 0, time.monotonic()
    while (total := capture.pull()) < wanted:
        if total > last:
            last, changed = total, time.monotonic()
        elif time.monotonic() - changed > _STILL_S:
            raise MalformedReply(
                f"{device.name} heard {total} samples and then nothing for {_STILL_S:.0f} s",
                hint="see that its microphone goes on",
            )
        progress(min(total, wanted), wanted)
        time.sleep(_POLL_S)
    return _Got(capture.samples, capture.rows, file, MICROPHONE)


def _judged(bundle: Bundle, got: _Got, choice: AcceptChoice, where: str) -> AcceptReport:
    frontend = bundle.trained.frontend
    features, values, differing, clipped = _replayed(bundle, got)
    reference = choice.reference
    diagnosis = diagnose(
        got.samples,
        frontend.sample_rate,
        played=None if got.played is None else got.played.samples,
        played_level=got.road == WIRE,
        speech=() if got.played is None else got.played.clips,
        trained_dbfs=None if reference is None else reference.distributions.levels_dbfs,
    )
    drift, unlike, why = _drift(bundle, got, choice, diagnosis)
    findings = [found for found in (features, *diagnosis.findings, unlike) if found is not None]
    unjudged = dict(diagnosis.unjudged)
    if why:
        unjudged[Fault.UNLIKE] = why
    return AcceptReport(
        device=where,
        road=got.road,
        source="what it heard" if got.played is None else got.played.source,
        samples=got.samples,
        sample_rate=frontend.sample_rate,
        findings=tuple(findings),
        unjudged=unjudged,
        limits=diagnosis.limits,
        lags=diagnosis.lags,
        feature_values=values,
        feature_differences=differing,
        clipped_features=clipped,
        drift=drift,
        caveats=_caveats(got, where),
    )


def _caveats(got: _Got, where: str) -> tuple[str, ...]:
    if got.road != WIRE or where == EMULATOR.word:
        return ()
    return (
        "the device heard nothing by itself, so the samples came over the wire: its microphone was "
        "not judged",
    )


def _replayed(bundle: Bundle, got: _Got) -> tuple[Finding | None, int, int, float]:
    """Compute the features again; say where the device's differ, how many, and how many clip."""
    frontend = bundle.trained.frontend
    ours = quantise_features(compute_features(got.samples, frontend), frontend)
    theirs = got.rows
    count = min(len(ours), len(theirs))
    apart = 0 if got.road == MICROPHONE else abs(len(ours) - len(theirs)) * ours[:1].size
    different = ours[:count] != theirs[:count]
    differing = int(different.sum()) + apart
    values = count * ours[:1].size + apart
    clipped = float(np.isin(theirs, (-128, 127)).mean()) if theirs.size else 0.0
    if not differing:
        return None, values, 0, clipped
    where = f"{len(theirs)} frames came, not {len(ours)}"
    if different.any():
        frame, channel, plane = (int(i) for i in np.argwhere(different)[0])
        where = (
            f"first in frame {frame} ({frame * frontend.hop_ms / 1000:.2f} s), channel {channel} "
            f"of {frontend.planes[plane]}"
        )
    finding = Finding(
        Fault.FEATURES,
        f"{differing} of {values} int8 features are not those that the host computes from the very "
        f"samples: {where}",
        "build and flash the firmware that this bundle's export wrote, with its own Makefile: "
        "another compiler, its flags or a changed frontend compute something else",
        {"differing": measured(differing, "count", "features of the device against the host's")},
    )
    return finding, values, differing, clipped


def _drift(
    bundle: Bundle, got: _Got, choice: AcceptChoice, diagnosis: Diagnosis
) -> tuple[DriftReport | None, Finding | None, str]:
    """Hold the speech to that of the training, or say why not."""
    frontend, reference = bundle.trained.frontend, choice.reference
    if diagnosis.findings:
        return None, None, "the samples are not as they should be: mend that first"
    if reference is None:
        return None, None, "there is no reference: give --drift REFERENCE.json"
    least = frontend.samples_of(1)
    clips = [clip for clip in _speech(got, diagnosis) if len(clip) >= least and np.any(clip)]
    if not clips:
        return None, None, "there is no speech in what was played"
    found = distributions_of(clips, frontend)
    source = f"{found.seconds:.0f} s of {'speech that it heard' if got.played is None else 'it'}"
    report = compare_with(reference, found, source=source, tolerances=choice.tolerances)
    if found.seconds < FEWEST_SECONDS:
        return (
            report,
            None,
            f"{found.seconds:.0f} s of speech are too little to judge: give {FEWEST_SECONDS:.0f} s "
            "of several speakers",
        )
    if report.passed:
        return report, None, ""
    largest = report.largest
    finding = Finding(
        Fault.UNLIKE,
        f"the samples are sound, but the speech is unlike the training's: "
        f"{'; '.join(report.failures)}",
        "record speech with this board and train on it too (edgeser rerecord), or set its gain to "
        "the level of the training",
        {"largest_psi": largest.psi},
    )
    return report, finding, ""


def _speech(got: _Got, diagnosis: Diagnosis) -> Sequence[Samples]:
    """Return the clips in what was heard, without what was played between them."""
    if got.played is None or not got.played.clips:
        return [diagnosis.mended]
    shift = 0.0
    if len(diagnosis.lags):
        shift = float(np.median(diagnosis.lags[:, 1]))
    first = max(0, round(shift))
    return [diagnosis.mended[first + start : first + end] for start, end in got.played.clips]
