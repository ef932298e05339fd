"""Models that ship with the package: bundles, taken by their names where a bundle is asked for.

They are trained on CREMA-D alone, whose licence (ODbL) lets a model of it be passed on. Each is
made again by `edgeser models --make` (`edgeser.pipeline.ship`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Shipped:
    """How a model that ships is trained.

    Parameters
    ----------
    preset
        The name of its recipe.
    settings
        What is other in it, ``KEY=VALUE`` each as of ``--set``.
    """

    preset: str
    settings: tuple[str, ...] = ()


WHISPER_BASE = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""SHA-256 of the teacher's weights: Whisper base, MIT, in the layout of CTranslate2."""
PRETRAINED = {
    "pretrained": Shipped(
        "cremad",
        ("teacher.kind=whisper", f"teacher.sha256={WHISPER_BASE}", "teacher.epochs=4"),
    ),
    "pretrained-small": Shipped("cremad_small"),
}
"""By name; the first is the best one."""
MOST_BYTES = 1_500_000
"""What all of them may take in the package."""
_FOLDER = Path(__file__).parent


def pretrained_path(name: str) -> Path | None:
    """Return where the bundle of that name is; `None` when no model that ships is called so."""
    return _FOLDER / f"{name}.zip" if name in PRETRAINED else None


def is_pretrained(path: Path) -> bool:
    """Return whether a path is one of those bundles: nothing is written beside it."""
    return path.parent == _FOLDER


def name_of(path: Path) -> str:
    """Return what a model is called on the command line: one that ships by its name.

    >>> name_of(Path("models/keyword.tflite"))
    'models/keyword.tflite'
    >>> name_of(_FOLDER / "pretrained.zip")
    'pretrained'
    """
    return path.stem if is_pretrained(path) else str(path)
