"""What is installed here: packages that shape a run, with their versions, and the processor."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution, what it is needed for, and whether nothing goes without it."""

    name: str
    needed_for: str
    required: bool = True


PACKAGES = (
    Package("numpy", "everything"),
    Package("soundfile", "reading audio"),
    Package("soxr", "resampling audio"),
    Package("torch", "training"),
    Package("safetensors", "weights"),
    Package("tensorflow", "export"),
    Package("tf-keras", "export"),
    Package("onnx", "export"),
    Package("onnx2tf", "export"),
    Package("onnxsim", "export"),
    Package("tflite-micro", "parity: the int8 oracle, arena size"),
    Package("ai-edge-litert", "parity, benchmark on the host"),
    Package("pymicro-features", "feature parity"),
    Package("librosa", "feature parity: the float log-mel"),
    Package("audb", "downloading corpora that audEERING hosts", required=False),
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
