"""Predict what an inference on the Edge TPU would cost, before there is anything to run."""

from __future__ import annotations

from dataclasses import dataclass

from quantize.edgetpu.cost import count_cost
from quantize.edgetpu.latency import (
    FITTED,
    INSTRUCTION_BAND,
    LEAVE_ONE_OUT_MEAN,
    LEAVE_ONE_OUT_WORST,
    OVERHEAD_MS,
    PUBLISHED,
    SPEEDS,
    WORST_OF_FILES,
    Link,
    slower_link_ms,
)
from quantize.edgetpu.lint import EDGE_TPU, LintReport, lint_model
from quantize.edgetpu.package import is_compiled, read_compiled
from quantize.foundation.errors import CheckFailed
from quantize.foundation.measurement import Evidence, Measurement
from quantize.tflite.model import Model

PARAMETER_BAND = (0.9, 1.1)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What `estimate` says of one model on one link.

    Parameters
    ----------
    source
        The file.
    link
        How the chip is reached.
    compiled
        Whether the bytes are the compiled file's own.
    operators, mapped
        Operators of the model, and those that run on the chip.
    parameter_bytes, streamed_bytes, instruction_bytes, input_bytes, output_bytes
        Per inference, except for parameters that stay on the chip.
    cache_bytes
        Memory for parameters beside the activations; ``None`` for a compiled file.
    latency_ms
        One inference, once parameters are loaded.
    first_ms
        Loading the parameters that stay on the chip, once.
    not_counted
        What the latency leaves out, in words; empty where nothing is.
    """

    source: str
    link: Link
    compiled: bool
    operators: int
    mapped: int
    parameter_bytes: Measurement
    streamed_bytes: Measurement
    instruction_bytes: Measurement
    input_bytes: int
    output_bytes: int
    cache_bytes: Measurement | None
    latency_ms: Measurement
    first_ms: Measurement
    not_counted: tuple[str, ...]

    @property
    def fits(self) -> bool:
        """Whether all parameters stay on the chip."""
        return self.streamed_bytes.value == 0


def estimate(model: Model, *, link: Link = Link.USB3, lint: LintReport | None = None) -> Estimate:
    """Predict mapping, bytes and latency of a model.

    Parameters
    ----------
    model
        An uncompiled model, or one that is compiled for the Edge TPU: then the bytes are its own.
    link
        How the chip is reached.
    lint
        Of that model, where it was linted already; without it the rules alone are asked.

    Raises
    ------
    CheckFailed
        When the compiler would refuse the model, or nothing of it would run on the chip.
    """
    if is_compiled(model):
        return _of_compiled(model, link)
    return _of_uncompiled(model, link, lint or lint_model(model))


def _of_uncompiled(model: Model, link: Link, report: LintReport) -> Estimate:
    if report.mapped == 0:
        raise CheckFailed(
            f"there is nothing to predict for {model.source}: {report.summary}",
            hint="'edgeser lint' says why",
        )
    graph = model.main
    on_chip = tuple(
        layer
        for layer, placement in zip(graph.layers, report.placements, strict=True)
        if placement.runs_on == EDGE_TPU
    )
    cost = count_cost(graph, on_chip)
    source = "predicted from the uncompiled model"
    compute = FITTED.compute_ms(cost.activation_bytes, cost.padded_macs)
    fixed = cost.input_bytes + cost.output_bytes + cost.streamed_bytes
    left = len(graph.operators) - report.mapped
    missing = [f"{left} operators on the CPU"] if left else []
    return Estimate(
        source=model.source,
        link=link,
        compiled=False,
        operators=len(graph.operators),
        mapped=report.mapped,
        parameter_bytes=_predicted_bytes(cost.parameter_bytes, PARAMETER_BAND, source),
        streamed_bytes=_predicted_bytes(cost.streamed_bytes, PARAMETER_BAND, source),
        instruction_bytes=_predicted_bytes(cost.instruction_bytes, INSTRUCTION_BAND, source),
        input_bytes=cost.input_bytes,
        output_bytes=cost.output_bytes,
        cache_bytes=Measurement(
            cost.cache_bytes, "bytes", Evidence.PREDICTED, "8 MiB less the largest activations"
        ),
        latency_ms=_latency(link, fixed, cost.instruction_bytes, compute),
        first_ms=_transfer(link, cost.cached_bytes, "sending the parameters once"),
        not_counted=tuple(missing),
    )


def _latency(link: Link, fixed: int, instructions: int, compute_ms: float) -> Measurement:
    """Return the time of one inference with its band.

    The published times over USB 3 contain the instructions, so there the fit does; elsewhere they
    cross a slower link and are counted.
    """
    speed = SPEEDS[link]
    if link is Link.USB3:
        value = OVERHEAD_MS + fixed / speed.centre * 1e3 + compute_ms
        band = (value * (1 - 2 * LEAVE_ONE_OUT_WORST), value * (1 + 2 * LEAVE_ONE_OUT_WORST))
        source = (
            f"fit to {len(PUBLISHED)} published figures, mean error "
            f"{100 * LEAVE_ONE_OUT_MEAN:.1f} %, worst "
            f"{100 * LEAVE_ONE_OUT_WORST:.1f} % (leave-one-out)"
        )
        kind = "twice the worst leave-one-out error"
    else:
        low, value, high = slower_link_ms(link, fixed, instructions, compute_ms)
        band = (low, high)
        slow, fast = (rate / 1e6 for rate in speed.bytes_per_s)
        source = f"the fit over USB 3, with {slow:g} to {fast:g} MB/s ({speed.basis})"
        kind = "range of the link's speed, the instructions and the compute time"
    return Measurement(value, "ms", Evidence.PREDICTED, source, band, kind)


def _transfer(link: Link, count: int, source: str) -> Measurement:
    slow, fast = SPEEDS[link].bytes_per_s
    band = (count / fast * 1e3, count / slow * 1e3)
    value = count / SPEEDS[link].centre * 1e3
    return Measurement(value, "ms", Evidence.PREDICTED, source, band, "range of the link's speed")


def _predicted_bytes(count: int, band: tuple[float, float], source: str) -> Measurement:
    interval = (count * band[0], count * band[1])
    return Measurement(count, "bytes", Evidence.PREDICTED, source, interval, "error on known files")


def _of_compiled(model: Model, link: Link) -> Estimate:
    compiled = read_compiled(model)
    inputs = sum(package.input_bytes for package in compiled.packages)
    outputs = sum(package.output_bytes for package in compiled.packages)
    cycles = [p.inference.estimated_cycles for p in compiled.packages if p.inference is not None]
    known = [count for count in cycles if count]
    missing = [] if len(known) == len(cycles) else ["compute: the file holds no estimate of cycles"]
    if compiled.cpu_operators:
        missing.append(f"{len(compiled.cpu_operators)} operators on the CPU")
    compute = sum(known) / SPEEDS[link].clock_hz * 1e3
    moved = compiled.streamed_bytes + inputs + outputs
    counted = "counted in the compiled file"
    return Estimate(
        source=model.source,
        link=link,
        compiled=True,
        operators=len(model.main.operators),
        mapped=len(compiled.packages),
        parameter_bytes=_counted(compiled.cached_bytes + compiled.streamed_bytes, counted),
        streamed_bytes=_counted(compiled.streamed_bytes, counted),
        instruction_bytes=_counted(compiled.instruction_bytes, counted),
        input_bytes=inputs,
        output_bytes=outputs,
        cache_bytes=None,
        latency_ms=_latency_of_file(link, moved, compiled.instruction_bytes, compute),
        first_ms=_transfer(link, compiled.cached_bytes, "sending the parameters once"),
        not_counted=tuple(missing),
    )


def _latency_of_file(link: Link, moved: int, instructions: int, compute_ms: float) -> Measurement:
    """Return the time of one inference by the bytes of a compiled file, with its band.

    Over USB 3 the overhead contains the instructions, as in the fit: the one file at hand with a
    published time, MobileNet v1 0.25, takes 0.9 ms, and would take 1.45 with them. The band's upper
    end counts them, since that is one file only.
    """
    speed = SPEEDS[link]
    slow, fast = speed.bytes_per_s
    hidden = instructions if link is Link.USB3 else 0
    least, value, most = (
        OVERHEAD_MS + count / rate * 1e3 + compute_ms
        for count, rate in (
            (moved + instructions - hidden, fast),
            (moved + instructions - hidden, speed.centre),
            (moved + instructions, slow),
        )
    )
    return Measurement(
        value,
        "ms",
        Evidence.PREDICTED,
        f"bytes of the compiled file at {slow / 1e6:g} to {fast / 1e6:g} MB/s ({speed.basis})",
        ((1 - WORST_OF_FILES) * least, (1 + WORST_OF_FILES) * most),
        "worst error of the fit to files with known bytes, instructions counted or not, and range "
        "of the link's speed",
    )


def _counted(count: int, source: str) -> Measurement:
    return Measurement(count, "bytes", Evidence.MEASURED, source)
