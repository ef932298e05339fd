"""The sources of a library, flat in one folder: what every form has, byte for byte the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import combinations

from firmware_bridge.forms.library_form import Library, LibraryModel
from firmware_bridge.forms.listener import listener_files
from firmware_bridge.licence import OURS
from firmware_bridge.project.contents import HOST_ONLY, Contents, kernel_files, tree
from firmware_bridge.project.device_code import device_code
from quantize.foundation.errors import BadInput

_HEARING = ("dev_stream", "dev_vote", "dev_certainty")
"""Of the runtime, what a listener stands on."""
_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


def library_sources(library: Library) -> Contents:
    """Return sources and headers by name: those of the models, and what these need.

    Raises
    ------
    BadInput
        When two models do not go into one program, or a model's parts not together.
    """
    _check_apart(library.models)
    files: Contents = {}
    for given in library.models:
        model = given.model
        _add(files, {f"{given.prefix}.h": model.header, f"{given.prefix}.c": model.source})
        _add(files, listener_files(given))
        if given.frontend is not None:
            frontend = given.frontend
            source = device_code(frontend.source)
            _add(files, {frontend.header_name: frontend.header, frontend.source_name: source})
        files |= {
            path.rpartition("/")[2]: data for path, data in kernel_files(model.source).items()
        }
    if any(given.frontend is not None for given in library.models):
        files |= _frontend() | _hearing()
    return files


def umbrella(library: Library) -> bytes:
    """Return the header that includes those of all models."""
    headers = [
        f"{given.prefix}{'_listener' if given.frontend is not None else ''}.h"
        for given in library.models
    ]
    guard = f"{library.name.upper()}_H"
    lines = [OURS, f"/* All of {library.name}. Generated. */", f"#ifndef {guard}"]
    lines += [f"#define {guard}", "", *(f'#include "{library.name}/{name}"' for name in headers)]
    return "\n".join([*lines, "", "#endif", ""]).encode()


def public_headers(library: Library, files: Contents) -> list[str]:
    """Return the headers that a program which uses the library reads, with all they include."""
    wanted = set(_INCLUDE.findall(umbrella(library).decode()))
    wanted = {name.rpartition("/")[2] for name in wanted}
    found: set[str] = set()
    while wanted:
        name = wanted.pop()
        found.add(name)
        wanted |= set(_INCLUDE.findall(files[name].decode())) - found
    return sorted(found)


def _add(files: Contents, texts: Mapping[str, str]) -> None:
    files.update({name: text.encode() for name, text in texts.items()})


def _frontend() -> Contents:
    """Return headers and sources of the frontend; sources with its prefix, as headers have it."""
    found = tree("frontend", without=HOST_ONLY)
    named = ((path.rpartition("/")[2], data) for path, data in found.items())
    return {name if name.startswith("apf_") else f"apf_{name}": data for name, data in named}


def _hearing() -> Contents:
    found = tree("runtime")
    named = {path.rpartition("/")[2]: data for path, data in found.items()}
    return {name: data for name, data in named.items() if name.rpartition(".")[0] in _HEARING}


def _check_apart(models: Iterable[LibraryModel]) -> None:
    """Refuse models of which two define the same name."""
    for one, other in combinations(models, 2):
        if one.prefix.lower() == other.prefix.lower():
            same = {one.prefix}
        else:
            same = _names(one) & _names(other)
        if same:
            raise BadInput(
                f"two of the models have {min(same)} in C: they do not go into one program",
                hint="give each a name of its own: --name, once for each model",
            )


def _names(given: LibraryModel) -> set[str]:
    """Return the names and files of a model that others can see."""
    texts = [given.model.header, *listener_files(given).values()]
    files = [f"{given.prefix}.h"]
    if given.frontend is not None:
        texts.append(given.frontend.header)
        files += [given.frontend.header_name, f"{given.prefix}_listener.h"]
    pattern = re.compile(rf"\b(?:{given.prefix}|{given.prefix.upper()})_\w+")
    return {name for text in texts for name in pattern.findall(text)} | {f.lower() for f in files}
