"""An archive proves what it holds, and a hostile one is refused by name."""

from __future__ import annotations

import json
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from edgeser.bundle.archive import MANIFEST, SCHEMA, read_archive, write_archive
from quantize.foundation.errors import BadInput

MEMBERS = {"a.json": b"{}", "b.bin": bytes(range(256)) * 40}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "x.zip"
    write_archive(path, MEMBERS)
    return path


def rewrite(path: Path, entries: list[tuple[zipfile.ZipInfo | str, bytes]]) -> None:
    with zipfile.ZipFile(path, "w") as out:
        for name, data in entries:
            out.writestr(name, data)


def manifest(files: dict[str, dict[str, object]], schema: str = SCHEMA) -> bytes:
    return json.dumps({"schema": schema, "files": files}).encode()


def test_what_was_written_comes_back_and_the_manifest_is_last(archive: Path) -> None:
    assert read_archive(archive, required=("a.json",)) == MEMBERS
    assert zipfile.ZipFile(archive).namelist()[-1] == MANIFEST


def test_same_members_same_bytes(archive: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    write_archive(again, MEMBERS)
    assert again.read_bytes() == archive.read_bytes()


def test_every_changed_byte_is_refused_or_harmless(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    target = tmp_path / "y.zip"
    for position in range(len(data)):
        mutant = bytearray(data)
        mutant[position] ^= 0x41
        target.write_bytes(mutant)
        try:
            assert read_archive(target, required=("a.json",)) == MEMBERS
        except BadInput as error:
            assert str(target) in error.message


def test_every_cut_is_refused(archive: Path, tmp_path: Path) -> None:
    data = archive.read_bytes()
    target = tmp_path / "y.zip"
    for length in range(0, len(data), 7):
        target.write_bytes(data[:length])
        with pytest.raises(BadInput, match=r"y\.zip"):
            read_archive(target, required=())


@pytest.mark.parametrize("name", ["../up", "/absolute", "a/b", "..", ".hidden", "a\\b", "x" * 200])
def test_names_that_could_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.zip"
    rewrite(path, [(name, b""), (MANIFEST, manifest({}))])
    with pytest.raises(BadInput, match="not a plain file name"):
        read_archive(path, required=())


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "x.zip"
    rewrite(path, [(link, b"/etc/passwd")])
    with pytest.raises(BadInput, match="is a link"):
        read_archive(path, required=())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    rewrite(path, [("a", b"1"), ("a", b"2")])
    with pytest.raises(BadInput, match="there twice"):
        read_archive(path, required=())


def test_a_claim_of_10_gigabytes_is_refused_before_reading(archive: Path, tmp_path: Path) -> None:
    data = bytearray(archive.read_bytes())
    directory = data.index(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = struct.pack("<I", 0xFFFFFFF0)
    path = tmp_path / "huge.zip"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="claims 4294967280 bytes"):
        read_archive(path, required=())


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("zeros", bytes(32 << 20))
    with pytest.raises(BadInput, match="grow more than"):
        read_archive(path, required=())


def test_a_missing_member_is_named(archive: Path) -> None:
    with pytest.raises(BadInput, match="its member c is missing"):
        read_archive(archive, required=("a.json", "c"))


def test_a_member_without_an_entry_in_the_manifest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    rewrite(path, [("a", b"1"), (MANIFEST, manifest({}))])
    with pytest.raises(BadInput, match="manifest and its members differ: a"):
        read_archive(path, required=())


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"null", b"{}", b"[" * 100_000, manifest({"a": {}}), manifest({}, "other/1")],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "x.zip"
    rewrite(path, [(MANIFEST, text)])
    with pytest.raises(BadInput, match=r"manifest|format"):
        read_archive(path, required=())


def test_a_text_named_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    for text, told in (("not a zip", r"it is no zip \(give a bundle\.zip"), ("", "it is no zip")):
        path.write_text(text)
        with pytest.raises(BadInput, match=told):
            read_archive(path, required=())
    path.write_text("PK that is cut off")
    with pytest.raises(BadInput, match=r"not a readable zip.* \(copy it again"):
        read_archive(path, required=())
    with pytest.raises(BadInput, match="does not exist"):
        read_archive(tmp_path / "none.zip", required=())
