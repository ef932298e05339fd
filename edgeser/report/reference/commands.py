"""docs/commands.md: every command with its options, from click's own declarations."""

from __future__ import annotations

import inspect

import click

from edgeser.report.markdown_text import markdown_table

_SHARED = {"--json", "--quiet", "--debug", "--help"}
"""Options of every command, told once."""


def commands_page(group: click.Group) -> str:
    """Return docs/commands.md for a group of commands.

    Parameters
    ----------
    group
        The group `edgeser`, or one that stands for it.
    """
    context = click.Context(group, info_name="edgeser")
    parts = [
        "# Commands",
        "Written by `edgeser reference commands`, from the commands themselves; a test holds it "
        "up to date. `edgeser COMMAND --help` says the same. Every command also takes `--json` "
        "(the result as JSON on stdout), `-q` or `--quiet` (no progress, no notes), `--debug` (a "
        "traceback on errors) and `-h` or `--help`.",
        "Exit codes: 0 ok; 1 a check failed; 2 usage or bad input; 3 a tool or device is missing; "
        "4 internal error; 130 interrupted; 143 and 129 ended by SIGTERM and SIGHUP.",
    ]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None  # noqa: S101  it was listed
        parts += _command_parts(command, context, name, level=2)
    return "\n\n".join(parts) + "\n"


def _command_parts(
    command: click.Command, parent: click.Context, name: str, *, level: int
) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent)
    pieces = " ".join(command.collect_usage_pieces(context))
    parts = [
        f"{'#' * level} {context.command_path}",
        f"```text\n{context.command_path} {pieces}\n```",
        _text(command.help or command.short_help or ""),
    ]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            assert found is not None  # noqa: S101  it was listed
            parts += _command_parts(found, context, inner, level=level + 1)
        return parts
    rows = [
        (f"`{record[0]}`", _text(record[1]))
        for option in command.params
        if isinstance(option, click.Option) and not _SHARED & set(option.opts)
        if (record := option.get_help_record(context)) is not None
    ]
    if rows:
        parts.append(markdown_table(("option", "what"), _escaped(rows), raw=(0, 1)))
    return parts


def _escaped(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name.replace("|", "\\|"), what.replace("|", "\\|")) for name, what in rows]


def _text(text: str) -> str:
    """Return a help text as Markdown: paragraphs on one line, what is not Markdown escaped."""
    paragraphs = inspect.cleandoc(text.replace("\b", "")).split("\n\n")
    lines = [" ".join(paragraph.split()) for paragraph in paragraphs]
    for character in ("\\", "*", "_", "<", "["):
        lines = [line.replace(character, f"\\{character}") for line in lines]
    return "\n\n".join(lines)
