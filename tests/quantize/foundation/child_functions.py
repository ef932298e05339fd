"""What the child process is asked to do in the tests."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput

Arrays = dict[str, NDArray[Any]]
Answer = tuple[Arrays, dict[str, Any]]


def double(arrays: Arrays, options: dict[str, Any]) -> Answer:
    print("this must not reach the answer")
    os.write(2, b"a note on stderr\n")
    return {"y": arrays["x"] * 2}, {"echo": options["word"]}


def crash(arrays: Arrays, options: dict[str, Any]) -> Answer:
    os.kill(os.getpid(), signal.SIGSEGV)
    return arrays, options


def hang(arrays: Arrays, options: dict[str, Any]) -> Answer:
    time.sleep(60)
    return arrays, options


def refuse(arrays: Arrays, options: dict[str, Any]) -> Answer:
    raise BadInput("no such model", hint="give another")


def devour(arrays: Arrays, options: dict[str, Any]) -> Answer:
    return {"x": np.ones(1 << 30)}, options


def leave(arrays: Arrays, options: dict[str, Any]) -> Answer:
    sys.stderr.write("gone early\n")
    sys.exit(7)
