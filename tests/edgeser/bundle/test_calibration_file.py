"""Calibration clips come back as they were; a file that is damaged or too large is refused."""

from __future__ import annotations

import json
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeser.bundle import CalibrationSet
from edgeser.bundle.trained import decode_calibration, encode_calibration
from quantize.foundation.errors import BadInput

WINDOW = (48, 40, 3)


@pytest.fixture(scope="module")
def calibration() -> CalibrationSet:
    """Four windows of noise."""
    features = np.random.default_rng(0).integers(-128, 128, (4, *WINDOW), np.int8)
    return CalibrationSet("4 clips", ("w", "x", "y", "z"), features)


def test_calibration_clips_come_back_as_they_were(calibration: CalibrationSet) -> None:
    again = decode_calibration(encode_calibration(calibration), where="c", window=WINDOW)
    assert (again.source, again.clips) == ("4 clips", ("w", "x", "y", "z"))
    np.testing.assert_array_equal(again.features, calibration.features)


def npz(path: Path, **arrays: Any) -> bytes:
    np.savez_compressed(path, **arrays)
    return path.read_bytes()


def test_what_is_no_calibration_file_is_refused(
    calibration: CalibrationSet, tmp_path: Path
) -> None:
    good = encode_calibration(calibration)
    about = np.array(json.dumps({"source": "s", "clips": ["a"]}))
    one = np.zeros((1, 2, 2, 1), np.int8)
    np.save(tmp_path / "array.npy", one)
    bad = [
        b"",
        b"text",
        good[: len(good) // 2],
        (tmp_path / "array.npy").read_bytes(),
        npz(tmp_path / "a.npz", about=about),
        npz(tmp_path / "b.npz", features=one),
        npz(tmp_path / "c.npz", about=about, features=one.astype(np.float32)),
        npz(tmp_path / "d.npz", about=about, features=one[0]),
        npz(tmp_path / "e.npz", about=about, features=np.repeat(one, 2, axis=0)),
        npz(tmp_path / "f.npz", about=np.array("{"), features=one),
        npz(tmp_path / "g.npz", about=np.array([{"a": 1}], object), features=one),
    ]
    for data in bad:
        with pytest.raises(BadInput, match=r"cannot use c\.npz for calibration"):
            decode_calibration(data, where="c.npz", window=(2, 2, 1))


def test_a_calibration_file_that_claims_gigabytes_is_refused(calibration: CalibrationSet) -> None:
    data = bytearray(encode_calibration(calibration))
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 0xFFFFFFF0)
    with pytest.raises(BadInput, match=r"it claims 4,29\d,"):
        decode_calibration(bytes(data), where="c.npz", window=WINDOW)


def test_an_array_that_claims_gigabytes_is_refused(tmp_path: Path) -> None:
    header = {"descr": "|i1", "fortran_order": False, "shape": (10**8, 100, 100, 10)}
    text = repr(header).encode().ljust(117) + b"\n"
    path = tmp_path / "c.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.npy", b"")
        archive.writestr("features.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + text)
    with pytest.raises(BadInput, match="cannot use"):
        decode_calibration(path.read_bytes(), where=str(path), window=(100, 100, 10))


def test_an_npz_that_grows_a_thousandfold_is_refused_from_its_headers(tmp_path: Path) -> None:
    clips = 20_000
    about = np.array(json.dumps({"source": "s", "clips": ["a"] * clips}))
    for name, window in (("other window", (48, 450, 1)), ("more clips than any", (48, 40, 3))):
        path = tmp_path / f"{name}.npz"
        np.savez_compressed(path, about=about, features=np.zeros((clips, *window), np.int8))
        data = path.read_bytes()
        tracemalloc.start()
        with pytest.raises(BadInput, match=r"claims|is int8 \[20000, 48, 450, 1\]"):
            decode_calibration(data, where=name, window=(48, 40, 3))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 8 << 20
