"""What went into a run, as JSON: recipe, environment, corpora, training."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from edgeser.report.contents import Epoch, ReportContents


def inputs_json(contents: ReportContents) -> dict[str, Any]:
    """Return the parts of ``edgeser.report/2`` that say what went in; those that are known."""
    out: dict[str, Any] = {}
    if (recipe := contents.recipe) is not None:
        out["recipe"] = {
            "name": recipe.name,
            "seed": recipe.seed,
            "text": recipe.text,
            "hashes": [{"name": name, "value": value} for name, value in recipe.hashes],
        }
    if (environment := contents.environment) is not None:
        out["environment"] = {
            "facts": [{"name": name, "value": value} for name, value in environment.facts],
            "versions": [{"name": name, "value": value} for name, value in environment.versions],
        }
    if (corpus := contents.corpus) is not None:
        out["corpus"] = {
            "name": corpus.name,
            "clips": sum(part.clips for part in contents.splits),
            "speakers": sum(part.speakers for part in contents.splits),
            "splits": [
                {"name": part.name, "clips": part.clips, "speakers": part.speakers}
                for part in contents.splits
            ],
            "classes": [{"name": name, "clips": clips} for name, clips in corpus.class_counts],
            "split_source": corpus.split_source,
            "caveat": corpus.caveat,
            "level_span": corpus.level_span,
            **({} if corpus.vad is None else {"vad": asdict(corpus.vad)}),
            "members": [asdict(member) for member in corpus.members],
            "problems": list(corpus.problems),
        }
    if (training := contents.training) is not None:
        out["training"] = {
            "parameters": training.parameters,
            "chosen_epoch": training.chosen,
            "refit": training.refit,
            "teachers": training.teachers,
            "wall_s": training.wall_s,
            "epochs": [_epoch(epoch) for epoch in training.epochs],
        }
    return out


def _epoch(epoch: Epoch) -> dict[str, Any]:
    ccc = epoch.development_ccc
    return {
        "number": epoch.number,
        "train_loss": epoch.train_loss,
        "development_uar": epoch.development_uar,
        "learning_rate": epoch.learning_rate,
        **({} if ccc is None else {"development_ccc": ccc}),
    }
