"""`edgeser models`: the models that ship with the package, listed or made again."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeser.cli.options import corpus_option
from edgeser.cli.output import Output, common_options
from edgeser.cli.suits import is_given, option_of
from edgeser.pretrained import PRETRAINED
from edgeser.report.schemas.commands import MODELS_SCHEMA

if TYPE_CHECKING:
    from edgeser.bundle import Bundle

_OF_MAKING = ("only", "unheard", "teacher", "resume", "corpora")


@click.command("models")
@click.option(
    "--make",
    type=click.Path(path_type=Path, file_okay=False),
    help="Train them again from --corpus cremad:PATH into this folder, an hour of work, and say "
    "whether they have the bytes of those that ship.",
)
@click.option("--only", type=click.Choice(list(PRETRAINED)), help="make: this one alone.")
@click.option(
    "--unheard",
    multiple=True,
    metavar="NAME:PATH",
    help="make: a corpus to try them on that they were not trained on; may be repeated. Its figure "
    "goes into the bundle.",
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path, dir_okay=False),
    help="make: weights of the public teacher that taught them, see docs/pretrained.md.",
)
@click.option("--resume", is_flag=True, help="make: go on with a training that was interrupted.")
@corpus_option
@common_options
def command(
    make: Path | None,
    only: str | None,
    unheard: tuple[str, ...],
    teacher: Path | None,
    resume: bool,
    corpora: tuple[str, ...],
    output: Output,
) -> int:
    """List the models that ship with edgeser: what they cost, how well they do, what they know.

    Each is taken by its name where a bundle is asked for: edgeser predict pretrained FILE.wav
    """
    if make is not None:
        names = [only] if only else list(PRETRAINED)
        return _make(names, make, corpora, unheard, teacher, resume=resume, output=output)
    if in_vain := [option_of(name) for name in _OF_MAKING if is_given(name)]:
        raise click.UsageError(f"{', '.join(in_vain)} is for --make")
    return _list(output)


def _list(output: Output) -> int:
    from edgeser.pipeline.ship import shipped_bundles

    bundles = shipped_bundles()
    if output.json:
        models = [_model_json(name, bundle) for name, bundle in bundles.items()]
        output.result({"schema": MODELS_SCHEMA, "models": models})
        return 0
    from edgeser.report.models import model_tables
    from edgeser.training.variants import EVALUATION_CONDITIONS

    conditions = {condition.name: condition.description for condition in EVALUATION_CONDITIONS}
    output.show(model_tables(bundles, conditions))
    return 0


def _model_json(name: str, bundle: Bundle) -> dict[str, Any]:
    trained = bundle.trained
    return {
        "name": name,
        "labels": list(trained.classes),
        "model_sha256": bundle.model_hash,
        "model_bytes": len(bundle.int8_model),
        "corpus": trained.corpus.name,
        "licence": trained.corpus.licence,
        "limits": trained.corpus.words.card.format(corpus=trained.corpus.name),
        "law": trained.corpus.words.law,
        "figures": {key: figure.to_json() for key, figure in bundle.metrics.items()},
    }


def _make(
    names: list[str],
    out: Path,
    corpora: tuple[str, ...],
    unheard: tuple[str, ...],
    teacher: Path | None,
    *,
    resume: bool,
    output: Output,
) -> int:
    from edgeser.cli.places import build_cache, feature_cache
    from edgeser.pipeline.caches import Caches
    from edgeser.pipeline.ship import is_what_ships, make_pretrained

    made = []
    for name in names:
        path = make_pretrained(
            name,
            out,
            corpora=corpora,
            unheard=unheard,
            teacher=teacher,
            resume=resume,
            caches=Caches(feature_cache(), build_cache()),
            reporter=output,
        )
        same = is_what_ships(name, path)
        made.append({"name": name, "bundle": str(path), "same_bytes": same})
        output.show(
            f"{shlex.quote(str(path))}: {'the same bytes as' if same else 'differs from'} what "
            "ships"
        )
    if output.json:
        output.result({"schema": MODELS_SCHEMA, "made": made})
    return 0
