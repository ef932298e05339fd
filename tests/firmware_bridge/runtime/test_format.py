"""Floats as text, character by character what printf makes of them."""

from __future__ import annotations

import ctypes
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

RUNTIME = Path(__file__).parents[3] / "firmware_bridge" / "runtime"
FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC")
ROOM = 22


@pytest.fixture(scope="module")
def formatted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], str]:
    folder = tmp_path_factory.mktemp("format")
    (folder / "port.c").write_text(
        '#include "port.h"\n'
        "void port_write(const void *bytes, size_t count) {\n"
        "  (void)bytes;\n"
        "  (void)count;\n"
        "}\n"
    )
    library = folder / "format.so"
    sources = [str(RUNTIME / "src" / "dev_format.c"), str(folder / "port.c")]
    command = ["gcc", *FLAGS, f"-I{RUNTIME / 'include'}", *sources, "-o", str(library)]
    subprocess.run(command, check=True, capture_output=True)
    function = ctypes.CDLL(str(library)).dev_format_float
    function.argtypes = [ctypes.c_char_p, ctypes.c_float]
    function.restype = ctypes.c_size_t

    def call(value: float) -> str:
        text = ctypes.create_string_buffer(b"#" * (ROOM + 8), ROOM + 8)
        count = function(ctypes.cast(text, ctypes.c_char_p), value)
        assert text.raw[count] == 0
        assert text.raw[ROOM:] == b"#" * 8
        return text.raw[:count].decode("ascii")

    return call


def test_every_kind_of_number_is_as_printf_has_it(formatted: Callable[[float], str]) -> None:
    random = np.random.default_rng(1)
    anything = random.integers(0, 1 << 32, 20_000, np.uint32).view(np.float32)
    halves = (random.integers(-40_000, 40_000, 5000) + 0.5).astype(np.float32) / np.float32(1000)
    exact_halves = random.integers(-4000, 4000, 5000).astype(np.float32) / np.float32(16)
    edges = np.array([0.0, -0.0, 0.0005, 0.9995, -0.0004, 2.0**53 - 2.0**29, 1e-45], np.float32)
    for value in np.concatenate([anything, halves, exact_halves, edges]).tolist():
        if abs(value) < 2.0**53:
            assert formatted(value) == f"{value:.3f}"
        else:
            assert formatted(value).lstrip("-") == ("nan" if math.isnan(value) else "inf")
