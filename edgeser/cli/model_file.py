"""Models that a user may name: a .tflite is read at once, bundles and runs by what knows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from quantize.foundation.files import read_bounded

if TYPE_CHECKING:
    from edgeser.bundle import Bundle

_LIMIT_MODEL_BYTES = 64 << 20


def bundle_if_any(path: Path) -> Bundle | None:
    """Load the bundle that `path` names, itself or by its run; `None` when it names a .tflite."""
    if path.suffix == ".tflite" and not path.is_dir():
        return None
    from edgeser.cli.places import open_bundle

    return open_bundle(path)


def model_bytes(path: Path) -> bytes:
    """Return the bytes of a .tflite, or of the int8 model of a bundle or run."""
    bundle = bundle_if_any(path)
    return bundle.int8_model if bundle else read_bounded(path, limit_bytes=_LIMIT_MODEL_BYTES)


def repository_path(path: Path) -> str:
    """Return a path relative to the root of its repository, with forward slashes.

    Outside of a repository it is relative to the working folder, or the name alone.
    """
    absolute = path.resolve()
    for folder in absolute.parents:
        if (folder / ".git").exists():
            return absolute.relative_to(folder).as_posix()
    here = Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else path.name
