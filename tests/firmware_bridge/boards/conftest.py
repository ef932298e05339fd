"""The application for the Coral Dev Board Micro, built once for all its tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from micro_board import MODEL, PROGRAM, build  # found through the path above

from firmware_bridge.certainty import Certainty
from firmware_bridge.frontend.c_tables import FrontendSources
from firmware_bridge.project import StreamSettings
from firmware_bridge.project.coral_micro import write_coral_micro
from tests.conftest import MakeOnce


@pytest.fixture(scope="session")
def program(
    made_once: MakeOnce, small_frontend_sources: FrontendSources, certainty: Certainty
) -> Path:
    def make(place: Path) -> None:
        project = place / "project"
        write_coral_micro(
            project,
            model=MODEL,
            frontend=small_frontend_sources,
            stream=StreamSettings(hop_frames=3, smoothing=2, certainty=certainty),
        )
        build(project)

    return made_once("micro-board", make) / PROGRAM


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The board's file system, with the model in it."""
    (tmp_path / "models").mkdir()
    assert MODEL.compiled is not None
    (tmp_path / "models" / "model_edgetpu.tflite").write_bytes(MODEL.compiled)
    return tmp_path
