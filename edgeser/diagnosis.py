"""What is installed, which versions, what is missing and how to get it."""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import distribution
from typing import Any

from edgeser.installed import PACKAGES, Package, cpu_name, installed_version
from edgeser.report.schemas.commands import DOCTOR_SCHEMA
from firmware_bridge.emulator import install_hint
from quantize.edgetpu.hardware import (
    NEWEST_PYTHON_OF_PYCORAL,
    NEWEST_RUNTIME,
    RUNTIME_ADVICE,
    UDEV_ADVICE,
    find_edge_tpus,
    is_googles_pycoral,
)
from quantize.edgetpu.on_edge_tpu import runtime_version
from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import EXTRAS, Extra
from quantize.foundation.string_enum import StrEnum

# Distributions on PyPI that install a package of a name of ours, and one that would.
_SAME_NAMES = {
    "quantize": "quantize",
    "quantize-py": "quantize",
    "firmware-bridge": "firmware_bridge",
}
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 13)
_ON_EDGE_TPU = "running on an Edge TPU"


class Status(StrEnum):
    """How one thing stands."""

    OK = "ok"
    OPTIONAL = "optional, not there"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked for."""

    name: str
    status: Status
    version: str
    needed_for: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class _Program:
    name: str
    needed_for: str
    advice: str


_PROGRAMS = (
    _Program("espeak-ng", "synthetic speech in which words matter", "apt-get install espeak-ng"),
    _Program("gcc", "int8 models on this computer without TFLite-Micro", install_hint("gcc")),
    _Program("make", "firmware", install_hint("make")),
    _Program("arm-none-eabi-gcc", "firmware", install_hint("arm-none-eabi-gcc")),
    _Program("qemu-system-arm", "the emulated device", install_hint("qemu-system-arm")),
    _Program(
        "riscv64-unknown-elf-gcc",
        "firmware for RISC-V boards",
        install_hint("riscv64-unknown-elf-gcc"),
    ),
    _Program("clang-19", "firmware for the Coral NPU's core", install_hint("clang-19")),
    _Program("qemu-system-riscv32", "emulated RISC-V boards", install_hint("qemu-system-riscv32")),
    _Program(
        "edgetpu_compiler",
        "compiling for the Edge TPU",
        "get it from Google's Coral pages (x86-64 Linux only) and put it on PATH",
    ),
)


def diagnose() -> tuple[Finding, ...]:
    """Look at this machine; nothing is imported that is slow, nothing is downloaded."""
    findings = [_python(), _machine(), _frontend()]
    findings += [_package(package) for package in PACKAGES]
    findings += [_program(program) for program in _PROGRAMS]
    findings += [_extra(each) for each in EXTRAS]
    findings += [_web_tools(), *_edge_tpus()]
    findings += [trap for trap in (_wrong_pycoral(), _wrong_compiler(), _tflite_runtime()) if trap]
    findings += _of_the_same_names()
    return tuple(findings)


def to_json(findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return the findings as a JSON object of schema ``edgeser.doctor/1``."""
    return {
        "schema": DOCTOR_SCHEMA,
        "ok": is_healthy(findings),
        "findings": [asdict(finding) for finding in findings],
    }


def is_healthy(findings: tuple[Finding, ...]) -> bool:
    """Return whether nothing that is required is missing."""
    return not any(finding.status is Status.MISSING for finding in findings)


def _python() -> Finding:
    right = OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON
    return Finding(
        "python",
        Status.OK if right else Status.WRONG,
        platform.python_version(),
        "everything",
        "" if right else "use CPython 3.11: 3.10 to 3.13 are tried, and all extras on that one",
    )


def _machine() -> Finding:
    cores = len(os.sched_getaffinity(0))
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Finding(
        "machine", Status.OK, f"{cpu_name()}, {cores} cores, {memory_gib:.0f} GiB", "training speed"
    )


def _frontend() -> Finding:
    there = importlib.util.find_spec("firmware_bridge.frontend._frontend") is not None
    return Finding(
        "frontend (C)",
        Status.OK if there else Status.MISSING,
        installed_version("edgeser") if there else "",
        "features",
        "" if there else "install a wheel of edgeser, or 'pip install .' with gcc installed",
    )


def _package(package: Package) -> Finding:
    found = installed_version(package.name)
    if found:
        return Finding(package.name, Status.OK, found, package.needed_for)
    status = Status.MISSING if package.required else Status.OPTIONAL
    return Finding(package.name, status, "", package.needed_for, package.install)


