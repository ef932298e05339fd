"""Which blocks of a program were executed, in what order: from QEMU's log as it is written.

QEMU logs each translation block when it is translated (``in_asm``) and each time it is entered
(``exec,nochain``). The log goes through a pipe and is counted as it comes: nothing of it is kept.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from firmware_bridge.boards import Board
from firmware_bridge.emulator.tools import find_tool
from firmware_bridge.link.descriptors import DescriptorTransport
from firmware_bridge.link.transport import Transport
from quantize.foundation.errors import InternalError

_ENTERED = re.compile(rb"Trace \d+: (0x[0-9a-f]+) \[[0-9a-f]+/([0-9a-f]+)/")
_NOT_ENTERED = b"Stopped execution of TB chain before"
_INSTRUCTION = re.compile(rb"0x([0-9a-f]{8}):  ([0-9a-f ]+?)  ")
_HEADING = b"IN: "

Block = tuple[int, ...]
"""Addresses of the instructions of one translation block, in order."""


@dataclass(slots=True)
class Part:
    """What was executed for one operator.

    Parameters
    ----------
    steps
        How often a block was entered after another one: pairs of blocks.
    mispredicted
        How often a two-bit counter for each block's end would have foretold another successor.
    """

    steps: Counter[tuple[Block, Block]] = field(default_factory=Counter)
    mispredicted: int = 0

    @property
    def instructions(self) -> int:
        """Instructions executed, those whose condition failed included."""
        return sum(len(block) * count for (_, block), count in self.steps.items())


@dataclass(frozen=True, slots=True)
class Marks:
    """Where in a program an inference begins, and where an operator has ended.

    Parameters
    ----------
    begin
        The function that runs the model.
    done
        The function that it calls after each operator; what that executes is not counted.
    """

    begin: int
    done: int


class Predictor:
    """Two-bit counters, one a block, and the target that was seen last: no block begins known.

    It foretells, at the end of a block, whether the block that follows in memory comes next, or the
    one that came last time where it did not.
    """

    def __init__(self) -> None:
        self._counter: dict[int, int] = {}
        self._target: dict[int, int] = {}
        self._returns: list[int] = []

    def mispredicts(self, last: int, after: int, *, called: bool, entered: int) -> bool:
        """Note that ``entered`` came after a block ending in ``last``, before ``after``."""
        returned = bool(self._returns) and self._returns[-1] == entered and not called
        if called:
            self._returns.append(after)
        elif returned:
            # A stack of return addresses foretells these.
            self._returns.pop()
            return False
        counter = self._counter.get(last, 1)
        taken = entered != after
        foretold = self._target.get(last) if counter > 1 else after
        self._counter[last] = min(counter + 1, 3) if taken else max(counter - 1, 0)
        if taken:
            self._target[last] = entered
        return foretold != entered


class Listener:
    """Counts the steps of one inference in the lines of QEMU's log."""

    def __init__(self, marks: Marks, sizes: dict[int, int], calls: frozenset[int]) -> None:
        self.parts: list[Part] = []
        self.whole = False
        self._marks, self._sizes, self._calls = marks, sizes, calls
        self._blocks: dict[bytes, Block] = {}
        self._fresh: list[int] = []
        self._previous: Block = ()
        self._resume: int | None = None
        self._end: int | None = None
        self._predictor = Predictor()

    def read(self, lines: Iterable[bytes]) -> None:
        """Take the log to its end, counting between the marks."""
        waiting: Block | None = None  # until it is known that it was executed
        for line in lines:
            if (entered := _ENTERED.match(line)) is not None:
                if waiting is not None:
                    self._enter(waiting)
                waiting = self._block(entered[1])
            elif line.startswith(_HEADING):
                self._fresh = []
            elif (found := _INSTRUCTION.match(line)) is not None:
                self._fresh.append(int(found[1], 16))
            elif line.startswith(_NOT_ENTERED):
                waiting = None

    def _block(self, where: bytes) -> Block:
        if self._fresh:
            self._blocks[where] = tuple(self._fresh)
            self._fresh = []
        if where not in self._blocks:
            raise InternalError("QEMU entered a block whose instructions its log does not show")
        return self._blocks[where]

    def _enter(self, block: Block) -> None:
        address, last = block[0], self._previous
        self._previous = block
        if self._end is None:
            if address == self._marks.begin and not self.whole:
                self._end = last[-1] + self._sizes[last[-1]]
                self.parts.append(Part())
                self.parts[-1].steps[(), block] += 1
            return
        if self._resume is not None:  # in the function that is told of an operator's end
            if address == self._resume:
                self._resume = None
                self.parts[-1].steps[(), block] += 1
                return
            if address != self._end:  # where it was called last, and returned for its caller
                return
        if address == self._end:
            self._end, self.whole = None, True
            return
        if address == self._marks.done:
            self._resume = last[-1] + self._sizes[last[-1]]
            self.parts.append(Part())
            return
        part = self.parts[-1]
        part.steps[last, block] += 1
        after = last[-1] + self._sizes[last[-1]]
        part.mispredicted += self._predictor.mispredicts(
            last[-1], after, called=last[-1] in self._calls, entered=address
        )


@contextmanager
def traced(elf: Path, board: Board, listener: Listener) -> Iterator[Transport]:
    """Run a program on an emulated board; all that it executes goes to a listener."""
    command = [
        *(find_tool(board.emulator), "-M", str(board.machine), "-nodefaults"),
        *("-display", "none", "-icount", "shift=6", "-no-reboot", "-serial", "stdio"),
        *("-kernel", str(elf), "-d", "in_asm,exec,nochain"),
    ]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        failures: list[Exception] = []

        def listen() -> None:
            try:
                assert process.stderr is not None
                listener.read(process.stderr)
            except Exception as error:  # raised below, where somebody waits
                failures.append(error)
                process.kill()

        thread = threading.Thread(target=listen)
        thread.start()
        to, out = process.stdin.fileno(), process.stdout.fileno()
        try:
            yield DescriptorTransport(out, to, name="QEMU", close=process.terminate)
        finally:
            process.terminate()
            process.wait()
            thread.join()
            if failures:
                raise failures[0]
