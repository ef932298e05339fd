"""What a model costs on a device: instructions or time, operator by operator, and memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import (
    BenchReport,
    BudgetCheck,
    Figures,
    MemoryPart,
    OperatorCost,
)
from edgeser.benchmark.budget import NO_LIMITS, Limits, check
from edgeser.benchmark.target import TargetFacts
from edgeser.progress import SILENT, Reporter
from firmware_bridge.boards import Board
from firmware_bridge.compiler.compile import CompiledModel
from firmware_bridge.emulator import BuiltFirmware
from firmware_bridge.link.device import Device
from quantize.foundation.errors import CheckFailed
from quantize.foundation.foreign import printable
from quantize.foundation.measurement import Evidence, Measurement


@dataclass(frozen=True, slots=True)
class Clock:
    """What a device's ticks stand for.

    Parameters
    ----------
    board
        The emulated board, whose ticks are instructions; `None` for a real one, whose ticks are
        time.
    ticks_hz
        Ticks a second.
    core_mhz
        Clock of the core that an emulated device's time is predicted for.
    target
        Which device it is.
    """

    board: Board | None
    ticks_hz: int
    core_mhz: float
    target: TargetFacts

    @property
    def source(self) -> str:
        """Board, core and compiler, in words."""
        return self.target.description

    def cost(self, ticks: Sequence[int]) -> Measurement:
        """Return the mean of repeated intervals: instructions, or milliseconds of a real board."""
        if self.board is not None and self.board.instructions_per_tick is not None:
            spent = np.array([self.board.instructions(count) for count in ticks], np.float64)
            unit, evidence = "instructions", Evidence.EMULATED
        else:
            spent = np.array(ticks, np.float64) * (1e3 / self.ticks_hz)
            unit, evidence = "ms", Evidence.MEASURED
        several = f", mean of {len(spent)}" if len(spent) > 1 else ""
        low, high = float(spent.min()), float(spent.max())
        return Measurement(
            float(spent.mean()),
            unit,
            evidence,
            f"{self.source}{several}",
            interval=(low, high) if low < high else None,
            interval_kind="least and most" if low < high else "",
        )

    def held_to_budget(
        self, ticks: Sequence[int], operators: Sequence[OperatorCost] = ()
    ) -> Measurement | None:
        """Return the time that a budget is for: predicted from the mean, else the slow end, p90."""
        mean = self.milliseconds(self.cost(ticks), operators)
        if mean is None or mean.evidence is not Evidence.MEASURED:
            return mean
        slow = float(np.percentile(np.array(ticks, np.float64), 90)) * 1e3 / self.ticks_hz
        source = f"{self.source}, 90th percentile of {len(ticks)}"
        return Measurement(slow, "ms", Evidence.MEASURED, source)

    def milliseconds(
        self, cost: Measurement, operators: Sequence[OperatorCost] = ()
    ) -> Measurement | None:
        """Return a cost as time: predicted with its band for instructions, else as it is.

        Of an inference by its operators, where they are given and the core's kernels were modelled.
        `None` for the instructions of a core whose cycles nobody has told.
        """
        if cost.unit == "ms":
            return cost
        cycles = self.board.cycles if self.board is not None else None
        if cycles is None:
            return None
        cycles = cycles.of_operators((row.kind, row.cost.value) for row in operators)
        best, worst = cycles.band
        low, middle, high = (
            cost.value * factor / (self.core_mhz * 1e3) for factor in (best, cycles.middle, worst)
        )
        return Measurement(
            middle,
            "ms",
            Evidence.PREDICTED,
            f"{cycles.middle:.3g} cycles an instruction at {self.core_mhz:g} MHz; "
            f"instructions from {self.source}",
            interval=(low, high),
            interval_kind=f"{best:.3g} to {worst:.3g} cycles an instruction",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Stimuli:
    """What a device is run on.

    Parameters
    ----------
    inputs
        What the model is given, one inference each: the bytes of its inputs, one after another.
    recordings
        int16 audio whose features are counted; none for a model without a frontend.
    """

    inputs: Sequence[bytes]
    recordings: Sequence[NDArray[np.int16]] = ()


def bench_device(
    device: Device,
    *,
    compiled: CompiledModel,
    clock: Clock,
    stimuli: Stimuli,
    layer_names: Mapping[str, str] | None = None,
    built: BuiltFirmware | None = None,
    limits: Limits = NO_LIMITS,
    reporter: Reporter = SILENT,
) -> BenchReport:
    """Run a model, and its frontend where it has one, on a device and count.

    Parameters
    ----------
    device
        Runs the model.
    compiled
        The model; names its operators.
    layer_names
        The layers' names for people, by the name of the tensor that they make.
    clock
        What the device's ticks stand for.
    stimuli
        What it is run on.
    built
        The firmware with its sizes; only what the device itself tells without it.
    limits
        What is checked; of a program for a board that is known, its memory where nothing is asked.
    reporter
        Told of stages.

    Raises
    ------
    CheckFailed
        When the device's self-test fails.
    DeviceError
        When the device does not answer as it must.
    """
    _require_self_test(device)
    ticks, by_operator = _inferences(device, stimuli.inputs, reporter)
    inference = clock.cost(ticks)
    mean = worst = None
    if stimuli.recordings and device.banner.frontend_hash is not None:
        mean, worst = _features(device, clock, stimuli.recordings, reporter)
    # After everything else: the stack's watermark is of all that ran.
    flash, ram, memory, stack = _memory(device, compiled, built, clock.source)
    whole = _whole(device, compiled)
    operators = (
        (_one_operator(compiled, inference),)
        if whole
        else _operators(compiled, clock, by_operator, layer_names or {})
    )
    figures = Figures(
        inference_instructions=_instructions(inference),
        inference_ms=clock.milliseconds(inference, operators),
        instructions_per_mac=_per_mac(inference, compiled.macs),
        frame_instructions=_instructions(mean),
        worst_frame_instructions=_instructions(worst),
        frame_ms=None if mean is None else clock.milliseconds(mean),
        worst_frame_ms=None if _instructions(worst) else worst,
        flash_bytes=flash,
        ram_bytes=ram,
        scratch_bytes=None if whole else _scratch(compiled),
        stack_used_bytes=stack,
    )
    return BenchReport(
        model=compiled.name,
        target=clock.target,
        figures=figures,
        operators=operators,
        memory=memory,
        sections=_sections(built),
        budgets=_budgets(limits, clock.board, clock.held_to_budget(ticks, operators), flash, ram),
    )


def _instructions(cost: Measurement | None) -> Measurement | None:
    """Return a cost that is counted in instructions; `None` for one that is time."""
    return cost if cost is not None and cost.unit == "instructions" else None


def _require_self_test(device: Device) -> None:
    test = device.self_test()
    if not test.passed:
        found = ", ".join(f"{key} {value}" for key, value in test.findings.items())
        raise CheckFailed(
            f"the device's self-test failed: {found}", hint="flash its firmware again"
        )


def _per_mac(inference: Measurement, macs: int) -> Measurement | None:
    if not macs or inference.unit != "instructions":
        return None
    source = f"{inference.source}; {macs:,} MACs"
    return Measurement(inference.value / macs, "instructions/MAC", inference.evidence, source)


def _scratch(compiled: CompiledModel) -> Measurement:
    most = max((row.scratch_bytes for row in compiled.operators), default=0)
    return Measurement(most, "bytes", Evidence.MEASURED, "the model's plan of its memory")


def _inferences(
    device: Device, inputs: Sequence[bytes], reporter: Reporter
) -> tuple[list[int], list[list[int]]]:
    """Return the ticks of each inference, and for each input those of every operator."""
    progress = reporter.stage("Inferences on the device")
    whole, parts = [], []
    for done, values in enumerate(inputs, 1):
        device.write_input(values)
        whole.append(device.infer())
        device.infer(profile=True)
        parts.append(device.profile().tolist())
        progress(done, len(inputs))
    return whole, parts


def _whole(device: Device, compiled: CompiledModel) -> bool:
    """Return whether the device runs the model in one piece, as an Edge TPU does."""
    return device.banner.operators == 1 < len(compiled.operators)


def _one_operator(compiled: CompiledModel, inference: Measurement) -> OperatorCost:
    return OperatorCost(0, "the whole model", compiled.name, compiled.macs, inference)


def _operators(
    compiled: CompiledModel,
    clock: Clock,
    by_input: list[list[int]],
    layer_names: Mapping[str, str],
) -> tuple[OperatorCost, ...]:
    costs = []
    for row, call, ticks in zip(
        compiled.operators, compiled.calls, zip(*by_input, strict=True), strict=True
    ):
        made = compiled.graph.tensors[call.outputs[0]].name
        # Converters join the names of all layers that were fused into one by semicolons.
        layer = layer_names.get(made) or printable(made.split(";")[0])
        costs.append(OperatorCost(row.index, row.name, layer, row.macs, clock.cost(ticks)))
    return tuple(costs)


def _features(
    device: Device, clock: Clock, recordings: Sequence[NDArray[np.int16]], reporter: Reporter
) -> tuple[Measurement, Measurement]:
    progress = reporter.stage("Features on the device")
    means, largest = [], 0
    for done, samples in enumerate(recordings, 1):
        device.reset()
        for _ in device.stream(samples):
            pass
        spent = device.feature_ticks()
        if spent.frames:
            means.append(round(spent.ticks / spent.frames))
            largest = max(largest, spent.largest)
        progress(done, len(recordings))
    return clock.cost(means), clock.cost((largest,))


def _memory(
    device: Device, compiled: CompiledModel, built: BuiltFirmware | None, source: str
) -> tuple[Measurement | None, Measurement | None, tuple[MemoryPart, ...], Measurement | None]:
    """Return flash, RAM, what they are made of, and the deepest stack, in bytes."""
    use = device.memory()

    def size(value: float, source: str) -> Measurement:
        return Measurement(value, "bytes", Evidence.MEASURED, source)

    by_device = f"the firmware itself, on {source}"
    stack = None
    if use.stack_bytes:
        stack = size(use.stack_used, f"watermark after the benchmark; {by_device}")
    state = device.banner.state_bytes
    known = {"arena": use.arena_bytes, "state": state, "frontend": use.frontend_work_bytes}
    ram_parts = [(name, value) for name, value in known.items() if value]
    if built is None:
        ram_parts.append(("stack", use.stack_bytes))
        parts = [MemoryPart(n, "ram", size(v, by_device)) for n, v in ram_parts if v]
        return None, None, tuple(parts), stack
    by_linker = "sections of the linked firmware"
    constants = {"model": compiled.constant_bytes, "frontend tables": use.frontend_table_bytes}
    code = built.text_bytes - sum(constants.values())
    flash_parts = [
        ("code and other constants", code),
        *constants.items(),
        ("initial values", built.data_bytes),
    ]
    other = built.bss_bytes + built.data_bytes - sum(value for _, value in ram_parts)
    ram_parts += [("buffers and other variables", other), ("stack", built.stack_bytes)]
    parts = [MemoryPart(n, "flash", size(v, by_linker)) for n, v in flash_parts if v]
    parts += [MemoryPart(n, "ram", size(v, by_linker)) for n, v in ram_parts if v]
    flash = size(built.flash_bytes, by_linker)
    return flash, size(built.ram_bytes, by_linker), tuple(parts), stack


def _sections(built: BuiltFirmware | None) -> tuple[MemoryPart, ...]:
    """Return the linker's sections; one with first values is kept in flash and copied to RAM."""
    found = []
    for section in built.sections if built else ():
        size = Measurement(section.size, "bytes", Evidence.MEASURED, "the linked firmware")
        if section.stored:
            found.append(MemoryPart(section.name, "flash", size))
        if section.writable:
            found.append(MemoryPart(section.name, "ram", size))
    return tuple(found)


def _budgets(
    limits: Limits,
    board: Board | None,
    inference: Measurement | None,
    flash: Measurement | None,
    ram: Measurement | None,
) -> tuple[BudgetCheck, ...]:
    whole = (board.flash_bytes, board.ram_bytes) if board else (None, None)
    return (
        *check("inference", limits.latency_ms, inference),
        *check("flash", limits.flash_bytes or whole[0], flash),
        *check("RAM", limits.ram_bytes or whole[1], ram),
    )
