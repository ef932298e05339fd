"""Fully-int8 .tflite models into C: kernel calls, a static arena plan, model.h and model.c."""

from firmware_bridge.compiler.compile import CompiledModel, OperatorRow, compile_model
from firmware_bridge.compiler.host_build import HostModel, build_host_model
from firmware_bridge.compiler.kernel_sources import kernel_sources

__all__ = [
    "CompiledModel",
    "HostModel",
    "OperatorRow",
    "build_host_model",
    "compile_model",
    "kernel_sources",
]
