"""The C project of a firmware: sources, Makefile, README and manifest, ready to build."""

from firmware_bridge.project.contents import Contents
from firmware_bridge.project.firmware_project import FirmwareProject, ModelSources, StreamSettings
from firmware_bridge.project.self_test import self_test_input
from firmware_bridge.project.write import (
    MANIFEST,
    hashes_of,
    place,
    project_contents,
    write_project,
)

__all__ = [
    "MANIFEST",
    "Contents",
    "FirmwareProject",
    "ModelSources",
    "StreamSettings",
    "hashes_of",
    "place",
    "project_contents",
    "self_test_input",
    "write_project",
]
