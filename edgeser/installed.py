"""What is installed here: packages that shape a run, with their versions, and the processor."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from quantize.foundation.extras import extra


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution, what it is needed for, and which extra brings it: none for the core's."""

    name: str
    needed_for: str
    extra: str = ""

    @property
    def required(self) -> bool:
        """Whether nothing goes without it."""
        return not self.extra

    @property
    def install(self) -> str:
        """The command that brings it."""
        return extra(self.extra).install if self.extra else f"pip install {self.name}"


PACKAGES = (
    Package("numpy", "everything"),
    Package("soundfile", "reading audio"),
    Package("soxr", "resampling audio"),
    Package("safetensors", "weights"),
    Package("torch", "training", "train"),
    Package("tensorflow", "export", "export"),
    Package("tf-keras", "export", "export"),
    Package("onnx", "export", "export"),
    Package("onnx2tf", "export", "export"),
    Package("onnxsim", "export", "export"),
    Package("tflite-micro", "parity: the int8 oracle, arena size", "runtimes"),
    Package("ai-edge-litert", "parity, benchmark on the host", "runtimes"),
    Package("pymicro-features", "feature parity", "parity"),
    Package("librosa", "feature parity: the float log-mel", "parity"),
    Package("audb", "downloading corpora that audEERING hosts", "audb"),
)


def package_versions() -> dict[str, str]:
    """Return the version of each package that shapes a run, as installed."""
    names = ["edgeser", *(package.name for package in PACKAGES)]
    found = {name: installed_version(name) for name in names}
    found["python"] = platform.python_version()
    return {name: text for name, text in found.items() if text}


def installed_version(package: str) -> str:
    """Return an installed distribution's version, or an empty string."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def cpu_name() -> str:
    """Return the processor's name as the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123  a kernel file
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
