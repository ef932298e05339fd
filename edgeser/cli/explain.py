"""`edgeser explain`: what a bundle's int8 model listened to."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import bundle_argument
from edgeser.cli.output import Output, common_options
from edgeser.cli.suits import refuse_beside

if TYPE_CHECKING:
    from edgeser.explanation.config import Occlusion

_SIZE = re.compile(r"([1-9]\d{0,3})x([1-9]\d{0,3})", re.ASCII)


class _Size(click.ParamType):
    """Channels and frames, as CHANNELSxFRAMES."""

    name = "CHANNELSxFRAMES"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return both numbers."""
        if isinstance(value, tuple):
            return value
        found = _SIZE.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is not CHANNELSxFRAMES, such as 1x10", param, ctx)
        return int(found[1]), int(found[2])


@click.command("explain")
@bundle_argument
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--out",
    default="explained",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the pages and of explained.json.",
)
@click.option("--patch", type=_Size(), default=(1, 10), help="What is hidden at once; 1x10.")
@click.option("--stride", type=_Size(), default=(1, 3), help="From one patch to the next; 1x3.")
@click.option(
    "--fill",
    type=click.Choice(["mean", "zero"]),
    default="mean",
    show_default=True,
    help="What hides it: the clip's mean of that channel, or the training's.",
)
@click.option("--coarse", is_flag=True, help="Patches of 4x15 every 4x6: an eighth of the work.")
@common_options
def command(
    bundle: Path,
    files: tuple[Path, ...],
    out: Path,
    patch: tuple[int, int],
    stride: tuple[int, int],
    fill: str,
    coarse: bool,
    output: Output,
) -> int:
    """Say what the int8 model of a BUNDLE (or the folder of a run) listened to in FILES.

    Patches of its features are hidden one at a time, in the arithmetic of the device: the more the
    answer's odds fall, the more it rests on that patch.
    """
    from edgeser.cli.places import build_cache, open_bundle
    from edgeser.explanation.records import Explanation
    from edgeser.pipeline.explain import explain_files
    from edgeser.report.explained import explained_json, page_names, sentence, write_pages

    if not files:
        raise click.UsageError("give FILES")
    refuse_beside("coarse", "patch", "stride", why="sets the patches")
    loaded = open_bundle(bundle)
    occlusion = _occlusion(patch, stride, fill, coarse=coarse)
    names = page_names(files)
    found, failed = [], False
    for name, item in zip(
        names,
        explain_files(loaded, files, occlusion, builds=build_cache(), reporter=output),
        strict=True,
    ):
        output.close()
        if not isinstance(item, Explanation):
            output.problem(item.problem)
            failed = True
            continue
        write_pages(out, name, item)
        found.append(item)
        output.show(sentence(item))
    if output.json:
        output.result(explained_json(loaded.model_hash, found))
    elif found:
        output.show(f"wrote {shlex.quote(str(out))}")
    return 2 if failed else 0


def _occlusion(
    patch: tuple[int, int], stride: tuple[int, int], fill: str, *, coarse: bool
) -> Occlusion:
    from dataclasses import replace

    from edgeser.explanation.config import COARSE, Fill, Occlusion

    if coarse:
        return replace(COARSE, fill=Fill(fill))
    return Occlusion(
        channels=patch[0],
        frames=patch[1],
        channel_stride=stride[0],
        frame_stride=stride[1],
        fill=Fill(fill),
    )
