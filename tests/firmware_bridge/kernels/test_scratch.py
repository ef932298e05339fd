"""What a kernel says that it takes of scratch is what the compiler plans for it."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_bridge.compiler.compile import compile_model

INCLUDE = Path(__file__).parents[3] / "firmware_bridge" / "kernels" / "include"
VECTORS = Path(__file__).parents[2] / "vectors"
# Columns, lines of both kinds and parts of a long row.
REAL = ["person_detect", "str_ww_ref_model", "mww2_okay_nabu", "lib_gabor_64_p4"]

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


@needs_compiler
def test_it_is_what_the_compiler_plans_of_our_network(tmp_path: Path) -> None:
    check(VECTORS / "amplitude_phase_int8.tflite", tmp_path)


@needs_compiler
@pytest.mark.parametrize("name", REAL)
def test_it_is_what_the_compiler_plans(name: str, shared: Path, tmp_path: Path) -> None:
    check(shared / "cases" / "models" / f"{name}.tflite", tmp_path)


def check(path: Path, tmp_path: Path) -> None:
    compiled = compile_model(path.read_bytes(), "model")
    calls = [call for call in compiled.calls if call.scratch_bytes]
    assert calls
    (tmp_path / "model.h").write_text(compiled.header)
    (tmp_path / "model.c").write_text(compiled.source)
    sizes = ", ".join(f"{c.function}_scratch_bytes(&op{c.operator}_layer)" for c in calls)
    lines = [
        '#include "model.c"',
        f"void sizes(int32_t *to) {{ const int32_t all[] = {{{sizes}}};",
        f"for (int i = 0; i < {len(calls)}; ++i) to[i] = all[i]; }}",
    ]
    (tmp_path / "sizes.c").write_text("\n".join(lines))
    # Nothing runs a kernel: they are declared, and not there.
    command = ["cc", "-std=c11", "-O0", "-shared", "-fPIC", f"-I{INCLUDE}", "sizes.c"]
    subprocess.run([*command, "-o", "sizes.so"], cwd=tmp_path, check=True)
    found = (ctypes.c_int32 * len(calls))()
    ctypes.CDLL(str(tmp_path / "sizes.so"), mode=os.RTLD_LAZY).sizes(found)
    assert list(found) == [call.scratch_bytes for call in calls]
