"""Options that several commands take."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from edgeser.cli.output import message_line, tell
from edgeser.cli.signals import Terminated
from edgeser.cli.suits import is_given, option_of

if TYPE_CHECKING:
    from edgeser.recipe import Recipe
    from firmware_bridge.boards import Board

F = TypeVar("F", bound=Callable[..., Any])
_SET_BY_OPTIONS = {
    "seed": re.compile(r"seed"),
    "teacher": re.compile(r"teacher\.path"),
    "corpora": re.compile(r"(corpus|corpora\..+)\.(name|path|adapter)"),
}
"""Options that set keys of a recipe, and which."""


def corpus_option(function: F) -> F:
    """Add --corpus NAME:PATH, as often as wanted."""
    return click.option(
        "--corpus",
        "corpora",
        multiple=True,
        metavar="NAME:PATH",
        help="Recordings, such as cremad:/data/CREMA-D; may be repeated, two of one kind with "
        "names, as in office=generic:PATH. When left out, the recipe's or the run's own.",
    )(function)


def board_option(help_text: str) -> Callable[[F], F]:
    """Add --board NAME, of the emulator."""
    return click.option("--board", metavar="NAME", help=help_text)


def board_of(name: str | None) -> Board:
    """Return the emulated board of that name; the default where none was given.

    Raises
    ------
    BadInput
        When there is none of that name: those that there are, are named.
    """
    from firmware_bridge.boards import MPS2_AN500, emulated_board

    return MPS2_AN500 if name is None else emulated_board(name)


def refuse_settings_of_options(settings: Sequence[str]) -> None:
    """Refuse a --set of what the running command's own option sets: one would be ignored.

    Raises
    ------
    click.UsageError
        Naming both.
    """
    for setting in settings:
        key = setting.partition("=")[0].strip()
        for option, keys in _SET_BY_OPTIONS.items():
            if keys.fullmatch(key) and is_given(option):
                raise click.UsageError(
                    f"{option_of(option)} sets {key} already: leave out --set {key}"
                )


def recipe_options(function: F) -> F:
    """Add RECIPE and what changes it: --corpus, --set, --seed, --teacher; --out, --resume.

    The command is given the resolved `Recipe`.
    """

    @functools.wraps(function)
    def with_recipe(
        *,
        recipe: str,
        corpora: tuple[str, ...],
        settings: tuple[str, ...],
        seed: int | None,
        teacher: Path | None,
        **given: Any,
    ) -> Any:
        from edgeser.pipeline.source import resolve_recipe

        refuse_settings_of_options(settings)
        resolved = resolve_recipe(
            recipe, corpora=corpora, settings=settings, seed=seed, teacher=teacher
        )
        try:
            return function(recipe=resolved, **given)
        except (KeyboardInterrupt, Terminated):
            _say_how_to_go_on(resolved, given["out"])
            raise

    decorated: Any = with_recipe
    for option in (
        click.option("--resume", is_flag=True, help="Go on with a training that was interrupted."),
        click.option(
            "--teacher",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Weights of Whisper's encoder, fine-tuned first to teach the network: safetensors "
            "or CTranslate2's model.bin.",
        ),
        click.option("--seed", type=click.IntRange(0), help="Instead of the recipe's seed."),
        click.option(
            "--set",
            "settings",
            multiple=True,
            metavar="KEY=VALUE",
            help="Change a key of the recipe, such as training.epochs=20; may be repeated.",
        ),
        click.option(
            "--out",
            type=click.Path(path_type=Path, file_okay=False),
            help="Folder of the run; runs/<recipe>-seed<seed> by default.",
        ),
        corpus_option,
        click.argument("recipe", default="demo"),
    ):
        decorated = option(decorated)
    return cast(F, decorated)


def _say_how_to_go_on(recipe: Recipe, out: Path | None) -> None:
    """Say that an interrupted training is kept, and by which option it goes on."""
    from edgeser.pipeline.folder import RunFolder, default_folder

    folder = RunFolder(out) if out else default_folder(recipe)
    if folder.holds_interrupted_training():
        tell(f"{message_line(str(folder.root))} keeps the training so far: --resume goes on\n")


class ModelPath(click.Path):
    """A path, or the name of a model that ships with the package, where no such path is there."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path that is named."""
        from edgeser.pretrained import pretrained_path

        if isinstance(value, str) and not Path(value).exists():
            value = pretrained_path(value) or value
        return super().convert(value, param, ctx)


def decision_options(function: F) -> F:
    """Add --coverage and --risk: what is `wanted` of the answers, `None` where neither is given."""

    @functools.wraps(function)
    def with_wanted(*, risk: float | None, coverage: float | None, **given: Any) -> Any:
        from edgeser.decision import DecisionConfig

        none = risk is None and coverage is None
        return function(wanted=None if none else DecisionConfig(risk, coverage), **given)

    decorated: Any = with_wanted
    for option in (
        click.option(
            "--risk",
            type=click.FloatRange(0, 1, min_open=True, max_open=True),
            help="Likewise, for the largest wanted share of errors among what is answered.",
        ),
        click.option(
            "--coverage",
            type=click.FloatRange(0, 1, min_open=True),
            help='Answer this share of clips and say "unsure" of the others, instead of what the '
            "bundle decides with; the threshold is chosen on the development clips that it keeps.",
        ),
    ):
        decorated = option(decorated)
    return cast(F, decorated)


def committee_option(function: F) -> F:
    """Add --committee, as often as wanted: bundles that answer together with BUNDLE."""
    return click.option(
        "--committee",
        multiple=True,
        type=ModelPath(),
        metavar="BUNDLE",
        help="Another bundle or run that answers together with the first one: the mean of their "
        "probabilities, each weighted by its inverse entropy. May be repeated.",
    )(function)


keep_examples_option = click.option(
    "--keep-examples",
    is_flag=False,
    flag_value=10,
    default=0,
    type=click.IntRange(0, 10_000),
    metavar="[N]",
    help="Of clips that [debias] converted to other voices keep N pairs of WAV files in the "
    "run's folder, for people to hear; 10 where no number follows.",
)
"""Add --keep-examples."""

bundle_argument = click.argument("bundle", type=ModelPath())

compiled_option = click.option(
    "--compiled",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The model compiled for the Edge TPU, when that is what a board runs; with "
    "--device edgetpu edgetpu/model_edgetpu.tflite when left out.",
)
