"""A stand-in for Google's Edge TPU compiler: it compiles nothing, it misbehaves as asked.

It prints what the real one was reported to print. Beside it lie `mode`, the way to behave, and
`compiled`, a file that it hands out as its result. Where it starts a child, the child's number is
written to `child`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
AN_HOUR = 3600
MODE = (HERE / "mode").read_text()
VERSION = "Edge TPU Compiler version 16.0.384591198"
SUMMARY = """
Model compiled successfully in 542 ms.

Input model: model.tflite
Input size: 1.83KiB
Output model: model_edgetpu.tflite
Output size: 57.13KiB
On-chip memory used for caching model parameters: {used}
On-chip memory remaining for caching model parameters: 7.75MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: {subgraphs}
Total number of operations: {operations}
Operation log: model_edgetpu.log
"""
ALL = """
Operator                       Count      Status

SPLIT                          1          Mapped to Edge TPU
CONCATENATION                  2          Mapped to Edge TPU
"""
SOME = """
Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of \
the model will instead run on the CPU, which is slower. If possible, consider updating your model \
to use only operations supported by the Edge TPU. For details, visit g.co/coral/model-reqs.
Number of operations that will run on Edge TPU: 1
Number of operations that will run on CPU: 2

Operator                       Count      Status

SPLIT                          1          Operation version not supported
CONCATENATION                  1          Mapped to Edge TPU
CONCATENATION                  1          More than one subgraph is not supported
"""
END = "Compilation child process completed within timeout period.\nCompilation succeeded! \n"


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def hang_with_a_child() -> None:
    hang = [sys.executable, "-c", f"import time; time.sleep({AN_HOUR})"]
    (HERE / "child").write_text(str(subprocess.Popen(hang).pid))
    time.sleep(AN_HOUR)


def summary(subgraphs: int = 1, used: str = "0.25KiB") -> str:
    return SUMMARY.format(subgraphs=subgraphs, operations=3, used=used)


def write(data: bytes) -> None:
    Path("model_edgetpu.tflite").write_bytes(data)


def compiled() -> bytes:
    return (HERE / "compiled").read_bytes()


def main(arguments: list[str]) -> int:  # noqa: PLR0912  one branch for each way to misbehave
    if arguments == ["--version"]:
        if MODE == "another program":
            say("edgecompiler 0.3, a universal compiler\n")
        elif MODE == "silent":
            pass
        else:
            say(f"{VERSION}\n")
        return 0
    say(f"{VERSION}\nStarted a compilation timeout timer of 180 seconds.\n")
    if "model.tflite" not in arguments or not Path("model.tflite").is_file():
        say(f"Could not open {arguments}\n")
        return 1
    if MODE == "works":
        write(compiled())
        say(summary() + ALL + END)
    elif MODE == "lists the operators in a file":
        write(compiled())
        Path("model_edgetpu.log").write_text(ALL)
        say(summary() + END)
    elif MODE == "leaves some on the CPU":
        write(compiled())
        say(summary() + SOME + END)
    elif MODE == "two parts":
        write(compiled())
        say(summary(subgraphs=2) + ALL + END)
    elif MODE == "writes nothing":
        say(summary() + ALL + END)
    elif MODE == "writes half":
        write(compiled()[: len(compiled()) // 2])
        say(summary() + ALL + END)
    elif MODE == "writes the model unchanged":
        write(Path("model.tflite").read_bytes())
        say(summary() + ALL + END)
    elif MODE == "says nothing of operators":
        write(compiled())
        say(END)
    elif MODE == "fails after writing":
        write(compiled())
        say(summary() + ALL + END)
        return 3
    elif MODE == "hangs with a child":
        hang_with_a_child()
    elif MODE == "crashes":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif MODE == "takes all memory":
        hoard = [bytearray(1 << 28) for _ in range(64)]
        say(f"{len(hoard)}")
    elif MODE == "talks without end":
        while True:
            say("x" * 65_536)
    elif MODE.startswith("says: "):
        say(MODE.removeprefix("says: ") + "\nCompilation failed! \n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
