"""A library in one form: sources, what the form adds, examples, README, licence and manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from firmware_bridge.forms.examples import Example, examples
from firmware_bridge.forms.library_form import VERSION, Form, Library
from firmware_bridge.forms.readme import library_readme
from firmware_bridge.forms.sources import library_sources, public_headers, umbrella
from firmware_bridge.project import MANIFEST, Contents, hashes_of
from firmware_bridge.project.contents import licence_text
from firmware_bridge.project.write import FORMAT

_MARK = re.compile(r"@([A-Z_]+)@")
Substitutions = Mapping[str, str | Sequence[str]]


def library_contents(library: Library, form: Form) -> Contents:
    """Return every file of a library, by its path.

    Parameters
    ----------
    library
        Its models.
    form
        The layout: the sources are the same in each.

    Raises
    ------
    BadInput
        When two models do not go into one program.
    """
    sources = library_sources(library)
    shown = examples(library.models, library.name, form.console)
    values = substitutions(library, sources, shown)
    contents: Contents = {
        "LICENSE": licence_text(),
        "README.md": library_readme(library, form).encode(),
        f"src/{library.name}.h": umbrella(library),
    }
    contents |= {f"src/{library.name}/{name}": data for name, data in sources.items()}
    contents |= {filled(path, values): filled(text, values).encode()
                 for path, text in form.files.items()}  # fmt: skip
    for example in shown:
        own = {**values, "EXAMPLE": example.name}
        contents[filled(form.example, own)] = example.text.encode()
        contents |= {filled(path, own): filled(text, own).encode()
                     for path, text in form.example_files.items()}  # fmt: skip
    manifest = {
        "format": FORMAT,
        "form": form.name,
        "library": library.name,
        "models": [
            {"name": given.model.name, "prefix": given.prefix, "hash": given.model.hash}
            for given in library.models
        ],
        "files": hashes_of(contents),
    }
    contents[MANIFEST] = (json.dumps(manifest, indent=2) + "\n").encode()
    return contents


def substitutions(library: Library, sources: Contents, shown: Sequence[Example]) -> Substitutions:
    """Return what stands in the texts of forms, and for which there are lists."""
    return {
        "NAME": library.name,
        "UPPER": library.name.upper(),
        "VERSION": VERSION,
        "MODELS": ", ".join(given.prefix for given in library.models),
        "SUMMARY": "int8 models and their audio frontends in C11, without allocation",
        "SOURCES": sorted(name for name in sources if name.endswith(".c")),
        "PUBLIC_HEADERS": public_headers(library, sources),
        "EXAMPLES": [example.name for example in shown],
    }


def filled(text: str, values: Substitutions) -> str:
    """Return a text of a form with its values; a line with a list comes once for each item."""
    lines = []
    for line in text.split("\n"):
        lists = [name for name in _MARK.findall(line) if not isinstance(values[name], str)]
        for item in values[lists[0]] if lists else [""]:
            lines.append(_with(line, {**values, **dict.fromkeys(lists, item)}))
    return "\n".join(lines)


def _with(line: str, values: Substitutions) -> str:
    return _MARK.sub(lambda mark: str(values[mark[1]]), line)
