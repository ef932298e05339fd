"""examples/ and the tutorial: what they tell a reader to do is done, on tiny recordings."""

from __future__ import annotations

import contextlib
import json
import os
import re
import runpy
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.pipeline.exports.network_data import held_out, read_network_data
from edgeser.recipe import load_recipe, parse_recipe
from quantize.convert.network_parts import match_data
from quantize.convert.onnx_network import OnnxNetwork
from tests.command_lines import lines_of

Edgeser = Callable[..., Any]
Road = Any  # of ../conftest.py
ROOT = Path(__file__).resolve().parents[2]
SHELL = "/bin/sh"
EXAMPLES = ROOT / "examples"
DONE_ELSEWHERE = {"evaluate"}  # by test_groups.py, on the same run
TUTORIAL = ROOT / "docs" / "tutorial.md"


def on_path(folder: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def recordings(road: Road, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The synthetic voices as somebody's own: a folder an emotion, one below it a speaker."""
    root = tmp_path_factory.mktemp("own") / "recordings"
    for path in sorted((road.folder / "synthetic-voices" / "audio").iterdir()):
        speaker, emotion, take = path.stem.split("_")
        to = root / emotion / speaker / f"{take}{path.suffix}"
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, to)
    return root


@pytest.mark.parametrize(
    "line", [str(line) for line in lines_of(TUTORIAL) if line.words[0] not in DONE_ELSEWHERE]
)
def test_a_line_of_the_tutorial(
    line: str, edgeser: Edgeser, road: Road, recordings: Path, tiny_recipe: Path, tmp_path: Path
) -> None:
    """On the run of `road`, that `run` finds done: its training is the tests' one."""
    words = line.partition(": edgeser ")[2].split()
    if any(word.startswith("serial:") for word in words):
        pytest.skip("there is no board here; the line is held to the command by test_texts.py")
    recording = next(recordings.rglob("anger/*/*"))
    corpus = road.corpus if words[0] == "run" else f"generic:{recordings}"
    stands_for = {
        "mine.toml": str(tiny_recipe), "generic:recordings": corpus, "runs/mine": str(road.folder),
        "recordings/anger/kim/001.wav": str(recording),
    }  # fmt: skip
    ran = edgeser(*(stands_for.get(word, word) for word in words), cwd=tmp_path)
    assert ran.code == 0, ran.err
    if words[0] == "export":
        assert (tmp_path / "firmware" / "Makefile").is_file()


def test_the_recipes_that_texts_show_are_recipes() -> None:
    (shown,) = re.findall(r"```toml\n(.*?)```", TUTORIAL.read_text("utf-8"), re.DOTALL)
    recipe = parse_recipe(shown, where="the tutorial")
    assert (recipe.window.frames, recipe.budget.flash_bytes) == (100, 400_000)
    keywords = load_recipe(str(EXAMPLES / "keywords" / "keywords.toml"))
    assert (keywords.labels.kind, keywords.nothing.share) == ("any", 1.0)


@pytest.mark.parametrize(
    "folder", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
)
def test_an_example_is_short_and_is_listed(folder: str) -> None:
    readme = EXAMPLES / folder / "README.md"
    assert len(readme.read_text("utf-8").splitlines()) < 40
    assert f"]({folder}/README.md)" in (EXAMPLES / "README.md").read_text("utf-8")


def test_what_the_own_network_writes_is_what_its_export_takes(tmp_path: Path) -> None:
    """Without the conversion itself, which test_own_network.py does of another network."""
    folder = EXAMPLES / "own-network"
    with contextlib.chdir(tmp_path), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's, of its own future
        runpy.run_path(str(folder / "network.py"))
    words = re.search(r"edgeser export (.*)", (folder / "run.sh").read_text("utf-8"))[1].split()
    network = OnnxNetwork(tmp_path / words[0], limit_bytes=1 << 20)
    data = read_network_data(tmp_path / words[words.index("--calibration") + 1])
    calibrated, compared, apart = held_out(data)
    assert apart and (calibrated.samples, compared.samples) == (52, 12)
    (samples,) = match_data(compared.arrays, network.inputs, where="the data")
    (kinds,) = next(network.outputs_of([samples[place : place + 1]] for place in range(1)))
    assert (network.outputs, kinds.shape) == (("kind",), (1, 2))


def test_two_models_in_one_program_say_what_each_says_alone(
    edgeser: Edgeser, edgeser_program: str, tmp_path: Path
) -> None:
    built = subprocess.run(
        [SHELL, EXAMPLES / "two-models" / "build.sh"], cwd=tmp_path, capture_output=True, text=True,
        env=on_path(Path(edgeser_program).parent) | {"CFLAGS": "-O0 -Wall -Wextra -Werror"},
        check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    time = np.arange(49_000) / 16_000
    hum = 0.1 * np.sin(2 * np.pi * 180 * time) * (1 + np.sin(2 * np.pi * 3 * time))
    noise = np.random.default_rng(0).normal(0, 0.01, len(time))
    sound = tmp_path / "sound.wav"
    import soundfile

    soundfile.write(sound, hum + noise, 16_000, subtype="PCM_16")
    samples, _ = soundfile.read(sound, dtype="int16")
    ran = subprocess.run(
        [tmp_path / "two-models"], input=samples.tobytes(), capture_output=True, check=True
    )
    said = dict(line.split(": ") for line in ran.stdout.decode().splitlines())
    for name, model in (("first", "pretrained"), ("second", "pretrained-small")):
        alone = edgeser("predict", model, sound, "--stream", "--json")
        sums = json.loads(alone.out)["clips"][0]["decisions"][0]["sums"]
        assert said[name] == " ".join(map(str, sums.values()))
    short = subprocess.run([tmp_path / "two-models"], input=b"", capture_output=True, check=False)
    assert (short.returncode, short.stderr) == (1, b"the sound is shorter than a window\n")
