"""A device that runs a model's firmware and answers: an emulated board, or a real one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import BenchReport
from edgeser.benchmark.firmware_cost import Clock, Stimuli, bench_device
from edgeser.benchmark.target import TargetFacts
from edgeser.progress import Reporter
from edgeser.targets.target import Inputs, Program, TargetKind, Work
from firmware_bridge.boards import Board
from firmware_bridge.compiler.compile import CompiledModel
from firmware_bridge.compiler.host_build import build_host_model
from firmware_bridge.emulator import BuiltFirmware
from firmware_bridge.link.device import Device
from firmware_bridge.link.session import Patience, Session
from firmware_bridge.link.transport import Transport
from quantize.edgetpu.difference import Tolerances
from quantize.foundation.errors import EdgeserError
from quantize.foundation.temporary import temporary_folder

_INFERENCE_PATIENCE = Patience(attempt_s=30.0, attempts=2)


@dataclass(frozen=True, slots=True, eq=False)
class AttachedDevice:
    """A device that answers.

    Parameters
    ----------
    device
        Its commands.
    compiled
        The model that it runs.
    kind
        What it can do: where an Edge TPU runs the model, its outputs are close to ours, not the
        same.
    board
        What it is, where that is known: the emulated board.
    built
        The firmware with its sizes, where it was built here.
    tolerances
        How close they must be then; as usual when `None`.
    address
        Where a real one is.
    program
        What it was asked to run; names its layers.
    """

    device: Device
    compiled: CompiledModel
    kind: TargetKind
    board: Board | None = None
    built: BuiltFirmware | None = None
    tolerances: Tolerances | None = None
    address: str = ""
    program: Program | None = None

    @property
    def keeps_state(self) -> bool:
        """Whether the model's outputs follow from earlier inputs too."""
        return self.compiled.state_bytes > 0

    @property
    def described(self) -> str:
        """Board, core, emulator or link, and compiler, in words."""
        banner = self.device.banner
        where = (
            self.board.description if self.board else f"board {banner.board} at {self.device.name}"
        )
        return f"{where}; {banner.compiler}, -O2"

    @property
    def facts(self) -> TargetFacts:
        """What it is, with the compiler of its firmware."""
        if self.board is not None:
            return TargetFacts(self.kind.word, self.board.name, self.described, self.board.cpu)
        return TargetFacts(self.kind.word, self.address or self.device.name, self.described)

    def bench(self, work: Work, reporter: Reporter) -> BenchReport:
        """Run model and features, and count instructions or time.

        Raises
        ------
        CheckFailed
            When the device's self-test fails.
        DeviceError
            When the device does not answer as it must.
        """
        limits = work.limits
        if not self.kind.memory and (limits.flash_bytes or limits.ram_bytes):
            reporter.note("not held to the recipe's flash and RAM: a board does not tell them")
        if self.board is not None and self.board.cycles is None and limits.latency_ms:
            reporter.note(
                f"not held to the recipe's latency: nothing is known of the cycles of a "
                f"{self.board.cpu}"
            )
        bundle = None if self.program is None else self.program.bundle
        return bench_device(
            self.device,
            compiled=self.compiled,
            clock=Clock(
                board=self.board,
                ticks_hz=self.device.banner.clock_hz,
                core_mhz=limits.clock_mhz,
                target=self.facts,
            ),
            stimuli=Stimuli(bytes_by_step(work.inputs), work.recordings),
            layer_names=None if bundle is None else bundle.layer_names,
            built=self.built,
            limits=limits,
            reporter=reporter,
        )

    def outputs(self, inputs: Inputs, reporter: Reporter) -> NDArray[Any]:
        """Return the bytes of all outputs at each step, from a reset where it keeps state.

        They are int8, or uint8 where the model's outputs are.

        Raises
        ------
        DeviceError
            When the device does not answer as it must.
        """
        given = bytes_by_step(inputs)
        self._begin()
        progress = reporter.stage("Outputs of the device")
        rows = []
        for step, values in enumerate(given, 1):
            rows.append(self._output(values))
            progress(step, len(given))
        unsigned = self.compiled.output.dtype.numpy == np.uint8
        return np.stack(rows).view(np.uint8 if unsigned else np.int8)

    def explain(self, inputs: Inputs) -> str:
        """Name the first operator whose output differs from that of the same C on this host.

        Parameters
        ----------
        inputs
            What went in, up to the step that is looked at.
        """
        compiled = self.compiled
        steps = inputs if self.keeps_state else [values[-1:] for values in inputs]
        try:
            with temporary_folder("layers") as folder:
                layers = build_host_model(compiled, folder).layers(steps, sequence=True)
        except EdgeserError as error:
            return f"the layer is not known: {error.message}"
        *before, last = bytes_by_step(steps)
        self._begin()
        for values in before:
            self._output(values)
        for number, (row, expected) in enumerate(zip(compiled.operators, layers, strict=True)):
            seen = self.device.tap(number, expected[-1].nbytes, last)
            if seen.tobytes() != expected[-1].tobytes():
                return f"first at {row.label}"
        return "no operator differs from the same C on this host"

    def _begin(self) -> None:
        if self.keeps_state:
            self.device.reset()

    def _output(self, values: bytes) -> NDArray[np.int8]:
        self.device.write_input(values)
        self.device.infer()
        return self.device.read_output()


def answering(transport: Transport, model_hash: str, frontend_hash: str | None) -> Device:
    """Return the device behind a transport; one that runs something else is refused."""
    return Device(
        Session(transport),
        model_hash=model_hash,
        frontend_hash=frontend_hash,
        inference=_INFERENCE_PATIENCE,
    )


def bytes_by_step(inputs: Inputs) -> list[bytes]:
    """Return what a device is given at each step: the bytes of all inputs, one after another."""
    return [b"".join(values.tobytes() for values in step) for step in zip(*inputs, strict=True)]
