"""Fixtures that all rooms share: where real recordings and real models are, if they are here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real models and corpora; set EDGESER_SHARED to point at one."""
    folder = Path(os.environ.get("EDGESER_SHARED", _BESIDE))
    if not folder.is_dir():
        pytest.skip("no folder of real models here: point EDGESER_SHARED at one")
    return folder


@pytest.fixture(scope="session")
def cremad() -> Path:
    """CREMA-D in its published layout; set EDGESER_CREMAD to its folder."""
    folder = Path(os.environ.get("EDGESER_CREMAD", _BESIDE / "corpora" / "CREMA-D"))
    if not (folder / "AudioWAV").is_dir():
        pytest.skip("no CREMA-D here: point EDGESER_CREMAD at its folder")
    return folder
