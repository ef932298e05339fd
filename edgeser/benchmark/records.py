"""What a benchmark found, as records that every renderer reads."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.evaluation.metrics import plural
from quantize.edgetpu.difference import OutputDifference
from quantize.foundation.measurement import Measurement
from quantize.tflite.remarks import Oddity


@dataclass(frozen=True, slots=True)
class Percentiles:
    """The 50th, 90th and 99th percentile of one figure, all of one unit."""

    p50: Measurement
    p90: Measurement
    p99: Measurement


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
class BenchReport:
    """The cost of one int8 model on one runtime.

    Parameters
    ----------
    model
        The model's file name.
    runtime
        Runtime, version and device, in words.
    latency_ms
        One single-thread inference, milliseconds.
    samples_ms
        Every timed inference in the order it was run, milliseconds.
    throughput_per_s
        Inferences per second, back to back.
    flash_bytes
        The model file, bytes.
    arena_bytes, arena_persistent_bytes, arena_non_persistent_bytes
        Of TFLite-Micro's arena, bytes; ``None`` where it cannot run the model.
    no_arena
        Why not; empty where it can.
    timed
        Which subgraph was timed; empty for a model that has one.
    oddities
        What is odd in the model.
    peak_rss_bytes
        Of the process that ran the model, bytes.
    features_ms_per_audio_s
        Milliseconds to compute the features of one second of audio; ``None`` for a model whose
        frontend is not known.
    end_to_end_ms
        From samples to label, milliseconds; ``None`` likewise.
    budgets
        The limits it was held to.
    """

    model: str
    runtime: str
    latency_ms: Percentiles
    samples_ms: tuple[float, ...]
    throughput_per_s: Measurement
    flash_bytes: Measurement
    arena_bytes: Measurement | None = None
    arena_persistent_bytes: Measurement | None = None
    arena_non_persistent_bytes: Measurement | None = None
    peak_rss_bytes: Measurement | None = None
    features_ms_per_audio_s: Measurement | None = None
    end_to_end_ms: Percentiles | None = None
    budgets: tuple[BudgetCheck, ...] = ()
    no_arena: str = ""
    timed: str = ""
    oddities: tuple[Oddity, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every budget holds."""
        return all(check.passed for check in self.budgets)


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


@dataclass(frozen=True, slots=True)
class DeviceParity:
    """Audio in on both sides: what the device made of it, held to the host, value for value.

    Parameters
    ----------
    clips
        Recordings that went in.
    source
        What recordings they are.
    feature_values, feature_differences
        Raw features and int8 features compared, and how many differ.
    logits, logit_differences
        int8 outputs of the network compared with TFLite-Micro's on the host, and how many differ;
        on an Edge TPU, with what the host decides from the same outputs.
    first_difference
        Clip, and frame and channel or layer, of the first difference; empty where there is none.
    edge_tpu
        Outputs of an Edge TPU, held to TFLite-Micro's within tolerances; ``None`` for a device
        whose outputs must be the same.
    decisions, decision_differences
        Decisions compared, each with its label, its probability and whether it is unsure, and how
        many differ in any of these.
    """

    clips: int
    source: str
    feature_values: int
    feature_differences: int
    logits: int
    logit_differences: int
    first_difference: str
    edge_tpu: OutputDifference | None = None
    decisions: int = 0
    decision_differences: int = 0

    @property
    def passed(self) -> bool:
        """Whether something was compared, nothing differs, and an Edge TPU's outputs are close."""
        compared = self.clips > 0 and self.logits > 0
        differences = self.feature_differences + self.logit_differences + self.decision_differences
        same = differences == 0
        return compared and same and (self.edge_tpu is None or self.edge_tpu.passed)

    @property
    def failure(self) -> str:
        """What differs first; else how far an Edge TPU's outputs are off."""
        if self.first_difference or self.edge_tpu is None:
            return self.first_difference
        return f"the Edge TPU's outputs are {self.edge_tpu.describe()}"

    def describe(self) -> str:
        """Return in one sentence what was compared and how it came out."""
        if self.feature_values:
            clips = f"{self.clips} {plural('clip', self.clips)} {self.source}"
            went_in = f"{clips} went in as audio on both sides"
            features = (
                f"{self.feature_differences:,} of {self.feature_values:,} feature values and "
            )
        else:
            went_in, features = f"{self.clips} {self.source} went in on both sides", ""
        decided = ""
        if self.decisions:
            features = features.replace(" and ", ", ")
            decided = f"and {self.decision_differences:,} of {self.decisions:,} decisions "
        text = (
            f"{went_in}: {features}{self.logit_differences:,} of {self.logits:,} output values "
            f"{decided}differ from the host"
        )
        first = f"; the first: {self.first_difference}" if self.first_difference else ""
        close = f"; the Edge TPU's outputs: {self.edge_tpu.describe()}" if self.edge_tpu else ""
        return f"{text}{first}{close}."


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """The cost of one int8 model as firmware on a device.

    Parameters
    ----------
    model
        The model's name.
    device
        Board, core, emulator or link, and compiler, in words.
    inference
        One inference: instructions, emulated; or milliseconds, measured.
    inference_ms
        One inference, milliseconds; predicted with its band where the device is emulated.
    per_mac
        Instructions for each multiply-accumulate; ``None`` for a model without any, and where
        instructions are not known.
    features, features_largest
        One frame of features in the mean and at most, in the unit of `inference`; ``None`` for a
        model without a frontend.
    features_ms
        One frame of features, milliseconds.
    operators
        In the order of the model; they sum to `inference` but for the loop around them.
    flash, ram
        All of the firmware's code and constants; all of its static memory and its stack, bytes.
        ``None`` for firmware that was not built here.
    memory
        What `flash` and `ram` are made of.
    sections
        The same by the linker's sections; a section with first values is in both memories.
    scratch
        The most that an operator needs beside its tensors, within the arena, bytes; ``None`` where
        our kernels do not run the model.
    stack_used
        Deepest stack seen, by watermark, bytes; ``None`` where the device does not watch it.
    budgets
        The limits it was held to.
    parity
        The device held to the host; ``None`` where it was not.
    """

    model: str
    device: str
    inference: Measurement
    inference_ms: Measurement
    per_mac: Measurement | None
    features: Measurement | None
    features_largest: Measurement | None
    features_ms: Measurement | None
    operators: tuple[OperatorCost, ...]
    flash: Measurement | None
    ram: Measurement | None
    memory: tuple[MemoryPart, ...]
    sections: tuple[MemoryPart, ...]
    scratch: Measurement | None
    stack_used: Measurement | None
    budgets: tuple[BudgetCheck, ...] = ()
    parity: DeviceParity | None = None

    @property
    def passed(self) -> bool:
        """Whether every budget holds and no value differs from the host."""
        budgets = all(check.passed for check in self.budgets)
        return budgets and (self.parity is None or self.parity.passed)
