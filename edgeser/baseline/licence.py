"""What the extra ``edgeser[baseline]`` brings, under which licence, and whether it is there."""

from __future__ import annotations

from importlib import metadata

from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import extra

INSTALL = extra("baseline").install
LICENCE = (
    "openSMILE (audEERING) is licensed for research and other non-commercial use; products need a "
    "licence of audEERING's"
)
"""Shown wherever a figure rests on openSMILE."""


def require_extra(package: str, *, install: str = INSTALL) -> str:
    """Return the version of a package of an extra; `install` says how to have it.

    Raises
    ------
    ToolMissing
        When it is not installed.
    """
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise ToolMissing(f"{package} is not installed", hint=install) from error


def baseline_versions() -> dict[str, str]:
    """Return the versions of what a baseline rests on, by package.

    Raises
    ------
    ToolMissing
        When one of them is not installed.
    """
    return {name: require_extra(name) for name in ("opensmile", "scikit-learn")}
