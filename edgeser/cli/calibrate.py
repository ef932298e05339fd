"""`edgeser calibrate`: choose balanced calibration clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.options import corpus_option
from edgeser.cli.output import Output, common_options

if TYPE_CHECKING:
    from quantize.calibration import RangeReport


@click.command("calibrate")
@click.argument("trained", type=click.Path(path_type=Path))
@corpus_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="File for 'edgeser export --calibration'.",
)
@click.option("--count", type=click.IntRange(8, 4096), default=256, show_default=True)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@common_options
def command(
    trained: Path, corpora: tuple[str, ...], out: Path, count: int, seed: int, output: Output
) -> None:
    """Choose calibration clips for TRAINED (a run's folder or its trained.zip).

    They are balanced over label, speaker, level and recording condition; how far their ranges
    are from those of the whole corpus is reported by plane.
    """
    from edgeser.bundle.trained import encode_calibration
    from edgeser.cli.places import feature_cache, open_trained, run_folder_of
    from edgeser.pipeline.calibrate import calibrate
    from edgeser.report.schemas.calibrate import calibrate_json
    from quantize.foundation.files import require_writable, write_atomically

    require_writable(out)
    found = calibrate(
        open_trained(trained),
        corpora=corpora,
        folder=run_folder_of(trained),
        count=count,
        seed=seed,
        cache=feature_cache(),
        reporter=output,
    )
    write_atomically(out, encode_calibration(found.chosen))
    if output.json:
        output.result({**calibrate_json(found.chosen, found.ranges.planes), "file": str(out)})
        return
    _show(found.ranges, output)
    output.show(f"{out}: {found.chosen.source}")


def _show(ranges: RangeReport, output: Output) -> None:
    from edgeser.report.titled import plain_table

    table = plain_table(caption="int8 steps; shares of all values (measured)")
    for column in ("plane", "chosen clips", "whole corpus", "outside", "at the ends"):
        table.add_column(column, justify="left" if column == "plane" else "right")
    for plane in ranges.planes:
        table.add_row(
            plane.plane,
            f"{plane.subset_low} to {plane.subset_high}",
            f"{plane.whole_low} to {plane.whole_high}",
            f"{100 * plane.outside_share:.4f} %",
            f"{100 * plane.whole_clipped_share:.4f} %",
        )
    output.show(table)
