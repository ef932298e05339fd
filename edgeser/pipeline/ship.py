"""The bundles of `edgeser.pretrained`, made again from their recipes and recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from edgeser.bundle import Bundle, load_bundle, save_bundle
from edgeser.bundle.shipping import require_shippable
from edgeser.corpora.adapters import parse_corpus_argument
from edgeser.evaluation.conditions import CLEAN, ConditionTable
from edgeser.pipeline.caches import NO_CACHES, Caches
from edgeser.pipeline.evaluate import evaluate_bundle
from edgeser.pipeline.folder import RunFolder
from edgeser.pipeline.report import contents_of
from edgeser.pipeline.training_data.teacher import with_teacher
from edgeser.pretrained import MOST_BYTES, PRETRAINED, pretrained_path
from edgeser.progress import SILENT, Reporter
from edgeser.recipe import Recipe, load_recipe, with_settings
from edgeser.report.contents import ReportContents
from edgeser.report.model_card import model_card
from quantize.foundation.errors import BadInput, CheckFailed
from quantize.foundation.files import read_bounded
from quantize.foundation.measurement import Measurement


def make_pretrained(
    name: str,
    out: Path,
    *,
    corpora: Sequence[str],
    unheard: Sequence[str] = (),
    teacher: Path | None = None,
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
    teacher
        Weights of the public teacher, for the models that have one.
    resume
        Go on with a training that was interrupted.
    caches, reporter
        What is kept; told of stages.

    Raises
    ------
    BadInput
        When a corpus is not named as it should be, or the teacher is not the one that it had:
        before anything is trained.
    CheckFailed
        When parity, a budget or the device fails, or when it is derived from what must not be
        passed on: such a model does not ship.
    """
    tried_on = {parse_corpus_argument(corpus)[0]: corpus for corpus in unheard}
    folder, recipe = RunFolder(out / name), _with_its_teacher(name, teacher)
    from edgeser.pipeline.run import run  # it trains: the list of what ships does without PyTorch

    result = run(
        recipe,
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
    for own_name, corpus in tried_on.items():
        found = evaluate_bundle(
            bundle, corpora=(corpus,), everyone=True, cache=caches.features, reporter=reporter
        )
        figure = {f"int8.uar, never heard: {own_name}": found.int8_metrics.uar}
        bundle = bundle.with_metrics(figure)
    bundle = _as_it_ships(bundle)
    path = out / f"{name}.zip"
    save_bundle(path, bundle, card=model_card(bundle))
    return path


def recipe_of(name: str) -> Recipe:
    """Return the recipe that one of `PRETRAINED` is trained by."""
    shipped = PRETRAINED[name]
    return with_settings(load_recipe(shipped.preset), shipped.settings)


def _with_its_teacher(name: str, teacher: Path | None) -> Recipe:
    recipe = recipe_of(name)
    if recipe.teacher.kind == "none":
        if teacher is not None:
            raise BadInput(
                f"{name} had no public teacher, but {teacher} is given", hint="leave out --teacher"
            )
        return recipe
    if teacher is None:
        raise BadInput(
            f"{name} had a public teacher; its weights have the SHA-256 "
            f"{recipe.teacher.sha256[:16]}...",
            hint="give them with --teacher PATH",
        )
    return with_teacher(recipe, teacher)


def is_what_ships(name: str, made: Path) -> bool:
    """Return whether a bundle that was made is, byte for byte, the one that ships."""
    shipped = pretrained_path(name)
    if shipped is None or not shipped.is_file():
        return False
    return _bytes_of(shipped) == _bytes_of(made)


def shipped_bundles() -> dict[str, Bundle]:
    """Return the models that ship, by name."""
    paths = {name: pretrained_path(name) for name in PRETRAINED}
    return {name: load_bundle(path) for name, path in paths.items() if path and path.is_file()}


def _bytes_of(path: Path) -> bytes:
    return read_bounded(path, limit_bytes=MOST_BYTES)


def _figures(contents: ReportContents) -> dict[str, Measurement]:
    """Return what a user wants to know before trying it: cost on a device, and robustness."""
    figures = _robustness(contents.conditions)
    if contents.bench is not None and contents.bench.figures.arena_bytes is not None:
        figures["arena_bytes"] = contents.bench.figures.arena_bytes
    device = contents.device
    if device is not None:
        figures["instructions"] = device.inference
        found = device.figures
        if found.inference_ms is not None:
            figures["inference_ms"] = found.inference_ms
        if found.flash_bytes is not None and found.ram_bytes is not None:
            figures |= {"flash_bytes": found.flash_bytes, "ram_bytes": found.ram_bytes}
    return figures


def _robustness(table: ConditionTable | None) -> dict[str, Measurement]:
    rows = table.rows if table is not None else ()
    return {
        f"int8.uar, {row.name}": row.int8_uar
        for row in rows
        if row.name != CLEAN and row.int8_uar is not None
    }


def _as_it_ships(bundle: Bundle) -> Bundle:
    """Leave out the float graph, and all seconds: nothing else differs between two makings."""
    calibration = {key: value for key, value in bundle.calibration.items() if key != "seconds"}
    trained = replace(bundle.trained, seconds=0.0)
    return replace(bundle, float_model=b"", calibration=calibration, trained=trained)
