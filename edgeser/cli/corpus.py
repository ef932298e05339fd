"""`edgeser corpus list`, `check`, `download` and `spoken`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.output import Output, common_options
from edgeser.report.schemas.commands import (
    CORPORA_SCHEMA,
    CORPUS_DOWNLOAD_SCHEMA,
    CORPUS_SPOKEN_SCHEMA,
)
from quantize.foundation.foreign import MOST_QUOTED, printable

if TYPE_CHECKING:
    from edgeser.corpora import CorpusCheck
    from edgeser.wording import LabelKind

_SHOWN = 10


@click.group("corpus")
def command() -> None:
    """List the corpora that edgeser reads, check one, fetch one, or have one spoken."""


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
        output.result({"schema": CORPORA_SCHEMA, "corpora": rows})
        return
    from edgeser.report.titled import plain_table

    table = plain_table()
    for column in ("name", "what it is", "give"):
        table.add_column(column, overflow="fold")
    for adapter in ADAPTERS.values():
        table.add_row(adapter.name, adapter.title, adapter.layout)
    output.show(table)


@command.command("check")
@click.argument("corpus", metavar="NAME:PATH")
@click.option(
    "--labels",
    type=click.Choice(["emotions", "any"]),
    help="What its labels are, as in a recipe's [labels] kind; emotions, where it has them.",
)
@common_options
def check_command(corpus: str, labels: LabelKind | None, output: Output) -> int:
    """Look at every file of a corpus: corrupt, empty, clipped, silent, too short, duplicates.

    Exit code 1 when a file cannot be used.
    """
    from edgeser.corpora import check_corpus, open_corpus, parse_corpus_argument
    from edgeser.corpora.adapters import adapter_named
    from edgeser.report.schemas.corpus_check import corpus_check_json

    _, adapter, path = parse_corpus_argument(corpus)
    kind = labels or ("emotions" if adapter_named(adapter).emotions else "any")
    found = check_corpus(
        open_corpus(adapter, path, labels=kind), progress=output.stage("Checking files")
    )
    if output.json:
        output.result(corpus_check_json(found))
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
    from edgeser.corpora import count_kinds, problem_lines
    from edgeser.corpora.layouts.audb_source import download

    corpus = download(name, version, out, progress=output.stage(f"Fetching {name} {version}"))
    if output.json:
        output.result(
            {
                "schema": CORPUS_DOWNLOAD_SCHEMA,
                "folder": str(out),
                "clips": len(corpus.utterances),
                "speakers": len(corpus.speakers),
                "problem_kinds": count_kinds(corpus.problems),
                "problems": [f"{p.path}: {p.detail}" for p in corpus.problems],
            }
        )
        return
    for line in problem_lines(corpus.problems, out):
        output.note(f"left out: {line}")
    output.show(f"{len(corpus.utterances)} clips; use them as {shlex.quote(f'generic:{out}')}")


@command.command("spoken")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="New or empty folder for the clips and their manifest.",
)
@click.option("--speakers", type=click.IntRange(2, 16), default=12, show_default=True)
@click.option(
    "--utterances",
    type=click.IntRange(1, 1000),
    default=6,
    show_default=True,
    help="Of each speaker, of each emotion in each way.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@common_options
def spoken_command(out: Path, speakers: int, utterances: int, seed: int, output: Output) -> None:
    """Have synthetic speech made in which words matter (needs espeak-ng).

    Emotional and neutral sentences, spoken in a voice that agrees, disagrees or is flat. Nobody
    speaks: what is measured on it says nothing of people. Use it as spoken:FOLDER.
    """
    from edgeser.corpora import write_spoken_corpus

    corpus = write_spoken_corpus(
        out,
        seed=seed,
        speakers=speakers,
        utterances=utterances,
        progress=output.stage("Making synthetic speech"),
    )
    if output.json:
        output.result(
            {
                "schema": CORPUS_SPOKEN_SCHEMA,
                "folder": str(out),
                "synthetic": True,
                "clips": len(corpus.utterances),
                "speakers": len(corpus.speakers),
            }
        )
        return
    output.show(
        f"{len(corpus.utterances)} synthetic clips; use them as {shlex.quote(f'spoken:{out}')}"
    )


def _show(found: CorpusCheck, output: Output) -> None:
    from edgeser.corpora import problem_rows
    from edgeser.report.titled import plain_table

    kind = " (synthetic voices)" if found.synthetic else ""
    output.show(f"{found.corpus}{kind}: {len(found.clips)} readable clips in {found.root}")
    table = plain_table()
    for column in ("finding", "clips", "which"):
        table.add_column(column, overflow="fold")
    for kind, count, text in problem_rows(found.problems, Path(found.root)):
        table.add_row(kind, f"{count:,}", text)
    for name, clips in (
        ("clipped", found.clipped),
        ("silent", found.silent),
        ("too short", found.too_short),
    ):
        if clips:
            table.add_row(name, str(len(clips)), _some(clips))
    used = {clip.clip_id for clip in found.clips}  # copies that are left out are named above
    twice = [g for g in found.duplicates if len(used.intersection(g)) > 1]
    for name, groups in (
        ("same audio, other label or speaker", [g for g in twice if g in found.contradictions]),
        ("same audio", [g for g in twice if g not in found.contradictions]),
    ):
        for group in groups[:_SHOWN]:
            table.add_row(name, str(len(group)), _some(group))
        if rest := groups[_SHOWN:]:
            clips_left = sum(len(group) for group in rest)
            table.add_row(name, str(clips_left), f"{len(rest)} more groups of the same sound")
    if table.row_count:
        output.show(table)
    output.show(f"split: {printable(found.split_source, limit=MOST_QUOTED)}")
    for title, counts in ((found.words.many, found.labels), ("speakers", found.speakers)):
        output.show(f"{title}: {_counts(counts)}")
    if found.rated:
        output.show(f"with valence, arousal and dominance: {found.rated:,} clips")
    if found.anonymous:
        output.show(f"of no known speaker: {found.anonymous:,} clips")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(printable, names[:_SHOWN])) + more


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{printable(name)} {count}" for name, count in counts.items())
