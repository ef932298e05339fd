"""Hostile names in what compilers and CMake read: nothing is run, no token is more."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

from firmware_bridge.compiler.c_text import comment_text, string_literal
from firmware_bridge.compiler.names import model_name
from firmware_bridge.project.coral_micro import MicroModel, write_coral_micro
from quantize.tflite.model import Tensor
from quantize.tflite.schema import DType
from tests.edgeser.report.hostile import EVIL, controls


@EVIL
def test_an_application_for_the_micro_runs_no_name(evil: str, tmp_path: Path) -> None:
    tensor = Tensor(0, evil, (1, 4), (), DType.INT8, None, False, 0, None)
    model = MicroModel(
        name=evil,
        input=tensor,
        output=tensor,
        cpu_operators=(),
        arena_bytes=1024,
        arena_reason=evil,
        room_bytes=4096,
        compiled=None,
    )
    written = write_coral_micro(tmp_path / "p", model=model).directory
    plain = write_coral_micro(
        tmp_path / "q", model=dataclasses.replace(model, name="name", arena_reason="r")
    ).directory
    for name in ("CMakeLists.txt", "README.md"):
        text, same = (folder.joinpath(name).read_text("utf-8") for folder in (written, plain))
        assert len(text.splitlines()) >= len(same.splitlines())
        assert not controls(text), name
    lines = (written / "CMakeLists.txt").read_text("utf-8").splitlines()
    expected = (plain / "CMakeLists.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        line for line in expected if not line.startswith("#")
    ]


@EVIL
def test_c_has_no_token_more(evil: str, tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    assert compiler is not None
    assert re.fullmatch(r"[A-Za-z0-9_.-]{1,31}", model_name(evil))
    comments = tmp_path / "comments.c"
    texts = (comment_text(evil), f"{comment_text(evil, limit=400)}.")
    comments.write_text("".join(f"/* {text} */\n" for text in texts), "ascii")
    command = [compiler, "-std=c11", "-Wall", "-Werror", "-E", "-P", str(comments)]
    left = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (left.stdout.strip(), left.stderr) == ("", "")

    given = "".join(c for c in evil if " " <= c <= "~")[:200]
    source, program = tmp_path / "names.c", tmp_path / "names"
    source.write_text(
        "#include <stdio.h>\n"
        f"static const char text[] = {string_literal(given)};\n"
        "int main(void) { fputs(text, stdout); return 0; }\n",
        "ascii",
    )
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic"]
    subprocess.run([compiler, *flags, str(source), "-o", str(program)], check=True)
    assert subprocess.run([program], check=True, capture_output=True).stdout.decode() == given
