"""Extras: their packages are pyproject.toml's, and a missing one is told with its command."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from packaging.requirements import Requirement

import edgeser
from edgeser.cli import main
from edgeser.installed import PACKAGES
from quantize.foundation import child
from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import (
    EXTRAS,
    Extra,
    as_tool_missing,
    extra,
    is_installed,
    require,
)
from tests.core_environment import normal, project

FOR_DEVELOPERS = {"dev", "docs"}


@pytest.fixture
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have PyTorch, and nothing else, found not installed."""
    really = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "torch" else really(name, *a)
    )


def import_nothing_there(arrays: object, options: object) -> None:
    """A child's function that needs an extra that is not installed."""
    raise ModuleNotFoundError("No module named 'pyworld'", name="pyworld.inner")


def test_each_extra_is_what_pyproject_says() -> None:
    written = project()["optional-dependencies"]
    assert isinstance(written, dict)
    assert {each.name for each in EXTRAS} == set(written) - FOR_DEVELOPERS - {"all"}
    for each in EXTRAS:
        named = {normal(Requirement(text).name) for text in written[each.name]}
        assert {normal(name) for name in each.packages.values()} == named, each.name


def test_all_is_every_extra_that_goes_with_the_others() -> None:
    written = project()["optional-dependencies"]
    assert isinstance(written, dict)
    (everything,) = map(Requirement, written["all"])
    assert everything.name == "edgeser"
    assert everything.extras == {each.name for each in EXTRAS} - {"embedding"}


def test_packages_of_a_run_are_in_the_extra_that_they_name() -> None:
    core = {normal(Requirement(text).name) for text in project()["dependencies"]}  # type: ignore[attr-defined]
    for package in PACKAGES:
        if package.extra:
            assert package.name in extra(package.extra).packages.values()
        else:
            assert package.name in core


def test_what_is_missing_is_named_once_with_one_command(no_torch: None) -> None:
    assert extra("train").missing() == ("torch",)
    assert extra("ray").missing() == ()
    require("ray", what="a study")
    with pytest.raises(ToolMissing) as caught:
        require("train", "ray", "export", what="a whole run")
    assert caught.value.message == "a whole run needs what is not installed: torch"
    assert caught.value.hint == "pip install 'edgeser[train,export]'"
    require("train", what="a run", goes_without=("torch",))


def test_a_module_that_may_not_be_imported_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    assert not is_installed("torch")
    assert is_installed("numpy")


@pytest.mark.parametrize(
    ("module", "distribution", "extra_name"),
    [
        ("sklearn.svm", "scikit-learn", "baseline"),
        ("torch.nn", "torch", "train"),
        ("onnx", "onnx", "export"),
        ("tflite_micro", "tflite-micro", "runtimes"),
    ],
)
def test_an_import_that_fails_names_the_extra(
    module: str, distribution: str, extra_name: str
) -> None:
    told = as_tool_missing(ModuleNotFoundError(f"No module named {module!r}", name=module))
    assert told is not None
    assert told.message == f"this needs {distribution}, which is not installed"
    assert told.hint == f"pip install 'edgeser[{extra_name}]'"


def test_other_imports_that_fail_are_faults() -> None:
    assert as_tool_missing(ModuleNotFoundError("edgeser.typo", name="edgeser.typo")) is None
    assert as_tool_missing(ModuleNotFoundError("no name")) is None


def test_a_child_tells_its_parent() -> None:
    with pytest.raises(ToolMissing) as caught:
        child.call_in_child(import_nothing_there, {}, {}, what="speaking")
    assert caught.value.hint == "pip install 'edgeser[debias]'"


def test_the_command_exits_with_3(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("edgeser.diagnosis.diagnose", lacking)
    with pytest.raises(SystemExit) as ended:
        main(["doctor"])
    assert ended.value.code == 3
    said = "edgeser: this needs torch, which is not installed; pip install 'edgeser[train]'\n"
    assert capsys.readouterr().err == said


def test_the_library_says_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str) -> None:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("importlib.import_module", lacking)
    with pytest.raises(ToolMissing, match=r"edgeser\[train\]"):
        _ = edgeser.train


def test_the_version_is_that_of_the_distribution() -> None:
    assert edgeser.__version__ == project()["version"]


def test_an_extra_says_how_to_have_it() -> None:
    assert Extra("x", "nothing", {"no_such_module": "no-such"}).missing() == ("no-such",)
    assert extra("microphone").install == "pip install 'edgeser[microphone]'"
