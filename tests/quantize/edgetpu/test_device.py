"""Finding and measuring Edge TPUs, with stand-ins for the system's files and for the runtime.

No Edge TPU was there: the stand-in named `pycoral` runs the uncompiled model on the CPU instead.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantize.edgetpu import hardware
from quantize.edgetpu.difference import OutputDifference, Tolerances, compare_outputs
from quantize.edgetpu.hardware import (
    Attachment,
    Backend,
    EdgeTpu,
    find_edge_tpus,
    is_googles_pycoral,
    pick_backend,
    pick_edge_tpu,
)
from quantize.edgetpu.on_edge_tpu import (
    outputs_of_edge_tpu,
    runtime_version,
    time_on_edge_tpu,
)
from quantize.foundation.errors import BadInput, InternalError, ToolMissing
from quantize.runtimes import Runtime, run_outputs

USB = EdgeTpu(Attachment.USB, Path("/dev/bus/usb/001/002"), True, None)
STAND_IN_PYCORAL = '''
"""A stand-in for Google's pycoral: runs the model in `uncompiled` on the CPU, off by {off}."""
from pathlib import Path
import numpy as np
from ai_edge_litert.interpreter import Interpreter

class Shifted:
    def __init__(self, inner):
        self.inner = inner
        self.output = inner.get_output_details()[0]["index"]
    def __getattr__(self, name):
        return getattr(self.inner, name)
    def get_tensor(self, index):
        return self.inner.get_tensor(index) + np.int8({off})

def make_interpreter(model_path_or_content):
    {fault}
    data = (Path(__file__).parent / "uncompiled").read_bytes()
    return Shifted(Interpreter(model_content=data))
