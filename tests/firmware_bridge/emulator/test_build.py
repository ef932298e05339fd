"""Building: what is missing, too large or broken is told in one line; sizes come from the ELF."""

from __future__ import annotations

import dataclasses
import os
import struct
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.boards import HOST, MPS2_AN500
from firmware_bridge.emulator import build_firmware, find_tool, read_sections
from firmware_bridge.project import write_project
from quantize.foundation.errors import BadInput, CheckFailed, InternalError, ToolMissing


@pytest.mark.parametrize(
    ("program", "package"),
    [("qemu-system-arm", "qemu-system-arm"), ("arm-none-eabi-gcc", "gcc-arm-none-eabi")],
)
def test_missing_tool_names_its_package(
    program: str, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=f"{program} is not installed") as caught:
        find_tool(program)
    assert package in caught.value.hint
    assert caught.value.exit_code == 3


def test_sizes_are_those_of_the_toolchain(emulated_firmware) -> None:
    listing = subprocess.run(
        [find_tool("arm-none-eabi-size"), "-A", emulated_firmware.elf],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    theirs = {
        line.split()[0]: (int(line.split()[1]), int(line.split()[2]))
        for line in listing.splitlines()
        if line.startswith(".") and not line.startswith((".debug", ".ARM.attr", ".comment"))
    }
    ours = {section.name: (section.size, section.address) for section in emulated_firmware.sections}
    assert ours == {name: sizes for name, sizes in theirs.items() if sizes[0]}
    in_ram = {".stack", ".data", ".bss"}
    constant = sum(size for name, (size, _) in ours.items() if name not in in_ram)
    assert emulated_firmware.flash_bytes == constant + emulated_firmware.data_bytes
    assert emulated_firmware.ram_bytes == sum(ours.get(name, (0, 0))[0] for name in in_ram)


@pytest.mark.parametrize(
    ("resource", "numbers"),
    [
        ("flash_bytes", r"FLASH of 1024 bytes is \d+ bytes"),
        ("ram_bytes", r"RAM of 1024 bytes is \d+ bytes"),
    ],
)
def test_firmware_that_does_not_fit_is_refused_with_the_numbers(
    resource: str, numbers: str, tmp_path: Path, hand_made_model, emulated_firmware
) -> None:
    board = dataclasses.replace(MPS2_AN500, **{resource: 1024})
    write_project(tmp_path / "small", board=board, model=hand_made_model)
    with pytest.raises(CheckFailed, match=numbers) as caught:
        build_firmware(tmp_path / "small", board)
    assert "smaller model" in caught.value.hint
    assert not (tmp_path / "small" / "build" / "firmware.elf").exists()


STAND_IN_COMPILER = """#!/bin/sh
# Compiles with the real one; links never, and says why in pieces, as two linkers at once do.
case "$*" in *" -c "*) PATH=${PATH#*:} exec arm-none-eabi-gcc "$@" ;; esac
case "$*" in *firmware.elf*) excess=15200 ;; *) excess=15100 ;; esac
for piece in "ld: region " "'FLASH' overfl" "owed by $excess" " bytes\\n"; do
  printf "$piece" >&2
  sleep 0.1
done
exit 1
"""


def test_what_two_linkers_say_at_once_is_read_apart(
    tmp_path: Path, hand_made_model, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in = tmp_path / "bin" / "arm-none-eabi-gcc"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN_COMPILER)
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", f"{stand_in.parent}:{os.environ['PATH']}")
    write_project(tmp_path / "small", board=MPS2_AN500, model=hand_made_model)
    with pytest.raises(CheckFailed, match=r"FLASH of \d+ bytes is 15200 bytes too small \("):
        build_firmware(tmp_path / "small", MPS2_AN500)


def test_broken_source_is_told_by_its_first_error(tmp_path: Path, hand_made_model) -> None:
    broken = dataclasses.replace(hand_made_model, source="int x = y;\n")
    write_project(tmp_path / "broken", board=HOST, model=broken)
    with pytest.raises(InternalError, match=r"model/model.c:1:9: error: .*y"):
        build_firmware(tmp_path / "broken", HOST)


def test_build_that_takes_too_long_is_stopped(tmp_path: Path, hand_made_model) -> None:
    write_project(tmp_path / "slow", board=HOST, model=hand_made_model)
    with pytest.raises(InternalError, match=r"longer than 0.001 s"):
        build_firmware(tmp_path / "slow", HOST, timeout_s=0.001)


def test_project_is_built_once(tmp_path: Path, hand_made_model) -> None:
    write_project(tmp_path / "once", board=HOST, model=hand_made_model)
    first = build_firmware(tmp_path / "once", HOST)
    stamp = first.elf.stat().st_mtime_ns
    assert build_firmware(tmp_path / "once", HOST).elf.stat().st_mtime_ns == stamp


@pytest.mark.usefixtures("compiled_anew")
def test_same_project_gives_the_same_program(tmp_path: Path, hand_made_model) -> None:
    programs = []
    for name in ("first", "another"):
        write_project(tmp_path / name, board=HOST, model=hand_made_model)
        programs.append(build_firmware(tmp_path / name, HOST).elf.read_bytes())
    assert programs[0] == programs[1]


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "offset", "count", "names", "name"])
def test_damaged_elf_is_refused(damage: str, emulated_firmware, tmp_path: Path) -> None:
    data = bytearray(emulated_firmware.elf.read_bytes())
    if damage == "empty":
        data = bytearray()
    elif damage == "text":
        data = bytearray(b"no ELF at all" * 10)
    elif damage == "cut":
        del data[len(data) // 2 :]
    elif damage == "offset":
        struct.pack_into("<I", data, 32, 0xFFFF_FFF0)
    elif damage == "count":
        struct.pack_into("<H", data, 48, 0xFFFF)
    elif damage == "names":
        struct.pack_into("<H", data, 50, 0xFFF0)
    else:
        (table,) = struct.unpack_from("<I", data, 32)
        struct.pack_into("<I", data, table + 40, 0x7FFF_FFFF)
    path = tmp_path / "damaged.elf"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="not a whole ELF file"):
        read_sections(path)


def test_sections_of_a_host_program_are_read_too(host_firmware, tmp_path: Path) -> None:
    names = {section.name for section in read_sections(host_firmware.elf)}
    assert {".text", ".rodata", ".bss"} <= names
    data = bytearray(host_firmware.elf.read_bytes())
    struct.pack_into("<Q", data, 40, 2**64 - 1)
    (tmp_path / "damaged.elf").write_bytes(data)
    with pytest.raises(BadInput, match="its section table lies outside of it"):
        read_sections(tmp_path / "damaged.elf")
