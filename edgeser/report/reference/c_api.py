"""docs/c-api.md: what a program of one's own calls in C, from the headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

_HEADERS = {
    "The frontend": (
        "frontend/include/apf_frontend.h",
        "frontend/include/apf_normalise.h",
    ),
    "Streams and decisions": (
        "runtime/include/dev_stream.h",
        "runtime/include/dev_vote.h",
        "runtime/include/dev_decisions.h",
        "runtime/include/dev_certainty.h",
    ),
    "What a board supplies": ("runtime/include/port.h",),
}
_LICENCE = re.compile(r"\A/\* SPDX-[^\n]*\n")
_COMMENT = re.compile(r"/\*(.*?)\*/", re.DOTALL)
_NO_DECLARATION = re.compile(
    r"^#(ifndef|define|endif)\b[^\n]*_H\b.*$|^#include.*$|^#ifdef __cplusplus\n.*?^#endif$",
    re.MULTILINE | re.DOTALL,
)


def c_page() -> str:
    """Return docs/c-api.md."""
    parts = [
        "# C API",
        "What a program of your own calls. Written by `edgeser reference c-api`, from the headers "
        "below `firmware_bridge`; a test holds it up to date. The model's own header "
        "(`model/NAME.h`) is generated with it: "
        "[In a program of your own](firmware.md#in-a-program-of-your-own).",
        "All of it is C11 and can be included from C++. Nothing is allocated.",
    ]
    for title, names in _HEADERS.items():
        parts.append(f"## {title}")
        for name in names:
            text = (resources.files("firmware_bridge") / name).read_text("utf-8")  # of the package
            parts += [f"### `{name.rpartition('/')[2]}`", *_header_parts(text)]
    return "\n\n".join(parts) + "\n"


def _header_parts(text: str) -> Iterator[str]:
    text = _LICENCE.sub("", text)
    head = _COMMENT.match(text)
    assert head is not None  # noqa: S101  every header says what it is
    yield from _paragraphs(head[1])
    body = _without_directives(text[head.end() :])
    for block in re.split(r"\n\n+", body.strip()):
        comment = _COMMENT.match(block)
        code = block[comment.end() :].strip("\n") if comment else block.strip("\n")
        if code.strip():
            yield f"```c\n{_declaration(code)}\n```"
        if comment:
            yield from _paragraphs(comment[1])


def _without_directives(text: str) -> str:
    text = re.sub(r"^#endif\s*$\Z", "", text.rstrip(), flags=re.MULTILINE)
    text = re.sub(r"#ifdef __cplusplus\n.*?\n#endif", "", text, flags=re.DOTALL)
    lines = [line for line in text.split("\n") if not _NO_DECLARATION.match(line)]
    return "\n".join(lines)


def _declaration(code: str) -> str:
    """Return the declaration; of an inline function what stands before its body."""
    if code.startswith("static inline"):
        return code.partition(" {")[0] + ";"
    return code


def _paragraphs(comment: str) -> Iterator[str]:
    """Yield a comment's paragraphs; what is indented in it is shown as it stands."""
    lines = [re.sub(r"^ ?\* ?", "", line).rstrip() for line in comment.split("\n")]
    for paragraph in re.split(r"\n\n+", "\n".join(lines).strip("\n")):
        if paragraph.strip() and all(line.startswith("  ") for line in paragraph.split("\n")):
            yield f"```text\n{paragraph}\n```"
        elif paragraph.strip():
            yield _escaped(" ".join(paragraph.split()))


def _escaped(text: str) -> str:
    return re.sub(r"([*_<\[])", r"\\\1", text) if "`" not in text else text
