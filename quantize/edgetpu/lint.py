"""Hold a model to the rules, and say where each of its operators would run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from quantize.edgetpu.checks import CHECKS, describe_scales
from quantize.edgetpu.fixes import NEVER_MAPS, fix_for, fix_for_model
from quantize.edgetpu.package import is_compiled
from quantize.edgetpu.partition import place_operators
from quantize.edgetpu.rules import RULES, Effect, Rule
from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable
from quantize.runtimes.prepare import Preparation, Refusal, prepare
from quantize.tflite.model import Layer, Model, Subgraph

COMPILER = "16.0"
EDGE_TPU, CPU = "edgetpu", "cpu"
_SAID = frozenset({"scales", "kernel-demands"})
"""Rules that say with numbers what a runtime then refuses."""
NOT_PREPARED = Preparation(not_tried="it was not asked for")


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a model breaks.

    Parameters
    ----------
    rule
        The rule.
    operator
        Index of the operator in the main subgraph, ``None`` for the whole model.
    layer
        What it is about, for people.
    detail
        What is wrong there, in a few words.
    fix
        What to do: the rule's advice, or better one for this operator.
    """

    rule: Rule
    operator: int | None
    layer: str
    detail: str
    fix: str

    def __str__(self) -> str:
        return f"{self.layer}: {self.rule.text} Here {self.detail}."


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one operator would run, and why not on the Edge TPU where it would not."""

    operator: int
    name: str
    version: int
    layer: str
    runs_on: str
    reason: str


@dataclass(frozen=True, slots=True)
class LintReport:
    """What `lint_model` found.

    Parameters
    ----------
    source
        The file, for messages.
    placements
        One for each operator, in order.
    findings
        Broken rules, by operator.
    not_prepared
        Why the model was not tried in LiteRT; empty where it was.
    """

    source: str
    placements: tuple[Placement, ...]
    findings: tuple[Finding, ...]
    not_prepared: str = ""

    @property
    def refused(self) -> bool:
        """Whether the compiler would refuse the whole file."""
        return any(finding.rule.effect is Effect.REFUSED for finding in self.findings)

    @property
    def mapped(self) -> int:
        """The number of operators that would run on the Edge TPU."""
        return sum(placement.runs_on == EDGE_TPU for placement in self.placements)

    @property
    def passed(self) -> bool:
        """Whether every operator would run on the Edge TPU."""
        return not self.refused and 0 < len(self.placements) == self.mapped

    def counted(self, severity: str) -> int:
        """Return the number of findings of a severity."""
        return sum(finding.rule.effect.severity == severity for finding in self.findings)

    @property
    def summary(self) -> str:
        """One sentence: how many operators map, and what the compiler would do."""
        total = len(self.placements)
        if self.refused:
            return f"compiler {COMPILER} would refuse this file"
        if self.passed:
            return f"all {total} operators map to the Edge TPU"
        left = next(p for p in self.placements if p.runs_on == CPU) if total else None
        where = f"; the first on the CPU is {left.layer}" if left else ""
        return f"{self.mapped} of {total} operators map to the Edge TPU{where}"


def lint_file(data: bytes, model: Model) -> LintReport:
    """Try a .tflite in LiteRT's reference kernels, and hold it to all rules.

    Parameters
    ----------
    data
        The file's bytes.
    model
        The same, read.

    Raises
    ------
    BadInput
        When it is compiled already.
    """
    return lint_model(model, Preparation() if is_compiled(model) else prepare(data, model))


def lint_model(model: Model, preparation: Preparation = NOT_PREPARED) -> LintReport:
    """Hold a verified model to all rules.

    Parameters
    ----------
    model
        The model.
    preparation
        What came of trying it in a runtime.

    Raises
    ------
    BadInput
        When the model is compiled already.
    """
    if is_compiled(model):
        raise BadInput(
            f"{model.source} is compiled for the Edge TPU already",
            hint="lint the model that it was compiled from; 'edgeser inspect' reads this one",
        )
    graph = model.main
    findings = _model_findings(model)
    by_operator: dict[int, list[Finding]] = {}
    for layer in graph.layers:
        by_operator[layer.index] = _operator_findings(layer)
    _add_refusal(preparation.refusal, graph, findings, by_operator)
    refused = any(
        finding.rule.effect is Effect.REFUSED
        for group in (findings, *by_operator.values())
        for finding in group
    )
    placements = _placements(graph, by_operator, refused=refused)
    for group in by_operator.values():
        findings += group
    return LintReport(model.source, placements, tuple(findings), preparation.not_tried)


def _operator_findings(layer: Layer) -> list[Finding]:
    label = layer.label
    found: list[Finding] = []
    for rule_id, check in CHECKS.items():
        rule = RULES[rule_id]
        # Of an operator that never maps, no more need be said than that.
        if rule.effect is Effect.CPU and any(f.rule.id in NEVER_MAPS for f in found):
            continue
        detail = check(layer)
        if detail:
            found.append(Finding(rule, layer.index, label, detail, fix_for(rule, layer)))
    return found


def _add_refusal(
    refusal: Refusal | None,
    graph: Subgraph,
    findings: list[Finding],
    by_operator: dict[int, list[Finding]],
) -> None:
    """Add what a runtime said to what is known of the operator, or as a finding of its own."""
    if refusal is None:
        return
    known = [f for group in by_operator.values() for f in group if f.rule.id in _SAID]
    at = refusal.operator
    for finding in known:
        if at in (None, finding.operator) and finding.operator is not None:
            said = f"{finding.detail}; LiteRT: {refusal.message}"
            group = by_operator[finding.operator]
            group[group.index(finding)] = replace(finding, detail=said)
            return
    rule = RULES["prepares"]
    if at is None:
        findings.append(Finding(rule, None, "the model", refusal.message, rule.fix))
        return
    layer = Layer(graph, graph.operators[at])
    numbers = "; ".join(describe_scales(layer))
    detail = f"{refusal.message} ({numbers})" if numbers else refusal.message
    by_operator[at].append(Finding(rule, at, layer.label, detail, rule.fix))


def _placements(
    graph: Subgraph, findings: dict[int, list[Finding]], *, refused: bool
) -> tuple[Placement, ...]:
    stopped = {
        index: next((f for f in group if f.rule.effect in {Effect.REFUSED, Effect.CPU}), None)
        for index, group in findings.items()
    }
    on_chip = place_operators(graph, [stopped[op.index] is None for op in graph.operators])
    placements = []
    for layer, mapped in zip(graph.layers, on_chip, strict=True):
        blocking = stopped[layer.index]
        if blocking is not None:
            reason = f"{blocking.rule.id}: {blocking.detail}"
        elif refused:
            reason = "the compiler would refuse the file"
        else:
            reason = "" if mapped else "it comes after an operator that runs on the CPU"
        placements.append(
            Placement(
                layer.index,
                printable(layer.name),
                layer.version,
                layer.label,
                EDGE_TPU if mapped and not refused else CPU,
                reason,
            )
        )
    return tuple(placements)


def _model_findings(model: Model) -> list[Finding]:
    graph = model.main
    details = {}
    if len(model.subgraphs) > 1:
        details["control-flow"] = f"there are {len(model.subgraphs)} graphs"
    if not any(tensor.dtype.is_eight_bit for tensor in graph.tensors):
        details["quantised-model"] = "there are none"
    if any(tensor.shape_signature[:1] == (-1,) for tensor in graph.input_tensors):
        details["open-batch"] = "it is open"
    if len(graph.inputs) > 1:
        details["one-input"] = f"there are {len(graph.inputs)}"
    return [
        Finding(RULES[rule_id], None, "the model", detail, fix_for_model(RULES[rule_id], model))
        for rule_id, detail in details.items()
    ]
