"""Run .tflite models in child processes, on each runtime that is installed.

The runtimes are native code that a broken model can crash, so none of it is ever loaded into the
calling process.
"""

from quantize.runtimes.agreement import (
    RuntimeAgreement,
    agreement_between,
    compare_runtimes,
)
from quantize.runtimes.arena import ArenaSection, ArenaUsage, arena_usage
from quantize.runtimes.catalogue import Runtime, RuntimeInfo, installed_runtimes
from quantize.runtimes.request import Limits, random_samples, sample_shape
from quantize.runtimes.run import layer_outputs, run_model, run_outputs
from quantize.runtimes.timing import InvocationTimes, time_invocations

__all__ = [
    "ArenaSection",
    "ArenaUsage",
    "InvocationTimes",
    "Limits",
    "Runtime",
    "RuntimeAgreement",
    "RuntimeInfo",
    "agreement_between",
    "arena_usage",
    "compare_runtimes",
    "installed_runtimes",
    "layer_outputs",
    "random_samples",
    "run_model",
    "run_outputs",
    "sample_shape",
    "time_invocations",
]
