"""The stages as Python functions, loaded when they are used."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import edgeser
from quantize.foundation.errors import BadInput


@pytest.mark.parametrize("name", edgeser.__all__)
def test_every_stage_is_a_typed_function_that_explains_itself(name: str) -> None:
    stage = getattr(edgeser, name)
    assert inspect.isfunction(stage)
    assert stage.__name__ == name
    documented = inspect.getdoc(stage) or ""
    assert "Parameters" in documented
    assert "Raises" in documented
    signature = inspect.signature(stage)
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            assert parameter.name in documented, parameter.name


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'edgeser' has no attribute 'fly'"):
        _ = edgeser.fly


def test_importing_the_package_imports_none_of_its_stages() -> None:
    program = "import edgeser, sys; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_run_s_folder_may_be_text_and_must_be_a_folder(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("kept")
    for out in (place, str(place)):
        with pytest.raises(BadInput, match=r"cannot keep a run in .*: it is not a folder"):
            edgeser.run("demo", out=out)
    assert place.read_text() == "kept"
