"""The computer that it all runs on: the reference that every other target is held to."""

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

HOST = TargetKind(
    word="host",
    called="--device host",
    exact=True,
    profile=False,
    memory=False,
    streams=False,
    takes=takes(
        bench="runs warmup memory_bytes latency_ms",
        parity="max_uar_drop max_flips max_ccc_drop corpora",
    ),
)


@dataclass(frozen=True, slots=True)
class HostTarget:
    """The host, with the runtimes that are installed."""

    @property
    def kind(self) -> TargetKind:
        """What it can do."""
        return HOST

    @property
    def facts(self) -> TargetFacts:
        """That it is this host."""
        from edgeser.benchmark.target import TargetFacts

        return TargetFacts(HOST.word, HOST.word, "this host")

    @contextmanager
    def opened(self, program: Program, *, reporter: Reporter) -> Iterator[OnHost]:
        """Give the host; nothing has to be started."""
        del reporter
        yield OnHost(program)


@dataclass(frozen=True, slots=True, eq=False)
class OnHost:
    """A model on this computer."""

    program: Program
    keeps_state: bool = False
    tolerances: Tolerances | None = None

    @property
    def kind(self) -> TargetKind:
        """What it can do."""
        return HOST

    @property
    def facts(self) -> TargetFacts:
        """That it is this host."""
        return HostTarget().facts

    def bench(self, work: Work, reporter: Reporter) -> BenchReport:
        """Time it in the fastest runtime that takes it, and ask TFLite-Micro for its arena."""
        from edgeser.benchmark.host import bench_model

        bundle = self.program.bundle
        return bench_model(
            self.program.data,
            name=f"{self.program.name}, int8" if bundle else self.program.name,
            frontend=bundle.trained.frontend if bundle else None,
            frames=bundle.trained.recipe.window.frames if bundle else 0,
            limits=work.limits,
            runs=work.runs,
            warmup=work.warmup,
            reporter=reporter,
        )

    def outputs(self, inputs: Inputs, reporter: Reporter) -> NDArray[Any]:
        """Return what TFLite-Micro gives: what every other target's outputs are held to.

        Bytes of all outputs at each step, ``[steps, bytes]``: int8, or uint8 where all of them are.
        """
        import numpy as np

        from edgeser.targets.oracle import expected_outputs

        del reporter
        data = self.program.against or self.program.data
        found = expected_outputs(
            data,
            inputs,
            sequence=self.keeps_state,
            name="the uncompiled model" if self.program.against else self.program.name,
        )
        kind = np.uint8 if all(values.dtype == np.uint8 for values in found) else np.int8
        rows = [np.ascontiguousarray(values).reshape(len(values), -1) for values in found]
        return np.concatenate([values.view(kind) for values in rows], axis=1)

    def explain(self, inputs: Inputs) -> str:
        """Say nothing: the host does not differ from itself."""
        del inputs
        return ""
