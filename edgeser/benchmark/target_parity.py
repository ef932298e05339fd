"""A target held to the host: exactly, or within tolerances where outputs are known to differ."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.benchmark.target import TargetFacts
from edgeser.evaluation.int8_parity import ParityReport
from edgeser.evaluation.metrics import listed
from edgeser.evaluation.verdict import Check, Verdict
from edgeser.wording import plural
from quantize.edgetpu.difference import OutputDifference


@dataclass(frozen=True, slots=True)
class TargetParity:
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
        return (
            self.compared
            and not self.differences
            and (self.edge_tpu is None or self.edge_tpu.passed)
        )

    @property
    def failure(self) -> str:
        """What differs first; else how far an Edge TPU's outputs are off."""
        if self.first_difference or self.edge_tpu is None:
            return self.first_difference
        return f"the Edge TPU's outputs are {self.edge_tpu.describe()}"

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was judged, each with why it failed."""
        text = self.describe()
        checks = []
        if self.feature_values:
            checks.append(_held("features as on the host", not self.feature_differences, text))
        if self.logits:
            same = not self.logit_differences + self.decision_differences
            checks.append(_held("outputs as on the host", same, text))
        if self.edge_tpu is not None:
            checks += _within(self.edge_tpu)
        if not self.compared:
            checks.append(Check("something was compared", "nothing was"))
        return tuple(checks)

    @property
    def compared(self) -> bool:
        """Whether anything was compared."""
        return self.clips > 0 and (self.logits > 0 or self.edge_tpu is not None)

    @property
    def differences(self) -> int:
        """How many features, outputs and decisions differ that must not."""
        return self.feature_differences + self.logit_differences + self.decision_differences

    def describe(self) -> str:
        """Return in one sentence what was compared and how it came out."""
        clips = f"{self.clips} {plural('clip', self.clips)} {self.source}"
        went_in = f"{self.clips} {self.source} went in on both sides"
        counts = []
        if self.feature_values:
            went_in = f"{clips} went in as audio on both sides"
            counts.append(f"{self.feature_differences:,} of {self.feature_values:,} feature values")
        if self.logits:
            counts.append(f"{self.logit_differences:,} of {self.logits:,} output values")
        if self.decisions:
            counts.append(f"{self.decision_differences:,} of {self.decisions:,} decisions")
        parts = [f"{went_in}: {listed(counts)} differ from the host"] if counts else [went_in]
        if self.first_difference:
            parts.append(f"the first: {self.first_difference}")
        if self.edge_tpu is not None:
            parts.append(f"the Edge TPU's outputs: {self.edge_tpu.describe()}")
        return f"{'; '.join(parts)}."


@dataclass(frozen=True, slots=True, eq=False)
class Parity:
    """What a target was held to, and how it came out.

    Parameters
    ----------
    target
        What was held.
    report, verdict
        Float against int8 on this host, and what its tolerances say of it.
    against_host
        Any other target against the host's int8.
    model, model_sha256
        The int8 model: its name, and the hash of its .tflite; empty where they are not known.
    """

    target: TargetFacts
    report: ParityReport | None = None
    verdict: Verdict | None = None
    against_host: TargetParity | None = None
    model: str = ""
    model_sha256: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything is as near as it must be."""
        return not self.failures

    @property
    def checks(self) -> tuple[Check, ...]:
        """What was judged, each with why it failed."""
        if self.verdict is not None:
            return tuple(self.verdict.checks)
        return () if self.against_host is None else self.against_host.checks

    @property
    def failures(self) -> tuple[str, ...]:
        """What is not, a line each."""
        if self.verdict is not None:
            return tuple(self.verdict.failures)
        held = self.against_host
        if held is None or held.passed:
            return ()
        return (held.failure or "nothing was compared",)


def _held(name: str, passed: bool, what: str) -> Check:
    return Check(name, None if passed else what)


def _within(found: OutputDifference) -> list[Check]:
    """Return a check for each tolerance of an Edge TPU's outputs; a failure says what it allows."""
    limits, text = found.tolerances, found.describe()
    return [
        _held(
            "an Edge TPU's outputs: steps",
            found.max_lsb <= limits.max_lsb,
            f"{text}; {limits.max_lsb} steps are allowed",
        ),
        _held(
            "an Edge TPU's outputs: label flips",
            found.flips <= limits.max_flips * found.samples,
            f"{text}; {100 * limits.max_flips:.1f} % may flip",
        ),
    ]
