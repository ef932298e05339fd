"""`edgeser reference`: pages of the reference, from the code that they are of."""

from __future__ import annotations

import click

from edgeser.cli.output import Output, common_options
from edgeser.report.schemas.commands import REFERENCE_SCHEMA

_PAGES = ("commands", "recipe", "c-api")


@click.command("reference")
@click.argument("page", type=click.Choice(_PAGES))
@common_options
def command(page: str, output: Output) -> None:
    """Print a PAGE of the reference as Markdown.

    commands: every command and its options. recipe: every key of a recipe with its default. c-api:
    what a program of your own calls in C.
    """
    text = _page(page)
    if output.json:
        output.result({"schema": REFERENCE_SCHEMA, "page": page, "markdown": text})
        return
    output.show(text.rstrip("\n"))


def _page(name: str) -> str:
    if name == "commands":
        from edgeser.cli.app import group
        from edgeser.report.reference.commands import commands_page

        return commands_page(group)
    if name == "recipe":
        from edgeser.report.reference.recipe import recipe_page

        return recipe_page()
    from edgeser.report.reference.c_api import c_page

    return c_page()
