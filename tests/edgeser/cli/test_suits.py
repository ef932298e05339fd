"""No option is ignored in silence: it serves the device or target, or is refused by name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from edgeser.cli import app
from edgeser.cli.suits import EXPORT, Target, options_of
from edgeser.targets import EDGE_TPU, EMULATOR, HOST, KINDS, SERIAL, SERIAL_WITH_EDGE_TPU
from edgeser.targets.target import TargetKind

Edgeser = Callable[..., Any]
DOCS = Path(__file__).resolve().parents[3] / "docs" / "devices.md"
BENCH, PARITY, ACCEPT = map(options_of, ("bench", "parity", "accept"))
SHARED_BY_ALL = {"as_json", "quiet", "debug"}
DEVICES = {
    HOST: ("--device", "host"),
    EMULATOR: ("--device", "emulator"),
    SERIAL: ("--device", "tcp:localhost:1"),
    SERIAL_WITH_EDGE_TPU: ("--device", "tcp:localhost:1", "--compiled", "none.tflite"),
    EDGE_TPU: ("--device", "edgetpu"),
}
VALUES = {
    "runs": "300", "warmup": "30", "memory_bytes": "1", "latency_ms": "1", "flash_bytes": "1",
    "ram_bytes": "1", "clock_mhz": "100", "against": "none.tflite", "compiled": "none.tflite",
    "corpora": "generic:none", "save": "x.json", "junit": "x.xml", "markdown": "x.md",
    "max_uar_drop": "0.1", "max_flips": "0.1", "max_ccc_drop": "0.1", "clips": "5",
    "calibration": "none.npz",
    "board": "coral-micro", "out": "none", "name": "kws01", "compiler": "none", "no_compile": None,
    "risk": "0.3", "coverage": "0.7", "play": "none.wav", "seconds": "5", "reference": "none.json",
    "max_psi": "0.5", "max_clipped": "0.1", "parity": "none.npz", "labels": "none.txt",
    "min_sqnr": "10", "form": "cmake", "library": "x",
}  # fmt: skip


def command_of(verb: str) -> click.Command:
    command = importlib.import_module(f"edgeser.cli.{verb}").command
    assert isinstance(command, click.Command)
    return command


def option_of(verb: str, name: str) -> str:
    return next(p.opts[-1] for p in command_of(verb).params if p.name == name)


@pytest.mark.parametrize(
    ("verb", "table", "choice"), [("bench", BENCH, "device"), ("parity", PARITY, "device"),
                                  ("export", EXPORT, "target"), ("accept", ACCEPT, "device")],
)  # fmt: skip
def test_every_option_is_in_its_table(verb: str, table: Any, choice: str) -> None:
    options = {p.name for p in command_of(verb).params if isinstance(p, click.Option)}
    assert set(table) == options - SHARED_BY_ALL - {choice}
    assert set(VALUES) >= set(table)


@pytest.mark.parametrize("device", KINDS, ids=str)
@pytest.mark.parametrize(("verb", "table"), [("bench", BENCH), ("parity", PARITY)])
def test_what_does_not_suit_a_device_is_refused_by_name(
    verb: str, table: Any, device: TargetKind
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


@pytest.mark.parametrize("device", KINDS, ids=str)
def test_accept_takes_what_has_a_frontend_and_refuses_the_rest(device: TargetKind) -> None:
    if device in (HOST, EDGE_TPU):
        ran = CliRunner().invoke(command_of("accept"), ["none", *DEVICES[device]])
        assert ran.exit_code == 2
        assert f"{device} has no frontend of its own" in ran.output
        return
    for name, suited in ACCEPT.items():
        if name == "compiled":
            continue
        option = option_of("accept", name)
        ran = CliRunner().invoke(
            command_of("accept"), ["none", *DEVICES[device], option, VALUES[name]]
        )
        assert (f"{option} is for " in ran.output) == (device not in suited), (name, ran.output)


@pytest.mark.parametrize("name", ["clips", "seconds", "corpora"])
def test_what_play_leaves_nothing_to_do_is_refused(name: str) -> None:
    option = option_of("accept", name)
    arguments = ["none", *DEVICES[SERIAL], "--play", "x.wav", option, VALUES[name]]
    ran = CliRunner().invoke(command_of("accept"), arguments)
    assert ran.exit_code == 2
    assert f"--play says what is heard: leave out {option}" in ran.output


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


def page(verb: str, table: Any, choices: list[Any]) -> str:
    """Return a command's table as docs/devices.md shows it."""
    lines = [f"| option | {' | '.join(map(str, choices))} |", "|---" * (len(choices) + 1) + "|"]
    for name in (p.name for p in command_of(verb).params if p.name in table):
        marks = ["yes" if choice in table[name] else "" for choice in choices]
        lines.append(f"| `{option_of(verb, name)}` | {' | '.join(marks)} |")
    return "\n".join(lines)


