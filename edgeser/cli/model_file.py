"""Models that a user may name: a .tflite is read at once, bundles and runs by what knows them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded

if TYPE_CHECKING:
    from edgeser.bundle import Bundle
    from edgeser.cli.output import Output
    from edgeser.decision import DecisionConfig
    from quantize.tflite import Model

_LIMIT_MODEL_BYTES = 64 << 20


def bundle_if_any(path: Path) -> Bundle | None:
    """Load the bundle that `path` names, itself or by its run; `None` when it names a .tflite."""
    if path.suffix == ".tflite" and not path.is_dir():
        return None
    from edgeser.cli.places import open_bundle

    return open_bundle(path)


def open_model(path: Path, wanted: DecisionConfig | None = None) -> tuple[bytes, Bundle | None]:
    """Return the bytes of a .tflite, or of the int8 model of a bundle or run, and that bundle.

    Parameters
    ----------
    path
        Names it.
    wanted
        What the bundle is to decide for, instead of what it does.

    Raises
    ------
    BadInput
        When it cannot be read or cannot decide for that; a .tflite decides nothing.
    """
    if bundle := bundle_if_any(path):
        from edgeser.cli.places import deciding

        return bundle.int8_model, deciding(bundle, wanted)
    if wanted is not None:
        raise BadInput(
            f"{path} is a model alone: there are no development clips to choose a threshold by",
            hint="give a bundle, or the folder of a run",
        )
    return read_bounded(path, limit_bytes=_LIMIT_MODEL_BYTES), None


def model_bytes(path: Path) -> bytes:
    """Return the bytes of a .tflite, or of the int8 model of a bundle or run."""
    return open_model(path)[0]


def read_and_tell(data: bytes, *, name: str, output: Output) -> Model:
    """Read a model; tell on stderr what is odd in it, and which subgraph is looked at of several.

    Raises
    ------
    BadInput
        When it is damaged, or not read here.
    """
    from edgeser.report.inspection import odd_lines
    from quantize.tflite import read_model

    model = read_model(data, name=name)
    for line in odd_lines(model.oddities):
        output.note(line)
    if model.main_label:
        output.note(f"looked at: {model.main_label}")
    return model


def reading_json(model: Model) -> dict[str, Any]:
    """Return what `read_and_tell` tells, for a JSON result."""
    from edgeser.report.schemas.remarks import oddity_json

    return {
        "oddities": [oddity_json(oddity) for oddity in model.oddities],
        "subgraph": model.main.index,
        "subgraphs": len(model.subgraphs),
        "signatures": [s.key for s in model.signatures if s.subgraph == model.main.index],
    }


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
