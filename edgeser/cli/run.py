"""`edgeser run`: the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from edgeser.cli.options import keep_examples_option, recipe_options
from edgeser.cli.output import Output, common_options

if TYPE_CHECKING:
    from edgeser.recipe import Recipe


@click.command("run")
@recipe_options
@click.option("--fresh", is_flag=True, help="Do every stage again, also those already done.")
@keep_examples_option
@common_options
def command(
    recipe: Recipe,
    out: Path | None,
    resume: bool,
    fresh: bool,
    keep_examples: int,
    output: Output,
) -> int:
    """Run the whole pipeline with RECIPE: a preset (such as demo, keywords, words) or a .toml.

    Stages that this folder already holds for the same recipe and recordings are kept. Exit code 1
    when parity fails or a budget is broken; the report is written all the same.
    """
    from edgeser.cli.places import build_cache, feature_cache
    from quantize.foundation.extras import require

    require("train", "export", "runtimes", "parity", what="a whole run")
    from edgeser.pipeline.caches import Caches
    from edgeser.pipeline.run import run
    from edgeser.report.terminal import run_summary

    result = run(
        recipe,
        out=out,
        resume=resume,
        fresh=fresh,
        caches=Caches(feature_cache(), build_cache()),
        keep_examples=keep_examples,
        reporter=output,
    )
    if output.json:
        from edgeser.report.schemas.run_report import run_json

        output.result(
            run_json(
                result.contents,
                bundle=result.bundle_path,
                report=result.report,
                model_sha256=result.bundle.model_hash,
                failures=result.failures,
            )
        )
    else:
        output.show(run_summary(result.contents))
        output.show(f"report: {result.report}\nbundle: {result.bundle_path}")
    for failure in result.failures:
        output.problem(failure)
    return 1 if result.failures else 0
