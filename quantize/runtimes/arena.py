"""How much arena TFLite-Micro needs for a model, from its own allocation print."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quantize.foundation.errors import BadInput, InternalError
from quantize.foundation.measurement import Evidence, Measurement
from quantize.runtimes import worker
from quantize.runtimes.catalogue import Runtime, runtime_version
from quantize.runtimes.crash import OnRuntime, call_on_model
from quantize.runtimes.request import DEFAULT_LIMITS, Limits, read_request

_MAX_LINES = 100
_MAX_LINE = 300
_MARK = "[RecordingMicroAllocator] "
_TOTAL = re.compile(r"Arena allocation (total|head|tail) (\d{1,12}) bytes")
_SECTION = re.compile(
    r"'([^']{1,80})' used (\d{1,12}) bytes with alignment overhead "
    r"\(requested (\d{1,12}) bytes for (\d{1,9}) [A-Za-z ]{1,60}\)"
)


@dataclass(frozen=True, slots=True)
class ArenaSection:
    """One use of the persistent part: bytes with alignment, bytes asked for, and pieces."""

    name: str
    used_bytes: int
    requested_bytes: int
    count: int


@dataclass(frozen=True, slots=True)
class ArenaUsage:
    """What a model takes of the arena, in bytes, on a 64-bit host.

    Pointers are half as wide on a microcontroller, so its persistent part is smaller.

    Parameters
    ----------
    total
        All of it: what the arena must hold.
    persistent
        The tail: structures and buffers that live as long as the interpreter.
    non_persistent
        The head: activations and scratch, whose places the planner shares out over time.
    sections
        What the persistent part is used for, as far as TFLite-Micro says.
    """

    total: Measurement
    persistent: Measurement
    non_persistent: Measurement
    sections: tuple[ArenaSection, ...]


def arena_usage(
    model_bytes: bytes,
    *,
    name: str = "the model",
    limits: Limits = DEFAULT_LIMITS,
) -> ArenaUsage:
    """Load a model into TFLite-Micro in a child process, run it once, and ask for its arena.

    Raises
    ------
    BadInput
        When the model is not valid, or TFLite-Micro refuses it.
    ToolMissing
        When TFLite-Micro is not installed.
    InternalError
        When the child crashed, ran out of time or memory, or printed something else.
    """
    request = read_request(model_bytes, name)
    inputs = []
    for tensor in request.model.main.input_tensors:
        if tensor.dtype.numpy is None:
            raise BadInput(f"{name} has an input of type {tensor.dtype.label}")
        inputs.append([list(tensor.shape), tensor.dtype.numpy.str])
    result = call_on_model(
        worker.report_arena,
        {},
        {"name": name, "arena_bytes": request.arena_bytes, "inputs": inputs},
        on=OnRuntime(model_bytes, request.model, Runtime.TFLITE_MICRO),
        what=f"loading {name} into {Runtime.TFLITE_MICRO.label}",
        timeout_s=request.timeout_s(limits, 1),
        memory_bytes=limits.memory_bytes,
    )
    source = f"{runtime_version(Runtime.TFLITE_MICRO)}, print_allocations on this host"
    return parse_allocations(result.values["lines"], source=source)


def parse_allocations(lines: Sequence[str], *, source: str) -> ArenaUsage:
    """Read the lines that TFLite-Micro's recording allocator prints.

    Parameters
    ----------
    lines
        Lines of its print; those without its mark are passed over.
    source
        Where they come from, for the measurements.

    Raises
    ------
    InternalError
        When there are not exactly one total, head and tail, or they do not add up.
    """
    totals: dict[str, int] = {}
    sections = []
    for line in lines[:_MAX_LINES]:
        text = line[:_MAX_LINE].strip()
        if not text.startswith(_MARK):
            continue
        text = text.removeprefix(_MARK)
        if found := _TOTAL.fullmatch(text):
            if found[1] in totals:
                raise InternalError(f"TFLite-Micro printed its arena's {found[1]} twice")
            totals[found[1]] = int(found[2])
        elif found := _SECTION.fullmatch(text):
            sections.append(ArenaSection(found[1], int(found[2]), int(found[3]), int(found[4])))
    if set(totals) != {"total", "head", "tail"}:
        raise InternalError(
            f"TFLite-Micro's allocation print lacks figures: {sorted(totals)} of head, tail, total",
            hint="this version of tflite-micro prints something new; use the pinned one",
        )
    if totals["total"] != totals["head"] + totals["tail"]:
        raise InternalError(f"TFLite-Micro's arena figures do not add up: {totals}")
    return ArenaUsage(
        total=_bytes(totals["total"], source),
        persistent=_bytes(totals["tail"], source),
        non_persistent=_bytes(totals["head"], source),
        sections=tuple(sections),
    )


def _bytes(value: int, source: str) -> Measurement:
    return Measurement(value, "bytes", Evidence.MEASURED, source)
