"""The doctor says what is there and what is not, and knows the packages of a deceptive name."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from edgeser import diagnosis
from edgeser.diagnosis import Finding, Status, diagnose, is_healthy, to_json
from edgeser.installed import Package, package_versions
from quantize.edgetpu.hardware import Attachment, EdgeTpu
from quantize.foundation.extras import Extra


def finding(name: str) -> Finding:
    found = {item.name: item for item in diagnose()}
    return found[name]


def install(folder: Path, name: str, release: str) -> None:
    """Lay down the metadata of a package, as an installer does."""
    info = folder / f"{name.replace('-', '_')}-{release}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}\n")
    (info / "RECORD").write_text(f"{name}/__init__.py,,\n")


def test_what_is_installed_is_found_with_its_version() -> None:
    assert finding("numpy") == Finding("numpy", Status.OK, version("numpy"), "everything")
    assert finding("python").version == platform.python_version()
    assert finding("frontend (C)").status is Status.OK
    assert is_healthy(diagnose())


def test_every_finding_that_is_not_ok_says_what_to_do() -> None:
    for item in diagnose():
        assert item.needed_for
        assert item.status is Status.OK or item.advice, item.name


def test_a_missing_package_makes_it_unhealthy_a_missing_extra_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wanted = (Package("not-there-at-all", "nothing"),)
    monkeypatch.setattr(diagnosis, "PACKAGES", wanted)
    assert finding("not-there-at-all").status is Status.MISSING
    assert finding("not-there-at-all").advice == "pip install not-there-at-all"
    assert not is_healthy(diagnose())
    wanted = (Package("not-there-at-all", "nothing", "train"),)
    monkeypatch.setattr(diagnosis, "PACKAGES", wanted)
    assert finding("not-there-at-all").status is Status.OPTIONAL
    assert is_healthy(diagnose())


def test_each_extra_is_listed_with_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    extras = (
        Extra("train", "training", {"numpy": "numpy", "no_such_a": "no-a", "no_such_b": "no-b"}),
        Extra("ray", "clusters", {"numpy": "numpy"}),
    )
    monkeypatch.setattr(diagnosis, "EXTRAS", extras)
    lacking = finding("edgeser[train]")
    assert (lacking.status, lacking.version) == (Status.OPTIONAL, "without no-a, no-b")
    assert lacking.advice == "pip install 'edgeser[train]'"
    assert finding("edgeser[ray]") == Finding("edgeser[ray]", Status.OK, "complete", "clusters")
    assert is_healthy(diagnose())


@pytest.mark.parametrize(
    ("python", "status"),
    [((3, 10), "ok"), ((3, 11), "ok"), ((3, 13), "ok"), ((3, 14), "wrong")],
)
def test_the_pythons_that_are_tried_are_right(
    python: tuple[int, int], status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis.sys, "version_info", (*python, 0, "final", 0))
    assert diagnosis._python().status.value == status


def test_programs_are_looked_for_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert finding("edgetpu_compiler").status is Status.OPTIONAL
    program = tmp_path / "edgetpu_compiler"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert finding("edgetpu_compiler") == Finding(
        "edgetpu_compiler", Status.OK, str(program), "compiling for the Edge TPU"
    )


@pytest.mark.parametrize(
    ("name", "release", "advice"),
    [
        ("pycoral", "0.1.0", "another project"),
        ("edgecompiler", "1.0", "placeholders"),
        ("tflite-runtime", "2.14.0", "numpy 1.26"),
        ("quantize", "0.0.4", "an environment of its own"),
        ("quantize-py", "0.4.0", "an environment of its own"),
    ],
)
def test_packages_that_mislead_are_named(
    name: str, release: str, advice: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert name not in {item.name for item in diagnose()}
    install(tmp_path, name, release)
    monkeypatch.syspath_prepend(tmp_path)
    found = finding(name)
    assert (found.status, found.version) == (Status.WRONG, release)
    assert advice in found.advice


def test_the_right_pycoral_is_not_called_wrong(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(tmp_path, "pycoral", "2.0.0")
    (tmp_path / "pycoral-2.0.0.dist-info" / "RECORD").write_text("pycoral/utils/edgetpu.py,,\n")
    (tmp_path / "pycoral" / "utils").mkdir(parents=True)
    (tmp_path / "pycoral" / "utils" / "edgetpu.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert "pycoral" not in {item.name for item in diagnose()}


def test_the_json_has_a_schema_and_plain_values() -> None:
    table = to_json(diagnose())
    assert (table["schema"], table["ok"]) == ("edgeser.doctor/1", True)
    keys = {"name", "status", "version", "needed_for", "advice"}
    assert all(set(item) == keys for item in table["findings"])


def test_versions_of_a_run_name_python_and_only_what_is_installed() -> None:
    versions = package_versions()
    assert versions["python"] == platform.python_version()
    assert versions["numpy"] == version("numpy")
    assert all(versions.values())


def test_an_edge_tpu_that_may_not_be_opened_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    usb = EdgeTpu(Attachment.USB, Path("/dev/bus/usb/001/002"), False, None)
    monkeypatch.setattr(diagnosis, "find_edge_tpus", lambda: (usb,))
    found = finding("Edge TPU")
    assert (found.status, found.version) == (Status.WRONG, "usb: /dev/bus/usb/001/002")
    assert "udev rule" in found.advice
    assert "Python 3.9" in finding("pycoral (Google)").advice
    monkeypatch.setattr(diagnosis, "find_edge_tpus", lambda: (replace(usb, accessible=True),))
    assert finding("Edge TPU").status is Status.OK


@pytest.mark.parametrize(("runtime", "status"), [(14, "ok"), (13, "wrong"), (None, "wrong")])
def test_an_old_runtime_of_the_edge_tpu_is_wrong(
    runtime: int | None, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnosis.ctypes.util, "find_library", lambda name: "libedgetpu.so.1")
    monkeypatch.setattr(diagnosis, "runtime_version", lambda library: runtime)
    found = finding("libedgetpu")
    assert found.status.value == status
    assert found.version.startswith("libedgetpu.so.1, ")
