"""Reading what `edgeser bench --save` wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from edgeser.benchmark.bench_report import OperatorCost
from edgeser.benchmark.saved import SavedBenchmark, SavedResult
from edgeser.report.schemas.bench import BENCH_SCHEMA
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable
from quantize.foundation.measurement import Measurement

_LIMIT_BYTES = 32 << 20
_MOST_RESULTS, _MOST_FIGURES, _MOST_OPERATORS = 100, 200, 100_000
_LONGEST = 500
_HINT = "make one: edgeser bench MODEL --save FILE"
_UNITS = {"_bytes": "bytes", "_instructions": "instructions", "_ms": "ms"}

T = TypeVar("T")


def read_benchmark(path: Path) -> SavedBenchmark:
    """Read a benchmark of the schema ``edgeser.bench/2``.

    Every text in it is made fit for one line; what is not needed is not looked at.

    Raises
    ------
    BadInput
        When it cannot be read, is none, or is of an earlier version.
    """
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    try:
        table = json.loads(data)
        schema = table["schema"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{path} is no benchmark of edgeser", hint=_HINT) from error
    if schema != BENCH_SCHEMA:
        shown = f"of the schema {printable(str(schema), limit=_LONGEST)}, not {BENCH_SCHEMA}"
        raise BadInput(f"{path} is {shown}", hint=_HINT)
    return _Reader(str(path)).benchmark(table)


class _Reader:
    """Turns tables into records; what does not fit is named by its place."""

    def __init__(self, source: str) -> None:
        self.source = source

    def benchmark(self, table: Mapping[str, Any]) -> SavedBenchmark:
        """Return the whole."""
        rows = self._list(table, "results", "", _MOST_RESULTS)
        results = tuple(self._result(row, f"results[{i}]") for i, row in enumerate(rows))
        if len({result.key for result in results}) != len(results):
            raise self._wrong("two of its results are of the same target")
        if not results:
            raise self._wrong("it has no results")
        known = table.get("model_sha256") is not None
        sha256 = self._text(table, "model_sha256", "") if known else ""
        return SavedBenchmark(self.source, self._text(table, "model", ""), results, sha256)

    def _result(self, table: Any, where: str) -> SavedResult:
        target = self._table(table, "target", where)
        figures = self._table(table, "figures", where)
        if len(figures) > _MOST_FIGURES:
            raise self._wrong(f"{where}.figures has over {_MOST_FIGURES} figures")
        found = {
            printable(name): self._figure(name, figure, f"{where}.figures")
            for name, figure in figures.items()
        }
        parts = self._list(table, "memory", where, _MOST_FIGURES)
        for number, part in enumerate(parts):
            place = f"{where}.memory[{number}]"
            if self._text(part, "name", place) == "arena":
                size = self._measurement(self._table(part, "size", place), f"{place}.size")
                found.setdefault("arena_bytes", size)
        rows = self._list(table, "operators", where, _MOST_OPERATORS)
        return SavedResult(
            kind=self._text(target, "kind", f"{where}.target"),
            name=self._text(target, "name", f"{where}.target"),
            description=self._text(target, "description", f"{where}.target"),
            problem=self._text(table, "problem", where),
            figures=found,
            operators=tuple(
                self._operator(row, f"{where}.operators[{i}]") for i, row in enumerate(rows)
            ),
        )

    def _operator(self, table: Any, where: str) -> OperatorCost:
        cost = self._measurement(self._table(table, "cost", where), f"{where}.cost")
        return OperatorCost(
            index=self._count(table, "index", where),
            kind=self._text(table, "kind", where),
            layer=self._text(table, "layer", where),
            macs=self._count(table, "macs", where),
            cost=cost,
        )

    def _figure(self, name: str, table: Any, where: str) -> Measurement:
        place = f"{where}.{printable(name)}"
        figure = self._measurement(table, place)
        for ending, unit in _UNITS.items():
            if name.endswith(ending) and (figure.unit != unit or figure.value < 0):
                raise self._wrong(f"{place} is no count of {unit}")
        return figure

    def _measurement(self, table: Any, where: str) -> Measurement:
        def read() -> Measurement:
            return Measurement.from_json(table)

        return self._tried(read, f"{where} is no figure")

    def _table(self, table: Any, key: str, where: str) -> Mapping[str, Any]:
        found = self._tried(lambda: table[key], f"{_at(where, key)} is missing")
        if not isinstance(found, dict):
            raise self._wrong(f"{_at(where, key)} is no object")
        return found

    def _list(self, table: Any, key: str, where: str, most: int) -> list[Any]:
        found = self._tried(lambda: table[key], f"{_at(where, key)} is missing")
        if not isinstance(found, list):
            raise self._wrong(f"{_at(where, key)} is no list")
        if len(found) > most:
            raise self._wrong(f"{_at(where, key)} has over {most:,} members")
        return found

    def _text(self, table: Any, key: str, where: str) -> str:
        found = self._tried(lambda: table[key], f"{_at(where, key)} is missing")
        if not isinstance(found, str):
            raise self._wrong(f"{_at(where, key)} is no text")
        return printable(found, limit=_LONGEST)

    def _count(self, table: Any, key: str, where: str) -> int:
        found = self._tried(lambda: table[key], f"{_at(where, key)} is missing")
        if type(found) is not int or not 0 <= found < 1 << 53:
            raise self._wrong(f"{_at(where, key)} is no count")
        return found

    def _tried(self, read: Callable[[], T], what: str) -> T:
        try:
            return read()
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise self._wrong(what) from error

    def _wrong(self, what: str) -> BadInput:
        return BadInput(f"{self.source} is no benchmark of edgeser: {what}", hint=_HINT)


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
