"""The models that ship, as a table and what must be known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from edgeser.report.figures import figure, size

if TYPE_CHECKING:
    from edgeser.bundle import Bundle

_COLUMNS = (
    ("UAR, int8", "int8.uar"),
    ("predicted", "inference_ms"),
    ("flash", "flash_bytes"),
    ("RAM", "ram_bytes"),
)


def model_tables(bundles: Mapping[str, Bundle]) -> Group:
    """Return what each costs and reaches, then what it was trained on and what it is not for."""
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("int8 model", justify="right")
    for title, _ in _COLUMNS:
        table.add_column(title, justify="right")
    for name, bundle in bundles.items():
        cells = [bundle.metrics.get(key) for _, key in _COLUMNS]
        shown = ["" if cell is None else figure(cell) for cell in cells]
        table.add_row(name, size(len(bundle.int8_model)), *shown)
    parts: list[RenderableType] = [table]
    for name, bundle in bundles.items():
        parts += [Text(""), Text(name, style="bold"), *_about(bundle)]
    laws = {bundle.trained.corpus.words.law for bundle in bundles.values()}
    parts += [Text(""), *(Text(law) for law in laws if law)]
    return Group(*parts)


def _about(bundle: Bundle) -> list[Text]:
    corpus = bundle.trained.corpus
    lines = [
        f"labels: {', '.join(bundle.trained.classes)}",
        f"trained on {corpus.name}: {corpus.licence}",
    ]
    lines += [
        f"{key.removeprefix('int8.uar, ')}: {figure(found, interval=True)}"
        for key, found in bundle.metrics.items()
        if key.startswith("int8.uar, ")
    ]
    sources = dict.fromkeys(
        f"{title}: {found.evidence.value}, {found.source}"
        for title, key in _COLUMNS
        if (found := bundle.metrics.get(key)) is not None
    )
    card = corpus.words.card.format(corpus=corpus.name)
    return [Text(f"  {line}") for line in (*lines, *sources, card)]