'''


def system(folder: Path, *, usb: tuple[str, str] | None, apex: bool) -> tuple[Path, Path]:
    """Lay out the kernel's files as they are with such devices."""
    sysfs, devices = folder / "sys", folder / "dev"
    if usb is not None:
        entry = sysfs / "bus" / "usb" / "devices" / "1-2"
        entry.mkdir(parents=True)
        values = {"idVendor": usb[0], "idProduct": usb[1], "busnum": "1", "devnum": "7"}
        for name, value in values.items():
            (entry / name).write_text(f"{value}\n")
        node = devices / "bus" / "usb" / "001" / "007"
        node.parent.mkdir(parents=True)
        node.touch()
    if apex:
        entry = sysfs / "class" / "apex" / "apex_0"
        entry.mkdir(parents=True)
        (entry / "temp").write_text("42350\n")
        devices.mkdir(parents=True, exist_ok=True)
        (devices / "apex_0").touch()
    return sysfs, devices


@pytest.mark.parametrize("usb", [("1a6e", "089a"), ("18d1", "9302")])
def test_usb_accelerators_are_found(tmp_path: Path, usb: tuple[str, str]) -> None:
    sysfs, devices = system(tmp_path, usb=usb, apex=False)
    (found,) = find_edge_tpus(sysfs=sysfs, devices=devices)
    assert (found.attachment, found.node) == (Attachment.USB, devices / "bus/usb/001/007")
    assert found.temperature_celsius() is None


def test_cards_are_found_and_come_first(tmp_path: Path) -> None:
    sysfs, devices = system(tmp_path, usb=("1a6e", "089a"), apex=True)
    card, stick = find_edge_tpus(sysfs=sysfs, devices=devices)
    assert (card.attachment, stick.attachment) == (Attachment.PCIE, Attachment.USB)
    assert card.temperature_celsius() == pytest.approx(42.35)
    assert pick_edge_tpu((card, stick)) == card
    assert card.temperature is not None
    card.temperature.write_text("warm")
    assert card.temperature_celsius() is None


def test_other_devices_are_none(tmp_path: Path) -> None:
    sysfs, devices = system(tmp_path, usb=("046d", "c52b"), apex=False)
    assert find_edge_tpus(sysfs=sysfs, devices=devices) == ()
    assert find_edge_tpus(sysfs=tmp_path / "nothing", devices=devices) == ()
    with pytest.raises(ToolMissing, match="no Edge TPU is attached"):
        pick_edge_tpu(())


def test_a_device_that_may_not_be_opened(tmp_path: Path) -> None:
    sysfs, devices = system(tmp_path, usb=("1a6e", "089a"), apex=False)
    (devices / "bus/usb/001/007").unlink()
    found = find_edge_tpus(sysfs=sysfs, devices=devices)
    assert not found[0].accessible
    with pytest.raises(ToolMissing, match="may not be opened") as caught:
        pick_edge_tpu(found)
    assert "udev rule" in caught.value.hint


@pytest.fixture
def pycoral(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build_model: Callable[..., bytes]
) -> Callable[..., Path]:
    """A function that installs the stand-in for pycoral, here and in child processes."""
    folder = tmp_path / "site"

    def install(off: int = 0, fault: str = "pass") -> Path:
        package = folder / "pycoral" / "utils"
        package.mkdir(parents=True, exist_ok=True)
        (folder / "pycoral" / "__init__.py").touch()
        (package / "__init__.py").touch()
        (package / "edgetpu.py").write_text(STAND_IN_PYCORAL.format(off=off, fault=fault))
        (package / "uncompiled").write_bytes(build_model())
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", str(folder))
        return folder

    return install


@pytest.fixture
def compiled(build_model: Callable[..., bytes], shared: Path) -> bytes:
    """The small model as if it were compiled: real options, the small model's tensors."""
    from quantize.tflite import read_model

    real = read_model(shared / "edgetpu_models" / "testconv1-edgetpu.tflite")
    options = real.main.operators[0].custom_options

    def edit(model: Any, schema: Any) -> None:
        graph = model.subgraphs[0]
        code = model.operatorCodes[0]
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode, code.version = "edgetpu-custom-op", 1
        model.operatorCodes = [code]
        operator = graph.operators[0]
        operator.inputs, operator.outputs = [graph.inputs[0]], [graph.outputs[0]]
        operator.builtinOptions, operator.builtinOptionsType = None, 0
        operator.customOptions = np.array(options)
        graph.operators = [operator]

    return build_model(edit)


def test_a_measurement_through_the_stand_in(pycoral: Callable[..., Path], compiled: bytes) -> None:
    pycoral()
    assert is_googles_pycoral()
    assert pick_backend() is Backend.PYCORAL
    found = time_on_edge_tpu(
        compiled, device=USB, backend=Backend.PYCORAL, name="m", warmup=1, runs=5
    )
    assert found.milliseconds.shape == (5,)
    assert found.first_ms.value > 0 and found.first_ms.evidence.value == "measured"
    assert "through pycoral" in found.first_ms.source
    assert found.temperature is None


@pytest.mark.parametrize(("off", "passed"), [(0, True), (1, True), (9, False)])
def test_outputs_are_all_of_the_models_and_near_the_others(
    pycoral: Callable[..., Path],
    compiled: bytes,
    build_model: Callable[..., bytes],
    off: int,
    passed: bool,
) -> None:
    pycoral(off=off)
    inputs = np.random.default_rng(1).integers(-128, 128, (3, 6, 5, 2)).astype(np.int8)
    ours = outputs_of_edge_tpu(compiled, inputs, backend=Backend.PYCORAL, name="m")
    (theirs,) = run_outputs(build_model(), inputs, runtime=Runtime.TFLITE_MICRO)
    found = compare_outputs(ours, theirs)
    assert (found.samples, found.values) == (3, 9)
    assert found.max_lsb >= off
    assert found.passed is passed
    for wrong in (inputs[:, :5], inputs.astype(np.int16), inputs[:0]):
        with pytest.raises(BadInput, match="m takes int8"):
            outputs_of_edge_tpu(compiled, wrong, backend=Backend.PYCORAL, name="m")


def test_tolerances_of_steps_and_of_labels() -> None:
    near = OutputDifference(100, 600, ((-1, 10), (0, 580), (2, 10)), 2, Tolerances())
    assert near.max_lsb == 2
    assert near.passed
    flipped = OutputDifference(100, 600, ((0, 600),), 6, Tolerances())
    assert not flipped.passed
    assert OutputDifference(100, 600, ((0, 600),), 6, Tolerances(max_flips=0.1)).passed
    assert not OutputDifference(1, 1, ((5, 1),), 0, Tolerances()).passed


def test_a_runtime_that_does_not_open_the_device(
    pycoral: Callable[..., Path], compiled: bytes
) -> None:
    pycoral(fault="raise ValueError('Failed to load delegate from libedgetpu.so.1')")
    with pytest.raises(ToolMissing, match="does not open through pycoral: Failed to load"):
        time_on_edge_tpu(compiled, device=USB, backend=Backend.PYCORAL, name="m", runs=1)


def test_a_runtime_that_crashes(pycoral: Callable[..., Path], compiled: bytes) -> None:
    pycoral(fault="import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(InternalError, match="SIGSEGV"):
        time_on_edge_tpu(compiled, device=USB, backend=Backend.PYCORAL, name="m", runs=1)


def test_litert_without_the_library(compiled: bytes) -> None:
    with pytest.raises(ToolMissing, match="libedgetpu"):
        time_on_edge_tpu(compiled, device=USB, backend=Backend.LITERT, name="m", runs=1)


def test_what_is_not_compiled_is_not_measured(build_model: Callable[..., bytes]) -> None:
    with pytest.raises(BadInput, match="is not compiled for the Edge TPU"):
        time_on_edge_tpu(build_model(), device=USB, backend=Backend.LITERT, name="m")


def test_the_other_pycoral_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pycoral").mkdir()
    (tmp_path / "pycoral" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert not is_googles_pycoral()
    monkeypatch.setattr(hardware.ctypes.util, "find_library", lambda name: None)
    with pytest.raises(ToolMissing, match="libedgetpu, is missing"):
        pick_backend()
    monkeypatch.setattr(hardware.ctypes.util, "find_library", lambda name: "libedgetpu.so.1")
    assert pick_backend() is Backend.LITERT


def test_the_version_of_the_runtime(tmp_path: Path) -> None:
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("no gcc here to build a stand-in for libedgetpu")
    source, library = tmp_path / "stand_in.c", tmp_path / "libstand_in_edgetpu.so"
    text = "BuildLabel(COMPILER=x), RuntimeVersion(13)"
    source.write_text(f'const char *edgetpu_version(void) {{ return "{text}"; }}\n')
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    assert runtime_version(os.fspath(library)) == 13
    assert runtime_version(os.fspath(tmp_path / "not-there.so")) is None
