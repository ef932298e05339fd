"""Zips that are not ours, packed in ways whose damage has errors of its own."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from edgeser.bundle.archive import read_archive
from quantize.convert.keras_archive import check_keras
from quantize.convert.pt2_archive import harmless_archive
from quantize.foundation.errors import BadInput
from quantize.foundation.npz import read_npz, read_numbers
from quantize.foundation.zips import open_zip

METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def packed(method: int, name: str = "config.json") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, b"0" * 4000)
    return out.getvalue()


@pytest.mark.parametrize("method", METHODS[:2])
def test_plain_and_deflated_members_are_read(method: int) -> None:
    with open_zip(io.BytesIO(packed(method))) as archive:
        assert archive.read("config.json") == b"0" * 4000


@pytest.mark.parametrize("method", METHODS[2:])
def test_other_methods_are_refused_before_anything_is_unpacked(method: int, tmp_path: Path) -> None:
    data = packed(method)
    broken = data.replace(data[60:80], b"\xff" * 20)
    path = tmp_path / "bundle.zip"
    path.write_bytes(broken)
    for read in (
        lambda: read_npz(broken, forms={}, limit_bytes=9999),
        lambda: read_numbers(broken, limit_bytes=9999),
    ):
        with pytest.raises(ValueError, match=f"packed by method {method}"):
            read()
    with pytest.raises(BadInput, match=f"packed by method {method}"):
        read_archive(path, required=())
    with pytest.raises(BadInput, match=f"packed by method {method}"):
        check_keras(broken, limit_bytes=9999)
    with pytest.raises(BadInput, match=f"packed by method {method}"):
        harmless_archive(broken, limit_bytes=9999)
