"""Audio in on both sides: a device held to the host, bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.target_parity import TargetParity
from edgeser.bundle import Bundle
from edgeser.pipeline.decide import certainty_of
from edgeser.pipeline.recordings import Recordings
from edgeser.progress import SILENT, Reporter
from edgeser.targets.attached import AttachedDevice
from edgeser.targets.oracle import expected_outputs, held_to
from firmware_bridge.certainty import ONE
from firmware_bridge.frontend import FrontendFeatures, compute_features, quantise_features
from firmware_bridge.link.device import Device
from firmware_bridge.streaming import Decision, Smoother, decisions_after
from quantize.edgetpu.difference import OutputDifference, Tolerances, compare_outputs


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """What one side made of one clip: raw features, int8 rows, decisions."""

    features: FrontendFeatures
    rows: NDArray[np.int8]
    decisions: tuple[Decision, ...]


def compare_streams(
    bundle: Bundle,
    attached: AttachedDevice,
    recordings: Recordings,
    *,
    reporter: Reporter = SILENT,
) -> TargetParity:
    """Compare features, logits and decisions of a device with the host's, value for value.

    The host's features are those of training, its logits TFLite-Micro's. An Edge TPU's logits are
    known to differ from those, by a step here and there: then they are held to tolerances, and the
    decisions to those that the host takes from the same logits.

    Parameters
    ----------
    bundle
        What both run.
    attached
        The device; its hashes have been compared already.
    recordings
        What goes in on both sides.
    reporter
        Told of stages.

    Raises
    ------
    DeviceError
        When the device does not answer as it must.
    """
    by_host = _host_hears(bundle, recordings, reporter)
    progress = reporter.stage("Audio on the device")
    values = feature_differences = logits = logit_differences = 0
    decisions = decision_differences = 0
    first = ""
    pairs: list[tuple[Decision, Decision]] = []
    for done, ((name, samples), host) in enumerate(zip(recordings, by_host, strict=True), 1):
        device = _device_hears(attached.device, samples)
        found, differing, where = _compare_features(device, host)
        values, feature_differences = values + found, feature_differences + differing
        expected = host.decisions
        if not attached.kind.exact and len(device.decisions) == len(expected):
            pairs += zip(device.decisions, expected, strict=True)
            expected = _decided(bundle, device.decisions)
        found, differing, decision = _compare_decisions(device.decisions, expected)
        logits, logit_differences = logits + found, logit_differences + differing
        decisions += max(len(device.decisions), len(expected))
        decision_differences += _otherwise_decided(device.decisions, expected)
        if not first and not where and decision is not None:
            rows = host.rows[_window_of(bundle, decision)]
            why = _certainty_apart(device.decisions, expected, decision)
            where = f"decision {decision}, {why or _cause(attached, rows)}"
        if where:
            first = first or f"clip {name}, {where}"
        progress(done, len(recordings))
    return TargetParity(
        clips=len(recordings),
        source=held_to(recordings.source),
        feature_values=values,
        feature_differences=feature_differences,
        logits=logits,
        logit_differences=logit_differences,
        first_difference=first,
        edge_tpu=_outputs_apart(pairs, attached.tolerances) if pairs else None,
        decisions=decisions,
        decision_differences=decision_differences,
    )


def _decided(bundle: Bundle, decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """Return what the host decides from a device's own logits."""
    smoother = _smoother(bundle)
    return tuple(smoother.decide(_values(taken)) for taken in decisions)


def _values(decision: Decision) -> NDArray[np.int8]:
    """Return the values of all outputs that a decision was taken on."""
    return np.array(decision.logits + decision.further, np.int8)


def _outputs_apart(
    pairs: Sequence[tuple[Decision, Decision]], tolerances: Tolerances | None
) -> OutputDifference:
    ours, theirs = (
        np.stack([_values(decision) for decision in side]) for side in zip(*pairs, strict=True)
    )
    return compare_outputs(ours, theirs, tolerances=tolerances, classes=len(pairs[0][0].logits))


def _smoother(bundle: Bundle) -> Smoother:
    window = bundle.trained.recipe.window
    return Smoother(
        window_frames=window.frames,
        hop_frames=window.hop_frames,
        smoothing=window.smoothing,
        certainty=certainty_of(bundle),
        classes=len(bundle.trained.classes),
    )


