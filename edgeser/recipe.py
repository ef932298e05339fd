"""The recipe of a run: every choice that shapes the result, typed, frozen and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from typing import Any

from edgeser import toml
from edgeser.benchmark.budget import Budget
from edgeser.corpora.choice import CorpusChoice, LabelsConfig, refuse_same_names
from edgeser.corpora.synthesis.nothing import NothingConfig
from edgeser.debias.config import DebiasConfig
from edgeser.decision.config import DecisionConfig
from edgeser.evaluation.group_verdict import GroupTolerances
from edgeser.evaluation.verdict import Tolerances
from edgeser.features.window import WindowConfig
from edgeser.network.config import NetworkConfig, check_planes
from edgeser.network.words_config import WordsConfig
from edgeser.teacher import TeacherConfig
from edgeser.training.config import (
    AugmentationConfig,
    ConditionsConfig,
    SamplingConfig,
    TrainingConfig,
)
from edgeser.training.losses import LossConfig
from edgeser.training.mixing import MixingConfig
from edgeser.training.pls import PlsConfig
from edgeser.training.vad import VadConfig
from edgeser.typed_tables import from_table, nearest, quoted, to_table
from firmware_bridge.frontend import MICROFRONTEND, FrontendConfig
from quantize.foundation.errors import BadInput
from quantize.foundation.files import read_bounded
from quantize.foundation.foreign import printable

_LIMIT_BYTES = 1 << 20
_LIMIT_NAME = 64
_TEACHER_HEARS = 16_000


@dataclass(frozen=True, slots=True)
class ExportConfig:
    """How the float network becomes int8.

    Parameters
    ----------
    calibration_clips
        Clips of the training set whose features the int8 ranges are measured on.
    """

    calibration_clips: int = 256

    def __post_init__(self) -> None:
        if not 8 <= self.calibration_clips <= 4096:
            raise BadInput(
                f"calibration_clips is {self.calibration_clips}",
                hint="choose 8 to 4096",
            )


@dataclass(frozen=True, slots=True)
class EdgeTpuConfig:
    """What the Edge TPU is compiled for with; no part of the recipe's hash.

    Parameters
    ----------
    compiler
        Path of ``edgetpu_compiler``; the command line and ``$EDGETPU_COMPILER`` go before it.
    """

    compiler: str | None = None


@dataclass(frozen=True, slots=True)
class EvaluationConfig:
    """What a run measures beside parity and cost.

    Parameters
    ----------
    conditions
        UAR under each recording condition (levels, noise floors, noise, tilts), for the report.
    max_tpr_gap, max_dp_gap
        As in `GroupTolerances`: how far apart groups of test speakers may be; not judged where
        left out.
    """

    conditions: bool = True
    max_tpr_gap: float | None = None
    max_dp_gap: float | None = None

    def __post_init__(self) -> None:
        _ = self.groups  # whose own check refuses what is no ratio

    @property
    def groups(self) -> GroupTolerances:
        """How far apart groups of speakers may be."""
        return GroupTolerances(max_tpr_gap=self.max_tpr_gap, max_dp_gap=self.max_dp_gap)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that a run depends on, but for the recordings themselves.

    Two runs of one recipe on the same files, on the same machine with the same thread count, give
    the same bytes.
    """

    name: str
    seed: int = 0
    corpora: tuple[CorpusChoice, ...] = (CorpusChoice(),)
    labels: LabelsConfig = field(default_factory=LabelsConfig)
    nothing: NothingConfig = field(default_factory=NothingConfig)
    frontend: FrontendConfig = field(default_factory=FrontendConfig)
    window: WindowConfig = field(default_factory=WindowConfig)
    conditions: ConditionsConfig = field(default_factory=ConditionsConfig)
    mixing: MixingConfig = field(default_factory=MixingConfig)
    debias: DebiasConfig = field(default_factory=DebiasConfig)
    sampling: SamplingConfig = field(default_factory=SamplingConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    words: WordsConfig = field(default_factory=WordsConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    pls: PlsConfig = field(default_factory=PlsConfig)
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    vad: VadConfig = field(default_factory=VadConfig)
    export: ExportConfig = field(default_factory=ExportConfig)
    evaluation: EvaluationConfig = field(default_factory=EvaluationConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)
    parity: Tolerances = field(default_factory=Tolerances)
    budget: Budget = field(default_factory=Budget)
    edgetpu: EdgeTpuConfig = field(default_factory=EdgeTpuConfig)

    def __post_init__(self) -> None:
        if not self.name.isidentifier() or len(self.name) > _LIMIT_NAME:
            raise BadInput(
                f"the recipe's name {self.name[:80]!r} cannot be used",
                hint=f"use letters, digits and _ only, at most {_LIMIT_NAME}",
            )
        if not 0 <= self.seed < 2**63:
            raise BadInput(f"the seed is {str(self.seed)[:40]}", hint="choose 0 to 2**63 - 1")
        refuse_same_names(self.corpora)
        if not self.corpora or all(choice.role == "test" for choice in self.corpora):
            raise BadInput(
                "there is no corpus to train on", hint="give one whose role is train or both"
            )
        check_planes(self.network.inputs, self.frontend.planes)
        if self.mixing.probability > 0.0 and self.conditions.variants == 0:
            raise BadInput(
                f"[mixing] probability = {self.mixing.probability:g} mixes variants of clips, and "
                "[conditions] variants = 0 makes none",
                hint="set variants = 1 or more, or probability = 0",
            )
        if self.mixing.probability > 0.0 and self.nothing.asked:
            raise BadInput(
                "[mixing] would put voices into the clips of [nothing]",
                hint="set [mixing] probability = 0, or [nothing] share = 0",
            )
        self._check_teacher()
        self._check_words()
        if self.loss.align > 0.0 and self.network.inputs != "both":
            raise BadInput(
                f"[loss] align = {self.loss.align:g} holds amplitude against phase, but [network] "
                f"inputs = {self.network.inputs!r}",
                hint="set inputs = 'both', or align = 0",
            )

    def _check_teacher(self) -> None:
        if self.teacher.kind == "none":
            return
        if self.frontend.sample_rate != _TEACHER_HEARS:
            raise BadInput(
                f"[teacher] hears {_TEACHER_HEARS} Hz, [frontend] sample_rate is "
                f"{self.frontend.sample_rate}",
                hint=f"set sample_rate = {_TEACHER_HEARS}, or [teacher] kind = 'none'",
            )
        if self.mixing.probability > 0.0 and self.teacher.heard < self.conditions.variants:
            raise BadInput(
                f"[teacher] heard = {self.teacher.heard} of {self.conditions.variants} variants, "
                "but with [mixing] each variant holds other clips, which it must hear",
                hint=f"set heard = {self.conditions.variants}, or [mixing] probability = 0",
            )

    def _check_words(self) -> None:
        words = self.words
        if words.network is None:
            return
        if self.window.frames < words.frames:
            raise BadInput(
                f"[words] hears {words.frames} frames at a time, [window] has {self.window.frames}",
                hint=f"set [window] frames = {words.frames} or more",
            )
        if missing := [plane for plane in words.planes if plane not in self.frontend.planes]:
            raise BadInput(
                f"[words] hears {printable(missing[0])}, which [frontend] does not give",
                hint="give it the encoder's planes, or take another encoder",
            )

    @property
    def heard_words(self) -> WordsConfig | None:
        """What the network's branch of words is; `None` where it has none."""
        return self.words if self.words.heard else None

    @property
    def hash(self) -> str:
        """SHA-256 of the resolved recipe without paths of this machine, in hexadecimal."""
        table = to_table(self.without_paths())
        del table["edgetpu"], table["decision"]
        if not self.nothing.asked:  # then it shapes nothing
            del table["nothing"]
        if self.words.ranges == "measured":
            del table["words"]["ranges"], table["words"]["layer_ranges"]
        return hashlib.sha256(json.dumps(table, sort_keys=True).encode()).hexdigest()

    def without_paths(self) -> Recipe:
        """Return the recipe as it is on every machine."""
        corpora = tuple(replace(choice, path=None) for choice in self.corpora)
        teacher, words = replace(self.teacher, path=None), replace(self.words, encoder=None)
        return replace(self, corpora=corpora, teacher=teacher, words=words)

    def to_toml(self) -> str:
        """Return the resolved recipe as TOML that `parse_recipe` reads back."""
        import tomli_w

        return tomli_w.dumps(to_table(self))


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets that ship inside the package."""
    folder = resources.files("edgeser") / "presets"
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    )


def load_recipe(name_or_path: str) -> Recipe:
    """Load a preset by its name, or a recipe from a TOML file.

    Raises
    ------
    BadInput
        Unknown preset (with the nearest one), unreadable file, unknown key, wrong type or value.
    """
    path = Path(name_or_path)
    if path.suffix != ".toml":
        if name_or_path not in preset_names():
            raise BadInput(
                f"there is no preset '{name_or_path}'{nearest(name_or_path, preset_names())}",
                hint=f"presets: {', '.join(preset_names())}; or give a file ending in .toml",
            )
        text = (resources.files("edgeser") / "presets" / f"{name_or_path}.toml").read_text("utf-8")
        return parse_recipe(text, where=f"preset {name_or_path}")
    data = read_bounded(path, limit_bytes=_LIMIT_BYTES)
    try:
        return parse_recipe(data.decode("utf-8"), where=str(path))
    except UnicodeDecodeError as error:
        raise BadInput(f"cannot read {path}: it is not UTF-8 text", hint="save it so") from error


def frontend_named(name: str) -> FrontendConfig:
    """Return ``"microfrontend"`` (pymicro-features' settings) or the frontend of a recipe.

    Raises
    ------
    BadInput
        As `load_recipe` does.
    """
    return MICROFRONTEND if name == "microfrontend" else load_recipe(name).frontend


def parse_recipe(text: str, *, where: str) -> Recipe:
    """Parse a recipe; `where` names it in error texts (see `load_recipe`)."""
    try:
        table = toml.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{where} is not TOML: {error}", hint="correct that line") from error
    table = _with_pooling(_with_list_of_corpora(table, where), where)
    return from_table(Recipe, table, where=where)


def _with_list_of_corpora(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Read ``[corpus]``, of recipes with one, as a list of one."""
    if "corpus" not in table:
        return table
    if "corpora" in table:
        raise BadInput(f"{where} has both [corpus] and [[corpora]]", hint="use [[corpora]] alone")
    rest = {key: value for key, value in table.items() if key != "corpus"}
    return {**rest, "corpora": [table["corpus"]]}


def _with_pooling(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Read ``gated_pooling``, of recipes from before there were three kinds, as the kind it is."""
    network = table.get("network")
    if not isinstance(network, dict) or "gated_pooling" not in network:
        return table
    if "pooling" in network:
        raise BadInput(
            f"{where} [network] has both 'gated_pooling' and 'pooling'", hint="use pooling alone"
        )
    gated = network["gated_pooling"]
    if not isinstance(gated, bool):
        raise BadInput(
            f"{where} [network]: 'gated_pooling' is {quoted(gated)}",
            hint="use pooling = 'gated' or 'mean'",
        )
    rest = {key: value for key, value in network.items() if key != "gated_pooling"}
    return {**table, "network": {**rest, "pooling": "gated" if gated else "mean"}}


def with_settings(recipe: Recipe, settings: Sequence[str]) -> Recipe:
    """Return the recipe with keys changed, each as ``"table.key=value"``.

    The value is TOML; what is not, such as ``both``, is a text.

    Raises
    ------
    BadInput
        Unknown key (with the nearest known one), wrong type or value, or no ``=``.
    """
    table = to_table(recipe)
    for setting in settings:
        path, equals, text = setting.partition("=")
        *tables, key = path.strip().split(".")
        targets = _targets(table, tables) if equals and key else []
        if not targets:
            raise BadInput(
                f"--set cannot use '{setting[:80]}'",
                hint="give KEY=VALUE, such as training.epochs=20, corpora.ravdess.role=train for "
                "one corpus, or corpus.fold=1 for all",
            )
        for target in targets:
            target[key] = _value_of(text.strip())
    return from_table(Recipe, table, where="--set")


def _targets(table: dict[str, Any], path: Sequence[str]) -> list[dict[str, Any]]:
    """Return the tables that a key is set in: several for ``corpus``, which is every corpus."""
    found: list[Any] = [table]
    for depth, name in enumerate(path):
        if depth == 0 and name == "corpus":
            found = list(table["corpora"])
        elif isinstance(found[0], list):
            found = [_named(found[0], name)]
        else:
            found = [item.setdefault(name, {}) for item in found if isinstance(item, dict)]
        if not found:
            return []
    return found if all(isinstance(item, dict) for item in found) else []


def _named(corpora: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    known = {corpus["name"]: corpus for corpus in corpora}
    if name not in known:
        raise BadInput(
            f"--set: there is no corpus '{printable(name)}'{nearest(name, known)}",
            hint=f"corpora here: {', '.join(map(printable, known))}",
        )
    return known[name]


def _value_of(text: str) -> Any:
    try:
        return toml.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
