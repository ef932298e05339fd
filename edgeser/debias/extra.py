"""The extra ``edgeser[debias]``: pyworld, the vocoder WORLD, under the MIT licence."""

from __future__ import annotations

from importlib import metadata

from quantize.foundation.errors import ToolMissing
from quantize.foundation.extras import extra

INSTALL = extra("debias").install


def require_pyworld() -> str:
    """Return the version of pyworld.

    Raises
    ------
    ToolMissing
        When it is not installed.
    """
    try:
        return metadata.version("pyworld")
    except metadata.PackageNotFoundError as error:
        raise ToolMissing("pyworld is not installed", hint=INSTALL) from error
