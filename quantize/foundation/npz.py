"""Arrays from an .npz that is not ours: what its headers claim is checked before it is unpacked."""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from quantize.foundation.foreign import printable
from quantize.foundation.zips import ZIP_ERRORS, open_zip

_LONGEST_HEADER = 4096
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_MOST_ARRAYS = 64
_SUFFIX = ".npy"


@dataclass(frozen=True, slots=True)
class ArrayForm:
    """What an array must be, so that it is worth unpacking.

    Parameters
    ----------
    kind
        Of its dtype, as NumPy's letter: ``"i"``, ``"f"``, ``"U"``.
    itemsize
        Bytes of a value; `None` for any.
    shape
        Its lengths; `None` for one that may be anything.
    """

    kind: str
    itemsize: int | None
    shape: tuple[int | None, ...]

    def fits(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> bool:
        """Whether an array's header says that."""
        return (
            dtype.kind == self.kind
            and self.itemsize in (None, dtype.itemsize)
            and len(shape) == len(self.shape)
            and all(want in (None, have) for want, have in zip(self.shape, shape, strict=True))
        )

    def __str__(self) -> str:
        lengths = ", ".join("any" if length is None else str(length) for length in self.shape)
        name = f"of kind {self.kind}"
        if self.itemsize:
            name = np.dtype(f"{self.kind}{self.itemsize}").name
        return f"{name} [{lengths}]"


def read_npz(
    data: bytes, *, forms: Mapping[str, ArrayForm], limit_bytes: int
) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz by name.

    Neither what the zip claims nor what an array's header claims is believed beyond the limit and
    the forms, so that nothing else is ever unpacked.

    Parameters
    ----------
    data
        The file.
    forms
        Of the arrays that must be there, by name; there may be no others.
    limit_bytes
        Of all arrays together, unpacked.

    Raises
    ------
    ValueError
        In one line what is wrong: no zip, damaged, too large, an array missing or of another form,
        of Python objects, or not as long as its header says.
    """
    try:
        with open_zip(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            claimed = sum(entry.file_size for entry in entries)
            if claimed > limit_bytes:
                raise ValueError(f"it claims {claimed:,} bytes, {limit_bytes:,} are allowed")
            names = [entry.filename for entry in entries]
            if odd := set(names) ^ {name + _SUFFIX for name in forms}:
                raise ValueError(f"an array is missing or not known: {printable(min(odd))}")
            return {name: _array(archive, name + _SUFFIX, form) for name, form in forms.items()}
    except ZIP_ERRORS as error:
        raise ValueError(f"it is not a readable .npz: {printable(str(error))}") from error


def read_numbers(data: bytes, *, limit_bytes: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz by name, or that of an .npy under an empty name.

    Parameters
    ----------
    data
        The file.
    limit_bytes
        Of all arrays together, unpacked.

    Raises
    ------
    ValueError
        In one line what is wrong: as `read_npz`; an array that is not of real numbers; too many.
    """
    if data.startswith(npy.MAGIC_PREFIX):
        return {"": _content(io.BytesIO(data), "the array", None, len(data))}
    try:
        with open_zip(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            claimed = sum(entry.file_size for entry in entries)
            if claimed > limit_bytes or len(entries) > _MOST_ARRAYS:
                raise ValueError(f"it claims {len(entries)} arrays of {claimed:,} bytes together")
            names = [entry.filename for entry in entries]
            if odd := [name for name in names if not name.endswith(_SUFFIX)]:
                raise ValueError(f"it holds what is no array: {printable(odd[0])}")
            return {name[: -len(_SUFFIX)]: _array(archive, name, None) for name in names}
    except ZIP_ERRORS as error:
        raise ValueError(f"it is not a readable .npz: {printable(str(error))}") from error


def _array(archive: zipfile.ZipFile, file: str, form: ArrayForm | None) -> NDArray[Any]:
    with archive.open(file) as member:
        claimed = archive.getinfo(file).file_size
        return _content(member, f"its array {printable(file[: -len(_SUFFIX)])}", form, claimed)


def _content(member: Any, what: str, form: ArrayForm | None, claimed: int) -> NDArray[Any]:
    """Read one array of a form; of real numbers where there is none."""
    shape, fortran_order, dtype = _header(member)
    fits = dtype.kind in "fiu" if form is None else form.fits(dtype, shape)
    if dtype.hasobject or not fits:
        wanted = form or "of real numbers"
        raise ValueError(f"{what} is {printable(str(dtype))} {list(shape)}, not {wanted}")
    size = math.prod(shape) * dtype.itemsize
    content = member.read(size + 1) if size < claimed else b""
    if len(content) != size:
        raise ValueError(f"{what} is not as long as its header says")
    values = np.frombuffer(content, dtype) if size else np.empty(0, dtype)
    return values.reshape(shape, order="F" if fortran_order else "C").copy()


def _header(member: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        read = _HEADERS[npy.read_magic(member)]
        shape, fortran_order, dtype = read(member, max_header_size=_LONGEST_HEADER)
    except (KeyError, ValueError, SyntaxError, tokenize.TokenError, TypeError) as error:
        raise ValueError("the header of an array is damaged") from error
    if any(length < 0 for length in shape):
        raise ValueError("an array has a negative length")
    return shape, fortran_order, dtype
