"""The workflow of docs/ci.md: the steps of its action, run in a clean shell."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.end_to_end.test_device import missing
from tests.workflow import Ran, Runner

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")
pytestmark = pytest.mark.skipif(bool(missing), reason=f"the emulator is not here: no {missing}")
ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests" / "vectors" / "amplitude_phase_int8.tflite"
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
INSTALLS = {"emulator": {}, "install": {}}
LIMITS = {"max-instructions": "+0%", "max-flash": "+0%", "max-ram": "64kB"}


def workflow() -> Any:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    return yaml.safe_load(text)


def action() -> Any:
    return yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))


@pytest.fixture(scope="module")
def runner(edgeser_program: str, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A repository with the model of the workflow, and a runner that has edgeser on its PATH."""
    folder = tmp_path_factory.mktemp("ci")
    workspace, temporary, tools = folder / "repository", folder / "temporary", folder / "tools"
    for place in (workspace / "models", workspace / ".git", temporary, tools):
        place.mkdir(parents=True)
    shutil.copy(MODEL, workspace / "models" / "keyword.tflite")
    (tools / "edgeser").symlink_to(edgeser_program)
    cache = {"EDGESER_CACHE": str(folder / "cache"), "COLUMNS": "80"}
    return Runner(workspace, temporary, f"{tools}:{os.defpath}", INSTALLS, cache)


@pytest.fixture(scope="module")
def job(runner: Runner) -> dict[str, Ran]:
    """The page's baseline, by its own command, then the workflow's one step of ours."""
    (command,) = re.findall(r"^edgeser bench .*bench\.json$", PAGE, re.MULTILINE)
    step = {"name": "baseline", "id": "baseline", "shell": "bash", "run": command}
    made = runner.run({"inputs": {}, "runs": {"steps": [step]}}, {})["baseline"]
    assert made.code == 0, made.err
    (ours,) = [s for s in workflow()["jobs"]["model"]["steps"] if "/edgeser@" in s["uses"]]
    return runner.run(action(), {name: str(value) for name, value in ours["with"].items()})


def results(runner: Runner) -> Path:
    (folder,) = runner.temporary.glob("edgeser-??????")
    return folder


def test_every_step_of_ours_ran_and_passed(job: Mapping[str, Ran]) -> None:
    codes = {number: ran.code for number, ran in job.items() if ran.code is not None}
    errors = "\n".join(ran.err for ran in job.values())
    assert codes == dict.fromkeys(["prepare", "lint", "parity", "bench", "regression"], 0), errors


def test_actions_of_others_are_pinned_by_their_major_version(job: Mapping[str, Ran]) -> None:
    used = [step["uses"] for step in action()["runs"]["steps"] if "uses" in step]
    used += [step["uses"] for step in workflow()["jobs"]["model"]["steps"]]
    assert all(re.fullmatch(r"[\w./-]+@v\d+(\.\d+)*", name) for name in used)
    for name in used:
        assert f"`{name.partition('@')[0]}`" in PAGE
    assert [ran.out.partition("@")[0] for ran in job.values() if ran.code is None and ran.out] == [
        "actions/setup-python", "github/codeql-action/upload-sarif", "actions/upload-artifact"
    ]  # fmt: skip


def test_each_step_writes_its_tables_into_the_summary(job: Mapping[str, Ran]) -> None:
    assert job["lint"].summary.startswith("## Edge TPU lint: passed")
    assert "0 of 120 output values differ" in job["parity"].summary.replace("\\", "")
    assert "instructions" in job["bench"].summary
    assert job["regression"].summary.startswith("## Benchmark against the baseline: passed")
    row = r"\| inference\\_instructions \| ([\d,]+) \| \1 \| same \| \+1% \| emulated \|"
    assert re.search(row, job["regression"].summary)
    assert "| ram\\_bytes |" in job["regression"].summary
    assert "64kB" in job["regression"].summary


def test_what_lies_in_the_folder_of_results(job: Mapping[str, Ran], runner: Runner) -> None:
    del job
    folder = results(runner)
    assert sorted(path.name for path in folder.iterdir()) == [
        "bench.json", "bench.xml", "lint.sarif", "lint.xml", "parity.xml", "regression.xml"
    ]  # fmt: skip
    cases = 0
    for path in folder.glob("*.xml"):
        (suite,) = ET.parse(path).getroot()  # noqa: S314  our own
        assert suite.get("failures") == "0"
        cases += int(suite.get("tests") or 0)
    assert cases > 60  # of lint alone 57: the file, and each of 56 operators
    sarif = json.loads((folder / "lint.sarif").read_text())
    assert sarif["version"] == "2.1.0"
    assert json.loads((folder / "bench.json").read_text())["schema"].startswith("edgeser.")


