"""How quickly the command answers: `edgeser --help`, warm, against an empty Python process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

_RUNS = 15


def _milliseconds(command: list[str]) -> float:
    """Return the median wall-clock time of a command, after one unmeasured run."""
    subprocess.run(command, check=True, capture_output=True)
    spent = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def main() -> None:
    """Print the medians and their ratio."""
    python = [sys.executable, "-c", "pass"]
    help_text = [sys.executable, "-c", "from edgeser.cli import main; main(['--help'])"]
    empty, helped = _milliseconds(python), _milliseconds(help_text)
    print(f"edgeser --help: {helped:.0f} ms, {helped / empty:.1f} x an empty Python process")
    print(f"  ({empty:.0f} ms; medians of {_RUNS} runs, measured on this host)")


if __name__ == "__main__":
    main()
