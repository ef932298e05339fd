"""What a file is that holds no audio that is read, told by its first bytes and not by its name."""

from __future__ import annotations

from quantize.foundation.files import LONGEST_POINTER, is_lfs_pointer

HEAD_BYTES = LONGEST_POINTER
"""How many of a file's first bytes tell what it is."""
LFS_POINTER = "it is a Git-LFS pointer, not the recording"
LFS_ADVICE = "run 'git lfs pull' in its folder"
ANNEX_POINTER = "it is a git-annex link, not the recording"
ANNEX_ADVICE = "run 'git annex get .' in its folder"
_CONVERT = "convert it to WAV, for example with ffmpeg"
_ARCHIVES = {
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ\x00": "an xz archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
}
_TAR_AT = 257
_FORMATS = {
    (0, b"ID3"): "MP3",
    (0, b"OggS"): "Ogg",
    (0, b"FORM"): "AIFF",
    (0, b"#!AMR"): "AMR",
    (0, b"caff"): "Apple's CAF",
    (0, b".snd"): "Sun's AU",
    (0, b"NIST_1A"): "NIST SPHERE",
    (0, b"\x1aE\xdf\xa3"): "Matroska or WebM",
    (0, b"\x30\x26\xb2\x75"): "WMA",
    (4, b"ftyp"): "MP4 or M4A",
}
_PAGES = (b"<!doctype html", b"<html")


def archive(head: bytes) -> str | None:
    """Return which kind of archive first bytes say a file is: ``"a zip archive"``."""
    for start, what in _ARCHIVES.items():
        if head.startswith(start):
            return what
    return "a tar archive" if head[_TAR_AT : _TAR_AT + 5] == b"ustar" else None


def pointer(head: bytes, size: int) -> tuple[str, str] | None:
    """Return, of a small file that only says where the recording is, what it is and what to do."""
    if size >= LONGEST_POINTER:
        return None
    if is_lfs_pointer(head):
        return LFS_POINTER, LFS_ADVICE
    if head.startswith(b"/annex/objects/"):
        return ANNEX_POINTER, ANNEX_ADVICE
    return None


def no_audio(head: bytes, size: int) -> tuple[str, str] | None:
    """Return what a file is that is known not to be WAV or FLAC, and what to do; else `None`."""
    if (told := pointer(head, size)) is not None:
        return told
    if (what := archive(head)) is not None:
        return f"it is {what}, not WAV or FLAC", "unpack it, and give what was in it"
    for (place, mark), what in _FORMATS.items():
        if head.startswith(mark, place):
            return f"it is {what}, not WAV or FLAC", _CONVERT
    if len(head) > 1 and head[0] == 0xFF and head[1] >= 0xE0:
        return "it is MP3 or AAC, not WAV or FLAC", _CONVERT
    if head.lstrip().lower().startswith(_PAGES):
        return "it is a web page, not the recording", "fetch the recording itself"
    return None
