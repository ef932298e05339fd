"""No option is ignored in silence: it serves the device or target, or is refused by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import click
import pytest
from click.testing import CliRunner

from edgeser.cli.suits import BENCH, EXPORT, PARITY, Device, Target

Edgeser = Callable[..., Any]
SHARED_BY_ALL = {"as_json", "quiet", "debug"}
DEVICES = {
    Device.HOST: ("--device", "host"),
    Device.EMULATOR: ("--device", "emulator"),
    Device.BOARD: ("--device", "tcp:localhost:1"),
    Device.BOARD_WITH_EDGE_TPU: ("--device", "tcp:localhost:1", "--compiled", "none.tflite"),
    Device.EDGE_TPU: ("--device", "edgetpu"),
}
VALUES = {
    "runs": "300", "warmup": "30", "memory_bytes": "1", "latency_ms": "1", "flash_bytes": "1",
    "ram_bytes": "1", "clock_mhz": "100", "against": "none.tflite", "compiled": "none.tflite",
    "corpus": "generic:none", "junit": "x.xml", "markdown": "x.md", "max_uar_drop": "0.1",
    "max_flips": "0.1", "clips": "5", "calibration": "none.npz", "board": "coral-micro",
    "out": "none", "name": "kws01", "compiler": "none", "no_compile": None,
}  # fmt: skip


def command_of(verb: str) -> click.Command:
    command = importlib.import_module(f"edgeser.cli.{verb}").command
    assert isinstance(command, click.Command)
    return command


def option_of(verb: str, name: str) -> str:
    return next(p.opts[-1] for p in command_of(verb).params if p.name == name)


@pytest.mark.parametrize(
    ("verb", "table", "choice"), [("bench", BENCH, "device"), ("parity", PARITY, "device"),
                                  ("export", EXPORT, "target")],
)  # fmt: skip
def test_every_option_is_in_its_table(verb: str, table: Any, choice: str) -> None:
    options = {p.name for p in command_of(verb).params if isinstance(p, click.Option)}
    assert set(table) == options - SHARED_BY_ALL - {choice}
    assert set(VALUES) >= set(table)


@pytest.mark.parametrize("device", Device)
@pytest.mark.parametrize(("verb", "table"), [("bench", BENCH), ("parity", PARITY)])
def test_what_does_not_suit_a_device_is_refused_by_name(
    verb: str, table: Any, device: Device
) -> None:
    for name, suited in table.items():
        if name == "compiled":
            continue  # with an address it makes the board one with an Edge TPU
        ran = CliRunner().invoke(
            command_of(verb), ["none", *DEVICES[device], option_of(verb, name), VALUES[name]]
        )
        refusal = f"{option_of(verb, name)} is for "
        assert (refusal in ran.output) == (device not in suited), (name, ran.output)
        if device not in suited:
            assert ran.exit_code == 2
            assert f"not {device}" in ran.output


@pytest.mark.parametrize("target", Target)
def test_what_does_not_suit_a_target_is_refused_by_name(target: Target) -> None:
    for name, suited in EXPORT.items():
        value = [VALUES[name]] if VALUES[name] is not None else []
        option = option_of("export", name)
        arguments = ["none.tflite", *str(target).split(), option, *value]
        ran = CliRunner().invoke(command_of("export"), arguments)
        assert (f"{option} is for --target" in ran.output) == (target not in suited), ran.output


@pytest.mark.parametrize("verb", ["bench", "parity"])
def test_help_names_the_default_of_every_limit(verb: str) -> None:
    shown = " ".join(CliRunner().invoke(command_of(verb), ["--help"]).output.split())
    defaults = {
        "bench": ("latency_ms, 23 ", "1,800,000", "512,000", "256,000", "4 MiB", "800"),
        "parity": ("max_uar_drop, 0.01", "max_flips, 0.03", "0.05 by default"),
    }
    for default in defaults[verb]:
        assert default in shown


def test_those_defaults_are_the_recipes() -> None:
    from edgeser.benchmark.budget import Budget
    from edgeser.evaluation.verdict import Tolerances
    from firmware_bridge.boards import MPS2_AN500
    from quantize.edgetpu.difference import Tolerances as EdgeTpuTolerances

    budget, tolerances = Budget(), Tolerances()
    assert (budget.latency_ms, budget.memory_bytes) == (23.0, 1_800_000)
    assert (budget.flash_bytes, budget.ram_bytes, budget.clock_mhz) == (512_000, 256_000, 800.0)
    assert (tolerances.max_uar_drop, tolerances.max_flips) == (0.01, 0.03)
    assert EdgeTpuTolerances().max_flips == 0.05
    assert (MPS2_AN500.flash_bytes, MPS2_AN500.ram_bytes) == (4 << 20, 4 << 20)


@pytest.mark.parametrize(("verb", "option"), [("lint", "--rules"), ("estimate", "--fit")])
def test_what_stands_alone_takes_no_model(verb: str, option: str) -> None:
    ran = CliRunner().invoke(command_of(verb), [option, "none.tflite"])
    assert ran.exit_code == 2
    assert f"{option} stands alone" in ran.output


def test_the_audio_of_a_corpus_is_for_what_takes_audio(shared: Any, edgeser: Edgeser) -> None:
    model = shared / "mlperf_tiny" / "ad01_int8.tflite"
    ran = edgeser("bench", model, "--device", "emulator", "--corpus", "generic:none")
    assert ran.code == 2
    assert "--corpus is for bundles and runs" in ran.err
