"""Which runtimes there are, what they are called, and which are installed."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata, util

from quantize.foundation.extras import extra
from quantize.foundation.string_enum import StrEnum


class Runtime(StrEnum):
    """A runtime, with the kernels that it is asked to use."""

    TFLITE_MICRO = "tflite_micro"
    """TFLite-Micro's reference kernels: what a device runs, and so the oracle for int8."""
    LITERT_XNNPACK = "litert_xnnpack"
    """LiteRT with its default delegate, XNNPACK; int8 results may differ by some LSB."""
    LITERT_BUILTIN = "litert_builtin"
    """LiteRT's optimised kernels, without delegates."""
    LITERT_REFERENCE = "litert_reference"
    """LiteRT's reference kernels; FULLY_CONNECTED rounds once where TFLite-Micro rounds twice."""

    @property
    def label(self) -> str:
        """Its name for people."""
        return _LABELS[self]

    @property
    def is_litert(self) -> bool:
        """Whether it is one of LiteRT's."""
        return self is not Runtime.TFLITE_MICRO


_LABELS = {
    Runtime.TFLITE_MICRO: "TFLite-Micro",
    Runtime.LITERT_XNNPACK: "LiteRT (XNNPACK)",
    Runtime.LITERT_BUILTIN: "LiteRT (optimised kernels, no delegate)",
    Runtime.LITERT_REFERENCE: "LiteRT (reference kernels)",
}
LITERT_MODULES = ("ai_edge_litert", "tflite_runtime")
"""Packages with LiteRT's interpreter, in order of preference; the second is its older name."""
_DISTRIBUTIONS = {
    "tflite_micro": "tflite-micro",
    "ai_edge_litert": "ai-edge-litert",
    "tflite_runtime": "tflite-runtime",
}
INSTALL_HINT = extra("runtimes").install


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """An installed runtime: the package that brings it, and that package's version."""

    runtime: Runtime
    package: str
    version: str


def litert_module() -> str | None:
    """Return the name of the installed LiteRT package to import, ``None`` without one."""
    return next((name for name in LITERT_MODULES if util.find_spec(name)), None)


def installed_runtimes() -> tuple[RuntimeInfo, ...]:
    """Return the runtimes that are installed here, the oracle first; nothing is loaded."""
    litert = litert_module()
    found = []
    for runtime in Runtime:
        module = litert if runtime.is_litert else "tflite_micro"
        if module is not None and util.find_spec(module):
            package = _DISTRIBUTIONS[module]
            found.append(RuntimeInfo(runtime, package, _version(package)))
    return tuple(found)


def runtime_version(runtime: Runtime) -> str:
    """Return package and version of a runtime (``"tflite-micro 0.1"``), ``""`` if not there."""
    for info in installed_runtimes():
        if info.runtime is runtime:
            return f"{info.package} {info.version}"
    return ""


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "of unknown version"
