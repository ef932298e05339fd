"""Every target is asked alike: what it can do is data, and says how its outputs are compared."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgeser.benchmark.bench_report import BenchReport, Figures
from edgeser.benchmark.target import TargetFacts
from edgeser.cli.device_option import device_kind, target_of
from edgeser.pipeline.bench import bench, bench_each
from edgeser.pipeline.parity.outputs import exactly
from edgeser.pipeline.parity.target import parity
from edgeser.targets import (
    EDGE_TPU,
    EMULATOR,
    HOST,
    KINDS,
    SERIAL,
    SERIAL_WITH_EDGE_TPU,
    kinds_taking,
    options,
)
from edgeser.targets.edge_tpu import EdgeTpuTarget, OnEdgeTpu
from edgeser.targets.emulator import EmulatorTarget, default_emulator
from edgeser.targets.host import HostTarget, OnHost
from edgeser.targets.serial import SerialTarget
from edgeser.targets.target import TargetKind
from firmware_bridge.boards import HOST as HOST_BOARD
from quantize.edgetpu.difference import Tolerances
from quantize.edgetpu.hardware import Attachment, Backend, EdgeTpu
from quantize.foundation.errors import BadInput, ToolMissing
from quantize.foundation.measurement import Evidence, Measurement
from tests.firmware_bridge.compiler.state_models import StateBuilder

ROOT = Path(__file__).resolve().parents[3]
TIME = Measurement(1.0, "ms", Evidence.MEASURED, "a clock")
FACTS = TargetFacts("serial", "tcp:x:1", "a stand-in")
USB = EdgeTpu(Attachment.USB, Path("/dev/bus/usb/001/002"), True, None)


@pytest.fixture(scope="module")
def model() -> bytes:
    """Four values in, the same four out, times a factor."""
    builder = StateBuilder()
    x, y = (builder.tensor((1, 4), scale=1.0) for _ in range(2))
    weights = np.array([[60]], np.int8) * np.eye(4, dtype=np.int8)
    fixed = builder.tensor((4, 4), scale=0.01, data=weights)
    builder.operator("FULLY_CONNECTED", (x, fixed), (y,), "FullyConnected")
    return builder.build((x,), (y,))


@pytest.fixture(autouse=True)
def host_that_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for TFLite-Micro, which takes a second to start: outputs are the inputs."""
    monkeypatch.setattr(OnHost, "outputs", lambda self, inputs, _: copied(inputs))


def copied(inputs: Any) -> NDArray[Any]:
    return np.asarray(inputs[0]).reshape(len(inputs[0]), -1)


@dataclass
class StandIn:
    """A target of any kind, whose first output value is some steps off."""

    kind: TargetKind
    steps: int = 0
    facts: TargetFacts = FACTS
    tolerances: Tolerances | None = None
    keeps_state: bool = False
    asked: list[int] = field(default_factory=list)

    @contextmanager
    def opened(self, program: Any, *, reporter: Any) -> Any:
        self.program = program
        yield self

    def bench(self, work: Any, reporter: Any) -> BenchReport:
        return BenchReport("m", self.facts, Figures(inference_ms=TIME))

    def outputs(self, inputs: Any, reporter: Any) -> NDArray[Any]:
        found = copied(inputs).copy()
        found[0, 0] += self.steps if found[0, 0] < 0 else -self.steps
        return found

    def explain(self, inputs: Any) -> str:
        self.asked.append(len(inputs[0]))
        return "first at operator 0"


@pytest.mark.parametrize(
    ("kind", "steps", "passed"),
    [
        (SERIAL, 0, True),
        (SERIAL, 1, False),
        (EMULATOR, 1, False),
        (SERIAL_WITH_EDGE_TPU, 1, True),
        (SERIAL_WITH_EDGE_TPU, 9, False),
    ],
)
def test_whether_a_step_matters_is_data_of_the_target(
    model: bytes, kind: TargetKind, steps: int, passed: bool
) -> None:
    target = StandIn(kind, steps)
    report = bench(model, target=target)
    found = parity(model, target=target, clips=5)
    assert report.parity is not None and found.against_host is not None
    assert report.parity.passed is report.passed is found.passed is passed
    assert (found.against_host.edge_tpu is None) is kind.exact
    assert target.asked == ([1, 1] if kind.exact and steps else [])
    assert bool(found.failures) is not passed


def test_the_host_is_the_reference_and_is_held_to_nothing(model: bytes) -> None:
    assert bench(model, target=StandIn(HOST)).parity is None
    with pytest.raises(BadInput, match="no float network"):
        parity(model, target=HostTarget())


