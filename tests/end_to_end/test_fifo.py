"""A FIFO nobody writes to, at each place where a command takes a path: refused, not waited for."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from edgeser.cli.app import group
from edgeser.corpora import open_corpus
from edgeser.rerecord import write_playlist

FIFO = "{fifo}"
SMALL = ("--only", "pretrained-small")  # the other asks for its teacher first
_TEXT_THAT_MAY_BE_A_PATH = {"recipe", "corpora", "corpus", "frontend"}
TABLE: dict[tuple[str, str], tuple[str, ...]] = {
    ("run", "recipe"): (FIFO,),
    ("run", "corpora"): ("{recipe}", "--out", "{out}", "--corpus", f"generic:{FIFO}"),
    ("run", "out"): ("{recipe}", "--out", FIFO),
    ("run", "teacher"): ("{recipe}", "--out", "{out}", "--teacher", FIFO),
    ("train", "recipe"): (FIFO,),
    ("train", "corpora"): ("{recipe}", "--out", "{out}", "--corpus", f"cremad:{FIFO}"),
    ("train", "out"): ("{recipe}", "--out", FIFO),
    ("train", "teacher"): ("{recipe}", "--out", "{out}", "--teacher", FIFO),
    ("export", "sources"): (FIFO, "--target", "firmware", "--out", "{out}"),
    ("export", "parity"): ("{onnx}", "--calibration", "{npz}", "--parity", FIFO, "--out", "{out}"),
    ("export", "labels"): ("{onnx}", "--calibration", "{npz}", "--labels", FIFO, "--out", "{out}"),
    ("export", "calibration"): ("{run}", "--calibration", FIFO),
    ("export", "out"): ("{run}", "--target", "firmware", "--out", FIFO),
    ("export", "compiler"): (
        *("{run}", "--target", "edgetpu", "--out", "{out}"),
        *("--compiler", FIFO),
    ),
    ("parity", "bundle"): (FIFO,),
    ("parity", "corpora"): ("{run}", "--corpus", f"synthetic:{FIFO}"),
    ("parity", "compiled"): ("{run}", "--device", "edgetpu", "--compiled", FIFO),
    ("parity", "junit"): ("{run}", "--junit", FIFO),
    ("parity", "markdown"): ("{run}", "--markdown", FIFO),
    ("accept", "bundle"): (FIFO, "--device", "emulator"),
    ("accept", "play"): ("{run}", "--device", "emulator", "--play", FIFO, "--out", "{out}"),
    ("accept", "compiled"): (
        *("{run}", "--device", "serial:/dev/ttyACM0", "--compiled", FIFO),
        *("--out", "{out}"),
    ),
    ("accept", "corpora"): (
        *("{run}", "--device", "emulator", "--corpus", f"synthetic:{FIFO}"),
        *("--out", "{out}"),
    ),
    ("accept", "reference"): ("{run}", "--device", "emulator", "--drift", FIFO, "--out", "{out}"),
    ("accept", "out"): ("{run}", "--device", "emulator", "--out", FIFO),
    ("accept", "junit"): ("{run}", "--device", "emulator", "--junit", FIFO),
    ("accept", "markdown"): ("{run}", "--device", "emulator", "--markdown", FIFO),
    ("bench", "model"): (FIFO,),
    ("bench", "against"): ("{model}", "--device", "edgetpu", "--against", FIFO),
    ("bench", "compiled"): ("{run}", "--device", "serial:/dev/ttyACM0", "--compiled", FIFO),
    ("bench", "corpora"): ("{run}", "--device", "emulator", "--corpus", f"synthetic:{FIFO}"),
    ("bench", "save"): ("{run}", "--save", FIFO),
    ("bench", "junit"): ("{run}", "--junit", FIFO),
    ("bench", "markdown"): ("{run}", "--markdown", FIFO),
    ("compare-bench", "baseline"): (FIFO, "{model}"),
    ("compare-bench", "new"): ("{bench}", FIFO),
    ("compare-bench", "junit"): ("{bench}", "{bench}", "--junit", FIFO),
    ("compare-bench", "markdown"): ("{bench}", "{bench}", "--markdown", FIFO),
    ("report", "run"): (FIFO,),
    ("report", "to"): ("{run}", "--to", FIFO),
    ("evaluate", "bundle"): (FIFO,),
    ("evaluate", "corpora"): ("{run}", "--all-speakers", "--corpus", f"emodb:{FIFO}"),
    ("evaluate", "committee"): ("{run}", "--committee", FIFO),
    ("compare", "runs"): (FIFO, "{run}"),
    ("compare", "corpora"): ("{run}", "{run}", "--corpus", f"synthetic:{FIFO}"),
    ("compare", "into"): ("{run}", "{run}", "--into", FIFO),
    ("study", "file"): (FIFO,),
    ("study", "corpora"): ("{study}", "--corpus", f"tess:{FIFO}", "--out", "{out}"),
    ("study", "out"): ("{study}", "--out", FIFO),
    ("predict", "bundle"): (FIFO, "{wav}"),
    ("predict", "committee"): ("{run}", "{wav}", "--committee", FIFO),
    ("predict", "files"): ("{run}", FIFO),
    ("explain", "bundle"): (FIFO, "{wav}"),
    ("explain", "files"): ("{run}", FIFO, "--out", "{out}", "--no-checks"),
    ("explain", "corpora"): ("{run}", "--out", "{out}", "--corpus", f"synthetic:{FIFO}"),
    ("explain", "out"): ("{run}", "{wav}", "--out", FIFO),
    ("features", "files"): (FIFO, "--out", "{out}"),
    ("features", "out"): ("{wav}", "--out", FIFO),
    ("features", "frontend"): ("{wav}", "--out", "{out}", "--frontend", FIFO),
    ("models", "make"): ("--make", FIFO, *SMALL, "--corpus", "synthetic:{run}/synthetic-voices"),
    ("models", "teacher"): (
        *("--make", "{out}", "--corpus", "synthetic:{run}/synthetic-voices", "--teacher", FIFO),
    ),
    ("models", "corpora"): ("--make", "{out}", *SMALL, "--corpus", f"cremad:{FIFO}"),
    ("evaluate", "reference"): ("{run}", "--drift", FIFO),
    ("evaluate", "save_drift"): ("{run}", "--save-drift", FIFO),
    ("evaluate", "recordings"): ("{run}", "--save-drift", "{out}", "--recordings", FIFO),
    ("evaluate", "junit"): ("{run}", "--junit", FIFO),
    ("evaluate", "markdown"): ("{run}", "--markdown", FIFO),
    ("calibrate", "trained"): (FIFO, "--out", "{out}"),
    ("calibrate", "corpora"): ("{run}", "--out", "{out}", "--corpus", f"ravdess:{FIFO}"),
    ("calibrate", "out"): ("{run}", "--out", FIFO),
    ("corpus check", "corpus"): (f"generic:{FIFO}",),
    ("corpus download", "out"): ("emodb", "--version", "1.4.1", "--out", FIFO),
    ("corpus spoken", "out"): ("--out", FIFO, "--speakers", "2", "--utterances", "1"),
    ("rerecord play", "corpus"): (f"generic:{FIFO}", "--out", "{out}"),
    ("rerecord play", "out"): ("synthetic:{run}/synthetic-voices", "--out", FIFO),
    ("rerecord cut", "playlist"): (FIFO, "{wav}", "--out", "{out}"),
    ("rerecord cut", "recordings"): ("{playlist}", FIFO, "--out", "{out}"),
    ("rerecord cut", "out"): ("{playlist}", "{wav}", "--out", FIFO),
    ("inspect", "model"): (FIFO,),
    ("inspect", "overlay"): ("{model}", "--overlay", FIFO),
    ("inspect", "bench"): ("{model}", "--overlay", "{out}", "--bench", FIFO),
    ("inspect", "parity"): ("{model}", "--overlay", "{out}", "--parity", FIFO),
    ("lint", "model"): (FIFO,),
    ("lint", "junit"): ("{model}", "--junit", FIFO),
    ("lint", "sarif"): ("{model}", "--sarif", FIFO),
    ("lint", "markdown"): ("{model}", "--markdown", FIFO),
    ("estimate", "model"): (FIFO,),
}
ALSO = (
    ("bench", FIFO, "--device", "emulator"),
    ("bench", FIFO, "--device", "edgetpu"),
    ("parity", FIFO, "--device", "edgetpu"),
    ("export", FIFO, "--target", "edgetpu", "--out", "{out}"),
    ("export", FIFO, "--target", "firmware", "--form", "library", "--out", "{out}"),
    ("export", "{onnx}", "--calibration", FIFO, "--out", "{out}"),
    ("export", "{model}", "--target", "edgetpu", "--out", FIFO),
    ("predict", "{run}", FIFO, "--stream"),
)


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        below = command.get_command(context, word)
        assert below is not None
        yield from _commands(below, f"{name} {word}".strip())


def test_the_table_has_every_path_that_a_command_takes() -> None:
    taken = {
        (name, str(parameter.name))
        for name, command in _commands(group, "")
        for parameter in command.params
        if isinstance(parameter.type, click.Path) or parameter.name in _TEXT_THAT_MAY_BE_A_PATH
    }
    assert taken == set(TABLE)


@pytest.fixture(scope="module")
def places(
    run_folder: Path, tiny_recipe: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("fifo")
    os.mkfifo(folder / "pipe")
    study = folder / "study.toml"
    study.write_text(f'name = "tiny"\nrecipe = "{tiny_recipe}"\nseeds = [0]\n')
    (folder / "network.onnx").write_bytes(b"of no account: what lies beside it is asked for first")
    np.savez(folder / "samples.npz", x=np.zeros((4, 2), np.float32))
    result = {
        "target": {"kind": "host", "name": "host", "description": "this host"},
        "problem": "", "figures": {}, "memory": [], "operators": [],
    }  # fmt: skip
    bench = {"schema": "edgeser.bench/2", "model": "m", "results": [result]}
    (folder / "bench.json").write_text(json.dumps(bench))
    voices = open_corpus("synthetic", run_folder / "synthetic-voices")
    write_playlist(replace(voices, utterances=voices.utterances[:1]), folder / "list")
    return {
        "fifo": folder / "pipe",
        "playlist": folder / "list",
        "run": run_folder,
        "model": run_folder / "model_int8.tflite",
        "wav": min((run_folder / "synthetic-voices" / "audio").iterdir()),
        "recipe": tiny_recipe,
        "study": study,
        "onnx": folder / "network.onnx",
        "npz": folder / "samples.npz",
        "bench": folder / "bench.json",
    }


@pytest.mark.parametrize(
    "arguments",
    [*((*name.split(), *arguments) for (name, _), arguments in TABLE.items()), *ALSO],
    ids=" ".join,
)
def test_a_fifo_is_refused_and_not_waited_for(
    edgeser: Callable[..., Any],
    places: dict[str, Path],
    tmp_path: Path,
    arguments: tuple[str, ...],
) -> None:
    fifo = places["fifo"]
    ran = edgeser(
        *(word.format(**places, out=tmp_path / "out") for word in arguments), timeout_s=60
    )
    assert ran.code == 2, ran.err
    (line,) = [line for line in ran.err.splitlines() if line.startswith("edgeser: ")]
    assert str(fifo) in line
    assert "Traceback" not in ran.err
    assert fifo.is_fifo()
