"""Files that may hold speech but are not read: other formats, archives, pointers to a file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from edgeser.corpora.audio import AUDIO_SUFFIXES
from edgeser.corpora.utterance import FileProblem
from quantize.foundation.errors import BadInput
from quantize.foundation.files import LONGEST_POINTER, is_lfs_pointer, open_regular
from quantize.foundation.foreign import MOST_QUOTED, printable

OTHER_FORMAT = "other-format"
ARCHIVE = "archive"
LFS_POINTER = "lfs-pointer"
ANNEX_POINTER = "annex-pointer"

_OTHER_FORMATS = frozenset({
    ".3gp", ".3gpp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".alac", ".amr", ".ape",
    ".au", ".avi", ".awb", ".bwf", ".caf", ".dss", ".dts", ".flv", ".gsm", ".m4a", ".m4b",
    ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpc", ".mpeg", ".mpg",
    ".nist", ".oga", ".ogg", ".ogv", ".opus", ".ra", ".rf64", ".rm", ".snd", ".sph", ".spx",
    ".tta", ".vob", ".voc", ".w64", ".wave", ".webm", ".wma", ".wmv", ".wv",
})  # fmt: skip
_ARCHIVES = frozenset({
    ".7z", ".bz2", ".gz", ".lz4", ".rar", ".tar", ".tbz2", ".tgz", ".txz", ".xz", ".zip",
    ".zst",
})  # fmt: skip
_MAGIC = {
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


def unread_file(path: Path) -> FileProblem | None:
    """Return the problem of a file that its name shows to be another format or an archive."""
    suffix = path.suffix.lower()
    if suffix in _OTHER_FORMATS:
        kind = suffix[1:].upper()
        detail = f"{kind} is not read: convert it to WAV or FLAC, {conversion(path)}"
        return FileProblem(path, OTHER_FORMAT, detail)
    if suffix in _ARCHIVES:
        return FileProblem(path, ARCHIVE, f"it is not unpacked: {unpacking(path)}")
    return None


def conversion(path: Path) -> str:
    """Return an example of a command that converts a file to WAV."""
    before, after = shown(path.name), shown(f"{path.stem}.wav")
    return f"for example: ffmpeg -i {before} {after}"


def unpacking(path: Path) -> str:
    """Return a command that unpacks an archive beside itself."""
    name, suffix = path.name.lower(), path.suffix.lower()
    file, folder = shown(path), shown(path.parent)
    if suffix == ".7z":
        return f"7z x {file} -o{folder}"
    if suffix == ".rar":
        return f"unrar x {file} {folder}"
    if suffix == ".zip" or magic(path) == "a zip archive":
        return f"unzip {file} -d {folder}"
    if ".tar" in name or suffix in (".tgz", ".tbz2", ".txz"):
        return f"tar -xf {file} -C {folder}"
    return f"unpack {file}"


def shown(path: Path | str) -> str:
    """Return a path as a shell takes it, on one line."""
    return printable(shlex.quote(str(path)), limit=MOST_QUOTED)


def magic(path: Path) -> str | None:
    """Return which kind of archive a file's first bytes say it is: ``"a zip archive"``."""
    head = _head(path)
    for start, what in _MAGIC.items():
        if head.startswith(start):
            return what
    return "a tar archive" if head[_TAR_AT : _TAR_AT + 5] == b"ustar" else None


def pointer(path: Path, size: int) -> FileProblem | None:
    """Return the problem of a small file that only says where the recording is."""
    if size >= LONGEST_POINTER:
        return None
    head = _head(path)
    if is_lfs_pointer(head):
        detail = "it is a Git-LFS pointer, not the recording: run 'git lfs pull' in its folder"
        return FileProblem(path, LFS_POINTER, detail)
    if head.startswith(b"/annex/objects/"):
        return FileProblem(path, ANNEX_POINTER, _ANNEX_DETAIL)
    return None


def broken_link(path: Path) -> FileProblem | None:
    """Return the problem of a link of git-annex whose file is not fetched."""
    try:
        target = str(path.readlink())
    except OSError:
        return None
    if ".git/annex/objects/" not in target.replace(os.sep, "/"):
        return None
    return FileProblem(path, ANNEX_POINTER, _ANNEX_DETAIL)


def is_audio_name(name: str) -> bool:
    """Return whether a file's name ends as that of a recording that is read."""
    return name.lower().endswith(AUDIO_SUFFIXES)


_ANNEX_DETAIL = "it is a git-annex link, not the recording: run 'git annex get .' in its folder"


def _head(path: Path) -> bytes:
    try:
        with open_regular(path) as handle:
            return handle.read(LONGEST_POINTER)
    except (BadInput, OSError):
        return b""
