"""`python -m tests.fuzz`: fresh mutants of every format, on all cores."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.campaign import Outcome, try_mutants
from fuzz.formats import FORMATS, Material

TESTS = Path(__file__).parents[1]
BESIDE = TESTS.parents[1] / "shared"
CHUNK = 250


def _chunks(count: int) -> Iterator[range]:
    for first in range(0, count, CHUNK):
        yield range(first, min(first + CHUNK, count))


def _a_run(folder: Path) -> Path:
    click.echo("making a small run to take samples from", err=True)
    run = folder / "run"
    program = Path(sys.executable).with_name("edgeser")
    done = subprocess.run(
        [program, "run", TESTS / "tiny_recipe.toml", "--out", run, "--quiet"], check=False
    )
    if done.returncode not in (0, 1):  # what it finds of the tiny network does not matter here
        raise click.ClickException("the run failed")
    return run


@click.command()
@click.option("--count", default=10_000, show_default=True, help="Mutants of each format.")
@click.option("--seed", default=1, show_default=True)
@click.option("--format", "names", multiple=True, type=click.Choice(list(FORMATS)))
@click.option("--run", type=click.Path(path_type=Path, exists=True), help="A run to sample from.")
@click.option(
    "--models",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Folders with .tflite files; EDGESER_SHARED, or shared/ beside the checkout, by default.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="Folder for mutants with a fault.")
def main(
    count: int,
    seed: int,
    names: tuple[str, ...],
    run: Path | None,
    models: tuple[Path, ...],
    keep: Path | None,
) -> None:
    """Try COUNT mutants of each format; exit code 1 when one is a fault."""
    beside = Path(os.environ.get("EDGESER_SHARED", BESIDE))
    folders = models or ((beside,) if beside.is_dir() else ())
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    failed = False
    with tempfile.TemporaryDirectory(prefix="edgeser-fuzz-") as temporary:
        material = Material(run or _a_run(Path(temporary)), tuple(folders))
        for name in names or FORMATS:
            outcome = _campaign(name, material, seed=seed, count=count, keep=keep)
            failed = failed or bool(outcome.faults)
            click.echo(
                f"{name}: {outcome.read} read, {outcome.refused} refused, "
                f"{len(outcome.faults)} faults, slowest {outcome.slowest_s:.2f} s"
            )
            for fault in outcome.faults[:20]:
                click.echo(f"  {fault!r}")
    sys.exit(1 if failed else 0)


def _campaign(
    name: str, material: Material, *, seed: int, count: int, keep: Path | None
) -> Outcome:
    whole = Outcome()
    with ProcessPoolExecutor() as pool:
        waiting: dict[Future[Outcome], range] = {
            pool.submit(try_mutants, name, material, seed=seed, numbers=numbers, keep=keep): numbers
            for numbers in _chunks(count)
        }
        for future, numbers in waiting.items():
            try:
                found = future.result()
            except BrokenProcessPool:
                whole.faults.append(f"{name}, seed {seed}, mutants {numbers}: the process died")
                continue
            whole.read += found.read
            whole.refused += found.refused
            whole.slowest_s = max(whole.slowest_s, found.slowest_s)
            whole.faults += found.faults
    return whole


if __name__ == "__main__":
    main()
