"""The benchmark that predicts cycles: what it reads of QEMU's log, and what it charges."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.cycles.code import Code
from benchmarks.cycles.pipeline import cycles_of_steps
from benchmarks.cycles.rewrite import as_measured
from benchmarks.cycles.run import Charges, cycles, execute, pipeline_cycles
from benchmarks.cycles.trace import Listener, Marks, Part, Predictor
from firmware_bridge.boards import MPS2_AN500
from quantize.foundation.errors import InternalError

needs_llvm = pytest.mark.skipif(
    shutil.which("llvm-mca-19") is None and shutil.which("llvm-mca") is None,
    reason="llvm-mca is not installed",
)
SLOT = "cmp lr, #0"
BEGIN, DONE = 0x200, 0x300


def log(*blocks: tuple[int, ...]) -> list[bytes]:
    """Return what QEMU says when these blocks are entered, each of two-byte instructions."""
    lines, seen = [], set()
    for block in blocks:
        if block not in seen:
            lines += [b"IN: f\n", *(b"0x%08x:  b508       push     {r3}\n" % at for at in block)]
            seen.add(block)
        lines.append(b"Trace 0: 0x7f%06x [00800408/%08x/00000110/ff] f\n" % (block[0], block[0]))
    return lines


CALLER, MODEL, LOOP, TOLD, END = (0x100,), (0x200, 0x202), (0x204, 0x206), (0x300,), (0x102,)
SIZES = dict.fromkeys(range(0x100, 0x400, 2), 2)


def heard(lines: list[bytes]) -> Listener:
    listener = Listener(Marks(BEGIN, DONE), SIZES, frozenset({0x100}))
    listener.read(lines)
    return listener


def test_an_inference_is_cut_at_the_end_of_each_operator() -> None:
    after = (0x208,)
    found = heard(log(CALLER, MODEL, LOOP, LOOP, LOOP, TOLD, after, LOOP, TOLD, END, CALLER, END))
    assert found.whole
    first, second, third = found.parts
    assert (first.instructions, second.instructions, third.instructions) == (8, 3, 0)
    assert first.steps == {((), MODEL): 1, (MODEL, LOOP): 1, (LOOP, LOOP): 2}
    assert second.steps == {((), after): 1, (after, LOOP): 1}


def test_a_block_that_was_logged_and_not_executed_is_not_counted() -> None:
    lines = log(CALLER, MODEL, LOOP)
    stopped = b"Stopped execution of TB chain before 0x7f [00000204] f\n"
    found = heard([*lines, stopped, *log(LOOP, TOLD, END, CALLER)])
    assert found.parts[0].instructions == 4


def test_a_log_that_ends_early_is_not_whole() -> None:
    assert not heard(log(CALLER, MODEL, LOOP, LOOP)).whole


def test_a_log_without_instructions_is_refused() -> None:
    with pytest.raises(InternalError, match="does not show"):
        heard([line for line in log(CALLER, MODEL) if line.startswith(b"Trace")])


def test_a_loop_is_foretold_wrongly_when_it_begins_and_when_it_ends() -> None:
    predictor = Predictor()
    turns = [0x10] * 9 + [0x22]
    wrong = [predictor.mispredicts(0x20, 0x22, called=False, entered=to) for to in turns]
    assert wrong == [True] + [False] * 8 + [True]


def test_a_return_is_foretold() -> None:
    predictor = Predictor()
    for caller in (0x10, 0x40, 0x10, 0x80):
        predictor.mispredicts(caller, caller + 4, called=True, entered=0x100)
        assert not predictor.mispredicts(0x120, 0x122, called=False, entered=caller + 4)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("bne #8", [SLOT]),
        ("bx lr", [SLOT]),
        ("cbz r1, #8", [SLOT]),
        ("bic r3, r3, #3", ["bic r3, r3, #3"]),
        ("bfi r3, r3, #3, #4", ["bfi r3, r3, #3, #4"]),
        ("it eq", [SLOT]),
        ("it eq\nmoveq r5, r6", ["it eq\nmoveq r5, r6"]),
        ("it eq\nbxeq lr", [SLOT]),
        ("it ne\nldrne r1, [r2], #4", ["it ne\nldrne r1, [r2]"]),
        ("ldr r0, [r1], #4", ["ldr r0, [r1]"]),
        ("strb r0, [r1, #1]!", ["strb r0, [r1]"]),
        ("ldr r0, [r1, r2, lsl #2]", ["ldr r0, [r1, r2, lsl #2]"]),
        ("ldrd r3, r9, [r1], #8", ["ldr.w r3, [r1]", "ldr.w r9, [r1]"]),
        ("ldm r2!, {r4, r5, r6}", [*(f"ldr.w r{n}, [r2]" for n in (4, 5, 6)), SLOT]),
        ("ldm r2, {r2, r3}", ["ldr.w r3, [r2]", "ldr.w r2, [r2]"]),
        ("pop {r4, pc}", ["ldr.w r4, [sp]", "ldr.w lr, [sp]"]),
        ("push {r4, r5, lr}", ["str.w r4, [sp]", SLOT, "str.w lr, [sp]", SLOT]),
        ("smlad r1, r2, r3, r1", ["smlad r1, r2, r3, r1"]),
    ],
)
def test_instructions_are_written_as_they_cost(text: str, wanted: list[str]) -> None:
    assert as_measured([text]) == wanted


def program(*blocks: list[str]) -> tuple[Code, list[tuple[int, ...]]]:
    text, at, addresses = {}, 0, []
    for block in blocks:
        addresses.append(tuple(at + 4 * n for n in range(len(block))))
        text.update(zip(addresses[-1], block, strict=True))
        at += 4 * len(block)
    return Code(text, dict.fromkeys(text, 4), {}), addresses


@needs_llvm
def test_loops_cost_what_was_measured_on_hardware() -> None:
    """The cycles a round that the README's source measured, or that follow from it."""
    loops = {
        # 4 MACs in a row, one a cycle; the counter and the branch go beside them.
        "macs": (["smlad r4, r0, r1, r4", "smlad r5, r0, r1, r5", "smlad r6, r0, r1, r6",
                  "smlad r7, r0, r1, r7", "subs r8, r8, #1", "bne #8"], 5),
        # Four words in two cycles, alone.
        "ldm": (["ldm r2!, {r4, r5, r6, r7}"], 2),
        # Two loads a cycle.
        "ldr": (["ldr r4, [r2]", "ldr r5, [r2, #4]"], 1),
        # A store beside a load, one store a cycle.
        "store": (["str r4, [r2]", "ldr r5, [r3]"], 1),
        # A counter and a branch that is foretold: together in one cycle.
        "empty": (["subs r8, r8, #1", "bne #8"], 1),
        # One after another: each waits for the one before.
        "chain": (["add r4, r4, r5", "add r4, r4, r5"], 2),
    }  # fmt: skip
    code, blocks = program(*(text for text, _ in loops.values()))
    found = cycles_of_steps([(block, block) for block in blocks], code, "cortex-m7")
    rounds = {name: found[block, block] for name, block in zip(loops, blocks, strict=True)}
    assert rounds == {name: wanted for name, (_, wanted) in loops.items()}


