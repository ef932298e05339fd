"""``python -m benchmarks.mlperf``: an exported model, emulated, driven by the public runner.

Its README says what is needed, and what an emulator cannot satisfy.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from edgeser.pipeline.exports.firmware import export_firmware
from firmware_bridge.boards import MPS2_AN500
from firmware_bridge.emulator import build_firmware
from firmware_bridge.emulator.tools import find_tool

BENCHMARK_NAMES = ("ad01", "ic01", "kws01", "vww01")
_TERMINAL = re.compile(r"char device redirected to (\S+)")
_PATIENCE_S = 10.0
_NS_AN_INSTRUCTION = 64
"""Of virtual time: QEMU's ``-icount shift=6``."""


def firmware_of(name: str, model: Path, folder: Path) -> Path:
    """Export and build a model under the benchmark's name; return the program."""
    made = export_firmware(
        model.read_bytes(), folder / name, name=model.stem, chosen=name, board=MPS2_AN500
    )
    return build_firmware(made.project.directory, MPS2_AN500).elf


@contextmanager
def emulated(program: Path) -> Iterator[str]:
    """Run a program on the emulated board; yield its serial port, a pseudo-terminal."""
    command = [
        *(find_tool("qemu-system-arm"), "-M", str(MPS2_AN500.machine), "-nodefaults"),
        *("-display", "none", "-icount", "shift=6", "-no-reboot", "-serial", "pty"),
        *("-kernel", str(program)),
    ]
    with tempfile.NamedTemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            yield _terminal(Path(said.name), process)
        finally:
            process.terminate()
            process.wait()


def _terminal(said: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := _TERMINAL.search(said.read_text()):
            return found[1]
        time.sleep(0.05)
    raise click.ClickException(f"QEMU named no terminal: {said.read_text().strip()}")


@click.command(help=__doc__)
@click.argument("models", metavar="NAME=MODEL...", nargs=-1, required=True)
@click.option("--runner", type=click.Path(exists=True, file_okay=False), required=True)
@click.option("--datasets", type=click.Path(exists=True, file_okay=False), required=True)
@click.option("--mode", type=click.Choice(["a", "p"]), default="a", show_default=True)
@click.option("--python", default=sys.executable, help="With what the runner needs installed.")
def main(models: tuple[str, ...], runner: str, datasets: str, mode: str, python: str) -> None:
    """Export, build, emulate and drive each model; show what the runner found."""
    child = Path(__file__).with_name("with_runner.py")
    for given in models:
        name, _, model = given.partition("=")
        if name not in BENCHMARK_NAMES or not model:
            raise click.UsageError(f"{given!r} is not NAME=MODEL; {', '.join(BENCHMARK_NAMES)}")
        with tempfile.TemporaryDirectory() as work:
            result = Path(work) / "result.json"
            with emulated(firmware_of(name, Path(model), Path(work))) as port:
                paths = (str(Path(path).resolve()) for path in (runner, datasets))
                runner_path, datasets_path = paths
                subprocess.run(
                    [python, str(child), runner_path, port, datasets_path, mode, str(result)],
                    cwd=work,
                    check=True,
                )
            _show(json.loads(result.read_text()))


def _show(found: dict[str, object]) -> None:
    results = found["results"]
    assert isinstance(results, list)
    errors = [step["error"] for step in results if "error" in step]
    inferred = [step["infer"] for step in results if "infer" in step]
    laps = [run["elapsed_time"] / run["iterations"] for run in inferred]
    instructions = [1e3 * lap / _NS_AN_INSTRUCTION for lap in laps]
    click.echo(
        f"{found['name']} ({found['model']}): {len(inferred)} inputs; {min(instructions):,.0f} to "
        f"{max(instructions):,.0f} instructions an inference, emulated: the device's clock, which "
        f"has {_NS_AN_INSTRUCTION} ns for each"
        + (f"; the runner says {', '.join(errors)}" if errors else "")
    )


if __name__ == "__main__":
    main()
