"""Which files a corpus's folder holds: recordings, and what is beside them and is not read."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from edgeser.corpora.unread import ARCHIVE, is_audio_name, unread_file
from edgeser.corpora.utterance import FileProblem
from quantize.foundation.errors import BadInput

NO_AUDIO = "folder-without-audio"
LINK = "link-not-followed"
_MOST_FILES = 1_000_000
_MOST_FOLDERS = 100_000


@dataclass(frozen=True, slots=True)
class Found:
    """What a folder holds.

    Parameters
    ----------
    audio
        Every WAV and FLAC file, by name.
    problems
        Files of other formats, archives, folders that hold nothing else, links and folders that
        are not read.
    """

    audio: tuple[Path, ...]
    problems: tuple[FileProblem, ...]


def find_audio(root: Path) -> Found:
    """Find every WAV and FLAC file under `root`; hidden files and folders are left out.

    Links to folders are followed, after all that is really below `root`, but never into a folder
    that was read already or that holds `root` itself: every walk ends.

    Raises
    ------
    BadInput
        When there are more than a million files of audio or 100,000 folders.
    """
    walk = _Walk(root)
    walk.below(root)
    while walk.links:
        links, walk.links = sorted(walk.links), []
        for link in links:
            walk.follow(link)
    return Found(tuple(sorted(walk.audio)), tuple(walk.problems + walk.without_audio()))


@dataclass
class _Walk:
    root: Path
    audio: list[Path] = field(default_factory=list)
    problems: list[FileProblem] = field(default_factory=list)
    links: list[Path] = field(default_factory=list)
    seen: dict[tuple[int, int], Path] = field(default_factory=dict)
    others: dict[Path, Counter[str]] = field(default_factory=dict)

    def below(self, start: Path) -> None:
        """Read a folder and every folder in it; links to folders are kept for later."""
        folders = [start]
        while folders:
            folder = folders.pop()
            try:
                if self.is_read(folder):
                    continue
                with os.scandir(folder) as entries:
                    listed = sorted(entries, key=lambda entry: entry.name)
            except OSError as error:
                why = os.strerror(error.errno or 0)
                self.problems.append(FileProblem(folder, "unreadable", f"the folder: {why}"))
                continue
            folders += [Path(e.path) for e in listed if self.is_folder(e)]

    def is_folder(self, entry: os.DirEntry[str]) -> bool:
        """Return whether an entry is a folder to go into now; take note of all others."""
        if entry.name.startswith("."):
            return False
        if entry.is_dir(follow_symlinks=False):
            return True
        path = Path(entry.path)
        if is_audio_name(entry.name) and not (entry.is_symlink() and path.is_dir()):
            self.audio.append(path)
            if len(self.audio) > _MOST_FILES:
                raise self.too_much(_MOST_FILES, "audio files")
        elif entry.is_symlink() and path.is_dir():
            self.links.append(path)
        elif entry.is_symlink() and not path.exists():
            self.problems.append(FileProblem(path, "broken-link", "the link leads nowhere"))
        elif (unread := unread_file(path)) is not None:
            self.problems.append(unread)
            what = "archive" if unread.kind == ARCHIVE else path.suffix[1:].upper()
            self.others.setdefault(path.parent, Counter())[what] += 1
        return False

    def is_read(self, folder: Path) -> bool:
        """Return whether a folder was read already, under this name or another."""
        status = folder.stat()
        before = self.seen.setdefault((status.st_dev, status.st_ino), folder)
        if before is not folder:
            named = "this corpus" if before == self.root else before.relative_to(self.root)
            self.problems.append(FileProblem(folder, LINK, f"it leads to {named}, read already"))
            return True
        if len(self.seen) > _MOST_FOLDERS:
            raise self.too_much(_MOST_FOLDERS, "folders")
        return False

    def follow(self, link: Path) -> None:
        """Read the folder that a link leads to, unless the corpus lies in that folder."""
        target = link.resolve()
        if target != self.root.resolve() and self.root.resolve().is_relative_to(target):
            detail = "it leads to a folder that holds this corpus"
            self.problems.append(FileProblem(link, LINK, detail))
        else:
            self.below(link)

    def without_audio(self) -> list[FileProblem]:
        """Return the folders that hold other formats or archives, and no recording at any depth."""
        with_audio: set[Path] = set()
        for folder in {path.parent for path in self.audio}:
            with_audio.update((folder, *folder.parents))
        return [
            FileProblem(folder, NO_AUDIO, f"no WAV or FLAC is in it, only {_listed(counts)}")
            for folder, counts in sorted(self.others.items())
            if folder not in with_audio
        ]

    def too_much(self, most: int, what: str) -> BadInput:
        return BadInput(
            f"{self.root} holds more than {most} {what}", hint="give the folder of one corpus"
        )


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.most_common())
