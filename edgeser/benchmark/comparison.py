"""Two saved benchmarks held against each other: what grew, by how much, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from edgeser.benchmark.bench_report import OperatorCost
from edgeser.benchmark.growth import GrowthLimit
from edgeser.benchmark.saved import SavedBenchmark, SavedResult
from quantize.foundation.errors import BadInput
from quantize.foundation.measurement import Measurement

_BY_ADDRESS = frozenset({"serial", "edgetpu"})


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both benchmarks.

    Parameters
    ----------
    name
        The figure: ``"flash_bytes"``.
    before, after
        In the baseline and in the new benchmark; ``None`` where it is absent.
    limit
        What it is held to; ``None`` where nobody asked.
    allowed
        The most that the limit allows, in the figure's unit; ``None`` where that cannot be said.
    failure
        Why it does not hold; empty where it does, or has no limit.
    """

    name: str
    before: Measurement | None
    after: Measurement | None
    limit: GrowthLimit | None = None
    allowed: Fraction | None = None
    failure: str = ""

    @property
    def growth(self) -> Fraction | None:
        """What is more, as a share of the baseline; ``None`` where there is none to speak of."""
        if self.before is None or self.after is None or self.before.unit != self.after.unit:
            return None
        before, after = Fraction(self.before.value), Fraction(self.after.value)
        if before == after:
            return Fraction(0)
        return (after - before) / before if before > 0 else None


@dataclass(frozen=True, slots=True)
class OperatorChange:
    """One operator whose cost is another one now; both have the place and the kind."""

    before: OperatorCost
    after: OperatorCost

    @property
    def more(self) -> float:
        """How much more it costs now, in the unit of its cost."""
        return self.after.cost.value - self.before.cost.value


