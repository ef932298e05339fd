"""`edgeser corpus list` and `edgeser corpus check`."""

from __future__ import annotations

import click

from edgeser.cli.output import Output, common_options


@click.group("corpus")
def command() -> None:
    """List the corpora that edgeser reads, and check one."""


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
        from edgeser.report.terminal import corpus_check_table

        output.show(corpus_check_table(found))
    return 0 if found.usable else 1
