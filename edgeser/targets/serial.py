"""A board that was flashed with a model's firmware, at the other end of a serial line."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeser.targets.target import Program, TargetKind, takes

if TYPE_CHECKING:
    from edgeser.benchmark.target import TargetFacts
    from edgeser.progress import Reporter
    from edgeser.targets.attached import AttachedDevice
    from quantize.edgetpu.difference import Tolerances

_BENCH = "latency_ms corpora"
_PARITY = "clips corpora"
_ACCEPT = "play clips seconds reference max_psi max_clipped corpora out"

SERIAL = TargetKind(
    word="serial",
    called="a board's address",
    exact=True,
    profile=True,
    memory=False,
    streams=True,
    takes=takes(bench=_BENCH, parity=_PARITY, accept=_ACCEPT),
)
SERIAL_WITH_EDGE_TPU = TargetKind(
    word="serial",
    called="a board's address with --compiled",
    exact=False,
    profile=False,
    memory=False,
    streams=True,
    takes=takes(
        bench=f"{_BENCH} compiled",
        parity=f"{_PARITY} compiled max_flips",
        accept=f"{_ACCEPT} compiled",
    ),
)


@dataclass(frozen=True, slots=True, eq=False)
class SerialTarget:
    """A board at an address.

    Parameters
    ----------
    address
        ``"serial:/dev/ttyACM0"``; also a TCP port or a pseudo-terminal.
    for_edge_tpu
        The same model compiled for the Edge TPU, when that is what the board runs; `None` when it
        runs the int8 model itself.
    tolerances
        What an Edge TPU's outputs are held to; the usual ones when `None`.
    """

    address: str
    for_edge_tpu: bytes | None = None
    tolerances: Tolerances | None = None

    @property
    def kind(self) -> TargetKind:
        """What it can do."""
        return SERIAL if self.for_edge_tpu is None else SERIAL_WITH_EDGE_TPU

    @property
    def facts(self) -> TargetFacts:
        """Where it is."""
        from edgeser.benchmark.target import TargetFacts

        return TargetFacts(self.kind.word, self.address, f"the board at {self.address}")

    @contextmanager
    def opened(self, program: Program, *, reporter: Reporter) -> Iterator[AttachedDevice]:
        """Ask the board what it runs, and give it; one that runs something else is refused.

        Raises
        ------
        BadInput
            When the address is none, or what is to run on an Edge TPU is not compiled.
        DeviceError
            When the device is not there, does not answer, or runs something else.
        """
        from edgeser.targets.attached import AttachedDevice, answering
        from firmware_bridge.compiler.compile import compile_model
        from firmware_bridge.link.address import open_address, parse_address

        address = parse_address(self.address)
        compiled = compile_model(program.data, program.name)
        reporter.stage(f"Asking {self.address}")
        with closing(open_address(address)) as transport:
            data = self.for_edge_tpu
            running = compiled.sha256 if data is None else _compiled_hash(data)
            device = answering(transport, running, program.frontend_hash)
            yield AttachedDevice(
                device,
                compiled,
                self.kind,
                tolerances=self.tolerances,
                address=self.address,
                program=program,
            )


def _compiled_hash(data: bytes) -> str:
    from quantize.edgetpu.package import read_compiled
    from quantize.tflite import read_model

    read_compiled(read_model(data, name="the compiled model"))
    return hashlib.sha256(data).hexdigest()
