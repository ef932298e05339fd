"""An Edge TPU at this computer, which runs a compiled model; features come from the host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgeser.targets.target import Inputs, Program, TargetKind, Work, takes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgeser.benchmark.bench_report import BenchReport
    from edgeser.benchmark.target import TargetFacts
    from edgeser.progress import Reporter
    from quantize.edgetpu.difference import Tolerances
    from quantize.edgetpu.hardware import Backend, EdgeTpu

EDGE_TPU = TargetKind(
    word="edgetpu",
    called="--device edgetpu",
    exact=False,
    profile=False,
    memory=False,
    streams=False,
    takes=takes(
        bench="runs warmup latency_ms against",
        parity="max_flips clips compiled corpora",
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class EdgeTpuTarget:
    """An Edge TPU that is attached.

    Parameters
    ----------
    device, backend
        From `quantize.edgetpu.hardware`.
    compiled
        What it runs instead of a program's own model, which then is what that was compiled from.
    tolerances
        What its outputs are held to; the usual ones when `None`.
    """

    device: EdgeTpu
    backend: Backend
    compiled: bytes | None = None
    tolerances: Tolerances | None = None

    @property
    def kind(self) -> TargetKind:
        """What it can do."""
        return EDGE_TPU

    @property
    def facts(self) -> TargetFacts:
        """Where it is attached, and through what it is asked."""
        from edgeser.benchmark.target import TargetFacts
        from quantize.edgetpu.on_edge_tpu import described

        where = described(self.device, self.backend)
        return TargetFacts(EDGE_TPU.word, str(self.device.node), where)

    @contextmanager
    def opened(self, program: Program, *, reporter: Reporter) -> Iterator[OnEdgeTpu]:
        """Give the Edge TPU; each of its calls opens it anew, in a child process."""
        del reporter
        yield OnEdgeTpu(self, program)


@dataclass(frozen=True, slots=True, eq=False)
class OnEdgeTpu:
    """A compiled model on an Edge TPU."""

    target: EdgeTpuTarget
    program: Program

    @property
    def kind(self) -> TargetKind:
        """What it can do."""
        return EDGE_TPU

    @property
    def facts(self) -> TargetFacts:
        """Where it is attached, and through what it is asked."""
        return self.target.facts

    @property
    def keeps_state(self) -> bool:
        """An Edge TPU keeps none."""
        return False

    @property
    def tolerances(self) -> Tolerances | None:
        """What its outputs are held to."""
        return self.target.tolerances

    def bench(self, work: Work, reporter: Reporter) -> BenchReport:
        """Time single inferences; transfers are in them, the first one is by itself.

        Raises
        ------
        BadInput
            When the model is not compiled.
        ToolMissing
            When the Edge TPU does not open.
        """
        from edgeser.benchmark.bench_report import BenchReport, Figures
        from edgeser.benchmark.budget import check
        from edgeser.benchmark.host import percentiles
        from quantize.edgetpu.on_edge_tpu import time_on_edge_tpu

        target = self.target
        reporter.stage(f"Measuring on the Edge TPU at {target.device.node}")
        data, name = self._runs()
        found = time_on_edge_tpu(
            data,
            device=target.device,
            backend=target.backend,
            name=name,
            warmup=work.warmup,
            runs=work.runs,
        )
        p50, p90, p99 = percentiles(found.milliseconds, target.facts.description)
        return BenchReport(
            model=self.program.name,
            target=target.facts,
            figures=Figures(
                inference_p50_ms=p50,
                inference_p90_ms=p90,
                inference_p99_ms=p99,
                first_inference_ms=found.first_ms,
                temperature_degc=found.temperature,
            ),
            samples_ms=tuple(found.milliseconds.tolist()),
            budgets=check("latency", work.limits.latency_ms, p90),
        )

    def outputs(self, inputs: Inputs, reporter: Reporter) -> NDArray[Any]:
        """Return the values of all outputs at each step, ``[steps, values]``."""
        from quantize.edgetpu.on_edge_tpu import outputs_of_edge_tpu

        (values,) = inputs
        reporter.stage(f"{len(values)} inputs on the Edge TPU")
        data, name = self._runs()
        return outputs_of_edge_tpu(data, values, backend=self.target.backend, name=name)

    def explain(self, inputs: Inputs) -> str:
        """Say nothing: an Edge TPU does not show what is between its operators."""
        del inputs
        return ""

    def _runs(self) -> tuple[bytes, str]:
        """Return the compiled model, and what messages call it."""
        if self.target.compiled is None:
            return self.program.data, self.program.name
        return self.target.compiled, "the compiled model"
