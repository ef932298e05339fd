"""`edgeser train`: a float network from a corpus."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.options import keep_examples_option, recipe_options
from edgeser.cli.output import Output, common_options
from edgeser.report.schemas.commands import TRAIN_SCHEMA

if TYPE_CHECKING:
    from edgeser.bundle import TrainedModel
    from edgeser.recipe import Recipe
    from edgeser.training.result import EpochRecord


@click.command("train")
@recipe_options
@click.option("--fresh", is_flag=True, help="Begin anew, whatever is in this folder.")
@keep_examples_option
@common_options
def command(
    recipe: Recipe,
    out: Path | None,
    resume: bool,
    fresh: bool,
    keep_examples: int,
    output: Output,
) -> None:
    """Train a network with RECIPE: a preset (such as demo, keywords, words) or a .toml file."""
    from quantize.foundation.extras import require

    require("train", what="training")
    from edgeser.cli.places import feature_cache
    from edgeser.pipeline.folder import RunFolder, default_folder, refuse_to_lose_a_training
    from edgeser.pipeline.plan import plan_run
    from edgeser.pipeline.train import train
    from edgeser.pipeline.training_data.debias import check_debias

    folder = RunFolder(out) if out else default_folder(recipe)
    refuse_to_lose_a_training(folder, fresh=fresh, resume=resume)
    check_debias(recipe, keep_examples=keep_examples)
    trained = train(
        plan_run(recipe, folder=folder, fresh=fresh, reporter=output),
        folder=folder,
        resume=resume,
        cache=feature_cache(),
        keep_examples=keep_examples,
        reporter=output,
    )
    best = trained.history[trained.best_epoch]
    if output.json:
        output.result(
            {
                "schema": TRAIN_SCHEMA,
                "out": str(folder.root),
                "recipe_hash": trained.recipe.hash,
                "synthetic": trained.corpus.synthetic,
                "best_epoch": trained.best_epoch,
                "epochs": len(trained.history),
                "development_uar": best.development_uar,
                **(
                    {}
                    if best.development_cosine is None
                    else {"development_cosine": best.development_cosine}
                ),
                "refit": trained.recipe.training.refit,
                "teachers": trained.recipe.training.committee,
                "seconds": trained.seconds,
                "split": trained.corpus.split_source,
                "problems": list(trained.corpus.problems),
            }
        )
        return
    again = ", then again with those clips too" if trained.recipe.training.refit else ""
    output.show(
        f"trained {trained.recipe.name} in {trained.seconds:.0f} s: development UAR "
        f"{best.development_uar:.3f} at epoch {trained.best_epoch + 1} of {len(trained.history)} "
        f"({trained.corpus.clips_development} clips, measured){_imitated(best)}{again}\n"
        f"{_caveat(trained)}"
        f"next: edgeser export {shlex.quote(str(folder.root))} --target int8"
    )


def _imitated(best: EpochRecord) -> str:
    """Say how near the network comes to a public embedding, where it learnt that."""
    cosine = best.development_cosine
    return "" if cosine is None else f", cosine to the public embedding {cosine:.3f}"


def _caveat(trained: TrainedModel) -> str:
    """Return lines of warning where the epoch was chosen by too little, or by voices known."""
    from edgeser.bundle import speakers_in
    from edgeser.evaluation.metrics import of_nobody_known, too_few

    clips, unknown = trained.corpus.clips_development, trained.corpus.anonymous[1]
    few = too_few(clips, speakers_in(trained, "development"), len(trained.classes))
    found = ([of_nobody_known(unknown, clips)] if unknown else []) + ([few] if few else [])
    return "".join(f"warning: {line}\n" for line in found)
