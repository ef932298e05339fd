"""The Micro's project as it is written: what it lists, what builds it, what it refuses."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from micro_board import DATA, MODEL, STAND_IN, WARNINGS, expected, running, stand_in_file, tensor

from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project import StreamSettings
from firmware_bridge.project.coral_micro import write_coral_micro
from quantize.foundation.errors import BadInput
from quantize.tflite.schema import DType


def configure(project: Path) -> subprocess.CompletedProcess[str]:
    """Run CMake on the project, with the stand-in for the SDK."""
    cmake = shutil.which("cmake")
    if cmake is None:
        pytest.skip("cmake is not installed")
    command = [cmake, "-S", project, "-B", project / "build", f"-DCORALMICRO={STAND_IN}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_cmake_builds_it_and_puts_the_model_where_the_board_looks(
    tmp_path: Path, talk_to: Callable[..., object]
) -> None:
    """Without a frontend, so that this compiles too; the compiled model comes from beside it."""
    project = tmp_path / "project"
    write_coral_micro(project, model=replace(MODEL, cpu_operators=(), compiled=None))
    failed = configure(project)
    assert failed.returncode != 0
    assert "run compile.sh in the folder above" in " ".join(failed.stderr.split())
    (tmp_path / "model_edgetpu.tflite").write_bytes(stand_in_file())
    configured = configure(project)
    assert configured.returncode == 0, configured.stderr
    place = (project / "build" / "on_the_board").read_text()
    assert place == "/models/model_edgetpu.tflite"
    assert f'"{place}"' in (project / "board" / "micro_model.h").read_text()
    built = subprocess.run(
        [str(shutil.which("make")), "-C", str(project / "build"), "edgeser-micro"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    program = tmp_path / "program"
    shutil.copy(project / "build" / "edgeser-micro", program)
    # What building put there is no reason to refuse the next export.
    write_coral_micro(project, model=replace(MODEL, name="another", compiled=None))
    (tmp_path / "files" / "models").mkdir(parents=True)
    (tmp_path / "files" / "models" / "model_edgetpu.tflite").write_bytes(stand_in_file())
    with running(program, tmp_path / "files") as board:
        output, _ = talk_to(board.transport).infer(DATA)
        assert output == expected(DATA)
        assert "no frontend" in board.refused("listen", on=1)
        assert "no frontend" in board.refused("decisions")
        assert "feature_us" not in board.result("bench", runs=3)


def test_resolver_has_what_the_model_needs_and_no_more(tmp_path: Path) -> None:
    names = ("SOFTMAX", "QUANTIZE", "SOFTMAX")
    write_coral_micro(tmp_path / "app", model=replace(MODEL, cpu_operators=names))
    text = (tmp_path / "app" / "board" / "micro_resolver.h").read_text()
    assert "kResolverOperators = 3;" in text
    assert text.count("->Add") == 3
    with pytest.raises(BadInput, match="NO_SUCH_OPERATOR stays on the CPU"):
        write_coral_micro(
            tmp_path / "other", model=replace(MODEL, cpu_operators=("NO_SUCH_OPERATOR",))
        )


def test_project_lists_every_source_and_says_what_was_never_tried(
    tmp_path: Path, small_frontend_sources: FrontendSources
) -> None:
    settings = StreamSettings(hop_frames=3, smoothing=2)
    for name in ("one", "two"):
        write_coral_micro(
            tmp_path / name, model=MODEL, frontend=small_frontend_sources, stream=settings
        )
    project = tmp_path / "one"
    cmake = (project / "CMakeLists.txt").read_text()
    for path in (*project.rglob("*.c"), *project.rglob("*.cc")):
        assert f"  {path.relative_to(project)}\n" in cmake
    assert "{" not in cmake.replace("${", "")
    assert "never run on a board" in (project / "README.md").read_text()
    files = sorted(path.relative_to(project) for path in project.rglob("*") if path.is_file())
    assert all((tmp_path / "two" / f).read_bytes() == (project / f).read_bytes() for f in files)


def test_all_but_the_sdk_layer_compiles_for_the_boards_core(
    tmp_path: Path, small_frontend_sources: FrontendSources
) -> None:
    compiler = shutil.which("arm-none-eabi-gcc")
    if compiler is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    project = tmp_path / "app"
    settings = StreamSettings(hop_frames=3, smoothing=2)
    write_coral_micro(project, model=MODEL, frontend=small_frontend_sources, stream=settings)
    includes = [f"-I{folder}" for folder in sorted({p.parent for p in project.rglob("*.h")})]
    core = ["-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard", "-O2"]
    subprocess.run(
        [compiler, "-std=gnu11", *core, *WARNINGS, *includes, "-c", *sorted(project.rglob("*.c"))],
        cwd=tmp_path, check=True,
    )  # fmt: skip


def test_only_the_sdk_layer_knows_the_sdk(tmp_path: Path) -> None:
    write_coral_micro(tmp_path / "app", model=MODEL)
    for path in (tmp_path / "app").rglob("*.[ch]"):
        text = path.read_text()
        if path.name.startswith(("sdk_", "micro_resolver")):
            continue
        assert "third_party/" not in text and '"libs/' not in text, path


def test_other_types_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="uint8"):
        write_coral_micro(
            tmp_path / "app", model=replace(MODEL, input=tensor(32, dtype=DType.UINT8))
        )