def regression_alone(runner: Runner, **given: str) -> Ran:
    """Run the one step again on what the job left."""
    whole = action()
    steps = [step for step in whole["runs"]["steps"] if step.get("id") in {"prepare", "regression"}]
    prepared = {"edgeser": "edgeser", "results": str(results(runner))}
    again = Runner(
        runner.workspace, runner.temporary, runner.path, {"prepare": prepared}, runner.environment
    )
    inputs = {"model": "m", "baseline": "models/keyword.bench.json"} | given
    found = again.run({**whole, "runs": {"steps": steps}}, inputs)
    return found["regression"]


def test_a_figure_over_its_limit_fails_the_step(job: Mapping[str, Ran], runner: Runner) -> None:
    del job
    ran = regression_alone(runner, **{"max-flash": "1kB", "max-frame": "+1%"})
    assert ran.code == 1
    assert ran.summary.startswith("## Benchmark against the baseline: failed")
    assert "the limit 1kB allows 1,000" in ran.err
    assert "worst_frame_instructions cannot be held to +1%: not in" in ran.err


def test_no_input_is_run(job: Mapping[str, Ran], runner: Runner) -> None:
    del job
    ran = regression_alone(
        runner,
        **{
            "max-flash": "$(touch pwned)",
            "max-ram": "`touch pwned`",
            "baseline": "--help; touch pwned",
        },
    )
    assert ran.code == 2
    assert "is no limit of flash" in ran.err
    assert not (runner.workspace / "pwned").exists()


def test_what_is_not_wanted_is_not_run(runner: Runner) -> None:
    asked: dict[str, str] = {"model": "no.tflite", "lint": "false", "artifact": ""}
    nothing = Runner(runner.workspace, runner.temporary, "", {
        **INSTALLS, "prepare": {"results": "x"}, "parity": {}, "bench": {},
    })  # fmt: skip
    done = nothing.run(action(), asked)
    assert all(ran.code is None for ran in done.values())
    assert [ran.out for ran in done.values() if ran.out] == ["actions/setup-python@v6"]


STAND_IN = """#!/bin/sh
printf '%s|' "$@" >> "$LOG"; echo >> "$LOG"
exit 1
"""


def test_every_step_runs_whatever_became_of_the_one_before(tmp_path: Path) -> None:
    """With a stand-in for edgeser that fails each time and writes down how it was called."""
    tool, log = tmp_path / "edgeser", tmp_path / "log"
    tool.write_text(STAND_IN)
    tool.chmod(0o755)
    path, environment = f"{tmp_path}:{os.defpath}", {"LOG": str(log)}
    alone = Runner(tmp_path, tmp_path, path, INSTALLS, environment)
    given = {"model": "my model.tflite", "baseline": "b.json", "max-flash": "", "max-ram": "+1 kB"}
    done = alone.run(action(), given)
    assert {number: ran.code for number, ran in done.items() if ran.code is not None} == {
        "prepare": 0, "lint": 1, "parity": 1, "bench": 1, "regression": 1
    }  # fmt: skip
    assert done["Results"].out.startswith("actions/upload-artifact@")
    assert done["Findings to code scanning"].out == ""  # there are none
    (folder,) = tmp_path.glob("edgeser-??????")
    calls = log.read_text().replace(str(folder), "R").splitlines()
    assert [call.removesuffix("|").split("|") for call in calls] == [
        ["lint", "--sarif", "R/lint.sarif", "--junit", "R/lint.xml", "--", "my model.tflite"],
        [
            *("parity", "--device", "emulator", "--board", "mps2-an500", "--clips", "100"),
            *("--junit", "R/parity.xml", "--", "my model.tflite"),
        ],
        [
            *("bench", "--device", "emulator", "--board", "mps2-an500", "--save", "R/bench.json"),
            *("--junit", "R/bench.xml", "--", "my model.tflite"),
        ],
        [
            *("compare-bench", "--max-instructions=+1%", "--max-ram=+1 kB"),
            *("--junit", "R/regression.xml", "--", "b.json", "R/bench.json"),
        ],
    ]


def test_every_command_of_the_page_is_one_that_there_is() -> None:
    """Each with the options that the page gives it; the four steps are run above."""
    commands = re.findall(r"^edgeser (\S+) (.*)$", PAGE, re.MULTILINE)
    assert {verb for verb, _ in commands} == {"bench", "compare-bench", "inspect", "lint", "parity"}
    for verb, rest in commands:
        module = importlib.import_module(f"edgeser.cli.{verb.replace('-', '_')}")
        known = {name for parameter in module.command.params for name in parameter.opts}
        assert set(re.findall(r"--[\w-]+", rest)) <= known, verb
