"""Files are whole or not there, and errors name the file and the reason."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from quantize.foundation.errors import BadInput
from quantize.foundation.files import (
    atomic_writer,
    file_error,
    open_regular,
    read_bounded,
    sha256_of_file,
    write_atomically,
)


def test_a_written_file_is_whole_and_leaves_no_temporary_name(tmp_path: Path) -> None:
    write_atomically(tmp_path / "deep" / "file", b"content")
    assert (tmp_path / "deep" / "file").read_bytes() == b"content"
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["file"]


def test_a_failure_while_writing_keeps_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"earlier")
    with pytest.raises(RuntimeError, match="half way"), atomic_writer(path) as handle:
        handle.write(b"half")
        raise RuntimeError("half way")
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_line_and_the_earlier_file_stays(small_disk: Path) -> None:
    path = small_disk / "file"
    write_atomically(path, b"earlier")
    with pytest.raises(BadInput, match="No space left") as caught:
        write_atomically(path, bytes(1 << 20))
    assert str(path) in caught.value.message
    assert path.read_bytes() == b"earlier"
    assert list(small_disk.iterdir()) == [path]


def test_a_file_in_the_way_of_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BadInput, match="cannot write"):
        write_atomically(tmp_path / "file" / "below", b"")


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOSPC, errno.EROFS])
def test_reasons_have_next_steps(number: int) -> None:
    error = file_error(OSError(number, ""), Path("x"), "write")
    assert os.strerror(number) in error.message
    assert "choose another folder" in error.hint


def test_reading_stops_at_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(100))
    assert read_bounded(path, limit_bytes=100) == bytes(100)
    with pytest.raises(BadInput, match="larger than 99 bytes"):
        read_bounded(path, limit_bytes=99)


def test_reading_a_folder_or_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is a folder"):
        read_bounded(tmp_path, limit_bytes=1)
    with pytest.raises(BadInput, match="does not exist"):
        read_bounded(tmp_path / "none", limit_bytes=1)
    with pytest.raises(BadInput, match="does not exist"):
        sha256_of_file(tmp_path / "none")


@pytest.mark.parametrize(
    "read", [open_regular, sha256_of_file, partial(read_bounded, limit_bytes=9)]
)
def test_what_has_no_end_or_waits_is_refused_before_reading(tmp_path: Path, read) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    with closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind(str(tmp_path / "socket"))
        for name in ("fifo", "zero", "socket"):
            with pytest.raises(BadInput, match="is not a regular file"):
                read(tmp_path / name)


def test_a_link_to_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("abc")
    assert read_bounded(tmp_path / "link", limit_bytes=3) == b"abc"


def test_the_hash_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_of_file(tmp_path / "abc") == known
