"""Files that may hold speech but are not read: other formats, archives, pointers to a file."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from edgeser.corpora.audio import content
from edgeser.corpora.audio.files import AUDIO_SUFFIXES
from edgeser.corpora.utterance import FileProblem
from quantize.foundation.errors import BadInput
from quantize.foundation.files import open_regular
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
    return content.archive(_head(path))


def pointer(path: Path, size: int) -> FileProblem | None:
    """Return the problem of a small file that only says where the recording is."""
    told = content.pointer(_head(path), size) if size < content.HEAD_BYTES else None
    if told is None:
        return None
    what, advice = told
    kind = LFS_POINTER if what == content.LFS_POINTER else ANNEX_POINTER
    return FileProblem(path, kind, f"{what}: {advice}")


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


_ANNEX_DETAIL = f"{content.ANNEX_POINTER}: {content.ANNEX_ADVICE}"


def _head(path: Path) -> bytes:
    try:
        with open_regular(path) as handle:
            return handle.read(content.HEAD_BYTES)
    except (BadInput, OSError):
        return b""
