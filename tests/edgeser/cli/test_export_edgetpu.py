"""`edgeser export --target edgetpu`, with a stand-in for the compiler, and without one."""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgeser.cli.export_edgetpu import _find_compiler
from edgeser.recipe import EdgeTpuConfig, Recipe
from quantize.foundation.errors import ToolMissing

Edgeser = Callable[..., Any]
STAND_IN = Path(__file__).resolve().parents[2] / "quantize" / "edgetpu" / "stand_in_compiler.py"
DOCS = Path(__file__).resolve().parents[3] / "docs" / "command-json.md"


@pytest.fixture(scope="module")
def models(shared: Path) -> Path:
    return shared / "edgetpu_models"


@pytest.fixture
def stand_in(tmp_path: Path, models: Path) -> Callable[[str], Path]:
    def make(mode: str) -> Path:
        folder = tmp_path / "stand-in"
        folder.mkdir(exist_ok=True)
        program = folder / "edgetpu_compiler"
        program.write_text(f"#!{sys.executable} -I\n{STAND_IN.read_text('utf-8')}")
        program.chmod(0o755)
        (folder / "mode").write_text(mode)
        shutil.copy(models / "split_concat_edgetpu.tflite", folder / "compiled")
        return program

    return make


def no_compiler() -> dict[str, str]:
    return {"EDGETPU_COMPILER": "", "PATH": "/usr/bin:/bin"}


def export(edgeser: Edgeser, model: Path, out: Path, *more: object, **environment: str) -> Any:
    return edgeser("export", model, "--target", "edgetpu", "--out", out, *more, **environment)


def test_without_a_compiler_all_else_is_done(
    edgeser: Edgeser, models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = export(edgeser, models / "split_concat.tflite", out, **no_compiler())
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "nothing was compiled: the Edge TPU compiler is not installed" in ran.err
    assert "not compiled" in ran.out
    names = sorted(path.name for path in out.iterdir())
    assert names == ["compile.sh", "lint.json", "model.tflite", "prediction.json"]
    assert (out / "model.tflite").read_bytes() == (models / "split_concat.tflite").read_bytes()
    assert json.loads((out / "lint.json").read_text())["passed"]
    estimates = json.loads((out / "prediction.json").read_text())["estimates"]
    assert [found["link"] for found in estimates] == ["usb3", "usb2", "micro"]


def test_not_to_compile_is_no_failure(edgeser: Edgeser, models: Path, tmp_path: Path) -> None:
    model = models / "split_concat.tflite"
    ran = export(edgeser, model, tmp_path / "out", "--no-compile", **no_compiler())
    assert (ran.code, ran.err) == (0, "")


def test_with_a_compiler(
    edgeser: Edgeser, models: Path, tmp_path: Path, stand_in: Callable[[str], Path]
) -> None:
    out = tmp_path / "out"
    model = models / "split_concat.tflite"
    ran = export(edgeser, model, out, "--compiler", stand_in("works"), "--json")
    assert ran.code == 0
    value = json.loads(ran.out)
    assert value["compiled"]
    assert value["compiler"] == "16.0.384591198"
    assert value["problems"] == []
    assert value["edgetpu"]["instruction_bytes"]["value"] == 23_648
    compiled = out / "model_edgetpu.tflite"
    assert value["compiled_model"] == str(compiled)
    assert compiled.read_bytes() == (models / "split_concat_edgetpu.tflite").read_bytes()
    assert "Compilation succeeded!" in (out / "compiler.log").read_text()
    lines = DOCS.read_text("utf-8").splitlines()
    (row,) = [line for line in lines if line.startswith(f"| `{value['schema']}` |")]
    for key in set(value) - {"schema"}:
        assert f"`{key}`" in row or f"`{key}[]`" in row, key


def test_a_compiler_that_fails_leaves_no_compiled_file(
    edgeser: Edgeser, models: Path, tmp_path: Path, stand_in: Callable[[str], Path]
) -> None:
    out = tmp_path / "out"
    model = models / "split_concat.tflite"
    program = stand_in("works")
    assert export(edgeser, model, out, EDGETPU_COMPILER=str(program)).code == 0
    stand_in("leaves some on the CPU")
    ran = export(edgeser, model, out, EDGETPU_COMPILER=str(program))
    assert ran.code == 1
    assert "nothing was compiled: 1 SPLIT left on the CPU" in ran.err
    assert not (out / "model_edgetpu.tflite").exists()
    assert "More than one subgraph" in (out / "compiler.log").read_text()


def test_a_model_that_does_not_map_is_refused(
    edgeser: Edgeser, models: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    ran = export(edgeser, models / "deeplabv3_mnv2_dm05_pascal_quant.tflite", out)
    assert ran.code == 1
    assert "64 of 72 operators map" in ran.err
    assert "resize" in ran.err
    assert not out.exists()


def test_the_recipe_may_name_the_compiler_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe("x", edgetpu=EdgeTpuConfig(compiler=str(tmp_path / "of-the-recipe")))
    bundle: Any = SimpleNamespace(trained=SimpleNamespace(recipe=recipe))
    monkeypatch.delenv("EDGETPU_COMPILER", raising=False)
    with pytest.raises(ToolMissing, match="of-the-recipe"):
        _find_compiler(None, bundle)
    monkeypatch.setenv("EDGETPU_COMPILER", str(tmp_path / "of-the-environment"))
    with pytest.raises(ToolMissing, match="of-the-environment"):
        _find_compiler(None, bundle)
    with pytest.raises(ToolMissing, match="given"):
        _find_compiler(tmp_path / "given", bundle)


def test_options_of_other_targets_are_refused(edgeser: Edgeser, models: Path) -> None:
    model = models / "split_concat.tflite"
    assert edgeser("export", model, "--target", "int8", "--no-compile").code == 2
    assert edgeser("export", model, "--target", "firmware", "--compiler", "x").code == 2
    assert edgeser("export", model, "--target", "edgetpu", "--board", "mps2-an500").code == 2


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the compiler runs on x86-64 only")
@pytest.mark.parametrize(
    ("mode", "code", "said"),
    [
        ("works", 0, "all 3 operators are mapped"),
        ("leaves some on the CPU", 1, "1 of 3 operators are mapped"),
        ("two parts", 1, "not one part runs on the Edge TPU"),
        ("writes nothing", 1, "the compiler wrote no file"),
        ("fails after writing", 1, "the compiler failed"),
    ],
)
def test_the_script_judges_as_we_do(
    edgeser: Edgeser,
    models: Path,
    tmp_path: Path,
    stand_in: Callable[[str], Path],
    mode: str,
    code: int,
    said: str,
) -> None:
    out = tmp_path / "out"
    export(edgeser, models / "split_concat.tflite", out, "--no-compile")
    environment = {"PATH": "/usr/bin:/bin", "EDGETPU_COMPILER": str(stand_in(mode))}
    ran = subprocess.run(
        ["/bin/sh", out / "compile.sh"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == code
    assert said in ran.stdout + ran.stderr


def test_the_script_without_a_compiler(edgeser: Edgeser, models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(edgeser, models / "split_concat.tflite", out, "--no-compile")
    ran = subprocess.run(
        ["/bin/sh", out / "compile.sh"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 3
    assert "compile.sh: " in ran.stderr
