"""What the features of several recordings are called, so that none replaces another's."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from edgeser.corpora.names import composed

_SUFFIX = ".npz"


def npz_names(paths: Sequence[Path]) -> Mapping[Path, Path]:
    """Return, for each recording, the relative path of its features; no two have the same.

    ``x.wav`` becomes ``x.npz``. Where that is the name of several, recordings of one folder that
    differ in the suffix keep it, ``x.wav.npz`` and ``x.flac.npz``, and those of several folders go
    into as many of their folders as tell them apart, ``a/x.npz`` and ``b/x.npz``. Names that differ
    in upper case or in the form of an accent count as the same: some file systems hold only one.

    Parameters
    ----------
    paths
        The recordings; one that is given twice has one name, under the path that came first.
    """
    first: dict[str, Path] = {}
    for path in paths:
        first.setdefault(os.path.abspath(path), path)  # noqa: PTH100  links are kept
    whole = {path: Path(place) for place, path in first.items()}
    names = _named_in_their_folders(whole)
    depths = dict.fromkeys(whole, 0)
    while True:
        told = _below_their_folders(whole, depths, names)
        stems = _below_their_folders(whole, depths, {path: path.stem for path in whole})
        same = {*_of_several_folders(told, whole), *_of_several_folders(stems, whole)}
        deeper = [path for path in same if depths[path] < len(whole[path].parts) - 2]
        if not deeper:
            return {path: name.with_name(f"{name.name}{_SUFFIX}") for path, name in told.items()}
        depths |= {path: depths[path] + 1 for path in deeper}


def _named_in_their_folders(whole: Mapping[Path, Path]) -> Mapping[Path, str]:
    """Return each one's name, which no other of its folder has."""
    names = {path: place.stem for path, place in whole.items()}
    while True:
        in_folder = {path: whole[path].parent / name for path, name in names.items()}
        same = [path for path in _clashing(in_folder) if names[path] != whole[path].name]
        if not same:
            return names
        names |= {path: whole[path].name for path in same}


def _below_their_folders(
    whole: Mapping[Path, Path], depths: Mapping[Path, int], names: Mapping[Path, str]
) -> Mapping[Path, Path]:
    """Return each name below so many of the recording's folders."""
    folders = {path: place.parent.parts for path, place in whole.items()}
    return {
        path: Path(*parts[len(parts) - depths[path] :], names[path])
        for path, parts in folders.items()
    }


def _clashing(told: Mapping[Path, Path]) -> list[Path]:
    """Return whose names are also another's."""
    counts = Counter(_key(name) for name in told.values())
    return [path for path, name in told.items() if counts[_key(name)] > 1]


def _of_several_folders(told: Mapping[Path, Path], whole: Mapping[Path, Path]) -> list[Path]:
    """Return whose names are also those of a recording of another folder."""
    folders: dict[str, set[Path]] = defaultdict(set)
    for path, name in told.items():
        folders[_key(name)].add(whole[path].parent)
    return [path for path, name in told.items() if len(folders[_key(name)]) > 1]


def _key(name: Path) -> str:
    return composed(str(name)).casefold()
