"""`edgeser corpus list`, `check` and `download`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.output import Output, common_options
from quantize.foundation.foreign import printable

if TYPE_CHECKING:
    from edgeser.corpora import CorpusCheck

_SHOWN = 10
_LONGEST_PATH = 4096


@click.group("corpus")
def command() -> None:
    """List the corpora that edgeser reads, check one, or fetch one."""


@command.command("list")
@common_options
def list_command(output: Output) -> None:
    """List every adapter: its name, what it is, and which folder to give."""
    from edgeser.corpora.adapters import ADAPTERS

    if output.json:
        rows = [
            {"name": a.name, "title": a.title, "layout": a.layout, "licence": a.licence}
            for a in ADAPTERS.values()
        ]
        output.result({"schema": "edgeser.corpora/1", "corpora": rows})
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in ("name", "what it is", "give"):
        table.add_column(column, overflow="fold")
    for adapter in ADAPTERS.values():
        table.add_row(adapter.name, adapter.title, adapter.layout)
    output.show(table)


@command.command("check")
@click.argument("corpus", metavar="NAME:PATH")
@common_options
def check_command(corpus: str, output: Output) -> int:
    """Look at every file of a corpus: corrupt, empty, clipped, silent, too short, duplicates.

    Exit code 1 when a file cannot be used.
    """
    from edgeser.corpora import check_corpus, open_corpus, parse_corpus_argument

    found = check_corpus(
        open_corpus(*parse_corpus_argument(corpus)), progress=output.stage("Checking files")
    )
    if output.json:
        output.result(found.to_json())
    else:
        _show(found, output)
    return 0 if found.usable else 1


@command.command("download")
@click.argument("name")
@click.option("--version", required=True, help="Version of the database, such as 1.4.1.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="New or empty folder for the recordings and their manifest.",
)
@common_options
def download_command(name: str, version: str, out: Path, output: Output) -> None:
    """Fetch a database NAME that audEERING's audb hosts (needs the extra 'edgeser[audb]').

    Use the folder as generic:FOLDER afterwards.
    """
    from edgeser.corpora.audb_source import download

    corpus = download(name, version, out, progress=output.stage(f"Fetching {name} {version}"))
    if output.json:
        output.result(
            {
                "schema": "edgeser.corpus-download/1",
                "folder": str(out),
                "clips": len(corpus.utterances),
                "speakers": len(corpus.speakers),
                "problems": [f"{p.path}: {p.detail}" for p in corpus.problems],
            }
        )
        return
    for problem in corpus.problems:
        output.note(f"left out: {problem.path}: {problem.detail}")
    output.show(f"{len(corpus.utterances)} clips; use them as generic:{out}")


def _show(found: CorpusCheck, output: Output) -> None:
    from rich.table import Table

    kind = " (synthetic voices)" if found.synthetic else ""
    root = printable(str(found.root), limit=_LONGEST_PATH)
    output.show(f"{found.corpus}{kind}: {len(found.clips)} readable clips in {root}")
    table = Table(box=None, pad_edge=False)
    for column in ("finding", "clips", "which"):
        table.add_column(column, overflow="fold")
    for problem in found.problems:
        which = printable(f"{problem.path}: {problem.detail}", limit=_LONGEST_PATH)
        table.add_row(printable(problem.kind), "1", which)
    for name, clips in (
        ("clipped", found.clipped),
        ("silent", found.silent),
        ("too short", found.too_short),
    ):
        if clips:
            table.add_row(name, str(len(clips)), _some(clips))
    for group in found.duplicates:
        name = "same audio, other label" if group in found.contradictions else "same audio"
        table.add_row(name, str(len(group)), ", ".join(map(printable, group)))
    if table.row_count:
        output.show(table)
    for title, counts in (("emotions", found.labels), ("speakers", found.speakers)):
        output.show(f"{title}: {_counts(counts)}")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(printable, names[:_SHOWN])) + more


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{printable(name)} {count}" for name, count in counts.items())
