"""One model on every emulated board, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from edgeser.benchmark.records import DeviceReport
from quantize.foundation.errors import EdgeserError


@dataclass(frozen=True, slots=True)
class BoardResult:
    """What became of a model on one board.

    Parameters
    ----------
    board, core
        ``"mps2-an386"``, ``"cortex-m4"``.
    report
        Its benchmark; ``None`` where it did not run.
    failure
        Why it did not run; ``None`` where it did.
    """

    board: str
    core: str
    report: DeviceReport | None
    failure: EdgeserError | None = None

    @property
    def exact(self) -> bool | None:
        """Whether every value is the host's; ``None`` where nothing was compared."""
        if self.report is None or self.report.parity is None:
            return None
        return self.report.parity.passed

    @property
    def problem(self) -> str:
        """What is wrong in one line; empty where all is well."""
        if self.report is None:
            return str(self.failure)
        if self.report.parity is not None and not self.report.parity.passed:
            return f"differs from the host: {self.report.parity.failure}"
        broken = [check.name for check in self.report.budgets if not check.passed]
        return f"budget broken: {', '.join(broken)}" if broken else ""


@dataclass(frozen=True, slots=True)
class BoardsReport:
    """The results of one model, a board each."""

    model: str
    results: tuple[BoardResult, ...]

    @property
    def passed(self) -> bool:
        """Whether it ran on every board, exactly and within what it was held to."""
        return not any(result.problem for result in self.results)

    @property
    def exit_code(self) -> int:
        """That of the worst that happened: 1 before a tool that is missing."""
        failed = [result for result in self.results if result.problem]
        codes = {result.failure.exit_code if result.failure else 1 for result in failed}
        return min(codes, default=0)
