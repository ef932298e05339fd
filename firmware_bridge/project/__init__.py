"""The C project of a firmware: sources, Makefile, README and manifest, ready to build."""

from firmware_bridge.project.records import FirmwareProject, ModelSources, StreamSettings
from firmware_bridge.project.self_test import self_test_input
from firmware_bridge.project.write import MANIFEST, write_project

__all__ = [
    "MANIFEST",
    "FirmwareProject",
    "ModelSources",
    "StreamSettings",
    "self_test_input",
    "write_project",
]
