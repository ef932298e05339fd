"""Recordings in, a speech-emotion model on a device out.

The stages of a run as functions: `run`, or `plan_run`, `train`, `export`, `check_parity` and
`bench`. They are loaded when they are used, so that importing the package stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeser.pipeline.bench import bench
    from edgeser.pipeline.exports.bundle import export
    from edgeser.pipeline.parity.float_int8 import check_parity
    from edgeser.pipeline.plan import plan_run
    from edgeser.pipeline.run import run
    from edgeser.pipeline.train import train

__all__ = ["bench", "check_parity", "export", "plan_run", "run", "train"]

_HOMES = {
    "bench": "edgeser.pipeline.bench",
    "check_parity": "edgeser.pipeline.parity.float_int8",
    "export": "edgeser.pipeline.exports.bundle",
    "plan_run": "edgeser.pipeline.plan",
    "run": "edgeser.pipeline.run",
    "train": "edgeser.pipeline.train",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("edgeser")
    if name not in _HOMES:
        raise AttributeError(f"module 'edgeser' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        from quantize.foundation.extras import as_tool_missing

        raise as_tool_missing(error) or error from error
