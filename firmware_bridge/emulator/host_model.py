"""A model's C, built for this computer with its vector instructions, and kept once it is built.

It is the code of the firmware, so its outputs are the device's to the bit; only quicker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_bridge.compiler.compile import CompiledModel, compile_model
from firmware_bridge.compiler.host_build import (
    AROUND,
    PROGRAM,
    HostModel,
    build_host_model,
    host_compiler,
    native_flags,
    target_macros,
)
from firmware_bridge.compiler.kernel_sources import KERNELS
from firmware_bridge.emulator.kept import kept
from quantize.foundation.files import sha256_of_file


@contextmanager
def built_host_model(
    data: bytes,
    name: str,
    *,
    cache: Path | None = None,
    objects: Path | None = None,
    timeout_s: float = 300.0,
) -> Iterator[HostModel]:
    """Give a model as a program of this computer; build it unless that was done before.

    Parameters
    ----------
    data
        The bytes of a fully-int8 .tflite.
    name
        What messages call it.
    cache
        Where programs are kept; built anew in a temporary folder when `None`.
    objects
        Where compiled kernels are shared by models that are built one after another; each compiles
        its own when `None`.
    timeout_s
        Seconds that one call of it may take.

    Raises
    ------
    ToolMissing
        When there is no C compiler.
    BadInput
        When the model cannot be compiled, or the cache cannot be written.
    InternalError
        When the compiler refuses the code.
    """
    compiled = compile_model(data, name)

    def build(folder: Path) -> None:
        build_host_model(compiled, folder, objects=objects, vectorise=True)

    with kept(cache, _key(compiled), (PROGRAM,), build) as folder:
        yield HostModel(compiled, folder / PROGRAM, timeout_s)


def _key(compiled: CompiledModel) -> str:
    """Return a hash of the model's C, the kernels, the compiler and this processor.

    A home folder may be shared by computers of several kinds.
    """
    compiler = host_compiler()
    digest = hashlib.sha256(b"host model 1\n")
    digest.update(str(Path(compiler).resolve()).encode())
    digest.update(target_macros(compiler, native_flags(compiler)))
    for text in (compiled.header, compiled.source):
        digest.update(hashlib.sha256(text.encode()).digest())
    for path in (*AROUND, *sorted(KERNELS.rglob("*.[ch]"))):
        digest.update(f"{path.name} {sha256_of_file(path)}\n".encode())
    return digest.hexdigest()
