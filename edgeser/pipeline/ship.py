"""The bundles of `edgeser.pretrained`, made again from their recipes and recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeser.bundle import Bundle, load_bundle, save_bundle
from edgeser.bundle.shipping import require_shippable
from edgeser.evaluation.conditions import CLEAN, ConditionTable
from edgeser.pipeline.caches import NO_CACHES, Caches
from edgeser.pipeline.evaluate import evaluate_bundle
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.report import contents_of
from edgeser.pipeline.run import run
from edgeser.pretrained import MOST_BYTES, PRETRAINED, pretrained_path
from edgeser.progress import SILENT, Reporter
from edgeser.report.contents import ReportContents
from edgeser.report.model_card import model_card
from quantize.foundation.errors import CheckFailed
from quantize.foundation.files import read_bounded
from quantize.foundation.measurement import Measurement


def make_pretrained(
    name: str,
    out: Path,
    *,
    corpora: Sequence[str],
    unheard: Sequence[str] = (),
    resume: bool = False,
    caches: Caches = NO_CACHES,
    reporter: Reporter = SILENT,
) -> Path:
    """Train one of the models that ship and write its bundle to ``OUT/NAME.zip``.

    The same recordings give the same bytes on the same machine. The run itself is in ``OUT/NAME``.

    Parameters
    ----------
    name
        One of `PRETRAINED`.
    out
        Folder of the runs and the bundles.
    corpora
        ``"NAME:PATH"`` of what it is trained on.
    unheard
        ``"NAME:PATH"`` of corpora that it is tried on beside, all speakers of each.
    resume
        Go on with a training that was interrupted.
    caches, reporter
        What is kept; told of stages.

    Raises
    ------
    CheckFailed
        When parity, a budget or the device fails, or when it is derived from what must not be
        passed on: such a model does not ship.
    """
    folder = RunFolder(out / name)
    result = run(
        PRETRAINED[name],
        corpora=corpora,
        out=folder.root,
        resume=resume,
        caches=caches,
        reporter=reporter,
    )
    if result.failures:
        raise CheckFailed(f"{name} cannot ship: {result.failures[0]}")
    require_shippable(result.bundle.trained)
    bundle = result.bundle.with_metrics(_figures(contents_of(folder)))
    for corpus in unheard:
        found = evaluate_bundle(
            bundle, corpora=(corpus,), everyone=True, cache=caches.features, reporter=reporter
        )
        key = f"int8.uar, never heard: {corpus.partition(':')[0]}"
        bundle = bundle.with_metrics({key: found.int8_metrics.uar})
    bundle = _without_clock(bundle)
    path = out / f"{name}.zip"
    save_bundle(path, bundle, card=model_card(bundle))
    return path


def is_what_ships(name: str, made: Path) -> bool:
    """Return whether a bundle that was made is, byte for byte, the one that ships."""
    shipped = pretrained_path(name)
    if shipped is None or not shipped.is_file():
        return False
    return _bytes_of(shipped) == _bytes_of(made)


def _bytes_of(path: Path) -> bytes:
    return read_bounded(path, limit_bytes=MOST_BYTES)


def shipped_bundles() -> dict[str, Bundle]:
    """Return the models that ship, by name."""
    paths = {name: pretrained_path(name) for name in PRETRAINED}
    return {name: load_bundle(path) for name, path in paths.items() if path and path.is_file()}


def _figures(contents: ReportContents) -> dict[str, Measurement]:
    """Return what a user wants to know before trying it: cost on a device, and robustness."""
    figures = _robustness(contents.conditions)
    if contents.bench is not None and contents.bench.arena_bytes is not None:
        figures["arena_bytes"] = contents.bench.arena_bytes
    device = contents.device
    if device is not None:
        figures |= {"instructions": device.inference, "inference_ms": device.inference_ms}
        if device.flash is not None and device.ram is not None:
            figures |= {"flash_bytes": device.flash, "ram_bytes": device.ram}
    return figures


def _robustness(table: ConditionTable | None) -> dict[str, Measurement]:
    rows = table.rows if table is not None else ()
    return {
        f"int8.uar, {row.name}": row.int8_uar
        for row in rows
        if row.name != CLEAN and row.int8_uar is not None
    }


def _without_clock(bundle: Bundle) -> Bundle:
    """Leave out how long the training took: two trainings differ in nothing else."""
    return replace(bundle, trained=replace(bundle.trained, seconds=0.0))
