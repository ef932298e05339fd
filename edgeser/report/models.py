"""The models that ship, as a table and what must be known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeser.report.figures import figure, printable, size
from edgeser.report.titled import plain_table

if TYPE_CHECKING:
    from edgeser.bundle import Bundle

_COLUMNS = (
    ("UAR, int8", "int8.uar"),
    ("inference", "inference_ms"),
    ("flash", "flash_bytes"),
    ("RAM", "ram_bytes"),
)


_UAR, _UNHEARD = "int8.uar", "int8.uar, never heard: "


def model_tables(bundles: Mapping[str, Bundle], conditions: Mapping[str, str]) -> Group:
    """Return what each model costs and reaches, then what it knows and what it is not for.

    Parameters
    ----------
    bundles
        Each model by its name; with none there is one line that says so.
    conditions
        Under which recordings were scored, as keys of figures, and in words.
    """
    if not bundles:
        return Group(Text("no models ship with this installation"))
    laws = _once(bundles, lambda bundle: [bundle.trained.corpus.words.law])
    return Group(
        _costs(bundles),
        Text(""),
        _scores(bundles, conditions),
        *_once(bundles, _labels),
        *map(Text, map(printable, _sources(bundles))),
        *_once(bundles, _card),
        Text(""),
        *laws,
    )


def _costs(bundles: Mapping[str, Bundle]) -> Table:
    table = plain_table()
    table.add_column("name", no_wrap=True)
    table.add_column("int8 model", justify="right")
    for title, _ in _COLUMNS:
        table.add_column(title, justify="right")
    for name, bundle in bundles.items():
        cells = [_cell(bundle, key) for _, key in _COLUMNS]
        table.add_row(printable(name), size(len(bundle.int8_model)), *cells)
    return table


def _scores(bundles: Mapping[str, Bundle], conditions: Mapping[str, str]) -> Table:
    """Return UAR by condition, then on corpora that were never heard."""
    table = plain_table()
    table.add_column("UAR, int8, its own corpus")
    for name in bundles:
        table.add_column(printable(name), justify="right", no_wrap=True)
    rows = [(_UAR, conditions.get("clean", "as recorded"))]
    rows += [(f"{_UAR}, {key}", title) for key, title in conditions.items()]
    found = dict.fromkeys(key for bundle in bundles.values() for key in bundle.metrics)
    rows += [(key, _corpus(key)) for key in found if key.startswith(_UNHEARD)]
    for key, title in rows:
        if key in found:
            cells = [_cell(bundle, key, interval=True) for bundle in bundles.values()]
            table.add_row(printable(title), *cells)
    return table


def _corpus(key: str) -> str:
    return f"never heard: {key.removeprefix(_UNHEARD)}"


def _cell(bundle: Bundle, key: str, *, interval: bool = False) -> str:
    found = bundle.metrics.get(key)
    return "" if found is None else figure(found, interval=interval)


def _labels(bundle: Bundle) -> list[str]:
    corpus = bundle.trained.corpus
    labels = f"labels: {', '.join(bundle.trained.classes)}"
    return ["", labels, f"trained on {corpus.name}: {corpus.licence}"]


def _sources(bundles: Mapping[str, Bundle]) -> list[str]:
    """Return where the figures of each column are from; which model's, where that differs."""
    lines = []
    for title, key in _COLUMNS:
        said: dict[str, list[str]] = {}
        for name, bundle in bundles.items():
            if (found := bundle.metrics.get(key)) is not None:
                said.setdefault(f"{found.evidence.value}, {found.source}", []).append(name)
        for text, names in said.items():
            of = f" of {', '.join(names)}" if len(said) > 1 else ""
            lines.append(f"{title}{of}: {text}")
    return lines


def _card(bundle: Bundle) -> list[str]:
    corpus = bundle.trained.corpus
    return [corpus.words.card.format(corpus=corpus.name)]


def _once(
    bundles: Mapping[str, Bundle], lines_of: Callable[[Bundle], Sequence[str]]
) -> list[RenderableType]:
    """Return the lines of all bundles, each once."""
    lines = dict.fromkeys(line for bundle in bundles.values() for line in lines_of(bundle))
    return [Text(printable(line)) for line in lines]
