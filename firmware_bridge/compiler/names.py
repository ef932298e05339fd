"""Names of a model: as texts of a project hold it, and the prefix of its symbols and macros."""

from __future__ import annotations

import re

from quantize.foundation.errors import BadInput
from quantize.foundation.foreign import printable

MAX_NAME = 31
DEFAULT = "model"
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_KEYWORDS = frozenset({
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break",
    "case", "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return",
    "co_yield", "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit",
    "continue", "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
    "explicit", "export", "extern", "false", "final", "float", "for", "friend", "goto", "if",
    "import", "inline", "int", "long", "module", "mutable", "namespace", "new", "noexcept", "not",
    "not_eq", "nullptr", "operator", "or", "or_eq", "override", "private", "protected", "public",
    "register", "reinterpret_cast", "requires", "restrict", "return", "short", "signed", "sizeof",
    "static", "static_assert", "static_cast", "struct", "switch", "template", "this",
    "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
    "typeof_unqual", "union", "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
    "while", "xor", "xor_eq",
})  # fmt: skip
"""Of C and of C++."""
_HEADERS = frozenset({
    "assert", "complex", "ctype", "endian", "errno", "features", "fenv", "float", "inttypes",
    "iso646", "limits", "locale", "math", "memory", "pthread", "setjmp", "signal", "stdalign",
    "stdarg", "stdatomic", "stdbool", "stdckdint", "stddef", "stdint", "stdio", "stdlib",
    "stdnoreturn", "string", "tgmath", "threads", "time", "uchar", "unistd", "wchar", "wctype",
})  # fmt: skip
"""Of the C library: a file of that name would stand before it."""
_OURS = ("apf", "app", "console", "dev", "faults", "frontend", "i8", "micro", "port", "registers")
"""What names in kernels, frontend, runtime and boards begin with."""


def model_name(name: str) -> str:
    """Return a model's name as every file of a project can hold it: letters, digits, `_`, `.`, `-`.

    C, Makefile, CMake, Markdown and the banner on the wire read it; none finds markup in it.
    """
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:MAX_NAME] or DEFAULT


def check_prefix(name: str) -> str:
    """Return `name` if it can be the prefix of a model's names in C and C++.

    Raises
    ------
    BadInput
        When it cannot; the message says why.
    """
    if reason := _fault(name):
        raise BadInput(
            f"'{printable(name)}' cannot name a model in C: {reason}",
            hint="take a letter, then letters, digits and single _: kws01",
        )
    return name


def prefix_from(name: str) -> str:
    """Make a prefix of any text: the same, or as near as C allows."""
    text = re.sub(r"[^A-Za-z0-9]+", "_", name)[:MAX_NAME].strip("_")
    if not text:
        return DEFAULT
    return text if not _fault(text) else f"{DEFAULT}_{text}"[:MAX_NAME].rstrip("_")


def _fault(name: str) -> str:
    """Say why a name does not do; empty when it does."""
    if not name:
        return "it is empty"
    if len(name) > MAX_NAME:
        return f"it has {len(name)} characters, {MAX_NAME} is the most"
    if not name.isascii() or _IDENTIFIER.fullmatch(name) is None:
        return "it is no identifier that begins with a letter"
    if "__" in name or name.endswith("_"):
        return "two _ in a row, here or with what follows it, are kept for C++ itself"
    if name.lower() in _KEYWORDS:
        return "it is a keyword of C or C++"
    if name.lower() in _HEADERS:
        return "the C library has a header of that name"
    for ours in _OURS:
        if name.lower() == ours or name.lower().startswith(f"{ours}_"):
            return f"names with {ours} belong to the firmware"
    return ""
