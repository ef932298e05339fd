"""A hook of mkdocs: files of the repository outside docs/ are named on the site, and not linked."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"(?<!!)\[([^\]]*)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, *, page: Any, **rest: Any) -> str:
    """Return a page's text; a link out of docs/ becomes its words, as the site has no such file."""
    del rest
    if "/" in page.file.src_uri:  # `..` is docs/ there
        return markdown
    return _OUTSIDE.sub(r"\1", markdown)