@needs_llvm
def test_a_block_costs_what_it_adds_behind_another() -> None:
    code, (load, waits, does_not) = program(
        ["ldr r0, [r1]"], ["mul r3, r0, r0"], ["mul r3, r4, r4"]
    )
    steps = [(load, waits), (load, does_not), ((), waits)]
    found = cycles_of_steps(steps, code, "cortex-m7")
    # A multiplication waits for what was loaded, another one goes beside the load.
    assert found[load, waits] == found[load, does_not] + 1
    # What begins pays for the pipeline.
    assert found[(), waits] > found[load, waits]


@needs_llvm
@pytest.mark.skipif(
    not all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm"))),
    reason="the compiler or the emulator is not installed",
)
def test_the_log_holds_the_instructions_that_the_timer_counts(shared: Path, tmp_path: Path) -> None:
    model = (shared / "mlperf_tiny" / "ad01_int8.tflite").read_bytes()
    found = execute(model, "ad01", tmp_path, MPS2_AN500)
    counted = [part.instructions for _, part in found.operators]
    assert len(counted) == len(found.timed) == 10
    # The timer's interval holds the call of who reads it, too.
    assert all(5 <= timed - count <= 20 for timed, count in zip(found.timed, counted, strict=True))
    charges = Charges(mispredicted=8)
    costs = pipeline_cycles(found, MPS2_AN500.cpu)
    whole = sum(cycles(part, costs, found.code, charges) for _, part in found.operators)
    # What the board's record has for these kernels is this.
    known = dict(MPS2_AN500.cycles.by_operator)
    assert whole / found.instructions == pytest.approx(known["FULLY_CONNECTED"], abs=0.05)


def test_penalties_and_wait_states_are_charged_for_each() -> None:
    code, (loop,) = program(["ldr r0, [r1]", "ldm r1, {r2, r3}", "subs r4, r4, #1", "bne #8"])
    part = Part(mispredicted=3)
    part.steps[loop, loop] = 10
    costs = {(loop, loop): 2.0}
    assert cycles(part, costs, code, Charges(mispredicted=0)) == 20
    assert cycles(part, costs, code, Charges(mispredicted=8)) == 20 + 3 * 8
    assert cycles(part, costs, code, Charges(mispredicted=0, taken=2)) == 20 + 10 * 2
    # Three words are loaded; 16 bytes of code are two fetches.
    assert cycles(part, costs, code, Charges(mispredicted=0, load_wait=1)) == 20 + 10 * 3
    assert cycles(part, costs, code, Charges(mispredicted=0, flash_wait=1)) == 20 + 10 * 2
