"""The command `edgeser`: each command parses, calls one library function and renders."""

from edgeser.cli.app import main

__all__ = ["main"]
