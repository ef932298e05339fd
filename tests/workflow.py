"""A stand-in for GitHub's runner: the `run:` steps of a composite action, in a clean shell.

What only GitHub has is stood in for and named so: the files that steps write to, expressions (the
few forms that our files use), and actions of others, which are recorded and not run.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""How GitHub starts `shell: bash`."""
_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}")
_TERM = re.compile(r"(!?[\w.()-]+)(?: (==|!=) '([^']*)')?")


@dataclass
class Ran:
    """One step: what it is, and what came of it; `code` is None where it was not run."""

    name: str
    code: int | None = None
    out: str = ""
    err: str = ""
    summary: str = ""


@dataclass
class Runner:
    """Runs the steps of an action one after another, as a job would.

    Parameters
    ----------
    workspace
        The checked-out repository.
    temporary
        An empty folder of the job.
    path
        The PATH of every step.
    stand_ins
        Steps that are not run, by id, each with the outputs that it is taken to have.
    environment
        What else every step finds in its environment.
    """

    workspace: Path
    temporary: Path
    path: str
    stand_ins: Mapping[str, Mapping[str, str]]
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, action: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Ran]:
        """Run a composite action with these inputs; return its steps by id, or else by name."""
        inputs = {name: str(about.get("default", "")) for name, about in action["inputs"].items()}
        assert given.keys() <= inputs.keys(), "the workflow gives an input that there is not"
        needed = {name for name, about in action["inputs"].items() if about.get("required")}
        assert needed <= given.keys()
        known = {f"inputs.{name}": value for name, value in (inputs | dict(given)).items()}
        known |= {"github.action_path": "the action's own folder", "!cancelled()": "true"}
        done: dict[str, Ran] = {}
        for step in action["runs"]["steps"]:
            number = step.get("id", step["name"])
            done[number] = ran = Ran(step["name"])
            failed = any(earlier.code for earlier in done.values())
            if not self._wanted(step.get("if", ""), known, failed):
                continue
            if number in self.stand_ins:
                outputs: Mapping[str, str] = self.stand_ins[number]
            elif "uses" in step:
                ran.out = step["uses"]
                continue
            else:
                outputs = self._execute(step, known, ran)
            known |= {f"steps.{number}.outputs.{key}": text for key, text in outputs.items()}
        return done

    def _execute(
        self, step: Mapping[str, Any], known: Mapping[str, str], ran: Ran
    ) -> dict[str, str]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"], "text of others would become part of a script"
        files = {name: self.temporary / f"{name}.txt" for name in ("output", "summary")}
        for file in files.values():
            file.write_text("")
        script = self.temporary / "step.sh"
        script.write_text(step["run"])
        found = subprocess.run(
            [*SHELL, str(script)],
            cwd=self.workspace,
            env={
                "PATH": self.path,
                "HOME": str(self.temporary),
                "RUNNER_TEMP": str(self.temporary),
                "GITHUB_OUTPUT": str(files["output"]),
                "GITHUB_STEP_SUMMARY": str(files["summary"]),
                **self.environment,
                **{key: filled(text, known) for key, text in step.get("env", {}).items()},
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        ran.code, ran.out, ran.err = found.returncode, found.stdout, found.stderr
        ran.summary = files["summary"].read_text("utf-8")
        lines = files["output"].read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def _wanted(self, condition: str, known: Mapping[str, str], failed: bool) -> bool:
        text = condition.removeprefix("${{").removesuffix("}}").strip()
        if failed and "cancelled()" not in text:  # then success() is understood
            return False
        return all(holds(term.strip(), known) for term in text.split("&&")) if text else True


def holds(term: str, known: Mapping[str, str]) -> bool:
    """Say whether ``name``, ``name == 'text'`` or ``name != 'text'`` holds."""
    found = _TERM.fullmatch(term)
    assert found is not None, f"an expression that the stand-in does not know: {term}"
    value = known.get(found[1], "")
    if found[2] is None:
        return value == "true"
    return (value == found[3]) is (found[2] == "==")


def filled(text: Any, known: Mapping[str, str]) -> str:
    """Return a text with its expressions, which may name inputs, steps and the action's folder."""
    return _EXPRESSION.sub(lambda found: known.get(found[1].strip(), ""), str(text))
