"""Small tasks for tests: what a training returns, made up from the arguments, and ways to fail."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from edgeser import toml
from quantize.foundation.errors import BadInput

CLASSES = ["anger", "joy", "sadness"]


def fake_training(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return made-up logits: the same from the same arguments, on every node."""
    print("a line on stdout")
    sys.stderr.write("a line on stderr\n")
    time.sleep(float(arguments.get("seconds", 0.0)))
    seed = hashlib.sha256(str(arguments["recipe_toml"]).encode()).digest()
    predictions = []
    for corpus in arguments.get("test", ["cremad"]):
        rng = np.random.default_rng([*seed, *corpus.encode()])
        labels = np.arange(60) % 3
        logits = rng.normal(size=(60, 3)).astype(np.float32)
        logits[np.arange(60), labels] += np.float32(arguments.get("skill", 1.0))
        predictions.append(
            {
                "corpus": corpus,
                "clip_ids": [f"{corpus}/{index:02d}" for index in range(60)],
                "speakers": [f"{corpus}/{index // 6}" for index in range(60)],
                "labels": labels.tolist(),
                "classes": CLASSES,
                "logits": [[float(value) for value in row] for row in logits],
            }
        )
    return {"predictions": predictions, "costs": None, "facts": {}}


def fake_number(arguments: dict[str, Any]) -> dict[str, Any]:
    time.sleep(float(arguments.get("seconds", 0.0)))
    return {"number": arguments["number"], "threads": os.environ.get("OMP_NUM_THREADS")}


def fake_refusal(arguments: dict[str, Any]) -> None:
    raise BadInput("the corpus is empty", hint="give another")


def fake_fault(arguments: dict[str, Any]) -> None:
    print("before the fault")
    raise ZeroDivisionError("no way")


def fake_crash(arguments: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def fake_out_of_memory(arguments: dict[str, Any]) -> None:
    raise MemoryError


def fake_killed(arguments: dict[str, Any]) -> dict[str, Any]:
    """Be killed as often as `times` says, counted in a file; then answer."""
    tally = Path(arguments["tally"])
    before = len(tally.read_bytes()) if tally.exists() else 0
    if before < arguments["times"]:
        tally.write_bytes(b"x" * (before + 1))
        os.kill(os.getpid(), signal.SIGKILL)
    return {"killed": before}


def fake_nonsense(arguments: dict[str, Any]) -> Any:
    return {"value": float("nan")}


def fake_shared(arguments: dict[str, Any]) -> dict[str, Any]:
    folder = Path(arguments["shared_dir"])
    return {p.relative_to(folder).as_posix(): p.read_text() for p in folder.rglob("*.txt")}


def fake_child_id(arguments: dict[str, Any]) -> dict[str, Any]:
    """Say which process does the job, where it can be read while it runs."""
    Path(arguments["place"]).write_text(str(os.getpid()))
    time.sleep(float(arguments["seconds"]))
    return {}


def fake_costs(arguments: dict[str, Any]) -> dict[str, Any]:
    """Cost a hundred bytes an epoch."""
    epochs = toml.loads(arguments["recipe_toml"])["training"]["epochs"]
    figure = {"value": 100 * epochs, "unit": "bytes", "evidence": "measured", "source": "a fake"}
    return {"costs": {"int8_bytes": figure}}