def test_a_compiled_model_is_held_to_the_one_that_it_was_made_from(
    model: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bytes] = []

    def outputs(data: bytes, inputs: NDArray[Any], **_: Any) -> NDArray[Any]:
        given.append(data)
        found = copied([inputs])
        return found if len(found) == 3 else found[:, :3]

    from edgeser.pipeline.exports.firmware import program_of
    from edgeser.pipeline.parity.outputs import compare_outputs_with_host, random_inputs

    monkeypatch.setattr("quantize.edgetpu.on_edge_tpu.outputs_of_edge_tpu", outputs)
    program = program_of(model, name="m")
    running = OnEdgeTpu(EdgeTpuTarget(USB, Backend.LITERT, b"compiled"), program)
    found = compare_outputs_with_host(program, running, random_inputs(program, 3))
    assert given == [b"compiled"] and found.passed
    assert (found.logits, found.edge_tpu is not None) == (0, True)
    with pytest.raises(BadInput, match="compare with the model that it was compiled from"):
        compare_outputs_with_host(program, running, random_inputs(program, 4))


def test_the_first_byte_that_differs_is_named_by_its_step() -> None:
    theirs = np.zeros((3, 4), np.uint8)
    ours = theirs.copy()
    ours[2, 1] = 255
    found = exactly(ours, theirs, source="inputs", explain=lambda step: f"step {step}")
    assert (found.logits, found.logit_differences) == (12, 1)
    assert found.first_difference == "input 2, output byte 1, step 2"
    same = exactly(theirs.view(np.int8), theirs, source="inputs", explain=str)
    assert same.passed and not same.first_difference


def test_one_that_cannot_costs_only_itself(model: bytes) -> None:
    @dataclass
    class Missing(StandIn):
        @contextmanager
        def opened(self, program: Any, *, reporter: Any) -> Any:
            raise ToolMissing("cc is not installed", hint="install cc")
            yield

    found = bench_each(model, [StandIn(SERIAL), Missing(EMULATOR)])
    assert [result.problem for result in found.results] == ["", "cc is not installed (install cc)"]
    assert (found.passed, found.exit_code) == (False, 3)


@pytest.mark.parametrize(
    ("device", "compiled", "kind"),
    [
        ("host", False, HOST),
        ("emulator", False, EMULATOR),
        ("tcp:x:1", False, SERIAL),
        ("serial:/dev/ttyACM0", True, SERIAL_WITH_EDGE_TPU),
        ("edgetpu", False, EDGE_TPU),
    ],
)
def test_a_device_is_a_target_of_its_kind(
    device: str,
    compiled: bool,
    kind: TargetKind,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = tmp_path / "m_edgetpu.tflite"
    file.write_bytes(b"compiled")
    monkeypatch.setattr("quantize.edgetpu.hardware.find_edge_tpus", lambda: (USB,))
    monkeypatch.setattr("quantize.edgetpu.hardware.pick_backend", lambda: Backend.LITERT)
    target = target_of(device, compiled=file if compiled else None)
    assert target.kind is device_kind(device, compiled=compiled) is kind
    assert target.facts.kind == kind.word


def test_each_says_which_it_is_before_it_is_asked() -> None:
    board = EmulatorTarget(HOST_BOARD).facts
    assert (board.name, board.core) == (HOST_BOARD.name, HOST_BOARD.cpu)
    assert default_emulator().facts.name == "mps2-an500"
    assert SerialTarget("tcp:x:1").facts.name == "tcp:x:1"


def test_every_option_is_taken_by_some_kind_and_known_to_its_command() -> None:
    for verb in ("bench", "parity", "accept"):
        for name in options(verb):
            assert kinds_taking(verb, name) <= frozenset(KINDS)
            assert kinds_taking(verb, name)
    assert not HOST.takes.get("accept")
    assert kinds_taking("bench", "junit") == frozenset(KINDS)


def schemas_in(*packages: str) -> set[str]:
    """Return the names of schemas that modules have as a text of their own."""
    modules = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    assert len(modules) > 50
    text = "".join(path.read_text("utf-8") for path in modules)
    return set(re.findall(r'"(edgeser\.[a-z-]+/[0-9]+)"', text))


def test_there_is_one_schema_of_a_benchmark_and_one_of_parity() -> None:
    found = schemas_in("edgeser")
    about = {name for name in found if name.startswith(("edgeser.bench", "edgeser.parity"))}
    assert about == {"edgeser.bench/2", "edgeser.parity/2"}
    assert not any(name.startswith("edgeser.device") for name in found)


def test_what_knows_models_and_devices_knows_no_schema() -> None:
    assert schemas_in("quantize", "firmware_bridge") == set()
