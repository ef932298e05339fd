"""What a committee would cost on a device: the sum of its members, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edgeser.benchmark.bench_report import BenchReport
from edgeser.benchmark.committee import CommitteeCost
from edgeser.bundle import Bundle
from edgeser.pipeline.bench import bench
from edgeser.pipeline.exports.firmware import compiled_model
from edgeser.pipeline.folder import RunFolder
from edgeser.progress import SILENT, Reporter
from edgeser.targets.emulator import default_emulator
from quantize.foundation.errors import ToolMissing
from quantize.foundation.measurement import Evidence, Measurement


def committee_cost(
    members: Sequence[Bundle],
    folders: Sequence[RunFolder | None],
    *,
    builds: Path | None = None,
    reporter: Reporter = SILENT,
) -> CommitteeCost:
    """Add up what the members cost.

    Parameters
    ----------
    members, folders
        The bundles, and where each one's benchmark is, if it was done and they are of runs.
    builds
        Where the emulator's programs are kept.
    reporter
        Told of stages, and where the emulated device's tools are not installed.
    """
    compiled = [compiled_model(member) for member in members]
    count = f"sum over {len(members)} members"
    benched = _benched(members, folders, builds, reporter)
    times = [ms for report in benched if (ms := report.figures.inference_ms) is not None]
    return CommitteeCost(
        members=len(members),
        model_bytes=_counted(sum(len(m.int8_model) for m in members), "bytes", count),
        macs=_counted(sum(model.macs for model in compiled), "count", count),
        arena_bytes=_counted(
            max(model.arena_bytes for model in compiled), "bytes", "the largest of the members"
        ),
        frontends=len({member.trained.frontend.hash for member in members}),
        instructions=_sum([report.inference for report in benched], count) if benched else None,
        milliseconds=_sum(times, count) if times and len(times) == len(benched) else None,
    )


def _benched(
    members: Sequence[Bundle],
    folders: Sequence[RunFolder | None],
    builds: Path | None,
    reporter: Reporter,
) -> list[BenchReport]:
    """Return each member's report of the emulated device, that of its run where there is one."""
    found = []
    for member, folder in zip(members, folders, strict=True):
        report = (
            folder.load_state("device", BenchReport, model_hash=member.model_hash)
            if folder is not None
            else None
        )
        if report is None or report.inference.evidence is not Evidence.EMULATED:
            try:
                report = bench(member, target=default_emulator(builds), reporter=reporter)
            except ToolMissing as error:
                reporter.note(f"instructions are not counted: {error}")
                return []
        found.append(report)
    return found


def _counted(value: float, unit: str, source: str) -> Measurement:
    return Measurement(float(value), unit, Evidence.MEASURED, source)


def _sum(figures: Sequence[Measurement], source: str) -> Measurement:
    intervals = [figure.interval for figure in figures]
    interval = None
    if all(each is not None for each in intervals):
        low, high = zip(*[each for each in intervals if each is not None], strict=True)
        interval = (sum(low), sum(high))
    first = figures[0]
    return Measurement(
        value=sum(figure.value for figure in figures),
        unit=first.unit,
        evidence=first.evidence,
        source=f"{source}; {first.source}",
        interval=interval,
        interval_kind=first.interval_kind if interval else "",
    )
