"""ONNX Runtime without its reports: it tells its makers of each model, unless it is told not to."""

from __future__ import annotations

import importlib
import os
from typing import Any

NO_REPORTS = {"ORT_DISABLE_TELEMETRY": "1"}
"""The environment in which it keeps silent; read as it is loaded."""


def onnx_runtime() -> Any:
    """Load the module `onnxruntime`, silenced.

    Its own `disable_telemetry_events` comes too late: what is loaded has begun to report.
    """
    for name, value in NO_REPORTS.items():
        os.putenv(name, value)  # for its C++; what Python sees of the environment stays
    return importlib.import_module("onnxruntime")