def abilities() -> str:
    """Return what each kind of target can do, as docs/devices.md shows it."""
    said = {
        "outputs": lambda kind: "exact" if kind.exact else "within tolerances",
        "cost of each operator": lambda kind: "yes" if kind.profile else "",
        "memory of the whole firmware": lambda kind: "yes" if kind.memory else "",
        "takes audio, and decides": lambda kind: "yes" if kind.streams else "",
    }
    lines = [f"| | {' | '.join(map(str, KINDS))} |", "|---" * (len(KINDS) + 1) + "|"]
    lines += [f"| {what} | {' | '.join(map(tell, KINDS))} |" for what, tell in said.items()]
    return "\n".join(lines)


def test_the_docs_show_what_each_target_can_do() -> None:
    assert f"## What they can do\n\n{abilities()}\n" in DOCS.read_text("utf-8")


@pytest.mark.parametrize(
    ("verb", "table", "choices"),
    [("bench", BENCH, list(KINDS)), ("parity", PARITY, list(KINDS)),
     ("accept", ACCEPT, list(KINDS)), ("export", EXPORT, list(Target))],
)  # fmt: skip
def test_the_docs_show_the_table(verb: str, table: Any, choices: list[str]) -> None:
    assert f"## `edgeser {verb}`\n\n{page(verb, table, choices)}\n" in DOCS.read_text("utf-8")


def test_the_docs_name_the_default_of_every_limit() -> None:
    from edgeser.benchmark.budget import Budget

    text = DOCS.read_text("utf-8")
    for item in fields(Budget):
        assert f"| `{item.name}` | {getattr(Budget(), item.name):,.0f} |" in text


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("lint", "--rules", "none.tflite"), "MODEL"),
        (("lint", "--rules", "--json"), "--json"),
        (("lint", "--rules", "--quiet", "--markdown", "x.md"), "--markdown, --quiet"),
        (("estimate", "--fit", "none.tflite"), "MODEL"),
        (("estimate", "--fit", "--json"), "--json"),
        (("estimate", "--link", "micro", "--fit"), "--link"),
        (("export", "x", "--target", "edgetpu", "--no-compile", "--compiler", "y"), "--compiler"),
    ],
)
def test_what_would_do_nothing_beside_an_option_is_refused(
    arguments: tuple[str, ...], named: str
) -> None:
    verb, *rest = arguments
    ran = CliRunner().invoke(command_of(verb), rest)
    assert ran.exit_code == 2
    assert f"leave out {named}\n" in ran.output


@pytest.mark.parametrize("verb", ["run", "train"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("--seed", "3", "--set", "seed=5"),
        ("--set", "seed=5", "--seed", "3"),
        ("--set", "corpus.name=ravdess", "--corpus", "generic:none"),
        ("--corpus", "generic:none", "--set", " corpus.path = 'x'"),
        ("--corpus", "generic:none", "--set", "corpora.generic.path=x"),
    ],
)
def test_what_is_set_twice_is_refused(verb: str, arguments: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(command_of(verb), ["demo", *arguments])
    assert ran.exit_code == 2
    assert "already: leave out --set" in ran.output


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("emulater", "write host, emulator, edgetpu, or serial:"),
        ("edge-tpu", "write host, emulator, edgetpu, or serial:"),
        ("HOST", "write host, emulator, edgetpu, or serial:"),
        ("toaster", "write host, emulator, edgetpu, or serial:"),
        ("serial:", "names no port"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--max-flash", "5")])
def test_a_device_that_is_none_is_told_what_there_is(
    device: str, says: str, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app._run(["bench", "none.tflite", "--device", device, *more]) == 2
    assert says in capsys.readouterr().err


def test_both_kinds_of_board_are_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert app._run(["parity", "none", "--clips", "3"]) == 2
    found = " ".join(capsys.readouterr().err.split())
    assert "--device emulator, a board's address and --device edgetpu, not --device host" in found


@pytest.mark.parametrize(
    ("name", "begins"),
    [("r.md", "# "), ("r.json", "{"), ("r.html", "<!DOCTYPE"), ("r.txt", "<!DOCTYPE")],
)
def test_a_reports_ending_says_its_format(
    name: str, begins: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = {}

    def write(folder: Any, *, suffix: str, to: Path) -> Path:
        seen[to.name] = {"markdown": "# ", "json": "{", "html": "<!DOCTYPE"}[suffix]
        return to

    monkeypatch.setattr("edgeser.pipeline.report.write_report", write)
    run = ["report", str(tmp_path), "--to", str(tmp_path / name)]
    assert app._run(run) == 0
    assert seen == {name: begins}
    assert app._run([*run, "--format", "json"]) == 0
    assert seen == {name: "{"}


def test_the_audio_of_a_corpus_is_for_what_takes_audio(shared: Any, edgeser: Edgeser) -> None:
    model = shared / "mlperf_tiny" / "ad01_int8.tflite"
    ran = edgeser("bench", model, "--device", "emulator", "--corpus", "generic:none")
    assert ran.code == 2
    assert "--corpus is for bundles and runs" in ran.err
