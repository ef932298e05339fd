"""What a user may name on the command line: bundles, run folders, corpora, caches."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from edgeser.bundle import Bundle, TrainedModel, load_bundle, load_trained
from edgeser.features import FeatureCache
from edgeser.pipeline.folder import RunFolder
from quantize.foundation.errors import BadInput

if TYPE_CHECKING:
    from edgeser.decision import DecisionConfig


def open_bundle(path: Path) -> Bundle:
    """Load a bundle, given itself or the folder of the run that made it.

    Raises
    ------
    BadInput
        When it cannot be used, or no stage of the run has made one.
    """
    if not path.is_dir():
        return load_bundle(path)
    folder = RunFolder(path)
    if not folder.bundle.exists():
        step = "edgeser export" if folder.trained.is_file() else "edgeser run --out"
        raise BadInput(f"{path} holds no bundle", hint=f"run '{step}' with this folder")
    return load_bundle(folder.bundle)


def deciding(bundle: Bundle, wanted: DecisionConfig | None) -> Bundle:
    """Return the bundle, deciding for what is wanted, if anything is.

    Raises
    ------
    BadInput
        When that cannot be had: says what can.
    """
    from edgeser.pipeline.decide import decided

    return bundle if wanted is None else decided(bundle, wanted, strictly=True)


def open_trained(path: Path) -> TrainedModel:
    """Load a trained network, given itself or the folder of its run."""
    folder = RunFolder(path)
    if path.is_dir() and not folder.trained.is_file():
        raise BadInput(
            f"{path} holds no trained network", hint="run 'edgeser train --out' with this folder"
        )
    return load_trained(folder.trained if path.is_dir() else path)


def run_folder_of(path: Path) -> RunFolder | None:
    """Return the run folder that `path` is, or lies in; `None` of a model that ships."""
    from edgeser.pretrained import is_pretrained

    return None if is_pretrained(path) else RunFolder(path if path.is_dir() else path.parent)


def argument(path: Path) -> str:
    """Return how a shell gives a path, or the name of a model that ships, to a command."""
    from edgeser.pretrained import name_of

    return shlex.quote(name_of(path))


def cache_folder() -> Path:
    """Return where features are cached: EDGESER_CACHE, or the user's cache folder."""
    given = os.environ.get("EDGESER_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "edgeser"


def build_cache() -> Path:
    """Return where programs for the emulator are kept once they are built."""
    return cache_folder() / "firmware"


def feature_cache() -> FeatureCache:
    """Return the user's feature cache."""
    return FeatureCache(cache_folder() / "features")
