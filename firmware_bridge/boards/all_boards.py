"""The record of each board: what its folder is made of, and what the tools need to know."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from firmware_bridge.boards.board import Board, Cycles, SharedMemory

_FOLDER = Path(__file__).parent
_MIB = 1 << 20


def _files(folder: str, *names: str) -> tuple[Path, ...]:
    return tuple(_FOLDER / folder / name for name in names)


_COMMON = _files(
    "common", "console.h", "console_mailbox.c", "console_uart.c", "image.h", "memory.c", "memory.h",
    "port.c", "port_start.h", "report.h", "sections.ld", "uart.h",
)  # fmt: skip
_CORTEX_M = (
    *_COMMON,
    *_files(
        "cortex_m", "cmsdk.h", "core.h", "faults.c", "faults.h", "protect.c", "startup.c",
        "ticks.c", "uart.c",
    ),
)  # fmt: skip
_CMSDK_CLOCK = _files("cortex_m", "clock.h")

MPS2_AN500 = Board(
    name="mps2-an500",
    description="Arm MPS2+ with a Cortex-M7, emulated by QEMU",
    cpu="cortex-m7",
    flash_bytes=4 * _MIB,
    ram_bytes=4 * _MIB,
    stack_bytes=8 << 10,
    compiler="arm-none-eabi-gcc",
    compiler_flags=("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    linker_flags=("--specs=nano.specs", "-nostartfiles"),
    packages=("make", "gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"),
    files=(*_CORTEX_M, *_CMSDK_CLOCK, *_files("mps2_an500", "link.ld", "registers.h")),
    consoles=("uart", "mailbox"),
    shared=SharedMemory(address=0x6000_0000, size=16 * _MIB),
    ticks_per_second=25_000_000,
    # At -icount shift=6 an instruction takes 64 ns of virtual time, a tick 40 ns.
    instructions_per_tick=Fraction(5, 8),
    machine="mps2-an500",
    cycles=Cycles(
        # Two calibrations against published Cortex-M7 figures agree on these.
        middle=0.8,
        band=(0.6, 1.1),
        # What benchmarks/cycles finds for these kernels, over the models that its README names.
        by_operator=(
            ("ADD", 1.25),
            ("AVERAGE_POOL_2D", 0.74),
            ("CONV_2D", 0.94),
            ("DEPTHWISE_CONV_2D", 1.01),
            ("FULLY_CONNECTED", 0.91),
            ("LOGISTIC", 1.0),
            ("MEAN", 0.65),
            ("MUL", 0.8),
            ("QUANTIZE", 1.0),
            ("SOFTMAX", 0.73),
            ("SUB", 1.1),
            ("UNIDIRECTIONAL_SEQUENCE_LSTM", 0.81),
        ),
        # What the model was off by, and what it leaves open: see the same README.
        model_band=(0.9, 1.35),
    ),
)

MPS2_AN386 = replace(
    MPS2_AN500,
    name="mps2-an386",
    description="Arm MPS2+ with a Cortex-M4, emulated by QEMU",
    cpu="cortex-m4",
    compiler_flags=("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    files=(*_CORTEX_M, *_CMSDK_CLOCK, *_files("mps2_an386", "link.ld", "registers.h")),
    shared=SharedMemory(address=0x2100_0000, size=16 * _MIB),
    machine="mps2-an386",
    cycles=None,
)

MPS2_AN385_M0PLUS = replace(
    MPS2_AN500,
    name="mps2-an385-m0plus",
    description="code for a Cortex-M0+, run by the Cortex-M3 of an Arm MPS2+, emulated by QEMU",
    cpu="cortex-m0plus",
    compiler_flags=("-mcpu=cortex-m0plus", "-mthumb", "-mfloat-abi=soft", "-masm-syntax-unified"),
    files=(*_CORTEX_M, *_CMSDK_CLOCK, *_files("mps2_an385_m0plus", "link.ld", "registers.h")),
    shared=SharedMemory(address=0x2100_0000, size=16 * _MIB),
    machine="mps2-an385",
    cycles=None,
)

MPS2_AN505 = replace(
    MPS2_AN500,
    name="mps2-an505",
    description="Arm MPS2+ with a Cortex-M33, emulated by QEMU",
    cpu="cortex-m33",
    compiler_flags=("-mcpu=cortex-m33", "-mthumb", "-mfpu=fpv5-sp-d16", "-mfloat-abi=hard"),
    files=(*_CORTEX_M, *_CMSDK_CLOCK, *_files("mps2_an505", "link.ld", "registers.h")),
    shared=SharedMemory(address=0x8000_0000, size=16 * _MIB),
    ticks_per_second=20_000_000,
    # An instruction takes 64 ns, a tick 50 ns.
    instructions_per_tick=Fraction(25, 32),
    machine="mps2-an505",
    cycles=None,
)

MPS3_AN547 = replace(
    MPS2_AN500,
    name="mps3-an547",
    description="Arm MPS3 with a Cortex-M55, emulated by QEMU",
    cpu="cortex-m55",
    flash_bytes=2 * _MIB,
    # Its vectors, of integers. Without conditional code that gcc 12 makes of branches late: of
    # `vcvtne.f32.u32` its assembler says that it is no instruction where the core has vectors.
    compiler_flags=(
        *("-mcpu=cortex-m55+nomve.fp", "-mthumb", "-mfloat-abi=hard", "-fno-if-conversion2"),
    ),
    files=(*_CORTEX_M, *_files("mps3_an547", "clock.h", "link.ld", "registers.h")),
    shared=SharedMemory(address=0x6000_0000, size=2048 * _MIB),
    ticks_per_second=32_000_000,
    # An instruction takes 64 ns, a tick 31.25 ns.
    instructions_per_tick=Fraction(125, 256),
    machine="mps3-an547",
    cycles=None,
)

_RISCV = (
    *_COMMON,
    *_files(
        "riscv", "assert.h", "clock.h", "core.h", "faults.c", "faults.h", "libc.c", "link.ld",
        "math.h", "protect.c", "startup.c", "string.h", "ticks.c", "uart.c", "virt.h",
    ),
)  # fmt: skip
# Without a C library, but what compilers know of its functions holds.
_RISCV_FLAGS = ("-misa-spec=2.2", "-msmall-data-limit=0", "-ffreestanding", "-fbuiltin", "-Iboard")

RISCV32_VIRT = Board(
    name="riscv32-virt",
    description="a RISC-V core of RV32IMC on QEMU's virt machine",
    cpu="rv32imc",
    flash_bytes=4 * _MIB,
    ram_bytes=4 * _MIB,
    stack_bytes=8 << 10,
    compiler="riscv64-unknown-elf-gcc",
    compiler_flags=("-march=rv32imc", "-mabi=ilp32", *_RISCV_FLAGS),
    linker_flags=("-nostdlib",),
    libraries=("-lgcc",),
    packages=("make", "gcc-riscv64-unknown-elf", "qemu-system-misc"),
    files=(*_RISCV, *_files("riscv32_virt", "registers.h")),
    consoles=("uart", "mailbox"),
    shared=SharedMemory(address=0x8000_0000, size=32 * _MIB),
    # A tick of 64 ns is an instruction.
    ticks_per_second=15_625_000,
    instructions_per_tick=Fraction(1),
    machine="virt",
    emulator="qemu-system-riscv32",
    emulator_flags=("-bios", "none", "-cpu", "rv32,a=false,f=false,d=false"),
)

CORAL_NPU_CORE = replace(
    RISCV32_VIRT,
    name="coral-npu-core",
    description="the instructions of Google's Coral NPU (RV32IMF, Zve32x, 128-bit vectors; not its "
    "matrix unit, nor its dual issue or its memories) on QEMU's virt machine",
    cpu="rv32imf_zve32x",
    # Of Debian's compilers for RISC-V the one that knows vectors.
    compiler="clang-19",
    compiler_flags=(
        *("--target=riscv32-unknown-elf", "-march=rv32imf_zve32x_zvl128b", "-mabi=ilp32f"),
        *("-msmall-data-limit=0", "-Iboard"),
        # What gcc does not warn of in C, and gcc's attributes.
        *("-Wno-sign-conversion", "-Wno-unknown-attributes"),
    ),
    linker_flags=("-nostdlib", "--ld-path=ld.lld-19"),
    linker="ld.lld-19",
    libraries=(),
    packages=("make", "clang-19", "lld-19", "qemu-system-misc"),
    files=(*_RISCV, *_files("coral_npu_core", "registers.h", "wide.c")),
    emulator_flags=(
        *("-bios", "none"),
        *("-cpu", "rv32,a=false,c=false,d=false,Zve32f=true,vext_spec=v1.0,vlen=128"),
    ),
)

HOST = Board(
    name="host",
    description="this computer: a process over standard input and output, for tests",
    cpu="host",
    flash_bytes=64 * _MIB,
    ram_bytes=64 * _MIB,
    stack_bytes=0,
    compiler="gcc",
    compiler_flags=(),
    linker_flags=(),
    packages=("make", "gcc"),
    files=_files("host", "port.c"),
    ticks_per_second=25_000_000,
)

WEB = Board(
    name="web",
    description="a page in a browser: WebAssembly, without a C library",
    cpu="wasm32",
    flash_bytes=64 << 20,
    ram_bytes=64 << 20,
    stack_bytes=64 << 10,
    compiler="clang",
    compiler_flags=("--target=wasm32", "-mcpu=mvp", "-msign-ext", "-mbulk-memory"),
    linker_flags=(
        "--no-entry",
        "--gc-sections",
        "--strip-all",
        "--stack-first",
        "--fatal-warnings",
    ),
    packages=("clang-19", "lld-19"),
    files=_files(
        "web", "assert.h", "math.h", "memory.c", "port.c", "stdint.h", "string.h", "web.c", "web.h"
    ),
    ticks_per_second=1_000_000,
)
"""No board that a project is written for: `edgeser export --target web` makes a page of it."""
