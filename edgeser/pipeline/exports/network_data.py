"""Samples for a network that is not ours: from .npz and .npy files, or folders of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable
from quantize.foundation.npz import read_numbers

_LIMIT_BYTES = 1 << 30
_MOST_FILES = 10_000
_SUFFIXES = (".npz", ".npy")
_HOLD_OUT_EVERY = 5
_FEWEST_TO_HOLD_OUT = 10
_FORM = "give an .npz with an array [n, ...] for each input, or a folder of .npy or .npz samples"


@dataclass(frozen=True, slots=True, eq=False)
class NetworkData:
    """Samples by the names of inputs, ``[n, ...]``, and where they come from, in words."""

    arrays: Mapping[str, NDArray[Any]]
    source: str

    @property
    def samples(self) -> int:
        """How many samples there are of the first input."""
        return len(next(iter(self.arrays.values())))


def read_network_data(path: Path) -> NetworkData:
    """Read samples from an .npz, an .npy, or a folder of either, whose files go by their names.

    An array of an .npz, or of an .npy, is ``[n, ...]``. In a folder each .npy is one sample without
    a batch axis, and each .npz likewise one sample of every input.

    Raises
    ------
    BadInput
        When there are none, a file is damaged, too large or holds Python objects.
    """
    arrays = _from_folder(path) if path.is_dir() else _read(path, _LIMIT_BYTES)
    for name, values in arrays.items():
        if values.ndim < 2 or not len(values):
            raise BadInput(
                f"{path} has {printable(name) or 'an array'} as {list(values.shape)}, which are "
                "no samples",
                hint=_FORM,
            )
    return NetworkData(arrays, path.name)


def held_out(data: NetworkData) -> tuple[NetworkData, NetworkData, bool]:
    """Return samples to calibrate on, samples to compare on, and whether these are others.

    Every fifth sample is kept from the calibration; of fewer than ten all are used for both.
    """
    if data.samples < _FEWEST_TO_HOLD_OUT:
        return data, NetworkData(data.arrays, f"the calibration data {data.source}"), False
    kept = np.arange(data.samples) % _HOLD_OUT_EVERY == _HOLD_OUT_EVERY - 1
    if any(len(values) != data.samples for values in data.arrays.values()):
        return data, NetworkData(data.arrays, f"the calibration data {data.source}"), False
    return (
        NetworkData({name: values[~kept] for name, values in data.arrays.items()}, data.source),
        NetworkData(
            {name: values[kept] for name, values in data.arrays.items()},
            f"every fifth sample of {data.source}, not calibrated on",
        ),
        True,
    )


def _read(path: Path, limit_bytes: int) -> dict[str, NDArray[Any]]:
    data = read_bounded(path, limit_bytes=limit_bytes)
    try:
        arrays = read_numbers(data, limit_bytes=limit_bytes)
    except ValueError as error:
        raise BadInput(f"cannot read {path}: {error}", hint=_FORM) from error
    if not arrays:
        raise BadInput(f"{path} holds no arrays", hint=_FORM)
    return arrays


def _from_folder(folder: Path) -> dict[str, NDArray[Any]]:
    files = sorted(each for each in folder.iterdir() if each.suffix.lower() in _SUFFIXES)
    if not files or len(files) > _MOST_FILES:
        raise BadInput(f"{folder} holds {len(files)} .npy and .npz files", hint=_FORM)
    left = _LIMIT_BYTES
    rows: list[dict[str, NDArray[Any]]] = []
    for file in files:
        rows.append(_read(file, left))
        left -= sum(values.nbytes for values in rows[-1].values())
        first = {name: values.shape for name, values in rows[0].items()}
        if {name: values.shape for name, values in rows[-1].items()} != first:
            raise BadInput(
                f"{file} holds other arrays than {files[0].name}, or of other shapes",
                hint="give samples that are alike",
            )
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}
