"""A project's C as WebAssembly, by clang and lld as Debian has them: no C library, no runtime."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from firmware_bridge.boards import WEB
from firmware_bridge.emulator.kept import kept
from firmware_bridge.emulator.tools import install_hint
from firmware_bridge.project.contents import Contents
from quantize.foundation.cores import on_all_cores
from quantize.foundation.errors import InternalError, ToolMissing
from quantize.foundation.files import read_bounded
from quantize.foundation.processes import run

PROGRAM = "firmware.wasm"
OLDEST, NEWEST = 14, 24
"""The major versions of clang that are looked for, by the names that Debian gives them."""
_WARNINGS = ("-Wall", "-Wextra", "-Wconversion", "-Werror")
_FLAGS = (
    "-std=c11", "-O2", *_WARNINGS, "-nostdlibinc", "-ffunction-sections",
    "-fdata-sections", "-fno-math-errno", "-ffp-contract=off", "-fvisibility=hidden",
)  # fmt: skip
_OWN_LIBRARY = "board/memory.c"
_LIMIT_BYTES = 64 << 20
_TIMEOUT_S = 300.0
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class WebTools:
    """Paths of a compiler and of the linker that came with it."""

    clang: str
    linker: str


def find_web_tools() -> WebTools:
    """Return clang and lld for WebAssembly: the plain names, or the newest of Debian's.

    Raises
    ------
    ToolMissing
        When there are no two of one version; the hint names the packages.
    """
    versions = ["", *(f"-{number}" for number in range(NEWEST, OLDEST - 1, -1))]
    for version in versions:
        clang, linker = shutil.which(f"clang{version}"), shutil.which(f"wasm-ld{version}")
        if clang and linker:
            return WebTools(clang, linker)
    raise ToolMissing(
        "clang and its linker for WebAssembly are not installed",
        hint=install_hint("clang", "wasm-ld"),
    )


def built_web_assembly(contents: Contents, *, cache: Path | None = None) -> bytes:
    """Return the program that a project's files make; build it unless that was done before.

    Parameters
    ----------
    contents
        The files of a project for the board `WEB`.
    cache
        Where programs are kept; built anew in a temporary folder when `None`.

    Raises
    ------
    ToolMissing
        When clang or lld is not installed.
    BadInput
        When the cache cannot be written.
    InternalError
        When it does not compile, or takes too long.
    """
    tools = find_web_tools()

    def build(work: Path) -> None:
        for path, data in contents.items():
            target = work / PurePosixPath(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        _build(work, sorted(path for path in contents if path.endswith(".c")), tools)

    with kept(cache, _key(contents, tools), (PROGRAM,), build) as folder:
        return read_bounded(folder / PROGRAM, limit_bytes=_LIMIT_BYTES)


def _build(work: Path, sources: list[str], tools: WebTools) -> None:
    headers = sorted({path.parent.relative_to(work) for path in work.rglob("*.h")})
    # The board has the C library's few headers, for brackets; nothing else is found by them.
    places = [f"-iquote{folder}" for folder in headers]
    command = [tools.clang, *WEB.compiler_flags, *_FLAGS, *places, "-isystemboard"]

    def compile_one(source: str) -> str:
        # In the library itself no loop may become a call of what it is part of.
        own = ("-fno-builtin",) if source == _OWN_LIBRARY else ()
        compiled = f"{source}.o"
        _run([*command, *own, "-c", source, "-o", compiled], work)
        return compiled

    objects = list(on_all_cores(compile_one, sources, workers=_AT_ONCE))
    stack = f"-zstack-size={WEB.stack_bytes}"
    _run([tools.linker, *WEB.linker_flags, stack, *objects, "-o", PROGRAM], work)


def _run(command: list[str], work: Path) -> None:
    try:
        done = run(command, timeout_s=_TIMEOUT_S, cwd=work)
    except subprocess.TimeoutExpired as error:
        raise InternalError(f"{Path(command[0]).name} took longer than {_TIMEOUT_S:g} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()[:2000]
        raise InternalError(f"{Path(command[0]).name} refuses the firmware's code: {said}")


def _key(contents: Contents, tools: WebTools) -> str:
    """Return a hash of the files, the flags and the tools, told from others by size and time."""
    digest = sha256(b"web assembly 1\n")
    for tool in (tools.clang, tools.linker):
        path = Path(tool).resolve()
        status = path.stat()
        digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    digest.update(repr((WEB.compiler_flags, WEB.linker_flags, WEB.stack_bytes, _FLAGS)).encode())
    for name, data in sorted(contents.items()):
        digest.update(f"{name} {sha256(data).hexdigest()}\n".encode())
    return digest.hexdigest()