def _host_hears(bundle: Bundle, recordings: Recordings, reporter: Reporter) -> tuple[_Heard, ...]:
    reporter.stage("Audio on the host")
    config, window = bundle.trained.frontend, bundle.trained.recipe.window
    features = [compute_features(samples, config) for samples in recordings.samples]
    rows = [quantise_features(found, config) for found in features]
    counts = [
        decisions_after(len(r), window_frames=window.frames, hop_frames=window.hop_frames)
        for r in rows
    ]
    windows = [
        r[_window_of(bundle, number)]
        for r, count in zip(rows, counts, strict=True)
        for number in range(count)
    ]
    outputs = expected_outputs(bundle.int8_model, np.stack(windows))
    values = np.concatenate([output.reshape(len(windows), -1) for output in outputs], axis=1)
    by_clip = np.split(values, np.cumsum(counts)[:-1])
    heard = []
    for found, clip_rows, clip_logits in zip(features, rows, by_clip, strict=True):
        smoother = _smoother(bundle)
        heard.append(_Heard(found, clip_rows, tuple(map(smoother.decide, clip_logits))))
    return tuple(heard)


def _device_hears(device: Device, samples: NDArray[np.int16]) -> _Heard:
    """Where features and rows of a frame do not fit one reply, the clip is played twice."""
    together = device.fits(raw=True, rows=True)
    replies, decisions = device.hear(samples, raw=True, rows=together)
    features = FrontendFeatures(
        np.concatenate([reply.amplitude for reply in replies]),
        np.concatenate([reply.phase for reply in replies]),
    )
    with_rows = replies if together else device.hear(samples, rows=True)[0]
    return _Heard(features, np.concatenate([reply.rows for reply in with_rows]), decisions)


def _compare_features(device: _Heard, host: _Heard) -> tuple[int, int, str]:
    """Return values compared, how many differ, and the first one's frame and channel."""
    compared = differing = 0
    first = ""
    for what, ours, theirs in (
        ("amplitude", device.features.amplitude, host.features.amplitude),
        ("phase", device.features.phase, host.features.phase),
        ("int8 row", device.rows, host.rows),
    ):
        compared += max(ours.size, theirs.size)
        if ours.shape != theirs.shape:
            differing += max(ours.size, theirs.size)
            first = first or f"{what}: {len(ours)} frames against {len(theirs)}"
            continue
        places = np.argwhere(ours != theirs)
        differing += len(places)
        if len(places):
            frame, channel = places[0][:2]
            first = first or f"{what}: frame {frame}, channel {channel}"
    return compared, differing, first


def _compare_decisions(
    device: Sequence[Decision], host: Sequence[Decision]
) -> tuple[int, int, int | None]:
    """Return logits compared, how many differ, and the number of the first decision that does."""
    compared = differing = 0
    first = None
    for number in range(max(len(device), len(host))):
        pair = [side[number : number + 1] for side in (device, host)]
        values = max(len(d[0].logits + d[0].further) for d in pair if d)
        compared += values
        if not all(pair):
            wrong = values
        else:
            ours, theirs = pair[0][0], pair[1][0]
            wrong = int((_values(ours) != _values(theirs)).sum())
            wrong += int(wrong == 0 and ours != theirs)  # smoothing or place alone
        differing += wrong
        if wrong and first is None:
            first = number
    return compared, differing, first


def _otherwise_decided(device: Sequence[Decision], host: Sequence[Decision]) -> int:
    """Return how many decisions differ, in label, probability, sums, place, or by not being there.

    Logits, and what follows them, are counted by themselves.
    """
    same = sum(
        replace(ours, logits=theirs.logits, further=theirs.further) == theirs
        for ours, theirs in zip(device, host, strict=False)
    )
    return max(len(device), len(host)) - same


def _certainty_apart(device: Sequence[Decision], host: Sequence[Decision], number: int) -> str:
    """Say so where a decision differs in nothing but its probability, or in being unsure."""
    if number >= min(len(device), len(host)):
        return ""
    ours, theirs = device[number], host[number]
    if replace(ours, probability=theirs.probability, unsure=theirs.unsure) != theirs:
        return ""
    return (
        f"its probability is {ours.probability} of {ONE}{' (unsure)' if ours.unsure else ''}, "
        f"not {theirs.probability}{' (unsure)' if theirs.unsure else ''}: the device has another "
        "temperature or threshold"
    )


def _window_of(bundle: Bundle, number: int) -> slice:
    window = bundle.trained.recipe.window
    return slice(number * window.hop_frames, number * window.hop_frames + window.frames)


def _cause(attached: AttachedDevice, rows: NDArray[np.int8]) -> str:
    """Name the first operator whose output differs from that of the same C on this host."""
    if not attached.kind.profile:
        return "which does not follow from the device's outputs"
    return attached.explain([rows[np.newaxis]])
