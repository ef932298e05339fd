"""The int8 model run many times over: as the device's own C on this computer, where it can be."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgeser.explanation.clip import Run
from edgeser.pipeline.int8_inference import int8_logits
from edgeser.progress import SILENT, Reporter
from firmware_bridge.emulator import built_host_model
from quantize.foundation.errors import BadInput, ToolMissing

_LEAST_A_CHILD, _MOST_A_CHILD = 32, 256
"""Windows that a child gets."""
_INTERPRETER = "TFLite-Micro's interpreter, whose outputs the firmware's are held to"
_COMPILED = "the C of the firmware, built for this computer"


@dataclass(frozen=True, slots=True)
class Int8Engine:
    """Runs an int8 model on windows, in child processes: native code may crash.

    Parameters
    ----------
    run
        int8 windows ``[n, frames, channels, planes]`` to int8 logits ``[n, classes]``; of several
        outputs the first.
    called
        What it is, in words.
    """

    run: Run
    called: str


@contextmanager
def int8_engine(
    model: bytes,
    *,
    cache: Path | None = None,
    objects: Path | None = None,
    workers: int | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[Int8Engine]:
    """Give what runs a model: its C where that can be built, else TFLite-Micro, saying so.

    Parameters
    ----------
    model
        The bytes of a .tflite.
    cache
        Where built programs are kept.
    objects
        Where compiled kernels are shared by several models; each compiles its own when `None`.
    workers
        Children at a time; all cores when `None`.
    reporter
        Told when TFLite-Micro must do.
    """
    with ExitStack() as stack:
        count = workers or len(os.sched_getaffinity(0))
        pool = ThreadPoolExecutor(count)
        stack.callback(pool.shutdown, cancel_futures=True)
        called = _COMPILED
        try:
            built = stack.enter_context(
                built_host_model(model, "the model", cache=cache, objects=objects)
            )
        except (ToolMissing, BadInput) as error:
            reporter.note(f"{error.message}: the int8 model runs in TFLite-Micro, slowly")
            called = _INTERPRETER

            def one(windows: NDArray[np.int8]) -> NDArray[np.int8]:
                return int8_logits(model, windows)
        else:

            def one(windows: NDArray[np.int8]) -> NDArray[np.int8]:
                return np.asarray(built.outputs(windows).reshape(len(windows), -1), np.int8)

        def run(windows: NDArray[np.int8]) -> NDArray[np.int8]:
            # As much for each core; a child of its own for a few windows would cost more.
            each = min(max(-(-len(windows) // count), _LEAST_A_CHILD), _MOST_A_CHILD)
            parts = range(0, len(windows), each)
            return np.concatenate(list(pool.map(one, [windows[at : at + each] for at in parts])))

        yield Int8Engine(run, called)
