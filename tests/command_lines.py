"""The command lines that texts show, and whether the command would take them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from edgeser.cli.app import group

_FENCE = re.compile(
    r"^ *```(?P<language>[\w-]*)[^\n]*\n(?P<body>.*?)^ *```", re.MULTILINE | re.DOTALL
)
_INLINE = re.compile(r"(?<!`)`(edgeser [^`]+)`(?!`)")
_LANGUAGES = {"", "sh", "shell", "bash", "console", "yaml", "yml"}
_BEGINS = re.compile(r"^\s*(?:-\s+)?(?:run:\s*)?(?:\$\s*)?(?:\.venv/bin/)?edgeser\s")
_SEPARATORS = {"|", "&&", ";", "||", ">", "2>", "&"}
_PLACEHOLDERS = {"COMMAND", "..."}


@dataclass(frozen=True)
class Line:
    """A command line without the program's name, and the text that it stands in.

    In prose it may end with an option that is only named: `edgeser bench --save`.
    """

    words: tuple[str, ...]
    place: str
    in_prose: bool = False

    def __str__(self) -> str:
        return f"{self.place}: edgeser {' '.join(self.words)}"


def lines_of(path: Path) -> Iterator[Line]:
    """Yield the lines of `edgeser` in blocks of code and in running text."""
    text = path.read_text("utf-8")
    for block in _FENCE.finditer(text):
        if block["language"] in _LANGUAGES:
            yield from lines_in(block["body"], path.name)
    for inline in _INLINE.finditer(_FENCE.sub("", text)):
        for line in lines_in(" ".join(inline[1].split()), path.name):
            yield replace(line, in_prose=True)


def lines_in(text: str, place: str) -> Iterator[Line]:
    """Yield the lines of `edgeser` in a shell's text; each part of a pipe by itself."""
    for line in text.replace("\\\n", " ").split("\n"):
        if not re.search(r"(^|[\s|/])edgeser\s", line):
            continue
        lexer = shlex.shlex(_BEGINS.sub("edgeser ", line), posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words = list(lexer)
        while words:
            end = next((i for i, word in enumerate(words) if word in _SEPARATORS), len(words))
            part, words = words[:end], words[end + 1 :]
            if part and part[0].removeprefix(".venv/bin/") == "edgeser":
                yield Line(_without_ellipsis(part[1:]), place)


def _without_ellipsis(words: list[str]) -> tuple[str, ...]:
    """Return the words without dots for more of them; after an option they are its value."""
    before = ["", *words]
    return tuple(
        word for last, word in zip(before, words, strict=False)
        if word != "..." or last.startswith("-")
    )  # fmt: skip


def refusal_of(words: tuple[str, ...], *, in_prose: bool = False) -> str:
    """Return why click would not take a line, or an empty text; files need not be there."""
    command: click.Command = group
    context = click.Context(group, info_name="edgeser")
    rest = list(words)
    while isinstance(command, click.Group):
        if not rest or rest[0] in _PLACEHOLDERS or rest[0].startswith("-"):
            return ""
        name = rest.pop(0)
        found = command.get_command(context, name)
        if found is None:
            return f"there is no command {name}"
        command, context = found, click.Context(found, info_name=name, parent=context)
    try:
        values, left, _ = command.make_parser(context).parse_args([*rest])
        for parameter in command.params:
            if isinstance(parameter.type, click.Choice) and not parameter.multiple:
                value = values.get(parameter.name)
                if isinstance(value, str) and value not in _PLACEHOLDERS:
                    parameter.type.convert(value, parameter, context)
    except click.BadOptionUsage as error:
        is_named = in_prose and rest[-1:] == [error.option_name]
        return "" if is_named else error.format_message()
    except click.UsageError as error:
        return error.format_message()
    return f"left over: {left}" if left else ""
