"""What the core does without: packages by the extra that brings them, and what to say of one.

``pip install edgeser`` brings what checks, compiles for and talks to devices. The rest comes by
extras, ``pip install 'edgeser[train]'``; `EXTRAS` is what pyproject.toml says of them, by the names
that are imported.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from quantize.foundation.errors import ToolMissing


@dataclass(frozen=True, slots=True)
class Extra:
    """An extra of the distribution.

    Parameters
    ----------
    name
        As in ``edgeser[name]``.
    needed_for
        What does not go without it, in words.
    packages
        The distributions that it brings, by the module that is imported.
    """

    name: str
    needed_for: str
    packages: Mapping[str, str]

    @property
    def install(self) -> str:
        """The command that brings it."""
        return f"pip install 'edgeser[{self.name}]'"

    def missing(self) -> tuple[str, ...]:
        """Return the distributions of it that are not installed; nothing is imported."""
        return tuple(
            distribution
            for module, distribution in self.packages.items()
            if not is_installed(module)
        )


def _extra(name: str, needed_for: str, **packages: str) -> Extra:
    return Extra(name, needed_for, MappingProxyType(packages))


# A module that several extras bring is asked for under the first of them.
EXTRAS = (
    _extra(
        "runtimes",
        "int8 models on this computer: predict, parity, bench --device host",
        tflite_micro="tflite-micro",
        ai_edge_litert="ai-edge-litert",
    ),
    _extra("train", "training, and synthetic voices", torch="torch", scipy="scipy"),
    _extra(
        "export",
        "conversion to int8",
        torch="torch",
        tensorflow="tensorflow",
        tf_keras="tf-keras",
        onnx="onnx",
        onnxruntime="onnxruntime",
        onnx2tf="onnx2tf",
        onnxsim="onnxsim",
        onnx_graphsurgeon="onnx-graphsurgeon",
        sng4onnx="sng4onnx",
        psutil="psutil",
        ai_edge_litert="ai-edge-litert",
    ),
    _extra(
        "parity",
        "features held to MicroFrontend and to a log-mel",
        pymicro_features="pymicro-features",
        librosa="librosa",
    ),
    _extra("microphone", "accept and rerecord", scipy="scipy"),
    _extra(
        "baseline", "classical baselines in studies", opensmile="opensmile", sklearn="scikit-learn"
    ),
    _extra(
        "explain",
        "checks, expert cues and rank correlations in explanations",
        torch="torch",
        opensmile="opensmile",
        scipy="scipy",
    ),
    _extra("debias", "clips said again in other voices", pyworld="pyworld"),
    _extra("embedding", "the loss on public embeddings", livekit="livekit-wakeword"),
    _extra("audb", "corpora that audEERING hosts", audb="audb"),
    _extra("ray", "studies on a Ray cluster", ray="ray"),
)
_BY_NAME = {each.name: each for each in EXTRAS}


def is_installed(module: str) -> bool:
    """Say whether a top-level module could be imported; it is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def extra(name: str) -> Extra:
    """Return the extra of that name."""
    return _BY_NAME[name]


def require(*names: str, what: str, goes_without: Collection[str] = ()) -> None:
    """See that everything that some extras bring is installed.

    Parameters
    ----------
    names
        The extras.
    what
        What needs them: ``"conversion to int8"``.
    goes_without
        Distributions of theirs that are not missed.

    Raises
    ------
    ToolMissing
        When something is missing; says what, and the one command that brings it.
    """
    missing = {
        name: [each for each in extra(name).missing() if each not in goes_without] for name in names
    }
    absent = dict.fromkeys(each for lacking in missing.values() for each in lacking)
    if not absent:
        return
    wanted = ",".join(name for name, lacking in missing.items() if lacking)
    raise ToolMissing(
        f"{what} needs what is not installed: {', '.join(absent)}",
        hint=f"pip install 'edgeser[{wanted}]'",
    )


def as_tool_missing(error: ModuleNotFoundError) -> ToolMissing | None:
    """Return what to tell where an import failed for want of an extra; `None` for any other."""
    module = (error.name or "").partition(".")[0]
    for each in EXTRAS:
        if module in each.packages:
            return ToolMissing(
                f"this needs {each.packages[module]}, which is not installed", hint=each.install
            )
    return None
