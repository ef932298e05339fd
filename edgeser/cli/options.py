"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def corpus_option(function: F) -> F:
    """Add --corpus NAME:PATH."""
    return click.option(
        "--corpus",
        metavar="NAME:PATH",
        help="Recordings, such as cremad:/data/CREMA-D; synthetic voices when left out.",
    )(function)


def out_option(default: str | None = None) -> Callable[[F], F]:
    """Add --out DIR."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, file_okay=False),
        default=default,
        help="Folder of the run; runs/<recipe> by default.",
    )


recipe_argument = click.argument("recipe", default="demo")
bundle_argument = click.argument("bundle", type=click.Path(path_type=Path))
