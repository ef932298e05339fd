"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_folder(root: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `root` on success and vanishes on failure.

    What was at `root` stays until the new folder is complete; the caller decides beforehand
    whether it may be replaced.

    Raises
    ------
    OSError
        When the folder above cannot be written.
    """
    root.parent.mkdir(parents=True, exist_ok=True)
    tag = secrets.token_hex(6)
    temporary = root.parent / f".{root.name}.{tag}.tmp"
    old = root.parent / f".{root.name}.{tag}.old"
    temporary.mkdir()
    try:
        yield temporary
        if root.exists():
            os.replace(root, old)  # noqa: PTH105 - a folder is renamed, not moved into
        try:
            os.replace(temporary, root)  # noqa: PTH105
        except OSError:
            if old.exists():
                os.replace(old, root)  # noqa: PTH105
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