@dataclass(frozen=True, slots=True)
class ResultComparison:
    """What changed on one target.

    Parameters
    ----------
    label
        The target: ``"emulator mps2-an500"``.
    description
        What it is in the new benchmark, in words.
    changes
        Every figure of either benchmark; one with several limits once for each.
    operators
        Operators whose cost changed, the largest change first; empty where the graphs differ.
    remarks
        What makes the two less alike than they seem: another compiler, another graph.
    failure
        Why nothing can be compared; empty where it can.
    """

    label: str
    description: str = ""
    changes: tuple[Change, ...] = ()
    operators: tuple[OperatorChange, ...] = ()
    remarks: tuple[str, ...] = ()
    failure: str = ""

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each thing that does not hold."""
        whole = (self.failure,) if self.failure else ()
        return (*whole, *(change.failure for change in self.changes if change.failure))


@dataclass(frozen=True, slots=True)
class BenchComparison:
    """Two benchmarks held against each other.

    Parameters
    ----------
    before, after
        The baseline and the new benchmark.
    results
        One for each target of either.
    remarks
        What makes the two less alike than they seem: another model.
    """

    before: SavedBenchmark
    after: SavedBenchmark
    results: tuple[ResultComparison, ...]
    remarks: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """One line for each thing that does not hold, with its target where there are several."""
        several = len(self.results) > 1
        return tuple(
            f"{result.label}: {failure}" if several else failure
            for result in self.results
            for failure in result.failures
        )

    @property
    def passed(self) -> bool:
        """Whether every limit holds and no target of the baseline is gone."""
        return not self.failures

    @property
    def told(self) -> tuple[str, ...]:
        """Every remark in a line of its own, with its target where there are several."""
        several = len(self.results) > 1
        return self.remarks + tuple(
            f"{result.label}: {remark}" if several else remark
            for result in self.results
            for remark in result.remarks
        )


def compare_benchmarks(
    before: SavedBenchmark, after: SavedBenchmark, limits: Sequence[GrowthLimit] = ()
) -> BenchComparison:
    """Hold a benchmark against a baseline, target by target.

    Another model, compiler or runtime is remarked on. Figures of different boards are never set
    beside each other: a target that only one of them has is named.

    Raises
    ------
    BadInput
        When they have no target in common.
    """
    pairs = _pairs(before, after)
    if not any(old and new for old, new in pairs):
        raise BadInput(
            f"{before.source} is of {_labels(before)}, {after.source} of {_labels(after)}: nothing "
            "can be compared",
            hint="save a baseline on the same target: edgeser bench MODEL --save FILE",
        )
    sources = before.source, after.source
    results = tuple(_compare_pair(old, new, limits, sources) for old, new in pairs)
    return BenchComparison(before, after, results, _of_the_models(before, after))


def _of_the_models(before: SavedBenchmark, after: SavedBenchmark) -> tuple[str, ...]:
    """Say whether the two are of other models: by their bytes where both tell, else by name."""
    hashes = before.model_sha256, after.model_sha256
    if all(hashes) and hashes[0] != hashes[1]:
        old, new = (sha256[:12] for sha256 in hashes)
        return (f"the models differ: {before.model} ({old}) before, {after.model} ({new}) now",)
    if not all(hashes) and before.model != after.model:
        return (f"the models differ: {before.model} before, {after.model} now",)
    return ()


def _pairs(
    before: SavedBenchmark, after: SavedBenchmark
) -> list[tuple[SavedResult | None, SavedResult | None]]:
    """Pair results of the same target; what has none is paired with nothing.

    The address of a board says nothing of which board it is: the only one of its kind is taken for
    the same, and its description is compared.
    """
    new = {_key(result, after): result for result in after.results}
    old = {_key(result, before): result for result in before.results}
    keys = dict.fromkeys([*old, *new])
    return [(old.get(key), new.get(key)) for key in keys]


def _key(result: SavedResult, of: SavedBenchmark) -> tuple[str, str]:
    alone = [other.kind for other in of.results].count(result.kind) == 1
    return (result.kind, "") if alone and result.kind in _BY_ADDRESS else result.key


def _compare_pair(
    before: SavedResult | None,
    after: SavedResult | None,
    limits: Sequence[GrowthLimit],
    sources: tuple[str, str],
) -> ResultComparison:
    if before is not None and after is not None:
        return _compare(before, after, limits, sources)
    if before is not None:
        gone = f"{sources[1]} has no result of {before.label}, {sources[0]} has"
        return ResultComparison(before.label, failure=gone)
    assert after is not None  # noqa: S101 - one of them is there
    only = f"{sources[0]} has no result of {after.label}: nothing to compare it with"
    return ResultComparison(after.label, after.description, remarks=(only,))


def _labels(saved: SavedBenchmark) -> str:
    return ", ".join(result.label for result in saved.results)


def _compare(
    before: SavedResult,
    after: SavedResult,
    limits: Sequence[GrowthLimit],
    sources: tuple[str, str],
) -> ResultComparison:
    ran = bool(before.figures), bool(after.figures)
    failure = ""
    if ran == (True, False):
        failure = f"it did not run for {sources[1]}: {after.problem or 'there are no figures'}"
    held: dict[str, list[Change]] = {}
    for change in () if failure else _held(before, after, limits, sources):
        held.setdefault(change.name, []).append(change)
    changes = tuple(
        change
        for name in dict.fromkeys([*before.figures, *after.figures, *held])
        for change in held.get(name)
        or [Change(name, before.figures.get(name), after.figures.get(name))]
    )
    operators, remark = _operators(before, after)
    return ResultComparison(
        after.label,
        after.description,
        changes,
        operators,
        tuple(_remarks(before, after, changes, remark, sources)),
        failure,
    )


def _remarks(
    before: SavedResult,
    after: SavedResult,
    changes: Sequence[Change],
    of_graphs: str,
    sources: tuple[str, str],
) -> Iterator[str]:
    if before.description != after.description:
        yield f"not run the same way: {before.description} before, {after.description} now"
    if not before.figures:
        yield f"it did not run for {sources[0]}: {before.problem or 'there are no figures'}"
    elif after.problem and after.figures:
        yield f"{sources[1]} did not pass: {after.problem}"
    if of_graphs:
        yield of_graphs
    for change in changes:
        if change.before is None or change.after is None:
            continue
        if change.before.unit != change.after.unit:
            yield (
                f"{change.name} is in {change.before.unit} before and in {change.after.unit} now: "
                "not compared"
            )
        elif change.before.evidence is not change.after.evidence:
            yield (
                f"{change.name} is {change.before.evidence} before and {change.after.evidence} now"
            )


def _held(
    before: SavedResult,
    after: SavedResult,
    limits: Sequence[GrowthLimit],
    sources: tuple[str, str],
) -> Iterator[Change]:
    """Yield each figure that has a limit, held to it; once for each limit."""
    for limit in limits:
        known = [n for n in limit.figures if n in after.figures]
        name = known[0] if known else limit.figures[0]
        yield _hold(name, limit, before.figures.get(name), after.figures.get(name), sources)


def _hold(
    name: str,
    limit: GrowthLimit,
    before: Measurement | None,
    after: Measurement | None,
    sources: tuple[str, str],
) -> Change:
    needed = [(after, sources[1])]
    if limit.needs_baseline:
        needed.insert(0, (before, sources[0]))
    lacking = [source for figure, source in needed if figure is None]
    if after is None or lacking:
        why = f"{name} cannot be held to {limit.text}: not in {' and '.join(lacking)}"
        return Change(name, before, after, limit, None, why)
    if limit.needs_baseline and before is not None and before.unit != after.unit:
        why = f"{name} cannot be held to {limit.text}: it is in other units than before"
        return Change(name, before, after, limit, None, why)
    allowed = limit.allowed(None if before is None else before.value)
    failure = ""
    if Fraction(after.value) > allowed:
        was = "" if before is None else f", before {exact(before.value)}"
        failure = (
            f"{name} is {exact(after.value)}{was}: the limit {limit.text} allows {exact(allowed)}"
        )
    return Change(name, before, after, limit, allowed, failure)


def _operators(before: SavedResult, after: SavedResult) -> tuple[tuple[OperatorChange, ...], str]:
    """Return the operators whose cost changed, or why they cannot be set beside each other."""
    kinds = [[(row.kind, row.cost.unit) for row in r.operators] for r in (before, after)]
    if kinds[0] != kinds[1]:
        one, other = (len(result.operators) for result in (before, after))
        how = f"{one} operators before, {other} now" if one != other else "operators of other kinds"
        return (), f"the graphs differ: {how}" if one and other else ""
    pairs = zip(before.operators, after.operators, strict=True)
    changed = [OperatorChange(a, b) for a, b in pairs if a.cost.value != b.cost.value]
    return tuple(sorted(changed, key=lambda change: -abs(change.more))), ""


def exact(value: float | Fraction) -> str:
    """Return a number in all its digits where it is whole: ``"3,401,172"``, ``"3,435,183.7"``."""
    whole = Fraction(value)
    if whole.denominator == 1:
        return f"{whole.numerator:,}"
    return f"{float(value):,.1f}" if abs(whole) >= 1000 else f"{float(value):.4g}"
