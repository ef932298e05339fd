"""Zips that are not ours: what goes wrong with one is told by a few types of errors."""

from __future__ import annotations

import zipfile
import zlib
from typing import IO

ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What `open_zip` and reading from it raise where a zip is damaged or encrypted."""
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def open_zip(handle: IO[bytes]) -> zipfile.ZipFile:
    """Open a zip to read from it.

    Raises
    ------
    zipfile.BadZipFile
        When it is none, or has a member that is not plain or deflated: nothing that is read here
        packs otherwise, and damage has other types of errors there.
    """
    archive = zipfile.ZipFile(handle)
    for entry in archive.infolist():
        if entry.compress_type not in _PACKED:
            raise zipfile.BadZipFile(f"a member is packed by method {entry.compress_type}")
    return archive
