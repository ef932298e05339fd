"""`edgeser rerecord play` and `cut`: a corpus heard through a real microphone."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.output import Output, common_options
from edgeser.report.schemas.commands import RERECORD_CUT_SCHEMA, RERECORD_PLAY_SCHEMA
from quantize.foundation.foreign import MOST_QUOTED, printable

if TYPE_CHECKING:
    from edgeser.rerecord import Rerecorded
    from edgeser.wording import LabelKind

_SHOWN = 20


@click.group("rerecord")
def command() -> None:
    """Play a corpus to a microphone, and cut what it recorded back into clips."""


@command.command("play")
@click.argument("corpus", metavar="NAME:PATH")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="New or empty folder for the files to play and their list.",
)
@click.option(
    "--labels",
    type=click.Choice(["emotions", "any"]),
    help="What its labels are, as in a recipe's [labels] kind; emotions, where it has them.",
)
@click.option(
    "--block-seconds",
    type=click.FloatRange(1.0, 3600.0),
    default=60.0,
    show_default=True,
    help="Of clips between two chirps; what is lost where a chirp is not heard.",
)
@click.option(
    "--file-minutes",
    type=click.FloatRange(0.1, 600.0),
    default=10.0,
    show_default=True,
    help="Longest file.",
)
@common_options
def play_command(
    corpus: str,
    out: Path,
    labels: LabelKind | None,
    block_seconds: float,
    file_minutes: float,
    output: Output,
) -> None:
    """Write what is to be played: WAV files of clips between chirps, and their list.

    Play the files to the microphone in any order, in one recording or several, and give the
    recordings to 'edgeser rerecord cut'.
    """
    from edgeser.corpora import open_corpus, parse_corpus_argument
    from edgeser.corpora.adapters import adapter_named
    from edgeser.rerecord import PlaySettings, write_playlist
    from edgeser.rerecord.play import files_of

    _, adapter, path = parse_corpus_argument(corpus)
    kind = labels or ("emotions" if adapter_named(adapter).emotions else "any")
    opened = open_corpus(adapter, path, labels=kind)
    settings = PlaySettings(block_seconds, file_minutes)
    played = write_playlist(opened, out, settings=settings, reporter=output)
    for why in played.left_out:
        output.note(f"left out: {why}")
    files = list(files_of(played.playlist))
    if output.json:
        output.result(
            {
                "schema": RERECORD_PLAY_SCHEMA,
                "folder": str(out),
                "list_id": played.playlist.list_id,
                "synthetic": played.playlist.synthetic,
                "files": files,
                "blocks": len(played.playlist.blocks),
                "clips": played.playlist.clips,
                "seconds": round(played.seconds, 3),
                "left_out": list(played.left_out),
            }
        )
        return
    output.show(
        f"{played.playlist.clips} clips in {len(files)} files, {played.seconds / 60:.1f} min; "
        f"then: edgeser rerecord cut {shlex.quote(str(out))} RECORDING.wav --out FOLDER"
    )


@command.command("cut")
@click.argument("playlist", type=click.Path(path_type=Path))
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the clips: a new one, or one that holds clips of this list.",
)
@common_options
def cut_command(playlist: Path, recordings: tuple[Path, ...], out: Path, output: Output) -> int:
    """Cut RECORDINGS of the play list in folder PLAYLIST into clips, aligned to the sample.

    Any rate, gain, offset and clock will do. Clips that are in the folder already are kept, so that
    recordings may come one after the other. Exit code 1 while clips are missing.
    """
    from edgeser.rerecord import cut

    found = cut(playlist, recordings, out, reporter=output)
    if output.json:
        output.result(_to_json(found, out))
    else:
        _show(found, out, output)
    return 1 if found.refused else 0


def _to_json(found: Rerecorded, out: Path) -> dict[str, object]:
    blocks = []
    for alignment in found.alignments:
        place = alignment.place
        blocks.append(
            {"block": alignment.number, "problem": alignment.problem}
            if place is None
            else {
                "block": alignment.number,
                "recording": str(place.listened.path),
                "sample_rate": place.listened.sample_rate,
                "delay_s": place.delay_s,
                "drift_ppm": place.drift_ppm,
                "correlation": place.correlation,
            }
        )
    return {
        "schema": RERECORD_CUT_SCHEMA,
        "folder": str(out),
        "list_id": found.playlist.list_id,
        "synthetic": found.playlist.synthetic,
        "clips": len(found.outcomes) - len(found.refused),
        "kept": found.kept,
        "blocks": blocks,
        "refused": [
            {"clip": outcome.clip, "block": outcome.block, "why": outcome.state}
            for outcome in found.refused
        ],
        "outcomes": [asdict(outcome) for outcome in found.outcomes],
    }


def _show(found: Rerecorded, out: Path, output: Output) -> None:
    from edgeser.report.titled import plain_table

    cut = Counter(outcome.block for outcome in found.outcomes if outcome.state == "cut")
    table = plain_table()
    for column in ("block", "recording", "delay, s", "drift, ppm", "chirps", "clips"):
        table.add_column(column, overflow="fold")
    for alignment, block in zip(found.alignments, found.playlist.blocks, strict=True):
        place = alignment.place
        clips = f"{cut[alignment.number]} of {len(block.clips)}"
        if place is None:
            table.add_row(str(alignment.number), alignment.problem, "", "", "", clips)
        else:
            table.add_row(
                str(alignment.number),
                printable(place.listened.path.name),
                f"{place.delay_s:.4f}",
                f"{place.drift_ppm:+.1f}",
                f"{place.correlation:.2f}",
                clips,
            )
    output.show(table)
    for why, count in Counter(o.state for o in found.refused).most_common(_SHOWN):
        output.show(f"refused: {count} clips: {printable(why, limit=MOST_QUOTED)}")
    synthetic = "synthetic " if found.playlist.synthetic else ""
    output.show(
        f"{len(found.outcomes) - len(found.refused)} of {len(found.outcomes)} {synthetic}clips, "
        f"each in {out / 'clips.csv'}; use them as {shlex.quote(f'rerecorded:{out}')}"
    )
