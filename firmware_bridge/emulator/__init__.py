"""Builds a firmware project and runs it: in QEMU, or as a process of this computer."""

from firmware_bridge.emulator.build import BuiltFirmware, build_firmware
from firmware_bridge.emulator.cache import built_firmware
from firmware_bridge.emulator.elf import Section, read_sections
from firmware_bridge.emulator.host_model import built_host_model
from firmware_bridge.emulator.machine import running_emulator, running_on_host
from firmware_bridge.emulator.tools import find_tool, install_hint, require_tools
from firmware_bridge.emulator.web_assembly import built_web_assembly, find_web_tools

__all__ = [
    "BuiltFirmware",
    "Section",
    "build_firmware",
    "built_firmware",
    "built_host_model",
    "built_web_assembly",
    "find_tool",
    "find_web_tools",
    "install_hint",
    "read_sections",
    "require_tools",
    "running_emulator",
    "running_on_host",
]
