"""One inference of a model on an emulated core, counted by operator, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.cycles import peer
from benchmarks.cycles.code import Code, disassemble
from benchmarks.cycles.pipeline import Step, cycles_of_steps
from benchmarks.cycles.rewrite import as_measured
from benchmarks.cycles.trace import Listener, Marks, Part, traced
from edgeser.bundle import Bundle
from edgeser.pipeline.exports.firmware import export_firmware
from firmware_bridge.boards import Board
from firmware_bridge.emulator import build_firmware
from firmware_bridge.link.device import Device
from firmware_bridge.link.session import Patience, Session
from quantize.foundation.errors import InternalError

_PATIENCE = Patience(attempt_s=120.0)
_BY_BOARD = "note_ticks"
"""The function of the firmware that is told of each operator's end."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What one inference executed.

    Parameters
    ----------
    code
        The program's.
    operators
        Names of the operators, and what was executed for each.
    timed
        Instructions of each operator by the firmware's own timer: the same, and the few around it.
    output
        The model's output.
    """

    code: Code
    operators: tuple[tuple[str, Part], ...]
    timed: tuple[int, ...]
    output: bytes

    @property
    def instructions(self) -> int:
        """Of all operators."""
        return sum(part.instructions for _, part in self.operators)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """What is charged beside the pipeline.

    Parameters
    ----------
    mispredicted
        Cycles for a branch that went another way than foretold.
    taken
        Cycles for each branch that is taken: 0 on a core that foretells them.
    load_wait, flash_wait
        Cycles for each load, and for each 8 bytes of code that are fetched.
    """

    mispredicted: float
    taken: float = 0.0
    load_wait: float = 0.0
    flash_wait: float = 0.0


def execute(
    model: Bundle | bytes, name: str, folder: Path, board: Board, cmsis_nn: Path | None = None
) -> Executed:
    """Build a model's firmware, run one inference of it, and count."""
    made = export_firmware(model, folder / "firmware", name=name, board=board)
    if cmsis_nn is not None:
        peer.put_in(made.project.directory, made.compiled, cmsis_nn)
    elf = build_firmware(made.project.directory, board).elf
    code = disassemble(elf, board.cpu)
    marks = Marks(code.functions[f"{made.compiled.prefix}_run"], code.functions[_BY_BOARD])
    listener = Listener(marks, code.sizes, code.calls)
    size = sum(tensor.byte_size for tensor in made.compiled.graph.input_tensors)
    values = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()
    with traced(elf, board, listener) as transport:
        device = Device(Session(transport, patience=_PATIENCE))
        device.write_input(values)
        device.infer(profile=True)
        timed = tuple(board.instructions(ticks) for ticks in device.profile().tolist())
        output = device.read_output().tobytes()
    if not listener.whole:
        raise InternalError("the log of the emulator ended within the inference")
    names = [row.name for row in made.compiled.operators]
    parts = list(zip(names, listener.parts, strict=False))
    return Executed(code, tuple(parts), timed, output)


def by_kind(executed: Executed) -> dict[str, Part]:
    """Return what was executed for all operators of a kind."""
    kinds: dict[str, Part] = {}
    for name, part in executed.operators:
        whole = kinds.setdefault(name, Part())
        whole.steps.update(part.steps)
        whole.mispredicted += part.mispredicted
    return kinds


def pipeline_cycles(executed: Executed, cpu: str, *, as_llvm: bool = False) -> dict[Step, float]:
    """Return what each step of an inference costs in the pipeline."""
    steps: Counter[Step] = Counter()
    for _, part in executed.operators:
        steps.update(part.steps)
    return cycles_of_steps(steps, executed.code, cpu, as_llvm=as_llvm)


def cycles(part: Part, costs: dict[Step, float], code: Code, charges: Charges) -> float:
    """Return the cycles of what was executed."""
    whole = part.mispredicted * charges.mispredicted
    for step, count in part.steps.items():
        before, block = step
        each = costs[step]
        if before and block[0] != before[-1] + code.sizes[before[-1]]:
            each += charges.taken
        each += charges.load_wait * _loads(block, code)
        each += charges.flash_wait * (sum(code.sizes[at] for at in block) / 8)
        whole += count * each
    return whole


def _loads(block: Iterable[int], code: Code) -> int:
    """Return how many words, halves and bytes a block loads."""
    lines = as_measured(code.text[at] for at in block)
    return sum(line.rsplit("\n", maxsplit=1)[-1].startswith(("ldr", "vldr")) for line in lines)
