"""A run folder whose bundle is no regular file is told so, not that there is none."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from edgeser.cli.places import open_bundle
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.report import contents_of
from quantize.foundation.errors import BadInput


@pytest.mark.parametrize(
    "opened", [open_bundle, lambda folder: contents_of(RunFolder(folder))], ids=["bundle", "report"]
)
@pytest.mark.parametrize("kind", ["link to a device", "fifo"])
def test_what_is_no_regular_file_is_named(
    opened: Callable[[Path], object], kind: str, tmp_path: Path
) -> None:
    if kind == "fifo":
        os.mkfifo(tmp_path / "bundle.zip")
    else:
        (tmp_path / "bundle.zip").symlink_to("/dev/zero")
    with pytest.raises(BadInput, match=r"bundle\.zip: it is not a regular file"):
        opened(tmp_path)
