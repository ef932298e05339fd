"""What tests compile: each file once, where ccache is installed, and shared objects anyway."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from firmware_bridge.emulator.web_assembly import NEWEST, OLDEST

_COMPILERS = (
    *("cc", "gcc", "g++", "arm-none-eabi-gcc", "arm-none-eabi-g++", "riscv64-unknown-elf-gcc"),
    *("clang", *(f"clang-{version}" for version in range(OLDEST, NEWEST + 1))),
)
ANEW = "CCACHE_DISABLE"
"""Environment variable: set by a test that is about compiling itself."""
OBJECTS = "EDGESER_TESTS_OBJECTS"
"""Environment variable: the folder of objects that `program_of` keeps."""


def share_compilations(folder: Path, kept: Path) -> None:
    """Put compilers that remember what they compiled before all others on PATH.

    The same kernels are built into hundreds of programs, each in a folder of its own. What was
    compiled stays in `kept` from one session to the next, found by all that it was made of:
    sources, headers, the command line and the compiler.
    """
    os.environ[OBJECTS] = str(folder / "objects")
    ccache = shutil.which("ccache")
    if ccache is None:
        return
    places = folder / "compilers"
    places.mkdir(parents=True, exist_ok=True)
    for compiler in _COMPILERS:
        if shutil.which(compiler):
            with suppress(FileExistsError):
                (places / compiler).symlink_to(ccache)
    os.environ["PATH"] = f"{places}{os.pathsep}{os.environ['PATH']}"
    os.environ["CCACHE_DIR"] = str(kept)
    os.environ["CCACHE_MAXSIZE"] = "500M"
    os.environ["CCACHE_NOHASHDIR"] = "1"  # no program says where it was built
    os.environ["CCACHE_CONFIGPATH"] = os.devnull
    # Headers are told by what is in them: those of a project were written a moment ago.
    os.environ["CCACHE_SLOPPINESS"] = "include_file_mtime,include_file_ctime"


def program_of(
    compile_one: Sequence[str],
    ours: Sequence[Path],
    theirs: Sequence[Path],
    program: Path,
    *links: str,
    includes: Sequence[str] = (),
) -> None:
    """Build a program, or a library, of a test's sources and of the project's.

    A compiler that is given all of them at once compiles all of them anew. The project's are
    compiled once in a session for each command line, by whichever process is first; `includes` are
    for the test's alone, and `links` goes to the linker, which has the command line too.
    """
    made = [program.with_name(f"{program.name}.{n}.o") for n in range(len(theirs))]
    for source, target in zip(theirs, made, strict=True):
        compile_strictly([*compile_one, *includes, "-c", str(source), "-o", str(target)])
    kept = _objects_of((*compile_one,), (*ours,))
    objects = map(str, (*made, *kept))
    compile_strictly([*compile_one, *objects, *links, "-o", str(program)])


def compile_strictly(command: Sequence[str]) -> None:
    """Run a compiler; what it says is the failure of the test."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


@cache
def _objects_of(command: tuple[str, ...], sources: tuple[Path, ...]) -> tuple[Path, ...]:
    """Compile sources that nobody changes meanwhile, unless another process has."""
    key = hashlib.sha256("\0".join([*command, *map(str, sources)]).encode()).hexdigest()
    folder = Path(os.environ[OBJECTS]) / key[:24]
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"{number}-{source.stem}.o" for number, source in enumerate(sources)]
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for source, target in zip(sources, made, strict=True):
            if not target.exists():
                partial = target.with_suffix(".partial")
                compile_strictly([*command, "-c", str(source), "-o", str(partial)])
                partial.replace(target)
    return tuple(made)
