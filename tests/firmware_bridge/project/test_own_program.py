"""The README's way to run a model in a program of one's own: it compiles as it stands, and runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.boards import HOST
from firmware_bridge.compiler import compile_model
from firmware_bridge.project import ModelSources, project_contents
from tests.firmware_bridge.compiler.state_models import StateBuilder, with_first_values

_MAIN = """
#include <stdio.h>
int main(void) {
  signed char a[4] = {1, 2, 3, 4}, b[4] = {10, 20, 30, 40}, output[4];
  BEGIN
  for (int step = 0; step < 3; ++step) {
    CALL;
    printf("%d,%d,%d,%d ", output[0], output[1], output[2], output[3]);
  }
  return 0;
}
"""


def model(*, inputs: int, state: bool) -> bytes:
    """The sum of all inputs, and of what came before where state is kept."""
    builder = StateBuilder()
    first = {"sum": np.array([[5, 5, 5, -5]], np.int8)}
    handles = with_first_values(builder, first, scale=1.0) if state else {}
    given = tuple(builder.tensor((1, 4), scale=1.0) for _ in range(inputs))
    total = given[0]
    for other in (*given[1:], *(builder.read(handle, total) for handle in handles.values())):
        joined = builder.tensor((1, 4), scale=1.0)
        builder.operator("ADD", (total, other), (joined,), "Add")
        total = joined
    last = builder.tensor((1, 4), scale=1.0)
    builder.operator("RELU", (total,), (last,))
    for handle in handles.values():
        builder.assign(handle, last)
    return builder.build(given, (last,))


@pytest.mark.parametrize(
    ("inputs", "state", "compiler", "printed"),
    [
        (2, False, "cc", "11,22,33,44 11,22,33,44 11,22,33,44 "),
        (1, True, "cc", "6,7,8,0 7,9,11,4 8,11,14,8 "),
        (2, True, "c++", "16,27,38,39 27,49,71,83 38,71,104,127 "),
    ],
)
def test_it_compiles_and_runs(
    inputs: int, state: bool, compiler: str, printed: str, tmp_path: Path
) -> None:
    if shutil.which(compiler) is None or shutil.which("cc") is None:
        pytest.skip(f"needs {compiler}")
    compiled = compile_model(model(inputs=inputs, state=state), "kws", prefix="kws")
    contents = project_contents(
        board=HOST,
        model=ModelSources(
            name="kws",
            hash=compiled.sha256,
            header=compiled.header,
            source=compiled.source,
            prefix="kws",
        ),
    )
    for path, data in contents.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (code,) = re.findall(r"```c\n(.*?)```", contents["README.md"].decode(), re.DOTALL)
    call = "kws_infer(a, output)"
    if inputs > 1:
        call = "const void *both[2] = {a, b}; kws_infer(both, output)"
    main = _MAIN.replace("BEGIN", "kws_begin();" if state else "(void)b;").replace("CALL", call)
    program = tmp_path / ("main.c" if compiler == "cc" else "main.cc")
    program.write_text(code + main)
    flags = ["-O1", "-Wall", "-Werror", "-Wno-unused-variable", "-Imodel", "-Ikernels/include"]
    sources = ["model/kws.c", *sorted(p for p in contents if p.startswith("kernels/src"))]
    for source in sources:
        compile_one = ["cc", "-std=c11", *flags, "-c", source]
        subprocess.run(compile_one, cwd=tmp_path, check=True)
    objects = [f"{Path(source).stem}.o" for source in sources]
    command = [compiler, *flags, program.name, *objects, "-lm", "-o", "program"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run(["./program"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == printed


def test_the_readme_says_what_the_text_commands_take() -> None:
    texts = {}
    for inputs, state in ((1, False), (2, True)):
        compiled = compile_model(model(inputs=inputs, state=state), "kws")
        sources = ModelSources(
            name="kws", hash=compiled.sha256, header=compiled.header, source=compiled.source
        )
        readme = project_contents(board=HOST, model=sources)["README.md"].decode()
        texts[inputs] = " ".join(readme.split())
    assert "The inputs are the model's own, one after another, 8 bytes" in texts[2]
    assert "`reset%` gives what the model keeps its first values again" in texts[2]
    assert "The input is the model's own, 4 bytes" in texts[1]
    assert "reset%" not in texts[1]