def _extra(wanted: Extra) -> Finding:
    """Say whether all is there that an extra brings, and what is missing."""
    name, missing = f"edgeser[{wanted.name}]", wanted.missing()
    if not missing:
        return Finding(name, Status.OK, "complete", wanted.needed_for)
    lacks = f"without {', '.join(missing)}"
    return Finding(name, Status.OPTIONAL, lacks, wanted.needed_for, wanted.install)


def _program(program: _Program) -> Finding:
    found = shutil.which(program.name)
    if found:
        return Finding(program.name, Status.OK, found, program.needed_for)
    return Finding(program.name, Status.OPTIONAL, "", program.needed_for, program.advice)


def _web_tools() -> Finding:
    from firmware_bridge.emulator import find_web_tools

    name, needed_for = "clang with lld", "the device in a browser"
    try:
        found = find_web_tools()
    except ToolMissing as error:
        return Finding(name, Status.OPTIONAL, "", needed_for, error.hint)
    return Finding(name, Status.OK, found.clang, needed_for)


def _edge_tpus() -> list[Finding]:
    """Say which Edge TPUs there are, whether they may be opened, and what reaches them."""
    found = find_edge_tpus()
    findings = [_edgetpu_runtime()]
    if not found:
        advice = "plug in a USB accelerator, or predict: edgeser estimate"
        return [*findings, Finding("Edge TPU", Status.OPTIONAL, "", _ON_EDGE_TPU, advice)]
    for tpu in found:
        status = Status.OK if tpu.accessible else Status.WRONG
        place = f"{tpu.attachment.value}: {tpu.node}"
        advice = "" if tpu.accessible else f"it may not be opened; {UDEV_ADVICE}"
        findings.append(Finding("Edge TPU", status, place, _ON_EDGE_TPU, advice))
    if not is_googles_pycoral() and sys.version_info[:2] > NEWEST_PYTHON_OF_PYCORAL:
        newest = ".".join(map(str, NEWEST_PYTHON_OF_PYCORAL))
        advice = f"Google's wheels end at Python {newest}; LiteRT with libedgetpu is used instead"
        findings.append(
            Finding("pycoral (Google)", Status.OPTIONAL, "no wheel", _ON_EDGE_TPU, advice)
        )
    return findings


def _edgetpu_runtime() -> Finding:
    library = ctypes.util.find_library("edgetpu")
    if library is None:
        return Finding("libedgetpu", Status.OPTIONAL, "", _ON_EDGE_TPU, RUNTIME_ADVICE)
    runtime = runtime_version(library)
    if runtime is None or runtime < NEWEST_RUNTIME:
        said = "version unknown" if runtime is None else f"runtime {runtime}"
        advice = f"compiled files may need runtime {NEWEST_RUNTIME}; {RUNTIME_ADVICE}"
        return Finding("libedgetpu", Status.WRONG, f"{library}, {said}", _ON_EDGE_TPU, advice)
    return Finding("libedgetpu", Status.OK, f"{library}, runtime {runtime}", _ON_EDGE_TPU)


def _wrong_pycoral() -> Finding | None:
    found = installed_version("pycoral")
    if not found or _has_file("pycoral", "pycoral/utils/edgetpu.py"):
        return None
    return Finding(
        "pycoral",
        Status.WRONG,
        found,
        _ON_EDGE_TPU,
        "this is another project of that name; uninstall it, the LiteRT delegate is used instead",
    )


def _wrong_compiler() -> Finding | None:
    found = installed_version("edgecompiler")
    if not found:
        return None
    advice = "it writes placeholders that cannot run; uninstall it"
    return Finding("edgecompiler", Status.WRONG, found, "nothing", advice)


def _tflite_runtime() -> Finding | None:
    found = installed_version("tflite-runtime")
    if not found or not installed_version("numpy").startswith("2"):
        return None
    advice = "tflite-runtime 2.14 needs numpy 1.26; use ai-edge-litert beside numpy 2"
    return Finding("tflite-runtime", Status.WRONG, found, "parity on Linux boards", advice)


def _of_the_same_names() -> list[Finding]:
    """Name distributions that install a package over one of ours."""
    return [
        Finding(
            name,
            Status.WRONG,
            installed_version(name),
            "nothing",
            f"it has a package '{package}' as edgeser has, and one overwrites the other: give it "
            "an environment of its own, and install edgeser anew",
        )
        for name, package in _SAME_NAMES.items()
        if installed_version(name)
    ]


def _has_file(package: str, path: str) -> bool:
    files = distribution(package).files or []
    return any(str(file) == path for file in files)
