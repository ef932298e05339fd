"""The kernels as a shared library on the host, and lowered calls run through it.

Layer structs are laid out from the kernels' own headers, so that no second description of them
can go stale.
"""

from __future__ import annotations

import ctypes
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.compiler.kernel_call import KernelCall
from tests.compilations import program_of

KERNELS = Path(__file__).parents[3] / "firmware_bridge" / "kernels"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
ALIGNMENT = 16
_SCALARS = {
    "int8_t": ctypes.c_int8,
    "uint8_t": ctypes.c_uint8,
    "int16_t": ctypes.c_int16,
    "uint16_t": ctypes.c_uint16,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "float": ctypes.c_float,
}
_DECLARATION = re.compile(r"(const )?(\w+) ([^;]+);")


def compile_kernels(folder: Path, *flags: str) -> Path:
    """Compile all kernels into a shared library and return its path."""
    library = folder / "kernels.so"
    command = [shutil.which("gcc") or "gcc", "-std=c11", "-Og", "-g1", "-fPIC", *WARNINGS, *flags,
               f"-I{KERNELS / 'include'}"]  # fmt: skip
    program_of(command, sorted((KERNELS / "src").glob("*.c")), [], library, "-shared", "-lm")
    return library


def struct_type(header: str, tag: str) -> type[ctypes.Structure]:
    """Return the struct `tag` of a header of the kernels, or of the one that bears its name."""
    text = (KERNELS / "include" / header).read_text()
    if f"struct {tag} {{" not in text:
        text = (KERNELS / "include" / f"{tag}.h").read_text()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    body = re.search(rf"struct {tag} {{(.*?)}};", text, re.S)
    assert body is not None, f"{header} has no struct {tag}"
    fields: list[tuple[str, Any]] = []
    for _, kind, names in _DECLARATION.findall(body.group(1)):
        for name in (part.strip() for part in names.split(",")):
            array = re.fullmatch(r"(\w+)\[(\d+)\]", name)
            if name.startswith("*"):
                fields.append((name.removeprefix("*"), ctypes.c_void_p))
            elif array:
                fields.append((array.group(1), _SCALARS[kind] * int(array.group(2))))
            else:
                fields.append((name, _SCALARS[kind]))
    return type(tag, (ctypes.Structure,), {"_fields_": fields})


class _Memory:
    """Buffers from malloc, of exactly the bytes asked for, so that sanitizers see their ends."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._libc.malloc.restype = ctypes.c_void_p
        self._libc.malloc.argtypes = [ctypes.c_size_t]
        self._libc.free.argtypes = [ctypes.c_void_p]
        self._taken: list[int] = []

    def take(self, content: bytes) -> int:
        address = int(self._libc.malloc(max(len(content), 1)))
        self._taken.append(address)
        ctypes.memmove(address, content, len(content))
        return address

    def free(self) -> None:
        for address in self._taken:
            self._libc.free(address)


def run_call(
    library: ctypes.CDLL,
    call: KernelCall,
    inputs: Sequence[NDArray[Any]],
    output_bytes: Sequence[int],
    *,
    in_place: bool = False,
    within: bool = False,
) -> list[NDArray[np.int8]]:
    """Run a lowered call; outputs come as flat int8.

    Outputs and scratch are filled with a pattern before, so that nothing depends on zeros. With
    `within` the first input lies as near behind the output's beginning as the call allows.
    """
    memory = _Memory()
    try:
        layer = struct_type(call.header, call.struct)()
        known = {name for name, _ in layer._fields_}
        assert set(call.fields) == known, set(call.fields) ^ known
        arrays = {constant.suffix: constant.values for constant in call.constants}
        for name, value in call.fields.items():
            if isinstance(value, str):
                assert arrays[value].ndim == 1
                setattr(layer, name, memory.take(arrays[value].tobytes()))
            elif isinstance(value, tuple):
                getattr(layer, name)[:] = value
            else:
                setattr(layer, name, value)
        sources = [memory.take(np.ascontiguousarray(value).tobytes()) for value in inputs]
        sinks = [memory.take(b"\xa5" * size) for size in output_bytes]
        if in_place:
            sinks[0] = sources[0]
        if within:
            assert call.input_after is not None
            value = np.ascontiguousarray(inputs[0]).tobytes()
            size = max(output_bytes[0], call.input_after + len(value))
            both = bytearray(b"\xa5" * size)
            both[call.input_after : call.input_after + len(value)] = value
            sinks[0] = memory.take(bytes(both))
            sources[0] = sinks[0] + call.input_after
        arguments = [*sources, *sinks]
        if call.scratch_bytes:
            arguments.append(memory.take(b"\x5a" * call.scratch_bytes))
        assert call.function is not None
        function = library[call.function]
        function.restype = None
        function(ctypes.byref(layer), *(ctypes.c_void_p(address) for address in arguments))
        return [
            np.frombuffer(ctypes.string_at(sink, size), np.int8)
            for sink, size in zip(sinks, output_bytes, strict=True)
        ]
    finally:
        memory.free()
