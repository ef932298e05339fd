"""`edgeser study` as it is used: forecast, done, gone on with, held to bad input."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.corpora import write_synthetic_corpus
from edgeser.corpora.audio.wav import wav_bytes

Edgeser = Callable[..., Any]
QUICK = ("--set", "training.epochs=1")


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("voices") / "voices"
    write_synthetic_corpus(folder, speakers=5, utterances=1)
    return folder


@pytest.fixture
def study(tmp_path: Path, tiny_recipe: Path) -> Callable[[str], Path]:
    """Write a study beside the tiny recipe."""
    shutil.copy(tiny_recipe, tmp_path / "tiny.toml")

    def write(text: str) -> Path:
        path = tmp_path / "study.toml"
        head = 'name = "trial"\nrecipe = "tiny.toml"\n'
        path.write_text(f"{head}{'' if 'costs' in text else 'costs = false'}\n{text}", "utf-8")
        return path

    return write


VARIANTS = (
    'seeds = [0, 1]\n[[variants]]\nname = "both"\n'
    '[[variants]]\nname = "amplitude"\nset = { "network.inputs" = "amplitude" }\n'
)


@pytest.mark.slow
def test_a_study_is_forecast_done_and_reused(
    edgeser: Edgeser, study: Callable[[str], Path], voices: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ("study", study(VARIANTS), "--corpus", f"synthetic:{voices}", "--out", out, *QUICK)
    first = edgeser(*asked, "--dry-run")
    assert first.code == 0
    assert "4 jobs, 0 results are there" in first.out
    assert "nothing was measured yet" in first.out
    assert not out.exists()
    done = edgeser(*asked, "--json")
    assert done.code == 0, done.err
    table = json.loads(done.out)
    assert [row["variant"] for row in table["rows"]] == ["both", "amplitude"]
    assert table["rows"][1]["comparison"]["against"] == "both"
    assert table["rows"][0]["seeds"] == [0, 1]
    assert {path.name for path in out.iterdir()} >= {"study.json", "study.md", "study.html", "logs"}
    again = edgeser(*asked, "--json", "--workers", 1)
    assert json.loads(again.out)["rows"] == table["rows"]
    assert json.loads(again.out)["reused"] == 4
    grown = study(VARIANTS.replace("[0, 1]", "[0, 1, 2]"))
    third = edgeser("study", grown, *asked[2:], "--dry-run", "--workers", 2)
    assert "6 jobs, 4 results are there" in third.out
    assert "2 to do, about" in third.out
    assert "with 2 at once (measured:" in third.out


@pytest.mark.slow
def test_a_job_that_fails_is_named_and_the_others_are_done(
    edgeser: Edgeser, study: Callable[[str], Path], voices: Path, tmp_path: Path
) -> None:
    text = (
        '[[variants]]\nname = "tame"\n'
        '[[variants]]\nname = "wild"\nset = { "training.learning_rate" = 1e25 }\n'
    )
    out = tmp_path / "out"
    corpus = ("--corpus", f"synthetic:{voices}")
    ran = edgeser("study", study(text), *corpus, "--out", out, "--set", "training.epochs=3")
    assert ran.code == 1
    assert "Tested on synthetic" in ran.out
    (named,) = [line for line in ran.err.splitlines() if line.startswith("edgeser: ")]
    assert "wild, synthetic, seed 0 has no result: the training diverged" in named
    assert json.loads((out / "study.json").read_text())["failures"][0]["job"].endswith("seed 0")


@pytest.mark.parametrize(
    ("text", "options", "code", "said"),
    [
        (
            '[[variants]]\nname = "a"\n[[variants]]\nname = "b"\nset = { training.epoch = 1 }',
            (),
            2,
            "variant b: [training] has no key 'epoch'; did you mean 'epochs'?",
        ),
        ("", ("--set", "training.epoch=1"), 2, "did you mean 'epochs'?"),
        (
            '[[arrangements]]\nname = "a"\ntrain = ["cremad"]\ntest = ["synthetic"]',
            (),
            2,
            "the arrangement a needs the corpus 'cremad'; give --corpus cremad:PATH",
        ),
        ("", ("--corpus", "synthetic:/nowhere", "--corpus", "synthetic:/none"), 2, "named twice"),
        ("", ("--corpus", "cremad:/nowhere"), 2, "/nowhere"),
        ("", ("--workers", "0"), 2, "0 is not in the range"),
        ("", ("--ray", "nonsense"), 2, "is no address of a Ray cluster"),
        ("", ("--ray", "127.0.0.1:9"), 3, "does not answer"),
        ('recipee = "x"', (), 2, "no key 'recipee'; did you mean 'recipe'"),
    ],
)
def test_bad_input_is_one_line_before_any_job(
    edgeser: Edgeser,
    study: Callable[[str], Path],
    tmp_path: Path,
    text: str,
    options: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    ran = edgeser("study", study(text), "--out", tmp_path / "out", "--quiet", *options)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert len([line for line in ran.err.splitlines() if line.startswith("edgeser: ")]) <= 1
    assert not list((tmp_path / "out").glob("results/*.json"))


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_and_the_study_goes_on(
    edgeser: Edgeser,
    edgeser_program: str,
    study: Callable[[str], Path],
    voices: Path,
    tmp_path: Path,
) -> None:
    out = tmp_path / "out"
    file = study("seeds = [0, 1, 2]")
    asked = ["study", file, "--corpus", f"synthetic:{voices}", "--out", out, "--workers", 1]
    command = [edgeser_program, *map(str, asked), *QUICK]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    end = time.monotonic() + 90
    while not list(out.glob("results/*.json")):
        assert time.monotonic() < end
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert b"edgeser: interrupted" in err
    there = len(list(out.glob("results/*.json")))
    assert 1 <= there < 3
    table = json.loads(edgeser(*asked, *QUICK, "--json").out)
    assert table["reused"] == there
    assert table["rows"][0]["seeds"] == [0, 1, 2]


@pytest.mark.slow
def test_costs_of_each_variant_stand_beside_its_scores(
    edgeser: Edgeser, study: Callable[[str], Path], voices: Path, tmp_path: Path
) -> None:
    asked = ("--corpus", f"synthetic:{voices}", "--out", tmp_path / "out", *QUICK, "--json")
    done = edgeser("study", study("seeds = [0]\ncosts = true"), *asked)
    assert done.code == 0, done.err
    (costs,) = json.loads(done.out)["costs"].values()
    assert costs["parameters"]["value"] > 1000
    assert costs["arena_bytes"]["evidence"] == "measured"
    if shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc"):
        assert costs["instructions"]["evidence"] == "emulated"
        assert costs["predicted_ms"]["evidence"] == "predicted"


def test_corpora_without_a_common_label_are_named_before_any_job(
    edgeser: Edgeser, study: Callable[[str], Path], tmp_path: Path
) -> None:
    for corpus, label in (("a", "anger"), ("b", "fear")):
        for speaker in ("s1", "s2", "s3"):
            path = tmp_path / corpus / label / speaker / "x.wav"
            path.parent.mkdir(parents=True)
            path.write_bytes(wav_bytes(np.arange(8000, dtype=np.int16)))
    given = [("--corpus", f"{name}=generic:{tmp_path / name}") for name in "ab"]
    asked = ("study", study('protocols = ["matrix"]'), *given[0], *given[1])
    ran = edgeser(*asked, "--out", tmp_path / "out", "--dry-run", "--quiet")
    assert ran.code == 2
    (line,) = ran.err.splitlines()
    assert "b has no label in common with the other corpora: fear against anger" in line


@pytest.mark.slow
def test_what_a_study_hears_in_noise_is_what_evaluate_hears(
    edgeser: Edgeser, study: Callable[[str], Path], road: Any, tmp_path: Path
) -> None:
    names = ["clean", "babble_10db", "white_5db"]
    asked = study(f"conditions = {json.dumps(names)}")
    ran = edgeser("study", asked, "--corpus", road.corpus, "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    rows = {row["condition"]: row["uar"] for row in json.loads(ran.out)["rows"]}
    assert list(rows) == names
    ran = edgeser("evaluate", road.folder, "--conditions", "--json")
    heard = {row["name"]: row["float_uar"] for row in json.loads(ran.out)["conditions"]["rows"]}
    for name, found in rows.items():
        assert found["value"] == pytest.approx(heard[name]["value"], abs=1e-12)
        assert found["interval"] == pytest.approx(heard[name]["interval"], abs=1e-12)
