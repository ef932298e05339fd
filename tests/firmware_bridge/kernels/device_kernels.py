"""Lowered calls on an emulated core: exact instruction counts, and whether bytes agree."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from host_kernels import KERNELS, WARNINGS
from numpy.typing import NDArray

from firmware_bridge.boards import CORAL_NPU_CORE, MPS3_AN547
from firmware_bridge.compiler.c_text import constant_array, layer_struct
from firmware_bridge.compiler.kernel_call import Constant, KernelCall
from tests.compilations import program_of

DEVICE = Path(__file__).with_name("device")
WIDE = next(path for path in CORAL_NPU_CORE.files if path.name == "wide.c")
RISCV = next(path for path in CORAL_NPU_CORE.files if path.name == "libc.c").parent
GCC, QEMU = (shutil.which(name) or "" for name in ("arm-none-eabi-gcc", "qemu-system-arm"))


@dataclass(frozen=True)
class Machine:
    """One of QEMU's, where its memories are, and what its timer makes of an instruction of 2^6 ns.

    Parameters
    ----------
    name
        QEMU's.
    flags
        The compiler's for its core and its timer.
    code, code_bytes, variables
        Where the program goes, and 4 MiB for its variables.
    instructions_per_tick
        Of its timer.
    vectors
        Where the core begins.
    compiler, emulator
        Programs.
    links
        How a program is linked.
    emulated_as
        The emulator's flags for its core.
    library
        The board's own functions, where it has no C library.
    """

    name: str
    flags: tuple[str, ...]
    code: int
    code_bytes: int
    variables: int
    instructions_per_tick: float
    vectors: int = 0
    compiler: str = "arm-none-eabi-gcc"
    emulator: str = "qemu-system-arm"
    links: tuple[str, ...] = ("-nostartfiles", "--specs=nano.specs", "--specs=nosys.specs", "-lm")
    emulated_as: tuple[str, ...] = ()
    library: tuple[Path, ...] = ()

    def needs_tools(self) -> None:
        """Skip a test where one of them is not installed."""
        for program in (self.compiler, self.emulator):
            if shutil.which(program) is None:
                pytest.skip(f"needs {program}")


M7 = Machine(
    "mps2-an500",
    ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    0x40,
    0x40_0000 - 0x40,
    0x2000_0000,
    25 / 40,  # 25 MHz
)
M55 = Machine(
    MPS3_AN547.machine or "",
    (*MPS3_AN547.compiler_flags, "-DSSE_300"),
    0x1100_0000,
    0x20_0000,
    0x3100_0000,
    float(MPS3_AN547.instructions_per_tick or 0),
)
"""With Helium."""
CORAL = Machine(
    CORAL_NPU_CORE.machine or "",
    (*(x for x in CORAL_NPU_CORE.compiler_flags if x != "-Iboard"), f"-I{RISCV}"),
    0x8000_0100,
    0x40_0000 - 0x100,
    0x8040_0000,
    1,
    vectors=0x8000_0000,
    compiler=CORAL_NPU_CORE.compiler,
    emulator=CORAL_NPU_CORE.emulator,
    links=CORAL_NPU_CORE.linker_flags,
    library=(RISCV / "libc.c", WIDE),
    emulated_as=CORAL_NPU_CORE.emulator_flags,
)
"""With RISC-V's vectors."""
ON_DEVICES = pytest.mark.parametrize(
    ("machine", "level"),
    [(M7, "-O2"), (M7, "-O0"), (M55, "-O2"), (CORAL, "-O2")],
    ids=["M7-O2", "M7-O0", "M55-O2", "Coral-O2"],
)
"""Unoptimised code is plain C on each of them."""
_EMULATOR = [
    "-icount", "shift=6", "-display", "none", "-monitor", "none", "-serial", "none",
    "-semihosting-config", "enable=on,target=native",
]  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A call with its inputs and the output that is expected of it.

    With `within` the first input lies in the output's memory, as near behind its beginning as the
    call allows; copying it there is counted.
    """

    call: KernelCall
    inputs: Sequence[NDArray[Any]]
    expected: NDArray[np.int8]
    within: bool = False


@dataclass(frozen=True)
class Result:
    """What the device made of a job."""

    instructions: float
    agrees: bool


def run_on_device(
    jobs: Sequence[Job], folder: Path, level: str = "-O2", *, machine: Machine = M7
) -> list[Result]:
    """Build one program for all jobs, optimised as `level` says, and run it once."""
    machine.needs_tools()
    (folder / "layers.c").write_text("\n".join(_source(jobs)))
    elf = folder / "layers.elf"
    places = {
        "VECTORS_BEGIN": machine.vectors,
        "CODE_BEGIN": machine.code,
        "CODE_BYTES": machine.code_bytes,
        "VARIABLES_BEGIN": machine.variables,
    }
    command = [machine.compiler, "-std=c11", level, *machine.flags, *WARNINGS,
               "-ffunction-sections", f"-I{KERNELS / 'include'}", f"-I{DEVICE}"]  # fmt: skip
    program_of(
        command,
        [DEVICE / "harness.c", *machine.library, *sorted((KERNELS / "src").glob("*.c"))],
        [folder / "layers.c"],
        elf,
        "-Wl,--gc-sections",
        *(f"-Wl,--defsym={name}={value}" for name, value in places.items()),
        f"-T{DEVICE / 'link.ld'}",
        *machine.links,
    )
    run = subprocess.run(
        [machine.emulator, "-M", machine.name, *machine.emulated_as, *_EMULATOR,
         "-kernel", str(elf)],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    lines = [line.split() for line in (run.stdout + run.stderr).splitlines()]
    assert len(lines) == len(jobs), lines[-3:]
    return [
        Result(int(ticks) * machine.instructions_per_tick, good == "1") for ticks, good in lines
    ]


def _source(jobs: Sequence[Job]) -> list[str]:
    lines = ["#include <string.h>", '#include "harness.h"']
    lines += [f'#include "{header}"' for header in sorted({job.call.header for job in jobs})]
    scratch = max(job.call.scratch_bytes for job in jobs)
    # An input within an output may end behind it.
    output = max(job.expected.size + sum(value.size for value in job.inputs) for job in jobs)
    lines.append(f"_Alignas(16) int8_t test_output[{output}];")
    lines.append(f"static _Alignas(16) int8_t scratch[{max(scratch, 1)}];")
    for number, job in enumerate(jobs):
        lines += _job(f"job{number}", job)
    lines.append("const struct layer layers[] = {")
    for number, job in enumerate(jobs):
        lines.append(f"  {{job{number}_run, job{number}_expected, {job.expected.size}}},")
    lines += ["};", f"const uint32_t layer_count = {len(jobs)};", ""]
    return lines


def _job(prefix: str, job: Job) -> list[str]:
    call = job.call
    inputs = [
        Constant(f"input_{i}", value.reshape(-1), alignment=16)
        for i, value in enumerate(job.inputs)
    ]
    expected = Constant("expected", job.expected.reshape(-1), alignment=16)
    lines: list[str] = []
    for constant in (*call.constants, *inputs, expected):
        lines += constant_array(prefix, constant)
    lines += layer_struct(prefix, call)
    names = [f"{prefix}_{constant.suffix}" for constant in inputs]
    arguments = [f"&{prefix}_layer", *names, "test_output"]
    if call.scratch_bytes:
        arguments.append("scratch")
    copied = ""
    if job.within:
        arguments[1] = f"test_output + {call.input_after}"
        copied = f"memcpy({arguments[1]}, {names[0]}, sizeof {names[0]}); "
    call_text = f"{call.function}({', '.join(arguments)});"
    lines.append(f"static void {prefix}_run(void) {{ {copied}{call_text} }}")
    return lines
