"""The file of a study: which recipe, in which variants, with which seeds, on which corpora."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from edgeser import toml
from edgeser.baseline.choice import Baseline
from edgeser.corpora.choice import SplitKind
from edgeser.evaluation.conditions import CLEAN
from edgeser.training.variants import EVALUATION_CONDITIONS
from edgeser.typed_tables import from_table, nearest
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable

_LIMIT_BYTES = 1 << 20
_LONGEST_NAME = 64
MOST_JOBS = 100_000
Against = Literal["variant", "arrangement", "nothing"]
Protocol = Literal["matrix", "leave-one-out"]


def _check_name(what: str, name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise BadInput(
            f"a {what} cannot be called '{printable(name)}'",
            hint=f"use 1 to {_LONGEST_NAME} characters that can be printed",
        )


def _refuse_twice(what: str, names: Sequence[Any]) -> None:
    before: set[Any] = set()
    for name in names:
        if name in before:
            raise BadInput(f"{what} {printable(str(name))} twice", hint="name each once")
        before.add(name)


@dataclass(frozen=True, slots=True)
class Variant:
    """The recipe with some keys changed.

    Parameters
    ----------
    name
        What the table calls it.
    set
        Keys of the recipe and their values, as ``--set`` has them: ``"training.epochs" = 20``, or
        as tables.
    baseline
        A classical baseline in place of the network, on the same splits; it costs nothing on a
        device, since it runs on none.
    """

    name: str
    set: dict[str, Any] = field(default_factory=dict)
    baseline: Baseline | None = None

    def __post_init__(self) -> None:
        _check_name("variant", self.name)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Which corpora are trained on, and which are tested on.

    Parameters
    ----------
    name
        What the table calls it.
    train, test
        Names of corpora. One that is in both is divided by speakers.
    """

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_name("arrangement", self.name)
        for what, names in (("train", self.train), ("test", self.test)):
            if not names:
                raise BadInput(
                    f"the arrangement {printable(self.name)} has no corpus to {what} on",
                    hint=f"name some in {what}",
                )
            _refuse_twice(f"the arrangement {printable(self.name)} names the corpus", names)

    @property
    def corpora(self) -> tuple[str, ...]:
        """All of its corpora, those to train on first."""
        return tuple(dict.fromkeys((*self.train, *self.test)))


@dataclass(frozen=True, slots=True)
class Study:
    """What is tried: every combination of variants, seeds, folds and arrangements is a job.

    Parameters
    ----------
    name
        What the study is called.
    recipe
        A preset, or a ``.toml`` file beside the study's.
    seeds
        Of the trainings.
    set
        Keys of the recipe and their values in all variants, as `Variant` has them.
    split
        How corpora that are trained and tested on are divided (see `CorpusChoice`); as the recipe
        says when ``None``.
    folds
        Folds of each corpus that is trained and tested on and has no published split (or is divided
        another way), each a job; the recipe's one fold when ``None``.
    against
        What each row is held against: the first variant (in the same arrangement), the first
        arrangement (of the same variant), or nothing. When ``None``: variants where there are
        several, else arrangements.
    variants
        One at least; the recipe as it is where the file has none.
    arrangements
        Where the file has none: the corpora as the recipe and the command line have them.
    protocols
        Arrangements of all corpora: ``"matrix"`` trains on each one and tests on all,
        ``"leave-one-out"`` trains on all but one and tests on that.
    costs
        Whether what each variant costs on a device is measured beside: one job a variant.
    conditions
        Recording conditions under which every test clip is heard too, by their names in
        `EVALUATION_CONDITIONS`; as recorded (``"clean"``, which may be named) always, and first.
    """

    name: str
    recipe: str = "cremad"
    seeds: tuple[int, ...] = (0,)
    set: dict[str, Any] = field(default_factory=dict)
    split: SplitKind | None = None
    folds: int | None = None
    against: Against | None = None
    variants: tuple[Variant, ...] = (Variant("as it is"),)
    arrangements: tuple[Arrangement, ...] = ()
    protocols: tuple[Protocol, ...] = ()
    costs: bool = True
    conditions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_name("study", self.name)
        if not self.seeds or not self.variants:
            raise BadInput("a study needs a seed and a variant", hint="add seeds = [0, 1, 2]")
        if self.folds is not None and not 2 <= self.folds <= 1000:
            raise BadInput(f"folds is {self.folds}", hint="choose 2 to 1000")
        if any(seed < 0 for seed in self.seeds):
            raise BadInput(f"a seed is {min(self.seeds)}", hint="choose 0 to 2**63 - 1")
        _refuse_twice("the study has the seed", self.seeds)
        _refuse_twice("the study has the variant", [v.name for v in self.variants])
        _refuse_twice("the study has the arrangement", [a.name for a in self.arrangements])
        _refuse_twice("the study has the condition", self.conditions)
        known = [condition.name for condition in EVALUATION_CONDITIONS]
        for name in self.conditions:
            if name not in known:
                raise BadInput(
                    f"there is no condition '{printable(name)}'{nearest(name, known)}",
                    hint=f"conditions: {', '.join(known)}",
                )

    @property
    def changed_conditions(self) -> tuple[str, ...]:
        """The conditions beside clean, in the order in which they are reported."""
        names = [condition.name for condition in EVALUATION_CONDITIONS]
        return tuple(name for name in names if name in self.conditions and name != CLEAN)

    @property
    def held_against(self) -> Against:
        """What each row is held against."""
        if self.against is not None:
            return self.against
        return "variant" if len(self.variants) > 1 else "arrangement"


def load_study(path: Path) -> Study:
    """Read a study; a recipe that is a file is looked for beside it.

    Raises
    ------
    BadInput
        When it cannot be read, is no TOML, or has an unknown key (with the nearest one), a value of
        the wrong type, a name twice.
    """
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    where = printable(str(path))
    try:
        table = toml.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput(f"cannot read {where}: it is not UTF-8 text", hint="save it so") from error
    except (ValueError, RecursionError) as error:
        said = printable(str(error))
        raise BadInput(f"{where} is not TOML: {said}", hint="correct that line") from error
    study = from_table(Study, table, where=where)
    if study.recipe.endswith(".toml") and not Path(study.recipe).is_absolute():
        return replace(study, recipe=str(Path(path).parent / study.recipe))
    return study


def arrangements_of(study: Study, corpora: Sequence[str]) -> tuple[Arrangement, ...]:
    """Return the study's arrangements of the corpora that there are; empty where it has none.

    Raises
    ------
    BadInput
        When an arrangement names a corpus that there is not (with the nearest one), or a protocol
        finds too few.
    """
    for arrangement in study.arrangements:
        for name in arrangement.corpora:
            if name not in corpora:
                raise BadInput(
                    f"the arrangement {printable(arrangement.name)} needs the corpus "
                    f"'{printable(name)}'{nearest(name, corpora)}",
                    hint=f"give --corpus {printable(name)}:PATH",
                )
    found = list(study.arrangements)
    for protocol in study.protocols:
        if len(corpora) < 2:
            raise BadInput(f"{protocol} needs two corpora or more", hint="repeat --corpus")
        if protocol == "matrix":
            found += [Arrangement(name, (name,), tuple(corpora)) for name in corpora]
        else:
            rest = {name: tuple(c for c in corpora if c != name) for name in corpora}
            found += [Arrangement(f"all but {n}", train, (n,)) for n, train in rest.items()]
    _refuse_twice("the study has the arrangement", [a.name for a in found])
    return tuple(found)
