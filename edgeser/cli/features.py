"""`edgeser features`: recordings to .npz files of features."""

from __future__ import annotations

from pathlib import Path

import click

from edgeser.cli.output import Output, common_options
from edgeser.report.schemas.commands import FEATURES_SCHEMA


@click.command("features")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder for the .npz files; here by default.",
)
@click.option(
    "--frontend",
    default="microfrontend",
    show_default=True,
    help="'microfrontend' (pymicro-features' settings), or a recipe: preset or .toml file.",
)
@common_options
def command(files: tuple[Path, ...], out: Path, frontend: str, output: Output) -> int:
    """Compute features of WAV or FLAC FILES, one .npz each.

    'amplitude' is uint16, frames x channels, as the C code puts it out; 'amplitude_delta' its
    difference in time, int16, if the frontend has it; 'phase' is int16, frames x channels x planes
    (Q15, angles of pi), and 'phase_planes' names the planes.

    x.wav becomes x.npz, in place of a file of that name. Where several FILES would have one name,
    none is lost: those of several folders go below the folders' names (a/x.npz, b/x.npz), those
    that differ in the suffix keep it (x.wav.npz, x.flac.npz).
    """
    from edgeser.features.extract import hear
    from edgeser.features.files import write_npz
    from edgeser.features.names import npz_names
    from edgeser.recipe import frontend_named
    from quantize.foundation.errors import BadInput

    config = frontend_named(frontend)
    names = npz_names(files)
    if len(names) < len(files):
        output.note("A file that was given more than once is computed once.")
    results = hear(list(names), config, progress=output.stage("Computing features"))
    written = []
    for result in results:
        if result.features is None:
            output.problem(result.problem)
            continue
        remarks = [remark.detail for remark in result.remarks]
        for remark in remarks:
            output.note(f"{result.path}: {remark}")
        target = out / names[result.path]
        write_npz(target, result.features, config)
        frames, channels = result.features.amplitude.shape
        written.append(
            {"input": str(result.path), "output": str(target), "frames": frames}
            | {"channels": channels, "remarks": remarks}
        )
        if not output.json:
            output.show(f"{target}: {frames} frames x {channels} channels")
    problems = [result.problem for result in results if result.features is None]
    if output.json:
        output.result(
            {
                "schema": FEATURES_SCHEMA,
                "frontend_hash": config.hash,
                "planes": list(config.planes),
                "files": written,
                "problems": problems,
            }
        )
    return BadInput.exit_code if problems else 0
