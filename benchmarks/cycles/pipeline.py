"""What a block costs behind another one, by LLVM's scheduling model of the core (llvm-mca)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence

from benchmarks.cycles.code import Code, llvm
from benchmarks.cycles.rewrite import as_measured
from benchmarks.cycles.trace import Block
from quantize.foundation.errors import InternalError

Step = tuple[Block, Block]
_ROUNDS = (4, 12)
"""A loop's steady state is the difference between so many rounds of it."""
_TRIPLE = "thumbv7em-none-eabihf"


def cycles_of_steps(
    steps: Iterable[Step], code: Code, cpu: str, *, as_llvm: bool = False
) -> dict[Step, float]:
    """Return the cycles that each second block adds behind the first.

    With ``as_llvm`` instructions are left as they are, and cost what LLVM's model says.

    A block that follows itself is a loop, and costs what a round of its steady state takes. Any
    other costs what both together take less what the first takes alone: results that come late and
    units that are busy are waited for across the border, and no step pays for filling the pipeline.
    """
    wanted = list(dict.fromkeys(steps))
    regions: dict[Sequence[Block], int] = {}
    for step in wanted:
        for blocks in _both(step):
            regions.setdefault(blocks, len(regions))
    spent = _run([_text(blocks, code, as_llvm) for blocks in regions], cpu)

    def cycles(blocks: tuple[Block, ...]) -> int:
        return spent[regions[blocks]]

    found = {}
    for step in wanted:
        short, long = _both(step)
        rounds = _ROUNDS[1] - _ROUNDS[0] if step[0] == step[1] else 1
        found[step] = max(0, cycles(long) - cycles(short)) / rounds
    return found


def _both(step: Step) -> tuple[tuple[Block, ...], tuple[Block, ...]]:
    first, second = step
    if first == second:
        return (second,) * _ROUNDS[0], (second,) * _ROUNDS[1]
    return (first,), (first, second)


def _text(blocks: Sequence[Block], code: Code, as_llvm: bool) -> str:
    lines: list[str] = []
    for block in blocks:
        instructions = [code.text[at] for at in block]
        lines += _as_llvm(instructions) if as_llvm else as_measured(instructions)
    return "\n".join(lines)


def _as_llvm(instructions: Iterable[str]) -> list[str]:
    # Those that are conditional have an ``it`` of their own; LLVM charges nothing for either.
    return [text for text in instructions if "\n" in text or not text.startswith("it")]


def _run(regions: list[str], cpu: str) -> list[int]:
    source = "".join(
        f"@ LLVM-MCA-BEGIN r{number}\n{text or 'nop'}\n@ LLVM-MCA-END r{number}\n"
        for number, text in enumerate(regions)
    )
    command = [
        *llvm("llvm-mca"), f"-mtriple={_TRIPLE}", f"-mcpu={cpu}", "-iterations=1", "-json",
        "-all-views=false", "-summary-view", "-skip-unsupported-instructions=lack-sched", "-",
    ]  # fmt: skip
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise InternalError(f"llvm-mca: {done.stderr.strip()[:2000]}")
    by_name = {
        region["Name"]: region["SummaryView"]["TotalCycles"]
        for region in json.loads(done.stdout)["CodeRegions"]
    }
    return [by_name[f"r{number}"] if text else 0 for number, text in enumerate(regions)]
