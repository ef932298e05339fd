"""Read the compiler's output into a typed record."""

from __future__ import annotations

import re
from dataclasses import dataclass

from quantize.edgetpu.failures import Diagnosis, diagnose_log

MAPPED = "Mapped to Edge TPU"
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_VERSION = re.compile(r"Edge TPU Compiler version (\d+(?:\.\d+)*)")
_OPERATOR = re.compile(r"^([A-Za-z0-9_.-]+) {2,}(\d{1,9}) {2,}(\S.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class OperatorStatus:
    """How many operators of a kind share a fate."""

    name: str
    count: int
    status: str

    @property
    def mapped(self) -> bool:
        """Whether they run on the Edge TPU."""
        return self.status == MAPPED


@dataclass(frozen=True, slots=True)
class CompilerLog:
    """What the compiler said; ``None`` for what it did not say.

    Parameters
    ----------
    version
        Its version, ``"16.0.384591198"``; empty where it does not say.
    on_chip_used, on_chip_remaining, off_chip_streamed
        Bytes of parameters, as rounded in the log.
    subgraphs
        Parts that run on the Edge TPU.
    operations
        Operators of the model.
    on_edge_tpu, on_cpu
        Operators on each side; the log has them only where some are left on the CPU.
    operators
        The table of operators, in the log's order.
    says_success
        Whether it says that it succeeded, which proves nothing.
    diagnoses
        Known failures that it shows.
    text
        All of it.
    """

    version: str
    on_chip_used: int | None
    on_chip_remaining: int | None
    off_chip_streamed: int | None
    subgraphs: int | None
    operations: int | None
    on_edge_tpu: int | None
    on_cpu: int | None
    operators: tuple[OperatorStatus, ...]
    says_success: bool
    diagnoses: tuple[Diagnosis, ...]
    text: str

    @property
    def mapped(self) -> int:
        """Operators that the table says are mapped."""
        return sum(entry.count for entry in self.operators if entry.mapped)

    @property
    def unmapped(self) -> tuple[OperatorStatus, ...]:
        """Entries of the table that are not mapped."""
        return tuple(entry for entry in self.operators if not entry.mapped)


def parse_version(text: str) -> str:
    """Return the compiler's version from its output, empty where it is another program."""
    match = _VERSION.search(text)
    return match.group(1) if match else ""


def parse_log(text: str) -> CompilerLog:
    """Read the compiler's output, standard output and standard error together."""
    chip = "On-chip memory {} for caching model parameters"
    return CompilerLog(
        version=parse_version(text),
        on_chip_used=_bytes(text, chip.format("used")),
        on_chip_remaining=_bytes(text, chip.format("remaining")),
        off_chip_streamed=_bytes(
            text, "Off-chip memory used for streaming uncached model parameters"
        ),
        subgraphs=_count(text, "Number of Edge TPU subgraphs"),
        operations=_count(text, "Total number of operations"),
        on_edge_tpu=_count(text, "Number of operations that will run on Edge TPU"),
        on_cpu=_count(text, "Number of operations that will run on CPU"),
        operators=tuple(
            OperatorStatus(name, int(count), status.strip())
            for name, count, status in _OPERATOR.findall(text)
        ),
        says_success="Model compiled successfully" in text or "Compilation succeeded!" in text,
        diagnoses=diagnose_log(text),
        text=text,
    )


def _bytes(text: str, label: str) -> int | None:
    match = re.search(rf"{re.escape(label)}: (\d{{1,9}}(?:\.\d{{1,9}})?)([KMG]?i?B)", text)
    if match is None or match.group(2) not in _UNITS:
        return None
    return round(float(match.group(1)) * _UNITS[match.group(2)])


def _count(text: str, label: str) -> int | None:
    match = re.search(rf"{re.escape(label)}: (\d{{1,9}})\b", text)
    return int(match.group(1)) if match else None
