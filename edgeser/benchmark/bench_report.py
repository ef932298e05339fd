"""What a benchmark found, as records that every renderer reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from edgeser.benchmark.target import TargetFacts
from edgeser.benchmark.target_parity import TargetParity
from quantize.foundation.errors import BadInput, EdgeserError
from quantize.foundation.measurement import Measurement
from quantize.tflite.remarks import Oddity


@dataclass(frozen=True, slots=True)
class BudgetCheck:
    """One limit, and what it was held to.

    Parameters
    ----------
    name
        What is limited: ``"memory"``, ``"latency"``.
    limit
        The most it may be, in the unit of `value`.
    value
        The figure that the limit is for.
    passed
        Whether ``value <= limit``.
    """

    name: str
    limit: float
    value: Measurement
    passed: bool


@dataclass(frozen=True, slots=True)
class OperatorCost:
    """What one operator of a model costs on a device.

    Parameters
    ----------
    index
        Its place in the .tflite.
    kind
        ``"CONV_2D"`` and the like.
    layer
        The layer's name, for people.
    macs
        Multiply-accumulates of one inference.
    cost
        Instructions on an emulated core, milliseconds on a real one.
    """

    index: int
    kind: str
    layer: str
    macs: int
    cost: Measurement


@dataclass(frozen=True, slots=True)
class MemoryPart:
    """One part of a device's memory: what lies there, where (``"flash"``, ``"ram"``), and bytes."""

    name: str
    memory: str
    size: Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Every figure that a benchmark can have; ``None`` for what a target does not have.

    A name means the same on every target, and ends with its unit.

    Parameters
    ----------
    inference_instructions
        One inference on an emulated core, the mean: exact.
    inference_ms
        One inference, the mean: measured on a board, predicted with its band on an emulated core;
        ``None`` where nothing is known of that core's cycles.
    inference_p50_ms, inference_p90_ms, inference_p99_ms
        One single-thread inference on this host or an Edge TPU.
    first_inference_ms
        Of an Edge TPU: it sends the parameters.
    inferences_per_s
        Back to back, on this host.
    instructions_per_mac
        For each multiply-accumulate; ``None`` for a model without any.
    frame_instructions, worst_frame_instructions
        One frame of features, in the mean and at most; ``None`` for a model without a frontend.
    frame_ms, worst_frame_ms
        The same as time: measured on a board; `frame_ms` is predicted for an emulated core.
    features_ms_per_audio_s
        Features of one second of audio on this host; ``None`` where the frontend is not known.
    end_to_end_p50_ms, end_to_end_p90_ms, end_to_end_p99_ms
        From samples to label on this host; ``None`` likewise.
    flash_bytes, ram_bytes
        All of the firmware's code and constants; all of its static memory and its stack. ``None``
        for firmware that was not built here.
    scratch_bytes
        The most that an operator needs beside its tensors, within the arena.
    stack_used_bytes
        Deepest stack seen, by watermark; ``None`` where the device does not watch it.
    model_bytes
        The model file.
    arena_bytes, arena_persistent_bytes, arena_non_persistent_bytes
        Of TFLite-Micro's arena; ``None`` where it cannot run the model.
    peak_rss_bytes
        Of the process that ran the model on this host.
    temperature_degc
        Of an Edge TPU after the runs.
    """

    inference_instructions: Measurement | None = None
    inference_ms: Measurement | None = None
    inference_p50_ms: Measurement | None = None
    inference_p90_ms: Measurement | None = None
    inference_p99_ms: Measurement | None = None
    first_inference_ms: Measurement | None = None
    inferences_per_s: Measurement | None = None
    instructions_per_mac: Measurement | None = None
    frame_instructions: Measurement | None = None
    worst_frame_instructions: Measurement | None = None
    frame_ms: Measurement | None = None
    worst_frame_ms: Measurement | None = None
    features_ms_per_audio_s: Measurement | None = None
    end_to_end_p50_ms: Measurement | None = None
    end_to_end_p90_ms: Measurement | None = None
    end_to_end_p99_ms: Measurement | None = None
    flash_bytes: Measurement | None = None
    ram_bytes: Measurement | None = None
    scratch_bytes: Measurement | None = None
    stack_used_bytes: Measurement | None = None
    model_bytes: Measurement | None = None
    arena_bytes: Measurement | None = None
    arena_persistent_bytes: Measurement | None = None
    arena_non_persistent_bytes: Measurement | None = None
    peak_rss_bytes: Measurement | None = None
    temperature_degc: Measurement | None = None

    def known(self) -> Iterator[tuple[str, Measurement]]:
        """Yield name and figure of those that there are."""
        for field in fields(self):
            if (value := getattr(self, field.name)) is not None:
                yield field.name, value


@dataclass(frozen=True, slots=True)
class BenchReport:
    """The cost of one int8 model on one target.

    Parameters
    ----------
    model
        The model's name.
    target
        What it ran on.
    figures
        What it costs.
    samples_ms
        Every timed inference in the order it was run, milliseconds; none of firmware.
    operators
        Of firmware, in the order of the model; they sum to one inference but for the loop around
        them.
    memory
        What flash and RAM are made of.
    sections
        The same by the linker's sections; a section with first values is in both memories.
    budgets
        The limits it was held to.
    parity
        The target held to the host; ``None`` where it was not.
    timed
        Which subgraph was timed; empty for a model that has one.
    no_arena
        Why there is no arena figure; empty where there is one, or the target has none.
    oddities
        What is odd in the model.
    model_sha256
        Of the .tflite that ran, in hexadecimal; empty where that is not known.
    """

    model: str
    target: TargetFacts
    figures: Figures
    samples_ms: tuple[float, ...] = ()
    operators: tuple[OperatorCost, ...] = ()
    memory: tuple[MemoryPart, ...] = ()
    sections: tuple[MemoryPart, ...] = ()
    budgets: tuple[BudgetCheck, ...] = ()
    parity: TargetParity | None = None
    timed: str = ""
    no_arena: str = ""
    oddities: tuple[Oddity, ...] = ()
    model_sha256: str = ""

    def __post_init__(self) -> None:
        """Refuse a record without what every target tells.

        Raises
        ------
        BadInput
            When no figure says what one inference costs.
        """
        if self._cost() is None:
            raise BadInput(
                "no figure of the benchmark says what one inference costs",
                hint="run 'edgeser bench' again",
            )

    @property
    def passed(self) -> bool:
        """Whether every budget holds, and the target is as near to the host as it must be."""
        return not self.problem

    @property
    def problem(self) -> str:
        """What is wrong in one line; empty where all is well."""
        if self.parity is not None and not self.parity.passed:
            return f"differs from the host: {self.parity.failure}"
        broken = [check.name for check in self.budgets if not check.passed]
        return f"budget broken: {', '.join(broken)}" if broken else ""

    @property
    def inference(self) -> Measurement:
        """What one inference costs: instructions where they are counted, else its time."""
        cost = self._cost()
        assert cost is not None  # noqa: S101  looked at when the record was made
        return cost

    def _cost(self) -> Measurement | None:
        found = self.figures
        return found.inference_instructions or found.inference_ms or found.inference_p50_ms

    @property
    def frame(self) -> Measurement | None:
        """What one frame of features costs, in the same unit; ``None`` without a frontend."""
        return self.figures.frame_instructions or self.figures.frame_ms


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What became of a model on one target.

    Parameters
    ----------
    target
        What it ran on, or was to.
    report
        Its benchmark; ``None`` where it did not run.
    failure
        Why it did not run; ``None`` where it did.
    """

    target: TargetFacts
    report: BenchReport | None
    failure: EdgeserError | None = None

    @classmethod
    def of(cls, report: BenchReport) -> BenchResult:
        """Return the result of a model that ran."""
        return cls(report.target, report)

    @property
    def problem(self) -> str:
        """What is wrong in one line; empty where all is well."""
        return str(self.failure) if self.report is None else self.report.problem


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The results of one model, a target each.

    Parameters
    ----------
    model
        Its name.
    results
        One for each target.
    model_sha256
        As of `BenchReport`.
    """

    model: str
    results: tuple[BenchResult, ...]
    model_sha256: str = ""

    @classmethod
    def of(cls, *reports: BenchReport) -> Benchmark:
        """Return the benchmark of a model that ran everywhere."""
        first = reports[0]
        return cls(first.model, tuple(map(BenchResult.of, reports)), first.model_sha256)

    @property
    def passed(self) -> bool:
        """Whether it ran on every target, as near as it must be and within its budgets."""
        return not any(result.problem for result in self.results)

    @property
    def exit_code(self) -> int:
        """That of the worst that happened: 1 before a tool that is missing."""
        failed = [result for result in self.results if result.problem]
        codes = {result.failure.exit_code if result.failure else 1 for result in failed}
        return min(codes, default=0)
